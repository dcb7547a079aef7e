"""How does the error of a learned score fall with the number of samples, and who does better?

For the mixture of three Gaussians in the plane, whose denoiser f* is known: E|f - f*|^2 over times log-uniform on
[0.02, 5], against n clean samples, for

    softmax, ReLU                the limit kernel's gradient flow, scale and stopping time chosen on held-out X_0; on
                                 the sphere, where inputs are, the exponential kernel is a multiple of softmax's
    empirical, smoothed          the softmax average of the data, without and with a blur chosen on held-out X_0
    neighbors                    k nearest pairs, k chosen on held-out X_0
    affine                       the best denoiser for Gaussian data
    maximum likelihood           the mixture of as many Gaussians as the truth has, fitted to the samples: it knows the
                                 family, so what it leaves is about the least that n samples allow
    deep network                 two hidden layers of 256, Adam, stopped on held-out X_0

All see the same samples; those that learn from pairs see the same pairs. The truth is used to measure, never to choose.
"""

from functools import partial

import jax
import numpy as np
import xarray as xr

from softntk.data.mixture import GaussianMixture, mixture_named
from softntk.diffusion.exact import EmpiricalDenoiser, MixtureDenoiser
from softntk.diffusion.kernel_flow import learn_kernel
from softntk.diffusion.learners import learn_blur, learn_mlp, learn_neighbors
from softntk.diffusion.matching import TimeLaw, noisy_samples
from softntk.diffusion.preconditioning import AffineDenoiser
from softntk.diffusion.process import Constant
from softntk.diffusion.split import mean_square_error
from softntk.diffusion.task import make_task
from softntk.networks.features import features_named
from softntk.studies.problems import title
from softntk.studies.study import Cell, Outcome, Parameters, Results, Study

__all__ = ["STUDY"]

KERNELS = ("softmax", "exponential", "relu")
REFERENCES = ("empirical", "smoothed", "neighbors", "affine", "maximum likelihood", "deep network")


def plan(parameters: Parameters) -> list[Cell]:
    return [
        Cell(f"{name}, n = {count}", partial(_run, name, count, parameters), weight=1 + count / 1000)
        for count in parameters["counts"]
        for name in (*parameters["kernels"], *parameters["references"])
    ]


def _run(name: str, count: int, parameters: Parameters) -> dict:
    found = [_error(name, count, seed, parameters) for seed in range(parameters["draws"])]
    return {"error": [value for value, _ in found], "chosen": [choice for _, choice in found]}


def _error(name: str, count: int, draw: int, parameters: Parameters) -> tuple[float, float]:
    """Error on fresh views, and what was chosen: scale, blur, neighbors or steps (NaN for nothing)."""
    key = jax.random.fold_in(jax.random.key(parameters["seed"]), draw)
    clean_key, fresh_key, view_key, task_key, fit_key = jax.random.split(key, 5)
    mixture, process, law = mixture_named(parameters["mixture"]), Constant(), TimeLaw()
    # The first n of the same samples, whatever n is.
    clean = mixture.sample(clean_key, max(parameters["counts"]))[:count]
    fresh = noisy_samples(view_key, mixture.sample(fresh_key, parameters["fresh"]), process, law=law)
    truth = MixtureDenoiser(process, mixture)(fresh.times, fresh.points)
    if name == "empirical":
        return mean_square_error(EmpiricalDenoiser(process, clean), truth, fresh).mean, np.nan
    if name == "maximum likelihood":
        fitted = _fitted(clean, len(mixture.weights), seed=draw)
        return mean_square_error(MixtureDenoiser(process, fitted), truth, fresh).mean, np.nan
    views = max(parameters["pairs"] // count, 1)
    task = make_task(task_key, clean, process, law, copies=views, validation_copies=max(4000 // count, 2))
    if name == "affine":
        denoiser, choice = AffineDenoiser(task.preconditioning(clean, 0.5)), np.nan
    elif name in KERNELS:
        # The limit of ReLU with its hidden layer trained does not depend on the scale.
        scales = [1.0] if name == "relu" else parameters["scales"]
        fit = learn_kernel(fit_key, task, features=features_named(name), scales=scales, count=parameters["landmarks"])
        denoiser, choice = fit.denoiser, fit.choice["scale"]
    elif name == "deep network":
        chosen = learn_mlp(fit_key, task, seconds=parameters["seconds"], steps=parameters["steps"])
        denoiser, choice = chosen.denoiser, chosen.choice["steps"]
    else:
        chosen = learn_blur(task) if name == "smoothed" else learn_neighbors(task)
        denoiser, choice = chosen.denoiser, next(iter(chosen.choice.values()))
    return mean_square_error(denoiser, truth, fresh).mean, choice


def _fitted(clean: jax.Array, components: int, seed: int) -> GaussianMixture:
    """The mixture of Gaussians that fits best, by expectation maximization."""
    from sklearn.mixture import GaussianMixture as Fit

    found = Fit(components, n_init=5, random_state=seed).fit(np.asarray(clean))
    return GaussianMixture(*(np.asarray(each) for each in (found.weights_, found.means_, found.covariances_)))


def conclude(parameters: Parameters, results: Results) -> Outcome:
    methods, counts = [*parameters["kernels"], *parameters["references"]], parameters["counts"]

    def gathered(entry: str) -> np.ndarray:
        return np.array([[results[f"{name}, n = {count}"][entry] for count in counts] for name in methods])

    dims = ("learner", "samples", "draw")
    arrays = xr.Dataset(
        {
            "error": (dims, gathered("error"), {"long_name": "mean squared error of the denoiser"}),
            "chosen": (dims, gathered("chosen"), {"long_name": "scale, blur, neighbors or steps chosen"}),
        },
        coords={"learner": methods, "samples": counts},
    )
    last = arrays["error"].isel(samples=-1)
    parts = [
        f"{title(name)} {float(last.sel(learner=name).mean()):.2g} "
        f"(standard error {float(last.sel(learner=name).std(ddof=1)) / parameters['draws'] ** 0.5:.1g})"
        for name in methods
    ]
    findings = [f"Mean squared error with n = {counts[-1]:,}: {', '.join(parts)}."]
    return Outcome(arrays, [], findings)


STUDY = Study(
    name="score_error",
    question="How does the error of a learned score fall with the number of samples, and who does better?",
    presets={
        "quick": {
            "seed": 0,
            "draws": 5,
            "mixture": "three-gaussians",
            "counts": [100, 1000],
            "pairs": 4000,
            "fresh": 1000,
            "kernels": ["softmax", "relu"],
            "scales": [11.0],
            "landmarks": 500,
            "references": ["empirical", "neighbors", "affine", "maximum likelihood"],
            "seconds": 10.0,
            "steps": 2000,
        },
        "full": {
            "seed": 0,
            "draws": 5,
            "mixture": "three-gaussians",
            "counts": [200, 1000, 4000],
            "pairs": 32000,
            "fresh": 10000,
            "kernels": ["softmax", "relu"],
            "scales": [8.0, 11.0],
            "landmarks": 3000,
            "references": list(REFERENCES),
            "seconds": 300.0,
            "steps": 20000,
        },
    },
    plan=plan,
    conclude=conclude,
    weight=2.1,
)
