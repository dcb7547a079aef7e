"""Sampling with the exact score of a mixture of three Gaussians in the plane: 10,000 particles, 500 steps.

The time is that of the whole call, start noise, random numbers and all, after compilation.
"""

import jax

from _timing import Claims, in_words, least_times
from softntk.data import mixture_named
from softntk.diffusion import SAMPLERS, Constant, MixtureDenoiser, sample, time_grid

PARTICLES, STEPS, MOST = 10_000, 500, 1.0


def contender(name: str, dtype: str):
    """A function that draws all particles, and the number of such draws it makes."""
    process = Constant(horizon=5.0)
    denoiser = jax.tree.map(lambda leaf: leaf.astype(dtype), MixtureDenoiser(process, mixture_named("three-gaussians")))
    times = time_grid(process, STEPS).astype(dtype)

    def run():
        points = sample(denoiser, process, jax.random.key(0), count=PARTICLES, size=2, times=times, sampler=name)
        return jax.block_until_ready(points)

    return run, 1


def main() -> None:
    claims = Claims(
        f"{PARTICLES:,} particles, {STEPS} steps, exact score of three Gaussians, d = 2; JAX {jax.__version__}"
    )
    for dtype in ("float32", "float64"):
        with jax.enable_x64(dtype == "float64"):
            times = least_times({name: contender(name, dtype) for name in SAMPLERS}, rounds=5)
        for name, seconds in times.items():
            claims.line(f"{name}, {dtype}: below {in_words(MOST)}", in_words(seconds), seconds < MOST)
    claims.leave()


if __name__ == "__main__":
    main()
