"""How large is the region in which the kernel stays well conditioned, for the three networks at equal data?

Bracketed from inside by a theorem and from outside by a search (see `conditioning.regions`), and set beside the path
that training needs: the distance sqrt(r0^T H^-1 r0 / m) that the linearized run goes until the loss is zero.
"""

from functools import partial

import jax
import numpy as np
import xarray as xr

from softntk.conditioning.regions import region
from softntk.data.synthetic import sphere
from softntk.dynamics.linearized import linearize
from softntk.networks.features import FEATURES, features_named
from softntk.networks.initialization import paired
from softntk.studies.problems import title
from softntk.studies.study import Cell, Outcome, Parameters, Results, Study
from softntk.verdicts import at_most

__all__ = ["STUDY"]

NAMES = tuple(FEATURES)
ENTRIES = ("smallest", "inner", "outer", "path", "evaluations")


def plan(parameters: Parameters) -> list[Cell]:
    return [
        Cell(f"{name}, m = {width}", partial(_bracket, name, width, parameters), weight=1 + width / 1024)
        for name in NAMES
        for width in parameters["widths"]
    ]


def _bracket(name: str, width: int, parameters: Parameters) -> dict:
    data_key, start_key, search_key = jax.random.split(jax.random.key(parameters["seed"]), 3)
    data = sphere(data_key, count=parameters["samples"], size=parameters["input_size"])
    start = paired(
        start_key, input_size=parameters["input_size"], output_size=1, width=width, features=features_named(name)
    )
    path = float(linearize(start, data.inputs, data.labels).distance(10**12))
    found = region(start, data.inputs, key=search_key, path=path, evaluations=parameters["evaluations"])
    return {entry: getattr(found, entry) for entry in ENTRIES}


def conclude(parameters: Parameters, results: Results) -> Outcome:
    widths = parameters["widths"]
    found = {
        entry: np.array([[results[f"{name}, m = {width}"][entry] for width in widths] for name in NAMES], float)
        for entry in ENTRIES
    }
    verdicts = [
        at_most(
            f"{title(name)}, m = {width:,}: the proved radius is within the one that a search finds",
            float(found["inner"][f, w]),
            float(found["outer"][f, w]),
        )
        for f, name in enumerate(NAMES)
        for w, width in enumerate(widths)
    ]
    words = {
        "smallest": "lambda at the start",
        "inner": "within this distance lambda is at least half (proved)",
        "outer": "at this distance lambda is at most half (found)",
        "path": "distance that training needs",
        "evaluations": "kernels decomposed in the search",
    }
    arrays = xr.Dataset(
        {entry: (("features", "width"), found[entry], {"long_name": words[entry]}) for entry in ENTRIES},
        coords={"features": list(NAMES), "width": widths},
    )
    return Outcome(arrays, verdicts, _findings(parameters, arrays))


def _findings(parameters: Parameters, arrays: xr.Dataset) -> list[str]:
    findings = []
    for name in NAMES:
        at = arrays.sel(features=name).isel(width=-1)
        inner, outer, path = (float(at[entry]) for entry in ("inner", "outer", "path"))
        findings.append(
            f"{title(name)}, m = {parameters['widths'][-1]:,}: lambda stays above half within {inner:.3g} (proved) "
            "and not "
            f"within {outer:.3g} (found); training needs {path:.3g}, so the region is {inner / path:.2g} to "
            f"{outer / path:.2g} paths wide."
        )
    return findings


STUDY = Study(
    name="convex_region",
    question="How does the region in which the loss behaves as if it were convex differ between the three networks?",
    presets={
        "quick": {"seed": 0, "samples": 12, "input_size": 8, "widths": [256, 4096], "evaluations": 30},
        "full": {"seed": 0, "samples": 20, "input_size": 10, "widths": [256, 1024, 4096, 16384], "evaluations": 400},
    },
    plan=plan,
    conclude=conclude,
)
