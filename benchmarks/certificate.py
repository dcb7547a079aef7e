"""How long a certificate takes on one core, after compilation: in float64, in ball arithmetic, and to check again.

Times are compared with others of the same run: float64 with the kernel and its eigenvalues, without which there is no
certificate; ball arithmetic with float64; the checker with what it checks. Inputs on the sphere, labels +-1, the
antisymmetric start of softmax. The float64 certificate of the large problem runs in a process of its own, whose peak of
memory is what is reported.
"""

import multiprocessing
import resource
import tempfile
import time
from functools import partial
from pathlib import Path


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


def kernel_and_eigenvalues(network, inputs):
    """The tangent kernel and its eigenvalues: what every certificate in float64 begins with."""
    import jax.numpy as jnp

    from softntk.kernels import as_matrix, empirical_ntk

    return jnp.linalg.eigvalsh(as_matrix(empirical_ntk(network, inputs))).block_until_ready()


def large(connection) -> None:
    """n = 1,000 and m = 65,536, timed and weighed in a fresh process."""
    from softntk.certificates import certify

    arrays = problem(1000, 50, 65536)
    took, found = seconds(partial(certify, *arrays))
    peak = 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    least, _ = seconds(partial(kernel_and_eigenvalues, *arrays[:2]))
    connection.send((took, least, peak, str(found.verdict.answer)))


def elsewhere(work) -> tuple[float, float, int, str]:
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

    from _timing import Claims
    from softntk.certificates import certify, verify, write

    claims = Claims(f"Certificates on one core, JAX {jax.__version__}; least of two rounds")
    arrays = problem(100, 50, 4096)
    times, kernel = {}, "the kernel and its eigenvalues"
    times[kernel], _ = seconds(partial(kernel_and_eigenvalues, *arrays[:2]))
    times["float64"], found = seconds(partial(certify, *arrays))
    times["ball arithmetic"], proved = seconds(partial(certify, *arrays, rigorous=True))
    with tempfile.TemporaryDirectory() as folder:
        path = write(Path(folder) / "certificate.json", proved.proof, *arrays)
        times["the checker"], checked = seconds(partial(verify, path))
    print(f"  n = 100, d = 50, m = 4,096: {found.verdict.answer}, {proved.verdict.answer}, {checked.verdict.answer}")
    claims.faster("a certificate in float64", times, "float64", kernel, 1 / 10)
    claims.faster("a certificate in ball arithmetic", times, "ball arithmetic", "float64", 1 / 200)
    claims.faster("the checker", times, "the checker", "ball arithmetic", 1 / 1.5)
    took, least, peak, answer = elsewhere(large)
    large_times = {"float64": took, kernel: least}
    claims.faster(f"n = 1,000, d = 50, m = 65,536, {answer}", large_times, "float64", kernel, 1 / 10)
    claims.line("and its memory: at most 8 GB", f"{peak / 1e9:.1f} GB", peak < 8e9)
    claims.leave()


if __name__ == "__main__":
    from softntk.numerics.compiling import use_one_thread

    use_one_thread()
    main()
