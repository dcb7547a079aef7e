"""How the study of scales is shown: h and the condition of the kernel as weights or inputs grow, or norms differ."""

import numpy as np
import xarray as xr

from softntk.records import Record
from softntk.report.figure import Axis, Figure
from softntk.report.marks import Level
from softntk.report.numbers import number
from softntk.report.section import Section, Table
from softntk.report.sections import names
from softntk.report.sections.curves import chart, seen
from softntk.report.words import Measured, listed, measured, ratio

__all__ = ["build", "condition", "worst_condition"]


def build(record: Record) -> Section:
    """The section of `scales`."""
    arrays = names.complete(record.arrays)
    starts = f"{arrays.sizes['draw']} start{'' if arrays.sizes['draw'] == 1 else 's'}"
    answer = (
        f"With {record.parameters['width']:,} neurons and {starts}, h < 1/2 holds at every start for "
        + ", ".join(f"{names.network(name)} {_range(arrays, name)}" for name in names.NETWORKS)
        + f". {worst_condition(arrays, 'condition', 'scale')}"
    )
    return Section(
        slug=record.study,
        title="As weights, inputs and norms grow",
        answer=answer,
        findings=[worst_condition(arrays, "condition_of_norms", "spread"), _at_one(arrays)],
        paragraphs=[
            "Only the product of the weights' scale and the inputs' norm matters, for multiplying one and dividing the "
            "other changes neither a pre-activation nor h. In the limit of infinite width the exponential kernel on "
            "the sphere is a multiple of the softmax kernel at every scale, with the same condition: what is measured "
            "is what a finite network makes of it. exp(z) spreads over orders of magnitude as z grows; softmax "
            "divides by the sum.",
            "In the second part the inputs keep their directions and get norms between 1 and r. A condition of ∞ "
            "cannot be told from that of a singular matrix in float64.",
            "h < 1/2 is what Theorem A needs, in float64. One width: the ranges shift with it.",
        ],
        figures=[
            *_h(arrays, record),
            *_conditions(arrays, "condition", "scale", "sigma |x|", starts),
            *_conditions(arrays, "condition_of_norms", "spread", "r, largest over smallest norm", starts),
        ],
        tables=[_table(arrays, record), _norms(arrays)],
        questions={3: f"At finite width: {answer} {worst_condition(arrays, 'condition_of_norms', 'spread')}"},
    )


def condition(arrays: xr.Dataset, entry: str, name: str, **at: float) -> Measured:
    """The median condition over starts, to be compared by its logarithms: draws differ by powers of ten."""
    values = np.asarray(arrays[entry].sel({"features": name, **at}).values, float).ravel()
    known = values[~np.isnan(values)]
    if not known.size:
        return Measured(float("nan"), draws=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return Measured(float(np.median(known)), draws=known.size, sample=tuple(np.log(values).tolist()))


def worst_condition(arrays: xr.Dataset, entry: str, along: str) -> str:
    """The largest median condition of each network along an axis, and how softmax stands to the exponential network."""
    places = arrays[along].values
    worst = {}
    for name in names.NETWORKS:
        each = [(condition(arrays, entry, name, **{along: at}), at) for at in places]
        known = [pair for pair in each if not np.isnan(pair[0].value)]
        worst[name] = max(known, key=lambda pair: pair[0].value) if known else (Measured(float("nan")), float("nan"))
    axis = {"scale": "sigma |x|", "spread": "the ratio of norms"}[along]
    said = ", ".join(
        f"{names.network(name)} {number(top.value, 2)}" + ("" if np.isnan(at) else f" (at {at:g})")
        for name, (top, at) in worst.items()
    )
    softmax, exponential = worst["softmax"][0], worst["exponential"][0]
    quotient = f"exponential over softmax {ratio(exponential, softmax)}"
    if np.isinf(exponential.value) or np.isinf(softmax.value):
        beyond = [name for name in ("softmax", "exponential") if np.isinf(worst[name][0].value)]
        quotient = f"beyond float64: {listed(beyond)}"
    return (
        f"The worst condition of the kernel for {axis} from {places[0]:g} to {places[-1]:g} (medians of "
        f"{arrays.sizes['draw']}) is {said}; {quotient}."
    )


def _range(arrays: xr.Dataset, name: str) -> str:
    h = arrays["h"].sel(features=name)
    if h.isnull().all():
        return "(not measured)"
    fine = arrays["scale"].values[(h < 0.5).all("draw").values]
    if not len(fine):
        return "nowhere tried"
    return f"at sigma |x| = {fine[0]:g}" if len(fine) == 1 else f"for sigma |x| from {fine.min():g} to {fine.max():g}"


def _at_one(arrays: xr.Dataset) -> str:
    nearest = float(arrays["scale"].values[np.abs(np.log(arrays["scale"].values)).argmin()])
    said = ", ".join(
        f"{names.network(name)} {condition(arrays, 'condition', name, scale=nearest)}" for name in names.NETWORKS
    )
    return f"On the sphere at sigma |x| = {nearest:g} the median condition is {said}."


def _h(arrays: xr.Dataset, record: Record) -> list[Figure]:
    places = arrays["scale"].values.astype(float)
    finite = arrays["h"].where(np.isfinite(arrays["h"]))
    curves = {
        names.network(name): [measured(finite.sel(features=name, scale=at)) for at in places] for name in names.NETWORKS
    }
    return chart(
        curves,
        places,
        over=[Level("1/2", 0.5)],
        x=Axis("sigma |x|", log=True),
        y=Axis("h", log=True),
        caption=f"h of Theorem A at m = {record.parameters['width']:,}, n = {record.parameters['samples']}, d = "
        f"{record.parameters['input_size']}, mean of {arrays.sizes['draw']} starts with standard errors; a curve ends "
        "where nothing can be computed in float64.",
        description=f"h against sigma |x|. {seen(curves, places, of='sigma |x|', log=False)}",
    )


def _conditions(arrays: xr.Dataset, entry: str, along: str, label: str, starts: str) -> list[Figure]:
    places = arrays[along].values.astype(float)
    curves = {
        names.network(name): [condition(arrays, entry, name, **{along: at}) for at in places] for name in names.NETWORKS
    }
    return chart(
        curves,
        places,
        x=Axis(label, log=True),
        y=Axis("largest / smallest eigenvalue", log=True),
        caption=f"Condition of the kernel, median of {starts}; a curve ends where float64 does.",
        description=f"Condition against {label}. {seen(curves, places, of=label.split(',')[0], log=False)}",
    )


def _table(arrays: xr.Dataset, record: Record) -> Table:
    rows = []
    for scale in arrays["scale"].values:
        for name in names.NETWORKS:
            one = arrays.sel(features=name, scale=scale)
            steps = float(one["steps"].max())
            rows.append(
                [
                    f"{scale:g}, {names.network(name)}",
                    str(measured(one["h"])),
                    str(condition(arrays, "condition", name, scale=scale)),
                    "none" if np.isinf(steps) else number(steps),
                ]
            )
    return Table(
        f"h (mean), condition of the kernel (median), and the steps after which every start's loss is below "
        f"{record.parameters['loss']:g} by Theorem A.",
        ["sigma |x|, network", "h", "condition", "steps"],
        rows,
    )


def _norms(arrays: xr.Dataset) -> Table:
    return Table(
        "Condition of the kernel where norms differ, medians.",
        ["largest over smallest norm", *(names.network(name) for name in names.NETWORKS)],
        [
            [f"{r:g}", *(str(condition(arrays, "condition_of_norms", name, spread=r)) for name in names.NETWORKS)]
            for r in arrays["spread"].values
        ],
    )
