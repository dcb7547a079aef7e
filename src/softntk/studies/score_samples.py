"""Are the samples of a learned score like the data, and are they new?

Shapes in the plane and images of digits: the softmax kernel's flow is learned from n samples, everything chosen on
held-out X_0, and sampled by the reverse equation. Its samples are compared with rows that were never seen, beside

    training    the training rows in the place of samples: the floor of every distance
    smoothed    the score of a kernel density estimate, its blur chosen on held-out X_0 or, for digits, so that it
                copies as often as the learned one

    accuracy    of boosted trees that tell samples from unseen rows, 5-fold: 1/2 is perfect
    sliced      sliced Wasserstein distance to unseen rows
    memorized   share of samples whose nearest training row is more than three times as near as the second nearest
"""

from functools import partial

import jax
import numpy as np
import xarray as xr

from softntk.diffusion.grid import time_grid
from softntk.diffusion.kernel_flow import learn_kernel
from softntk.diffusion.learners import learn_blur
from softntk.diffusion.matching import TimeLaw
from softntk.diffusion.process import Constant
from softntk.diffusion.sampler import sample
from softntk.diffusion.samples import clean_samples
from softntk.diffusion.task import make_task
from softntk.samples import classifier_accuracy, memorized_share, nearest_distances, sliced_wasserstein
from softntk.studies.study import Cell, Outcome, Parameters, Results, Study

__all__ = ["STUDY"]

SETS = ("learned", "smoothed", "training")
MEASURES = ("accuracy", "sliced", "memorized")


def plan(parameters: Parameters) -> list[Cell]:
    return [Cell(name, partial(_run, name, parameters), weight=3.0) for name in parameters["data"]]


def _run(name: str, parameters: Parameters) -> dict:
    settings = parameters["data"][name]
    rows, pictures = [], {}
    for draw in range(settings["draws"]):
        key = jax.random.fold_in(jax.random.key(parameters["seed"]), draw)
        data_key, task_key, fit_key, sample_key, other_key, judge_key = jax.random.split(key, 6)
        samples = clean_samples(name, data_key, count=settings["count"])
        process, law = Constant(), TimeLaw(start=settings["start"])
        training, unseen = samples.training, samples.test
        task = make_task(
            task_key, training, process, law, copies=settings["views"], validation_copies=4, labels=settings["labels"]
        )
        fit = learn_kernel(fit_key, task, scales=settings["scales"], count=settings["landmarks"])
        smoothed = learn_blur(task).denoiser
        count = min(len(unseen), settings["samples"])
        times = time_grid(process, settings["steps"], grid="log-snr", start=law.start, end=law.end)
        drawn = {
            label: _drawn(denoiser, process, each, count, training.shape[1], times, parameters["sampler"])
            for (label, denoiser), each in zip(
                {"learned": fit.denoiser, "smoothed": smoothed}.items(), (sample_key, other_key), strict=True
            )
        } | {"training": training}
        rows.append([_measured(judge_key, drawn[label], training, unseen, count) for label in SETS])
        if draw == 0:
            pictures = _pictures(drawn, training, samples.units.factor, samples.units.shift, settings["shown"])
    return {"measures": np.array(rows)} | pictures


def _drawn(denoiser, process, key, count, size, times, sampler) -> np.ndarray:
    # Denoised: the noise of the last time is not part of the data.
    found = sample(denoiser, process, key, count=count, size=size, times=times, sampler=sampler, denoised=True)
    return np.asarray(found)


def _measured(key, points, training, unseen, count: int) -> list[float]:
    slices_key, trees_key = jax.random.split(key)
    some, apart = points[:count], unseen[:count]
    new = apart if points is training else some
    return [
        classifier_accuracy(trees_key, some, apart).mean,
        float(sliced_wasserstein(slices_key, some, apart)),
        memorized_share(new, training).mean,
    ]


def _pictures(drawn, training, factor, shift, shown: int) -> dict[str, np.ndarray]:
    def in_units(rows: np.ndarray) -> np.ndarray:
        return rows * factor + shift

    first = drawn["learned"][:shown]
    distances = ((first[:, None] - training[None]) ** 2).sum(axis=2)
    return {
        "learned": in_units(first),
        "smoothed": in_units(drawn["smoothed"][:shown]),
        "real": in_units(training[:shown]),
        "nearest": in_units(training[distances.argmin(axis=1)]),
        "distance": nearest_distances(first, training)[:, 0],
    }


def conclude(parameters: Parameters, results: Results) -> Outcome:
    names = list(parameters["data"])
    most = max(results[name]["measures"].shape[0] for name in names)
    measures = np.full((len(names), most, len(SETS), len(MEASURES)), np.nan)
    variables = {}
    for i, name in enumerate(names):
        measures[i, : results[name]["measures"].shape[0]] = results[name]["measures"]
        for kind in ("learned", "smoothed", "real", "nearest"):
            variables[f"{name}_{kind}"] = (
                (f"shown_{name}", f"column_{name}"),
                results[name][kind],
                {"long_name": f"{kind} rows of {name}"},
            )
    variables["measures"] = (
        ("data", "draw", "set", "measure"),
        measures,
        {"long_name": "distance to unseen rows, share memorized"},
    )
    arrays = xr.Dataset(variables, coords={"data": names, "set": list(SETS), "measure": list(MEASURES)})
    findings = []
    for i, name in enumerate(names):
        mean = np.nanmean(measures[i], axis=0)
        parts = [f"{label} {mean[j, 1]:.3g}" for j, label in enumerate(SETS)]
        findings.append(f"{name}: sliced Wasserstein distance to unseen rows {', '.join(parts)}.")
    return Outcome(arrays, [], findings)


_PLANE = {"labels": "averaged", "start": 0.002, "scales": [8.0], "steps": 60}
_DIGITS = {"labels": "averaged", "start": 0.01, "scales": [1.5], "steps": 60}

STUDY = Study(
    weight=7.5,
    name="score_samples",
    question="Are the samples of a learned score like the data, and are they new?",
    presets={
        "quick": {
            "seed": 0,
            "sampler": "ddpm",
            "data": {
                "rings": _PLANE
                | {"draws": 5, "count": 1000, "views": 4, "landmarks": 400, "samples": 500, "shown": 300},
                "digits": _DIGITS
                | {"draws": 5, "count": 600, "views": 2, "landmarks": 400, "samples": 150, "shown": 10},
            },
        },
        "full": {
            "seed": 0,
            "sampler": "ddpm",
            "data": {
                **{
                    name: _PLANE
                    | {
                        "draws": 5,
                        "count": 2000,
                        "views": 8,
                        "landmarks": 1200,
                        "samples": 2000,
                        "shown": 500,
                        "steps": 200,
                    }
                    for name in ("rings", "moons", "spiral")
                },
                "digits": _DIGITS
                | {"draws": 5, "count": None, "views": 8, "landmarks": 2500, "samples": 359, "shown": 10, "steps": 200},
            },
        },
    },
    plan=plan,
    conclude=conclude,
)
