"""How the study of the tube is shown: measured distance from the linearized run, and its proved bounds."""

import numpy as np

from softntk.records import Record
from softntk.report.figure import Axis, Figure, plot
from softntk.report.marks import Line, Points
from softntk.report.numbers import number
from softntk.report.section import Section, Table
from softntk.report.sections import names
from softntk.report.style import REFERENCES

__all__ = ["build"]

#: Name in the record -> what the page calls it.
CURVES = {
    "general": "any start (B)",
    "paired": "paired start (B′)",
    "smoothed": "errors filtered",
    "followed": "path followed",
}


def build(record: Record) -> Section:
    """The section of `tube`."""
    widest = record.arrays.sel(features="softmax").isel(width=-1).max("step")
    m, steps = int(widest["width"]), record.parameters["steps"]
    best = float(widest["bound"].min("curve"))
    answer = (
        f"A softmax network of {m:,} neurons stays within {number(best, 2)} of its linearization over {steps} steps, "
        f"proved; the largest distance measured is {number(float(widest['measured']), 2)}, in units where the start "
        "is at "
        f"{number(float(widest['residual']), 2)}."
    )
    return Section(
        slug=record.study,
        title="How far from the linearization",
        answer=answer,
        paragraphs=[
            "The distance is between the residuals of gradient descent and of its linearization at the start, which is "
            "what the kernel describes. The bounds need the spectrum of the kernel, the labels, and how fast the "
            "Jacobian "
            "can change, but no lower bound on the smallest eigenvalue. The first is for any start, the second uses "
            "that "
            "a paired start cancels the first order, the third lets the linear dynamics damp old errors, and the last "
            "looks at the Jacobian along the linearized path.",
            "The bounds speak of exact arithmetic. Late in the run the true distance dies out and only rounding is "
            "measured, so the table shows the largest distance of the run.",
        ],
        figures=[_over_time(record)],
        tables=[_table(record)],
    )


def _over_time(record: Record) -> Figure:
    at = record.arrays.sel(features="softmax").isel(width=-1)
    steps = at["step"].values.astype(float)[1:]
    bounds = []
    for (name, printed), look in zip(CURVES.items(), REFERENCES, strict=True):
        bound = at["bound"].sel(curve=name).values[1:]
        if np.isfinite(bound).any():
            bounds.append(Line(printed, steps, np.where(bound > 1e-12, bound, np.nan), look=look))
    measured = at["measured"].values[1:]
    floor = float(at["floor"])
    return plot(
        Points("softmax", steps, np.where(measured > floor, measured, np.nan)),
        *bounds,
        x=Axis("step", log=True),
        y=Axis("distance from linearization", log=True),
        caption=f"Softmax, m = {int(at['width']):,}, n = {record.parameters['samples']}, d = "
        f"{record.parameters['input_size']}. Points: measured, above rounding. Gray: proved.",
        description="The measured distance rises, peaks and falls, always below the bounds; the bounds fall with it "
        "except "
        "the one for any start.",
    )


def _table(record: Record) -> Table:
    peak = record.arrays.max("step")
    rows = []
    for name in peak["features"].values:
        for m in peak["width"].values:
            at = peak.sel(features=name, width=m)
            bounds = [float(at["bound"].sel(curve=curve)) for curve in CURVES]
            rows.append(
                [
                    f"{names.network(name)}, {int(m):,}",
                    float(at["measured"]),
                    *(bound if np.isfinite(bound) else "says nothing" for bound in bounds),
                ]
            )
    return Table(
        f"Largest distance between the run and its linearization over {record.parameters['steps']} steps: measured, "
        "and "
        "the largest that each bound allows.",
        ["network, width", "measured", *CURVES.values()],
        rows,
    )
