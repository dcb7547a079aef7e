"""Samplers with the exact score reach the finite-sample floor, on every built-in mixture.

2,000 samples from time 1e-4, denoised, 500 steps, against 2,000 fresh points of the mixture. The floor is the same
distance between two fresh sets. A sampler is at the floor when

    sliced W2    its mean over 8 seeds is no more than 3 standard errors of the difference above the floor's mean
    trees        tell samples from fresh points with accuracy no more than 3 standard errors above 1/2

Type `python benchmarks/floor.py ten-dimensions`, say, for one mixture; all take a few minutes.
"""

import sys

import jax
import numpy as np

from _timing import Claims
from softntk.data import MIXTURES, mixture_named
from softntk.diffusion import SAMPLERS, Constant, MixtureDenoiser, sample, time_grid
from softntk.numerics.expectation import mean_and_error
from softntk.samples import classifier_accuracy, sliced_wasserstein

COUNT, STEPS, SEEDS, FLOOR_SEEDS = 2000, 500, 8, 40


def main() -> None:
    claims = Claims(f"{COUNT:,} samples, exact score, {STEPS} steps in the half log-SNR, {SEEDS} seeds")
    process = Constant()
    times = time_grid(process, STEPS, start=1e-4)
    for mixture_number, name in enumerate(MIXTURES):
        if sys.argv[1:] and name not in sys.argv[1:]:
            continue
        mixture = mixture_named(name)
        denoiser = MixtureDenoiser(process, mixture)

        def fresh(key, mixture=mixture):
            return np.asarray(mixture.sample(key, COUNT))

        def distance(key, points, fresh=fresh):
            other_key, slices_key = jax.random.split(key)
            return sliced_wasserstein(slices_key, points, fresh(other_key))

        floor_key = jax.random.fold_in(jax.random.key(1), mixture_number)
        floors = mean_and_error(
            [distance(key, fresh(jax.random.fold_in(key, 1))) for key in jax.random.split(floor_key, FLOOR_SEEDS)]
        )
        for sampler in SAMPLERS:
            found, accuracy = [], []
            for key in jax.random.split(jax.random.fold_in(jax.random.key(0), mixture_number), SEEDS):
                sample_key, judge_key, trees_key, other_key = jax.random.split(key, 4)
                points = np.asarray(
                    sample(
                        denoiser,
                        process,
                        sample_key,
                        count=COUNT,
                        size=mixture.size,
                        times=times,
                        sampler=sampler,
                        denoised=True,
                    )
                )
                found.append(distance(judge_key, points))
                if not accuracy:
                    accuracy.append(classifier_accuracy(trees_key, points, fresh(other_key)))
            ours = mean_and_error(found)
            error = float(np.hypot(ours.error, floors.error))
            guessed, guess_error = accuracy[0]
            claims.line(
                f"{name}, {sampler}: at the floor",
                f"sliced {ours.mean:.4f} ± {ours.error:.4f} against {floors.mean:.4f} ± {floors.error:.4f}, trees "
                f"{guessed:.3f} ± {guess_error:.3f}",
                ours.mean <= floors.mean + 3 * error and guessed <= 0.5 + 3 * guess_error,
            )
    claims.leave()


if __name__ == "__main__":
    main()
