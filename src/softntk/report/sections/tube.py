"""How the study of the tube is shown: measured distance from the linearized run, and its bounds."""

import numpy as np
import xarray as xr

from softntk.records import Record
from softntk.report.figure import Axis, Figure, plot
from softntk.report.marks import Line, Mark, Points
from softntk.report.section import Cell, Section, Table
from softntk.report.sections import names
from softntk.report.style import REFERENCES
from softntk.report.words import Measured, counted, listed, measured, pick, ratio, trend

__all__ = ["build"]

#: Name in the record -> what the page calls it.
CURVES = {
    "general": "any start (B)",
    "antisymmetric": "antisymmetric start (B′)",
    "smoothed": "errors filtered",
    "followed": "path followed",
}


def build(record: Record) -> Section:
    """The section of `tube`."""
    arrays, steps = record.arrays, record.parameters["steps"]
    peak = arrays.max("step")
    m = int(peak["width"].values[-1])
    present = [str(name) for name in arrays["features"].values]
    starts = f"mean of {arrays.sizes['draw']} starts" if arrays.sizes["draw"] > 1 else "one start"
    answer = f"At m = {m:,} over {steps} steps ({starts}), " + "; ".join(
        _apart(peak.isel(width=-1).sel(features=name), name) for name in present
    )
    return Section(
        slug=record.study,
        title="How far from the linearization",
        answer=f"{answer}.",
        findings=[
            *(_contained(arrays.sel(features=name), name) for name in present),
            *(
                f"{names.network(name)}: the largest distance measured "
                f"{trend(arrays['width'].values, [_peak(peak, name, w) for w in arrays['width'].values], of='m')}."
                for name in present
            ),
        ],
        paragraphs=[
            "The distance is between the residuals of gradient descent and of its linearization at the start, which is "
            "what the kernel describes. The bounds need the spectrum of the kernel, the labels, and how fast the "
            "Jacobian can change, but no lower bound on the smallest eigenvalue. The first is for any start, the "
            "second "
            "uses that antisymmetry cancels the first order, the third lets the linear dynamics damp old errors, and "
            "the last looks at the Jacobian along the linearized path. ReLU has no such bound: its Jacobian jumps.",
            "The bounds are theorems about exact arithmetic; their numbers are taken in float64, so they hold, and are "
            "not proved digit by digit. Late in the run the true distance dies out and only rounding is measured, so "
            "the largest distance of each run is compared.",
        ],
        figures=_over_time(record),
        tables=[_table(peak, steps)],
    )


def _apart(at: xr.Dataset, name: str) -> str:
    distance, start = measured(at["measured"]), measured(at["residual"])
    least = _least(at["bound"])
    return (
        f"{names.network(name)} strays by at most {distance} from its linearization, where the start is at {start}; "
        f"the sharpest bound says {least}, {ratio(least, distance)} as much"
    )


def _least(bound: xr.DataArray) -> Measured:
    """The least of the curves' largest values; NaN where none says anything."""
    return measured(bound.where(np.isfinite(bound)).min("curve"))


def _contained(at: xr.Dataset, name: str) -> str:
    """How many runs stay below every bound that says something."""
    known = xr.DataArray(np.isfinite(at["bound"])) & at["measured"].notnull()
    broken = ((at["measured"] > at["bound"] + at["floor"]) & known).any(["curve", "step"])
    runs = broken.size
    return (
        f"{names.network(name)}: {counted(int((~broken & known.any(['curve', 'step'])).sum()), runs, 'run')} over all "
        "widths stay below every bound that says something."
    )


def _peak(peak: xr.Dataset, name: str, width: int | np.integer) -> Measured:
    return measured(peak["measured"].sel(features=name, width=width))


def _over_time(record: Record) -> list[Figure]:
    at = record.arrays.isel(width=-1)
    name = "softmax" if "softmax" in at["features"].values else str(at["features"].values[0])
    at = at.sel(features=name)
    steps = at["step"].values.astype(float)[1:]
    middle, floor = at["measured"].mean("draw").values[1:], float(at["floor"].mean())
    marks: list[Mark] = []
    if (middle > floor).any():
        marks.append(Points(names.network(name), steps, np.where(middle > floor, middle, np.nan)))
    said = []
    for (curve, printed), style in zip(CURVES.items(), REFERENCES, strict=True):
        # A bound that says nothing at one start has no mean; one at rounding has nothing to be compared with.
        bound = pick(at["bound"], curve=curve).mean("draw").values[1:]
        shown = np.where(np.isfinite(bound) & (bound > 1e-12), bound, np.nan)
        said.append(
            f"{printed} "
            f"{'at most ' + str(Measured(float(np.nanmax(shown)))) if np.isfinite(shown).any() else 'says nothing'}"
        )
        if np.isfinite(shown).any():
            marks.append(Line(printed, steps, shown, style=style))
    if not marks:
        return []
    return [
        plot(
            *marks,
            x=Axis("step", log=True),
            y=Axis("distance from linearization", log=True),
            caption=f"{names.network(name).capitalize()}, m = {int(at['width']):,}, n = "
            f"{record.parameters['samples']}, d = "
            f"{record.parameters['input_size']}, mean of {at.sizes['draw']} starts. Points: measured, above rounding. "
            "Gray: "
            "bounds.",
            description=f"Distance from the linearized run against steps. Measured: "
            f"{trend(steps, [Measured(float(v)) for v in np.where(middle > floor, middle, np.nan)], of='step')}. "
            f"Bounds: {listed(said)}.",
        )
    ]


def _table(peak: xr.Dataset, steps: int) -> Table:
    rows: list[list[Cell]] = []
    for name in peak["features"].values:
        for m in peak["width"].values:
            at = peak.sel(features=name, width=m)
            bounds = [pick(at["bound"], curve=curve) for curve in CURVES]
            rows.append(
                [
                    f"{names.network(name)}, {int(m):,}",
                    str(measured(at["measured"])),
                    *(str(measured(each)) if np.isfinite(each).all() else "says nothing" for each in bounds),
                ]
            )
    return Table(
        f"Largest distance between the run and its linearization over {steps} steps: measured, and the largest that "
        f"each bound allows; mean and standard error of {peak.sizes['draw']} starts.",
        ["network, width", "measured", *CURVES.values()],
        rows,
    )
