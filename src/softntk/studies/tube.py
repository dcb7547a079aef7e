"""How far does a network stray from its linearization, by theorem and measured?

For antisymmetric starts of growing width: the deviation |R(t) - Rhat(t)| of a real run, and the bounds of
`softntk.linearization`, Theorem B (any start), B' (antisymmetric start), and the sharper forms. A bound that exceeds
|R(0)| says nothing and is infinite from there on. None of them needs a lower bound on lambda. The bounds speak of exact
arithmetic: late in a run, when the true deviation has died out, what is measured is rounding. So runs are compared at
every step, and described by their largest deviation.
"""

from functools import partial

import jax
import numpy as np
import xarray as xr

from softntk.data.synthetic import sphere
from softntk.linearization.deviations import deviation
from softntk.linearization.tubes import tube
from softntk.networks.features import features_named
from softntk.networks.initialization import antisymmetric
from softntk.studies.problems import title
from softntk.studies.study import Cell, Outcome, Parameters, Results, Study
from softntk.verdicts import Verdict, at_most, does_not_apply

__all__ = ["STUDY"]

NAMES = ("softmax", "exponential")  # the Jacobian of ReLU jumps
CURVES = ("general", "antisymmetric", "smoothed", "followed")


def plan(parameters: Parameters) -> list[Cell]:
    return [
        Cell(f"{name}, m = {width}", partial(_runs, name, width, parameters), weight=1 + width / 8192)
        for name in NAMES
        for width in parameters["widths"]
    ]


def _runs(name: str, width: int, parameters: Parameters) -> dict:
    found = [_run(name, width, parameters["seed"] + draw, parameters) for draw in range(parameters["draws"])]
    return {entry: np.stack([each[entry] for each in found]) for entry in found[0]}


def _run(name: str, width: int, seed: int, parameters: Parameters) -> dict:
    data_key, start_key = jax.random.split(jax.random.key(seed))
    data = sphere(data_key, count=parameters["samples"], size=parameters["input_size"])
    start = antisymmetric(
        start_key, input_size=parameters["input_size"], output_size=1, width=width, features=features_named(name)
    )
    arguments = {"step_size": "stable", "steps": parameters["steps"]}
    bound = tube(start, data.inputs, data.labels, visits=parameters["visits"], **arguments)
    measured = deviation(start, data.inputs, data.labels, **arguments)
    return {
        "measured": measured.training,
        "floor": measured.floor,
        "residual": bound.residual,
        **{curve: bound.curves[curve].deviation for curve in CURVES},
    }


def conclude(parameters: Parameters, results: Results) -> Outcome:
    widths = parameters["widths"]

    def gathered(entry: str) -> np.ndarray:
        return np.array([[results[f"{name}, m = {width}"][entry] for width in widths] for name in NAMES])

    measured, floor = gathered("measured"), gathered("floor")
    bounds = np.stack([gathered(curve) for curve in CURVES], axis=3)
    verdicts = [
        _contains(
            f"{title(NAMES[f])}, m = {widths[w]:,}: the {CURVES[c]} tube contains {parameters['draws']} runs",
            measured[f, w],
            bounds[f, w, :, c],
            floor[f, w, :, None],
        )
        for f, w, c in np.ndindex(len(NAMES), len(widths), len(CURVES))
    ]
    dims = ("features", "width", "draw")
    arrays = xr.Dataset(
        {
            "measured": ((*dims, "step"), measured, {"long_name": "measured distance from the linearized run"}),
            "floor": (dims, floor, {"long_name": "rounding of the measured distance"}),
            "residual": ((*dims, "step"), gathered("residual"), {"long_name": "residual of the linearized run"}),
            "bound": ((*dims, "curve", "step"), bounds, {"long_name": "bound of that distance, in float64"}),
        },
        coords={
            "features": list(NAMES),
            "width": widths,
            "curve": list(CURVES),
            "step": np.arange(parameters["steps"] + 1),
        },
    )
    return Outcome(arrays, verdicts, _findings(parameters, arrays))


def _contains(claim: str, measured: np.ndarray, bound: np.ndarray, floor: np.ndarray) -> Verdict:
    """One curve against the runs of all starts, judged where it says something."""
    known = np.isfinite(bound)
    if known.sum() <= len(bound):
        return does_not_apply(claim, "the bound says nothing after the first step")
    excess = np.where(known, measured - bound - floor, -np.inf)
    # The step that breaks the bound if there is one, else the one where most is at stake.
    judged = excess if excess.max() > 0 else np.where(known, measured, -1)
    worst = np.unravel_index(int(judged.argmax()), judged.shape)
    return at_most(claim, float(measured[worst]), float((bound + floor)[worst]))


def _findings(parameters: Parameters, arrays: xr.Dataset) -> list[str]:
    findings, peak = [], arrays.max("step").mean("draw")
    for name in NAMES:
        for width in parameters["widths"]:
            at = peak.sel(features=name, width=width)
            said = [
                f"{curve} {float(at['bound'].sel(curve=curve)):.1e}"
                for curve in CURVES
                if np.isfinite(float(at["bound"].sel(curve=curve)))
            ]
            findings.append(
                f"{title(name)}, m = {width:,}, {parameters['steps']} steps, mean of {parameters['draws']} starts: "
                f"measured {float(at['measured']):.1e} (rounding {float(at['floor']):.0e}), bounds: "
                f"{', '.join(said) or 'none'}."
            )
    return findings


STUDY = Study(
    weight=3,
    name="tube",
    question="How far does a network stray from its linearization, by theorem and measured?",
    presets={
        "quick": {
            "seed": 0,
            "draws": 5,
            "samples": 10,
            "input_size": 10,
            "widths": [512, 8192],
            "steps": 300,
            "visits": 64,
        },
        "full": {
            "seed": 0,
            "draws": 5,
            "samples": 20,
            "input_size": 10,
            "widths": [512, 2048, 8192, 32768],
            "steps": 2000,
            "visits": 256,
        },
    },
    plan=plan,
    conclude=conclude,
)
