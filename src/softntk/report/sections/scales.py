"""How the study of scales is shown: h and the condition of the kernel as weights or inputs grow."""

import numpy as np

from softntk.records import Record
from softntk.report.figure import Axis, Figure, plot
from softntk.report.marks import Level, Points
from softntk.report.numbers import number
from softntk.report.section import Section, Table
from softntk.report.sections import names

__all__ = ["build"]


def build(record: Record) -> Section:
    """The section of `scales`."""
    arrays = record.arrays
    scales = arrays["scale"].values
    fine = {name: scales[arrays["h"].sel(features=name).values < 0.5] for name in arrays["features"].values}
    worst = (
        {
            name: number(float(arrays["condition"].sel(features=name, scale=fine["exponential"]).max()), 2)
            for name in ("softmax", "exponential")
        }
        if len(fine["exponential"])
        else {"softmax": "–", "exponential": "–"}
    )
    answer = (
        f"With {record.parameters['width']:,} neurons softmax is certified {_range(fine['softmax'])}, the exponential "
        f"network {_range(fine['exponential'])}, ReLU {_range(fine['relu'])}; where both smooth networks are, the "
        "worst "
        f"condition of the kernel is {worst['softmax']} for softmax and {worst['exponential']} for the exponential."
    )
    return Section(
        slug=record.study,
        title="Where exp breaks and softmax does not",
        answer=answer,
        paragraphs=[
            "Only the product of the weights' scale and the inputs' norm matters, for multiplying one and dividing the "
            "other changes neither a pre-activation nor h. On the unit sphere at scale 1 softmax and the exponential "
            "network are alike. As the product grows, exp(z) spreads over many orders of magnitude: its kernel becomes "
            "ill conditioned and its float64 certificate ends. Softmax divides by the sum and stays well conditioned.",
            "h < 1/2 is what the certificate needs. One start for each point, one width: the ranges shift with both.",
        ],
        figures=[_h(record), _condition(record)],
        tables=[_table(record)],
        questions={
            3: "On the unit sphere at scale 1, softmax and exp are nearly the same machine. They part as weights or "
            f"inputs grow (“{TITLE}”): {answer}"
        },
    )


TITLE = "Where exp breaks and softmax does not"


def _range(values: np.ndarray) -> str:
    if not len(values):
        return "nowhere tried"
    return f"for sigma |x| from {values.min():g} to {values.max():g}"


def _curves(record: Record, entry: str) -> list[Points]:
    arrays = record.arrays
    scales = arrays["scale"].values
    found = []
    for name in arrays["features"].values:
        values = arrays[entry].sel(features=name).values
        found.append(Points(names.network(name), scales, np.where(np.isfinite(values), values, np.nan)))
    return found


def _h(record: Record) -> Figure:
    return plot(
        *_curves(record, "h"),
        Level("certified below 1/2", 0.5),
        x=Axis("sigma |x|", log=True),
        y=Axis("h", log=True),
        caption=f"h of Theorem A at m = {record.parameters['width']:,}, n = {record.parameters['samples']}, "
        f"d = {record.parameters['input_size']}; a curve ends where nothing can be computed in float64.",
        description="h falls with the scale for all three networks; the exponential curve ends, the softmax curve "
        "goes on.",
    )


def _condition(record: Record) -> Figure:
    return plot(
        *_curves(record, "condition"),
        x=Axis("sigma |x|", log=True),
        y=Axis("largest / smallest eigenvalue", log=True),
        caption="Condition of the kernel at the same starts.",
        description="The condition of the exponential kernel grows by many orders of magnitude; that of softmax and "
        "ReLU "
        "stays small.",
    )


def _table(record: Record) -> Table:
    arrays = record.arrays
    rows = []
    for scale in arrays["scale"].values:
        at = arrays.sel(scale=scale)
        for name in arrays["features"].values:
            one = at.sel(features=name)
            rows.append(
                [f"{scale:g}, {names.network(name)}", float(one["h"]), float(one["condition"]), float(one["steps"])]
            )
    return Table(
        "h, condition of the kernel, and steps after which the loss is proved to be below "
        f"{record.parameters['loss']:g}.",
        ["sigma |x|, network", "h", "condition", "steps"],
        rows,
    )
