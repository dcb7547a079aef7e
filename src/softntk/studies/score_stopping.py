"""When should the learning of a score stop?

Four rules for the flow of one kernel on the same pairs, on the mixture of three Gaussians in the plane (see
`diffusion.stopping`): the error of each rule's denoiser against the truth, beside the whole curve of errors over
time. The oracle looks at the truth; nobody else does.
"""

from functools import partial

import jax
import numpy as np
import xarray as xr

from softntk.data.mixture import mixture_named
from softntk.diffusion.exact import MixtureDenoiser
from softntk.diffusion.kernel_flow import flow_of_pairs, path_errors
from softntk.diffusion.matching import TimeLaw, noisy_samples
from softntk.diffusion.process import Constant
from softntk.diffusion.stopping import RULES, flow_times, stop_by_error, stopping_times
from softntk.diffusion.task import make_task
from softntk.kernels.limit import LimitKernel
from softntk.networks.features import Softmax
from softntk.studies.study import Cell, Outcome, Parameters, Results, Study

__all__ = ["STUDY"]

_WEIGHT_OF_TIME = 0.5


def plan(parameters: Parameters) -> list[Cell]:
    return [
        Cell(f"{labels} labels, n = {count}", partial(_run, labels, count, parameters), weight=1 + count / 1000)
        for labels in parameters["labels"]
        for count in parameters["counts"]
    ]


def _run(labels: str, count: int, parameters: Parameters) -> dict:
    found = [_one(labels, count, draw, parameters) for draw in range(parameters["draws"])]
    return {key: np.stack([each[key] for each in found]) for key in found[0]}


def _one(labels: str, count: int, draw: int, parameters: Parameters) -> dict[str, np.ndarray]:
    key = jax.random.fold_in(jax.random.key(parameters["seed"]), draw)
    clean_key, fresh_key, view_key, task_key, mark_key = jax.random.split(key, 5)
    mixture, process, law = mixture_named(parameters["mixture"]), Constant(), TimeLaw()
    clean = mixture.sample(clean_key, count)
    fresh = noisy_samples(view_key, mixture.sample(fresh_key, parameters["fresh"]), process, law=law)
    truth = MixtureDenoiser(process, mixture)(fresh.times, fresh.points)
    views = max(parameters["pairs"] // count, 1)
    task = make_task(
        task_key, clean, process, law, copies=views, validation_copies=max(4000 // count, 2), labels=labels
    )
    preconditioning, pairs = task.pairs(_WEIGHT_OF_TIME)
    kernel = LimitKernel(Softmax(), parameters["scale"])
    path = flow_of_pairs(mark_key, kernel, pairs, count=parameters["landmarks"])
    grid = flow_times(path, parameters["grid"], longest=parameters["longest"])
    errors = path_errors(path, grid, preconditioning, fresh, truth)
    held = path_errors(path, grid, preconditioning, task.noisy_validation, task.targets)
    times = stopping_times(path, stop_by_error(held, np.asarray(grid)))
    times["oracle"] = stop_by_error(errors, np.asarray(grid))
    # A rule that never stops goes to the end of the grid.
    stops = np.array([min(times[rule], float(grid[-1])) for rule in RULES])
    at = path_errors(path, stops, preconditioning, fresh, truth)
    largest = float(path.eigenvalues[-1])
    return {"curve": errors, "grid": np.asarray(grid) * largest, "stop": stops * largest, "error": at}


def conclude(parameters: Parameters, results: Results) -> Outcome:
    kinds, counts = parameters["labels"], parameters["counts"]

    def gathered(entry: str) -> np.ndarray:
        return np.array([[results[f"{labels} labels, n = {count}"][entry] for count in counts] for labels in kinds])

    dims = ("labels", "samples", "draw")
    arrays = xr.Dataset(
        {
            "curve": ((*dims, "place"), gathered("curve"), {"long_name": "error along the flow"}),
            "time": ((*dims, "place"), gathered("grid"), {"long_name": "time, in units of 1/(largest eigenvalue)"}),
            "stop": ((*dims, "rule"), gathered("stop"), {"long_name": "stopping time, in the same units"}),
            "error": ((*dims, "rule"), gathered("error"), {"long_name": "error at the stopping time"}),
        },
        coords={"labels": kinds, "samples": counts, "rule": list(RULES)},
    )
    mean = arrays["error"].mean("draw")
    findings = []
    for labels in kinds:
        ratio = (mean.sel(labels=labels) / mean.sel(labels=labels, rule="oracle")).max("samples")
        parts = ", ".join(f"{rule} {float(ratio.sel(rule=rule)):.2f}" for rule in RULES if rule != "oracle")
        findings.append(f"{labels} labels: error at the stop, in units of the best, at worst over n: {parts}.")
    return Outcome(arrays, [], findings)


STUDY = Study(
    weight=1.9,
    name="score_stopping",
    question="When should the learning of a score stop?",
    presets={
        "quick": {
            "seed": 0,
            "draws": 5,
            "mixture": "three-gaussians",
            "counts": [200, 1000],
            "pairs": 2000,
            "labels": ["drawn", "averaged"],
            "fresh": 2000,
            "scale": 6.0,
            "landmarks": 200,
            "grid": 30,
            "longest": 1e8,
        },
        "full": {
            "seed": 0,
            "draws": 5,
            "mixture": "three-gaussians",
            "counts": [200, 1000, 4000],
            "pairs": 16000,
            "labels": ["drawn", "averaged"],
            "fresh": 20000,
            "scale": 6.0,
            "landmarks": 1000,
            "grid": 60,
            "longest": 1e8,
        },
    },
    plan=plan,
    conclude=conclude,
)
