"""What does a learned score look like beside the truth?

On the mixture of three Gaussians in the plane, at a small and at a middle time: the exact score, the score learned by
the softmax kernel's flow from n samples (everything chosen on held-out X_0), and the length of their difference where
the noisy data are. Beside them the score of the data themselves, which points at the nearest samples.
"""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr

from softntk.data.mixture import mixture_named
from softntk.diffusion.exact import empirical_score, mixture_score
from softntk.diffusion.kernel_flow import learn_kernel
from softntk.diffusion.matching import TimeLaw
from softntk.diffusion.process import Constant
from softntk.diffusion.score import ScoreOfDenoiser
from softntk.diffusion.task import make_task
from softntk.studies.study import Cell, Outcome, Parameters, Results, Study

__all__ = ["STUDY"]

SCORES = ("exact", "learned", "empirical")


def plan(parameters: Parameters) -> list[Cell]:
    return [Cell("fields", partial(_fields, parameters), weight=4.0)]


def _fields(parameters: Parameters) -> dict:
    data_key, task_key, fit_key = jax.random.split(jax.random.key(parameters["seed"]), 3)
    mixture, process, law = mixture_named(parameters["mixture"]), Constant(), TimeLaw()
    clean = mixture.sample(data_key, parameters["samples"])
    task = make_task(task_key, clean, process, law, copies=parameters["views"], validation_copies=8)
    fit = learn_kernel(fit_key, task, scales=parameters["scales"], count=parameters["landmarks"])
    scores = {
        "exact": mixture_score(process, mixture),
        "learned": ScoreOfDenoiser(process, fit.denoiser),
        "empirical": empirical_score(process, clean),
    }
    side = jnp.linspace(-parameters["reach"], parameters["reach"], parameters["points"])
    x, y = jnp.meshgrid(side, side)
    points = jnp.stack([x.ravel(), y.ravel()], axis=1)
    fields, densities = [], []
    for t in parameters["times"]:
        fields.append(np.stack([np.asarray(score(t, points)) for score in scores.values()]))
        densities.append(mixture.noisy(process.alpha(t), process.variance(t)).log_density(points))
    shape = (len(parameters["times"]), len(scores), len(side), len(side), 2)
    return {
        "field": np.stack(fields).reshape(shape),
        "log_density": np.stack(densities).reshape(shape[0], *shape[2:4]),
        "side": side,
        "clean": clean[:500],
    }


def conclude(parameters: Parameters, results: Results) -> Outcome:
    found = results["fields"]
    field, density = found["field"], np.exp(found["log_density"])
    arrays = xr.Dataset(
        {
            "field": (("time", "score", "y", "x", "direction"), field, {"long_name": "score"}),
            "density": (("time", "y", "x"), density, {"long_name": "density of the noisy data"}),
            "clean": (("sample", "direction"), found["clean"], {"long_name": "samples learned from"}),
        },
        coords={
            "time": parameters["times"],
            "score": list(SCORES),
            "x": found["side"],
            "y": found["side"],
            "direction": ["x", "y"],
        },
    )
    findings = []
    for i, t in enumerate(parameters["times"]):
        share = density[i] / density[i].sum()
        exact = (field[i, 0] ** 2).sum(axis=-1)
        parts = [
            f"{name} {float((share * ((field[i, j] - field[i, 0]) ** 2).sum(axis=-1)).sum()):.3g}"
            for j, name in enumerate(SCORES)
            if name != "exact"
        ]
        findings.append(
            f"t = {t:g}: mean squared error of the score {', '.join(parts)}, of a mean square of "
            f"{float((share * exact).sum()):.3g}."
        )
    return Outcome(arrays, [], findings)


STUDY = Study(
    weight=2.4,
    name="score_field",
    question="What does a learned score look like beside the truth?",
    presets={
        "quick": {
            "seed": 0,
            "mixture": "three-gaussians",
            "samples": 500,
            "views": 8,
            "scales": [8.0],
            "landmarks": 300,
            "times": [0.05, 0.4],
            "reach": 2.2,
            "points": 41,
        },
        "full": {
            "seed": 0,
            "mixture": "three-gaussians",
            "samples": 2000,
            "views": 8,
            "scales": [4.0, 6.0, 8.0, 11.0],
            "landmarks": 1500,
            "times": [0.05, 0.4],
            "reach": 2.2,
            "points": 61,
        },
    },
    plan=plan,
    conclude=conclude,
)
