"""How many steps does a sampler need, and what do steps cost in the bound on KL?

With the exact score of a mixture nothing is left to blame but the sampler. Measured at several numbers of steps: the
sliced Wasserstein distance between its points and fresh points of the mixture, beside the floor, the same distance
between two fresh sets of equal size. A sampler has arrived where it reaches the floor.

For one Gaussian the law of the points is known without drawing any (`diffusion.law`), and so is KL(p_T0 || their law).
Girsanov's theorem bounds it by the score frozen during each step plus KL(p_T || N(0, I)): both are shown, for the
sampler that the theorem speaks of.
"""

from functools import partial

import jax
import numpy as np
import xarray as xr

from softntk.data.mixture import mixture_named
from softntk.diffusion.exact import MixtureDenoiser
from softntk.diffusion.grid import time_grid
from softntk.diffusion.law import NormalLaw, law_of_samples, normal_divergence
from softntk.diffusion.process import Constant
from softntk.diffusion.sampler import SAMPLERS, sample
from softntk.diffusion.split import chain_to_kl
from softntk.samples import sliced_wasserstein
from softntk.studies.study import Cell, Outcome, Parameters, Results, Study
from softntk.verdicts import Verdict, at_most, equal

__all__ = ["STUDY"]

NAMES = tuple(SAMPLERS)

#: Samplers of order two: these have to be at the floor with the most steps.
JUDGED = ("heun", "dpm-solver++")


def plan(parameters: Parameters) -> list[Cell]:
    cells = [Cell(name, partial(_distances, name, parameters), weight=8.0) for name in parameters["mixtures"]]
    return [*cells, Cell("bound", partial(_bound, parameters), weight=4.0)]


def _distances(name: str, parameters: Parameters) -> dict:
    mixture, process, count = mixture_named(name), Constant(), parameters["samples"]
    denoiser = MixtureDenoiser(process, mixture)
    key = jax.random.fold_in(jax.random.key(parameters["seed"]), parameters["mixtures"].index(name))
    seed_key, floor_key = jax.random.split(key)

    def distance(judge_key, points) -> float:
        fresh_key, slices_key = jax.random.split(judge_key)
        fresh = np.asarray(mixture.sample(fresh_key, count))
        return sliced_wasserstein(slices_key, np.asarray(points), fresh, directions=50)

    floors = []
    for each in jax.random.split(floor_key, parameters["floors"]):
        fresh_key, judge_key = jax.random.split(each)
        floors.append(distance(judge_key, mixture.sample(fresh_key, count)))
    found = np.empty((len(NAMES), len(parameters["steps"]), parameters["seeds"]))
    for j, steps in enumerate(parameters["steps"]):
        times = time_grid(process, steps, start=parameters["start"])
        for i, sampler in enumerate(NAMES):
            for k, each in enumerate(jax.random.split(seed_key, parameters["seeds"])):
                sample_key, judge_key = jax.random.split(each)
                points = sample(
                    denoiser,
                    process,
                    sample_key,
                    count=count,
                    size=mixture.size,
                    times=times,
                    sampler=sampler,
                    denoised=True,
                )
                found[i, j, k] = distance(judge_key, points)
    return {"distances": found, "floors": np.array(floors)}


def _bound(parameters: Parameters) -> dict:
    mixture, process = mixture_named("gaussian"), Constant()
    denoiser, start = MixtureDenoiser(process, mixture), parameters["bound_start"]
    noisy = mixture.noisy(process.alpha(start), process.variance(start))
    truth = NormalLaw(np.asarray(noisy.means[0]), np.asarray(noisy.covariances[0]))
    end = mixture.noisy(process.alpha(process.horizon), process.variance(process.horizon))
    last = NormalLaw(np.asarray(end.means[0]), np.asarray(end.covariances[0]))
    prior = normal_divergence(last, NormalLaw(np.zeros(mixture.size), np.eye(mixture.size)))
    key = jax.random.fold_in(jax.random.key(parameters["seed"]), len(parameters["mixtures"]))
    rows = []
    for j, steps in enumerate(parameters["steps"]):
        times = time_grid(process, steps, start=start)
        divergence = normal_divergence(truth, law_of_samples(process, mixture, times, "exponential"))
        chain = chain_to_kl(
            jax.random.fold_in(key, j), process, mixture, denoiser, np.asarray(times), count=parameters["draws"]
        )
        frozen = chain["discretization"]
        rows.append([divergence, frozen.mean + prior, frozen.error, prior])
    return dict(zip(("divergence", "bound", "bound_se", "prior"), np.array(rows).T, strict=True))


def conclude(parameters: Parameters, results: Results) -> Outcome:
    mixtures, steps = parameters["mixtures"], parameters["steps"]
    distances = np.array([results[name]["distances"] for name in mixtures])
    floors = np.array([results[name]["floors"] for name in mixtures])
    found = results["bound"]
    dims = ("mixture", "sampler", "steps")
    seeds = parameters["seeds"]
    arrays = xr.Dataset(
        {
            "distance": (dims, distances.mean(axis=3), {"long_name": "sliced Wasserstein distance to fresh points"}),
            "distance_se": (dims, distances.std(axis=3, ddof=1) / seeds**0.5, {"long_name": "its standard error"}),
            "floor": ("mixture", floors.mean(axis=1), {"long_name": "the same between two fresh sets"}),
            "floor_sd": ("mixture", floors.std(axis=1, ddof=1), {"long_name": "standard deviation of one such"}),
            "evaluations": ("sampler", [SAMPLERS[name].evaluations for name in NAMES], {"long_name": "a step"}),
            "divergence": ("steps", found["divergence"], {"long_name": "KL(p_T0 || law of the samples)"}),
            "bound": ("steps", found["bound"], {"long_name": "its bound by Girsanov's theorem"}),
            "bound_se": ("steps", found["bound_se"], {"long_name": "standard error of the bound"}),
            "prior": ("steps", found["prior"], {"long_name": "KL(p_T || N(0, I)), part of the bound"}),
        },
        coords={"mixture": list(mixtures), "sampler": list(NAMES), "steps": list(steps)},
    )
    verdicts: list[Verdict] = [
        at_most(
            f"Girsanov's bound on KL holds for {count} steps", float(divergence), float(bound), error=3 * float(error)
        )
        for count, divergence, bound, error in zip(
            steps, found["divergence"], found["bound"], found["bound_se"], strict=True
        )
    ]
    findings = []
    for i, name in enumerate(mixtures):
        last, floor = arrays["distance"].values[i, :, -1], float(arrays["floor"][i])
        spread = float(arrays["floor_sd"][i]) * (1 / seeds + 1 / parameters["floors"]) ** 0.5
        for sampler in JUDGED:
            verdicts.append(
                equal(
                    f"{name}: {sampler} with {steps[-1]} steps is at the floor",
                    float(last[NAMES.index(sampler)]),
                    floor,
                    error=4 * spread,
                )
            )
        words = ", ".join(f"{sampler} {value:.3f}" for sampler, value in zip(NAMES, last, strict=True))
        findings.append(f"{name}, {steps[-1]} steps: {words}; floor {floor:.3f} ± {float(arrays['floor_sd'][i]):.3f}.")
    findings.append(
        f"KL for one Gaussian: {found['divergence'][0]:.2g} with {steps[0]} steps (bound {found['bound'][0]:.2g}), "
        f"{found['divergence'][-1]:.2g} with {steps[-1]} (bound {found['bound'][-1]:.2g})."
    )
    return Outcome(arrays, verdicts, findings)


STUDY = Study(
    name="sampling",
    question="How many steps does a sampler need, and what does the bound on KL say of them?",
    presets={
        "quick": {
            "seed": 0,
            "mixtures": ["three-gaussians"],
            "samples": 2000,
            "steps": [8, 32, 128],
            "seeds": 5,
            "floors": 8,
            "start": 1e-3,
            "bound_start": 0.01,
            "draws": 20_000,
        },
        "full": {
            "seed": 0,
            "mixtures": ["gaussian", "three-gaussians", "eight-gaussians", "two-scales", "ten-dimensions"],
            "samples": 4000,
            "steps": [4, 8, 16, 32, 64, 128, 256, 512],
            "seeds": 8,
            "floors": 40,
            "start": 1e-4,
            "bound_start": 0.01,
            "draws": 200_000,
        },
    },
    plan=plan,
    conclude=conclude,
)
