"""Kernel regression against its targets: time against the bare LAPACK call it needs, memory, steps, true residuals.

    python benchmarks/regression.py [low-dimension] [cholesky] [eigen] [sphere] [product] [million]

Without a name all parts run, each in a process of its own, so that its peak memory is its own.
"""

import resource
import subprocess
import sys
import time
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import scipy.linalg

from _timing import Claims, in_words, least_times, optional_torch
from softntk.kernels import KernelOperator, LimitKernel
from softntk.networks import Softmax
from softntk.regression import ConjugateGradients, Dense, Nystrom, solve, spectral_fit

KERNEL = LimitKernel(Softmax())


def on_sphere(n: int, d: int, k: int, *, noise: float = 0.1) -> tuple[jax.Array, jax.Array]:
    """Unit inputs and k smooth functions of them with noise."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((n, d))
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    y = np.sin(2 * x @ rng.standard_normal((d, k))) + noise * rng.standard_normal((n, k))
    return jnp.asarray(x), jnp.asarray(y)


def peak_gigabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def timed(work):
    start = time.perf_counter()
    found = work()
    return found, time.perf_counter() - start


def low_dimension(claims: Claims) -> None:
    x, y = on_sphere(100_000, 3, 3)
    done, seconds = timed(lambda: solve(KERNEL, x, y, ridge=1e-2, accuracy=1e-5))
    words = (
        f"{in_words(seconds)}, {peak_gigabytes():.2f} GB, {done.plan.solver.name}, {done.predictor.basis.rank} features"
    )
    claims.line(
        "d = 3, n = 100,000, k = 3, ridge 1e-2: under 15 s and 4 GB", words, seconds < 15 and peak_gigabytes() < 4
    )
    words = f"{done.residual:.1e} ± {done.residual_error:.0e}"
    claims.line("  relative residual of the true kernel on sampled rows under 1e-5", words, done.residual < 1e-5)


def cholesky(claims: Claims, n: int = 20_000) -> None:
    x, y = on_sphere(n, 16, 10)
    matrix = np.asfortranarray(KernelOperator(KERNEL, x).matrix().T)
    matrix[np.diag_indices(n)] += 1e-5 * n
    right = np.array(y)
    _, bare = timed(lambda: scipy.linalg.lapack.dposv(matrix, right, lower=1, overwrite_a=1))
    del matrix
    done, ours = timed(lambda: solve(KERNEL, x, y, ridge=1e-5 * n, solver=Dense()))
    words = f"{ours / bare:.2f} times ({in_words(ours)} against {in_words(bare)}); residual {done.residual:.0e}"
    claims.line(f"n = {n:,}, d = 16, k = 10, one ridge: within 1.5 times LAPACK's dposv", words, ours <= 1.5 * bare)


def eigen(claims: Claims, n: int = 8000) -> None:
    x, y = on_sphere(n, 16, 10)
    matrix = np.asfortranarray(KernelOperator(KERNEL, x).matrix().T)
    _, bare = timed(lambda: scipy.linalg.lapack.dsyevd(matrix, lower=1, overwrite_a=1))
    del matrix
    _, ours = timed(lambda: spectral_fit(KERNEL, x, y, solver=Dense()))
    words = f"{ours / bare:.2f} times ({in_words(ours)} against {in_words(bare)})"
    claims.line(f"n = {n:,}, d = 16, k = 10, every ridge: within 1.5 times LAPACK's dsyevd", words, ours <= 1.5 * bare)


def sphere(claims: Claims, n: int = 50_000) -> None:
    x, y = on_sphere(n, 16, 10)
    done, seconds = timed(
        lambda: solve(KERNEL, x, y, ridge=1e-5 * n, solver=ConjugateGradients(), key=jax.random.key(0))
    )
    claim = f"n = {n:,}, d = 16, k = 10, ridge 1e-5 n, sphere: 1e-6 true residual, under 6 GB and 6 minutes"
    holds = done.converged and peak_gigabytes() < 6 and seconds < 360
    claims.line(claim, f"{done.residual:.1e}, {peak_gigabytes():.2f} GB, {in_words(seconds)}", holds)
    claims.line("  at most 150 steps", f"{done.steps} ({done.reason})", done.steps <= 150)


def steps(claims: Claims, n: int = 50_000) -> None:
    x, y = on_sphere(n, 16, 10)

    def run(name: str, rank: int, most_steps: int = 150):
        solver = ConjugateGradients(preconditioner=name, rank=rank, precision="float32", most_steps=most_steps)
        return solve(KERNEL, x, y, ridge=1e-5 * n, solver=solver, key=jax.random.key(0))

    count = {}
    for name, rank in (("degree", 152), ("degree", 968), ("pivoted", 968)):
        done = run(name, rank)
        count[name, rank] = done.steps
        print(
            f"    {name}, {rank} features: {done.steps} steps, {in_words(done.seconds)}, {done.residual:.1e}",
            flush=True,
        )
    # Whether the others need more is settled once they have taken that many.
    for name, rank, least in (("none", 1, 2 * count["degree", 968]), ("pivoted", 152, count["degree", 152])):
        done = run(name, rank, least)
        claim = f"  more than {least} steps with {name}" + (f" of rank {rank}" if name != "none" else "")
        claims.line(claim, f"{done.residual:.1e} after {done.steps} steps", not done.converged)
    words = f"{count['degree', 968]} against {count['pivoted', 968]}"
    claims.line("  fewer steps than pivoted Cholesky of rank 968", words, count["degree", 968] < count["pivoted", 968])


def product(claims: Claims, n: int = 20_000) -> None:
    x, _ = on_sphere(n, 16, 10)
    vectors = np.random.default_rng(1).standard_normal((n, 10))
    runs = {name: partial(KernelOperator(KERNEL, x, dtype=name).product, vectors) for name in ("float32", "float64")}
    contenders = {name: (run, 1) for name, run in runs.items()}
    torch = optional_torch()
    if torch is not None:
        left, right = torch.tensor(np.asarray(x), dtype=torch.float32), torch.tensor(vectors, dtype=torch.float32)

        def loop():
            out = torch.empty(n, 10)
            for first in range(0, n, 1000):
                tile = left[first : first + 1000] @ left.T
                out[first : first + 1000] = (tile * torch.exp(tile)) @ right
            return out

        contenders["a PyTorch tile loop"] = (loop, 1)
    times = least_times(contenders, rounds=5)
    for name, seconds in times.items():
        print(f"    {name}: {n * n / seconds / 1e9:.2f}e9 kernel entries a second")
    if torch is not None:
        claims.faster(f"K V, n = {n:,}, d = 16, k = 10, float32", times, "float32", "a PyTorch tile loop", 5)


def million(claims: Claims, n: int = 1_000_000) -> None:
    x, y = on_sphere(n, 10, 1)
    done, seconds = timed(
        lambda: solve(KERNEL, x, y, ridge=1.0, solver=Nystrom(rank=2000), key=jax.random.key(0), accuracy=1e-3)
    )
    holds = seconds < 600 and peak_gigabytes() < 20
    claims.line(
        "n = 1,000,000, d = 10, landmarks: under 20 GB and 10 minutes",
        f"{in_words(seconds)}, {peak_gigabytes():.2f} GB",
        holds,
    )
    print(f"    {done.held_out}; labels have standard deviation {np.std(np.asarray(y)):.3f}, of which noise 0.1")


PARTS = {
    "low-dimension": low_dimension,
    "cholesky": cholesky,
    "eigen": eigen,
    "sphere": sphere,
    "steps": steps,
    "product": product,
    "million": million,
}


def main(names: list[str]) -> None:
    if len(names) != 1:
        failed = sum(subprocess.run([sys.executable, __file__, name]).returncode for name in names or PARTS)
        sys.exit(min(failed, 1))
    jax.config.update("jax_enable_x64", True)
    claims = Claims(f"Kernel regression, float64: {names[0]}")
    PARTS[names[0]](claims)
    claims.leave()


if __name__ == "__main__":
    main(sys.argv[1:])
