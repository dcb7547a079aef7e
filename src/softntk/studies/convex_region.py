"""How large is the region in which the kernel stays well conditioned, for the three networks at equal data?

Bracketed from inside by a theorem and from outside by a search (see `conditioning.regions`), and set beside the path
that training needs: the distance sqrt(r0^T H^-1 r0 / m) that the linearized run goes until the loss is zero. Then what
the region is for, at the same starts:

    change     |H(W) - H(W0)| / |H(W0)| on the way from the start to the point that the search found
    loss       of gradient descent, beside that of its linearization
    moved      how far gradient descent went: the path of the linearized run does not bound it
"""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr

from softntk.conditioning.regions import region
from softntk.data.synthetic import sphere
from softntk.dynamics.descent import gradient_descent
from softntk.dynamics.linearized import linearize
from softntk.kernels.empirical import empirical_ntk
from softntk.networks.features import FEATURES, features_named
from softntk.networks.initialization import antisymmetric
from softntk.studies.problems import title
from softntk.studies.study import Cell, Outcome, Parameters, Results, Study
from softntk.verdicts import Answer, Verdict

__all__ = ["STUDY"]

NAMES = tuple(FEATURES)
ENTRIES = {
    "smallest": "lambda at the start",
    "inner": "within this distance lambda is at least half (bound)",
    "outer": "at this distance lambda is at most half (found)",
    "path": "distance that the linearized run needs",
    "moved": "distance that gradient descent went",
    "evaluations": "kernels decomposed in the search",
}
#: Distances at which the change of the kernel is measured, in units of the path.
DISTANCES = tuple(float(each) for each in np.geomspace(0.1, 100.0, 13))


def plan(parameters: Parameters) -> list[Cell]:
    return [
        Cell(f"{name}, m = {width}", partial(_brackets, name, width, parameters), weight=1 + width / 1024)
        for name in NAMES
        for width in parameters["widths"]
    ]


def _brackets(name: str, width: int, parameters: Parameters) -> dict:
    found = [_bracket(name, width, parameters["seed"] + draw, parameters) for draw in range(parameters["draws"])]
    return {entry: np.stack([each[entry] for each in found]) for entry in found[0]}


def _bracket(name: str, width: int, seed: int, parameters: Parameters) -> dict[str, np.ndarray]:
    data_key, start_key, search_key = jax.random.split(jax.random.key(seed), 3)
    data = sphere(data_key, count=parameters["samples"], size=parameters["input_size"])
    start = antisymmetric(
        start_key, input_size=parameters["input_size"], output_size=1, width=width, features=features_named(name)
    )
    around = linearize(start, data.inputs, data.labels)
    path = float(around.distance(10**12))
    found = region(start, data.inputs, key=search_key, path=path, evaluations=parameters["evaluations"])
    _, trace = gradient_descent(
        start,
        data.inputs,
        data.labels,
        step_size=float(around.step_size),
        steps=parameters["steps"],
        record_every=parameters["record_every"],
    )
    direction = jnp.asarray(found.witness) - start.hidden
    length = jnp.linalg.norm(direction)
    kernel = empirical_ntk(start, data.inputs)

    def change(distance: jax.Array) -> jax.Array:
        moved = start.moved_to(start.hidden + distance * direction / length)
        return jnp.linalg.norm(empirical_ntk(moved, data.inputs) - kernel) / jnp.linalg.norm(kernel)

    changes = jax.lax.map(change, path * jnp.asarray(DISTANCES))
    return {
        "smallest": np.asarray(found.smallest),
        "inner": np.asarray(found.inner),
        "outer": np.asarray(found.outer),
        "path": np.asarray(path),
        "moved": np.asarray(jnp.max(trace.distance)),
        "evaluations": np.asarray(found.evaluations),
        # Where nothing was found there is no way to go along.
        "change": np.asarray(jnp.where(jnp.isfinite(found.outer), changes, jnp.nan)),
        "loss": np.asarray(trace.loss),
        "linearized_loss": np.asarray(around.loss(trace.steps)),
        "steps": np.asarray(trace.steps),
    }


def conclude(parameters: Parameters, results: Results) -> Outcome:
    widths = parameters["widths"]

    def gathered(entry: str) -> np.ndarray:
        return np.array([[results[f"{name}, m = {width}"][entry] for width in widths] for name in NAMES], float)

    dims = ("features", "width", "draw")
    found = {entry: gathered(entry) for entry in ENTRIES}
    verdicts = [
        _in_order(f"{title(name)}, m = {width:,}", found["inner"][f, w], found["outer"][f, w])
        for f, name in enumerate(NAMES)
        for w, width in enumerate(widths)
    ]
    curves = {
        "change": ("distance", "change of the kernel toward the point found, over the kernel, in Frobenius norms"),
        "loss": ("step", "training loss of gradient descent"),
        "linearized_loss": ("step", "training loss of its linearization"),
    }
    arrays = xr.Dataset(
        {entry: (dims, found[entry], {"long_name": words}) for entry, words in ENTRIES.items()}
        | {entry: ((*dims, over), gathered(entry), {"long_name": words}) for entry, (over, words) in curves.items()},
        coords={
            "features": list(NAMES),
            "width": widths,
            "distance": list(DISTANCES),
            "step": gathered("steps")[0, 0, 0].astype(int),
        },
    )
    return Outcome(arrays, verdicts, _findings(arrays))


def _in_order(who: str, inner: np.ndarray, outer: np.ndarray) -> Verdict:
    """Whether the bound is within what the search found, at every start."""
    claim = f"{who}: the inner radius is within the one that a search finds, at {len(inner)} starts"
    if np.isnan(inner).any() or np.isnan(outer).any():
        return Verdict(claim, Answer.UNDECIDED, "lambda is not above its numerical error at every start")
    worst = int((inner / outer).argmax())
    reason = f"at worst inner {inner[worst]:.3g}, outer {outer[worst]:.3g}"
    answer = Answer.HOLDS if (inner <= outer).all() else Answer.FAILS
    return Verdict(claim, answer, reason, float(inner[worst]), float(outer[worst]))


def _findings(arrays: xr.Dataset) -> list[str]:
    findings, last = [], arrays.isel(width=-1)
    for name in NAMES:
        at = last.sel(features=name)
        inner, outer = (at[entry] / at["path"] for entry in ("inner", "outer"))
        findings.append(
            f"{title(name)}, m = {int(last['width']):,}, {at.sizes['draw']} starts: lambda stays above half within "
            f"{float(inner.min()):.2g} to {float(inner.max()):.2g} paths (bound), and not within "
            f"{float(outer.min()):.2g} to {float(outer.max()):.2g} (found)."
        )
    return findings


STUDY = Study(
    weight=1.9,
    name="convex_region",
    question="How does the region in which the loss behaves as if it were convex differ between the three networks?",
    presets={
        "quick": {
            "seed": 0,
            "draws": 5,
            "samples": 12,
            "input_size": 8,
            "widths": [256, 4096],
            "evaluations": 30,
            "steps": 400,
            "record_every": 10,
        },
        "full": {
            "seed": 0,
            "draws": 10,
            "samples": 20,
            "input_size": 10,
            "widths": [256, 1024, 4096, 16384],
            "evaluations": 400,
            "steps": 1000,
            "record_every": 10,
        },
    },
    plan=plan,
    conclude=conclude,
)
