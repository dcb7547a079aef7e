"""How long a certificate takes on one core, after compilation: in float64, in ball arithmetic, and to check again.

Inputs on the sphere, labels +-1, the antisymmetric start of softmax. The float64 certificate of the large problem runs
in a process of its own, whose peak of memory is what is reported.
"""

import multiprocessing
import os
import resource
import tempfile
import time
from functools import partial
from pathlib import Path

CORE = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"


def problem(n: int, d: int, m: int):
    """An antisymmetric softmax network, n inputs on the sphere, random signs as labels."""
    import jax

    from softntk.data import sphere
    from softntk.networks import Softmax, antisymmetric

    jax.config.update("jax_enable_x64", True)
    data = sphere(jax.random.key(0), count=n, size=d)
    network = antisymmetric(jax.random.key(1), input_size=d, output_size=1, width=m, features=Softmax())
    return network, data.inputs, data.labels


def seconds(run) -> tuple[float, object]:
    """Least time of two calls, and the result of the last."""
    times = []
    for _ in range(2):
        start = time.perf_counter()
        result = run()
        times.append(time.perf_counter() - start)
    return min(times), result


def large(connection) -> None:
    """n = 1,000 and m = 65,536, timed and weighed in a fresh process."""
    from softntk.certificates import certify

    took, found = seconds(partial(certify, *problem(1000, 50, 65536)))
    connection.send((took, 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, str(found.verdict.answer)))


def elsewhere(work) -> tuple[float, int, str]:
    """What `work` sends from a process of its own."""
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    process = multiprocessing.get_context("spawn").Process(target=work, args=(theirs,))
    process.start()
    theirs.close()
    try:
        return ours.recv()
    finally:
        process.join()


def main() -> None:
    import jax

    from _timing import Claims, in_words
    from softntk.certificates import certify, verify, write

    claims = Claims(f"Certificates on one core, JAX {jax.__version__}; least of two rounds")
    arrays = problem(100, 50, 4096)
    for rigorous, limit in ((False, 1), (True, 10)):
        took, found = seconds(partial(certify, *arrays, rigorous=rigorous))
        kind = "ball arithmetic" if rigorous else "float64"
        claims.line(
            f"n = 100, d = 50, m = 4,096, {kind}: under {limit} s",
            f"{in_words(took)}, {found.verdict.answer}",
            took < limit,
        )
    with tempfile.TemporaryDirectory() as folder:
        path = write(Path(folder) / "certificate.json", found.proof, *arrays)
        took, checked = seconds(partial(verify, path))
    claims.line("the checker: under 20 s", f"{in_words(took)}, {checked.verdict.answer}", took < 20)
    took, peak, answer = elsewhere(large)
    claims.line(
        "n = 1,000, d = 50, m = 65,536, float64: under 30 s and 8 GB",
        f"{in_words(took)}, {peak / 1e9:.1f} GB, {answer}",
        took < 30 and peak < 8e9,
    )
    claims.leave()


if __name__ == "__main__":
    os.environ["XLA_FLAGS"] = CORE
    main()
