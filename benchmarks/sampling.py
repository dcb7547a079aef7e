"""Sampling with the exact score of a mixture of three Gaussians in the plane: 10,000 particles, 500 steps.

The time is that of the whole call, start noise, random numbers and all, after compilation. What it is compared with is
the least that any sampler can take: a bare loop of as many evaluations of the denoiser, timed in the same rounds.
"""

import jax
import jax.numpy as jnp

from _timing import Claims, least_times
from softntk.data import mixture_named
from softntk.diffusion import SAMPLERS, Constant, MixtureDenoiser, sample, time_grid

PARTICLES, STEPS = 10_000, 500
# Random numbers cost more than the score of three Gaussians, so samplers that draw them are given more.
MOST = {True: 8.0, False: 2.5}


def contender(name: str, dtype: str):
    """A function that draws all particles, and the number of such draws it makes."""
    process = Constant(horizon=5.0)
    denoiser = jax.tree.map(lambda leaf: leaf.astype(dtype), MixtureDenoiser(process, mixture_named("three-gaussians")))
    times = time_grid(process, STEPS).astype(dtype)

    def run():
        points = sample(denoiser, process, jax.random.key(0), count=PARTICLES, size=2, times=times, sampler=name)
        return jax.block_until_ready(points)

    return run, 1


def bare(evaluations: int, dtype: str):
    """A loop of STEPS times `evaluations` evaluations of the denoiser, each at the result of the one before."""
    process = Constant(horizon=5.0)
    denoiser = jax.tree.map(lambda leaf: leaf.astype(dtype), MixtureDenoiser(process, mixture_named("three-gaussians")))
    start = jax.random.normal(jax.random.key(0), (PARTICLES, 2), dtype)
    times = jnp.full(PARTICLES, 1.0, dtype)
    loop = jax.jit(lambda x: jax.lax.fori_loop(0, STEPS * evaluations, lambda _, y: denoiser(times, y), x))
    return lambda: jax.block_until_ready(loop(start)), 1


def main() -> None:
    claims = Claims(
        f"{PARTICLES:,} particles, {STEPS} steps, exact score of three Gaussians, d = 2; JAX {jax.__version__}"
    )
    for dtype in ("float32", "float64"):
        with jax.enable_x64(dtype == "float64"):
            contenders = {name: contender(name, dtype) for name in SAMPLERS}
            counts = sorted({sampler.evaluations for sampler in SAMPLERS.values()})
            contenders |= {f"the bare loop of {count}": bare(count, dtype) for count in counts}
            times = least_times(contenders, rounds=5)
        for name, sampler in SAMPLERS.items():
            numbers = sampler.numbers(Constant(horizon=5.0), time_grid(Constant(horizon=5.0), 2))
            draws = numbers.C is not None or numbers.V is not None
            other = f"the bare loop of {sampler.evaluations}"
            claims.faster(f"{name}, {dtype}", times, name, other, 1 / MOST[draws])
    claims.leave()


if __name__ == "__main__":
    main()
