"""A new study: copy this file to src/softntk/studies/, fill it in, add its row to `STUDIES` in studies/__init__.py.

Say here what is asked, what is measured, with formulas, and what the claims are:

    the mean of exp(w . x) over m neurons w ~ N(0, I), |x| = 1, is exp(1/2) up to its standard error.

Then show it: copy docs/templates/section.py. And test it: add a row of small parameters to tests/studies/.

Run it: python docs/templates/study.py
"""

import math
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr

from softntk.studies.study import Cell, Outcome, Parameters, Results, Study, run
from softntk.verdicts import equal

__all__ = ["STUDY"]


# Cells are independent of one another and take seconds to minutes each: a run that is interrupted goes on between two.
# `weight` is how long a cell takes beside the others.
def plan(parameters: Parameters) -> list[Cell]:
    """One cell a width."""
    return [
        Cell(f"m = {width}", partial(_measure, index, width, parameters), weight=width / 1000)
        for index, width in enumerate(parameters["widths"])
    ]


# A cell draws from its own key, made of the seed and its place, so that no other cell changes its numbers.
def _measure(index: int, width: int, parameters: Parameters) -> dict:
    key = jax.random.fold_in(jax.random.key(parameters["seed"]), index)
    return {"values": jnp.exp(jax.random.normal(key, (parameters["draws"], width))).mean(axis=1)}


# Nothing here takes long. What was sampled has a standard error, and a claim is decided only beyond it.
def conclude(parameters: Parameters, results: Results) -> Outcome:
    """Arrays with named dimensions, one verdict a claim, sentences with numbers."""
    samples = np.stack([results[f"m = {width}"]["values"] for width in parameters["widths"]])
    mean, error = samples.mean(axis=1), samples.std(axis=1, ddof=1) / math.sqrt(parameters["draws"])
    arrays = xr.Dataset(
        {
            "mean": ("width", mean, {"long_name": "mean of exp(w . x) over the neurons, averaged over draws"}),
            "mean_se": ("width", error, {"long_name": "its standard error over draws"}),
        },
        coords={"width": parameters["widths"]},
    )
    verdicts = [
        equal(f"the mean of exp(w . x) at m = {width} is exp(1/2)", float(m), math.exp(0.5), error=4 * float(se))
        for width, m, se in zip(parameters["widths"], mean, error, strict=True)
    ]
    widest = f"At width {parameters['widths'][-1]} the mean of exp(w . x) is {mean[-1]:.4f} ± {error[-1]:.4f}."
    return Outcome(arrays, verdicts, [widest])


# Every preset has a seed. quick: seconds, on two cores; full: what it takes for the answer to be worth printing.
STUDY = Study(
    name="mean_of_exponentials",
    question="How many neurons does it take before the mean of exp(w . x) is its expectation?",
    presets={
        "quick": {"seed": 0, "widths": [100, 1000], "draws": 20},
        "full": {"seed": 0, "widths": [100, 1000, 10_000, 100_000], "draws": 200},
    },
    plan=plan,
    conclude=conclude,
)


if __name__ == "__main__":
    record = run(STUDY, STUDY.parameters("quick"), command="python docs/templates/study.py")
    print(*record.verdicts, *record.findings, sep="\n")
