"""How the study of the convex region is shown: inner and outer radius, in units of the path that training needs."""

import math

import numpy as np

from softntk.records import Record
from softntk.report.figure import Axis, Figure, plot
from softntk.report.marks import Level, Points
from softntk.report.numbers import number
from softntk.report.section import Section, Table
from softntk.report.sections import names

__all__ = ["build"]


def build(record: Record) -> Section:
    """The section of `convex_region`."""
    arrays = record.arrays
    widest = arrays.isel(width=-1)
    m = int(widest["width"])
    ratio = {
        name: number(float((widest["inner"] / widest["path"]).sel(features=name)), 2)
        for name in arrays["features"].values
    }
    answer = (
        f"At m = {m:,} the region that is proved to be well conditioned is {ratio['softmax']} times as wide as the "
        "path "
        f"that training needs for softmax, {ratio['exponential']} times for exp, and {ratio['relu']} times for ReLU."
    )
    return Section(
        slug=record.study,
        title="The convex region",
        answer=answer,
        paragraphs=[
            "The loss behaves as if it were convex wherever the smallest eigenvalue lambda of the kernel stays above "
            "half "
            "of its start. Within the inner radius it does: that is proved. At the outer radius it does not: a search "
            "found such weights. The truth lies between. The search spends the same number of eigenvalue "
            "decompositions on every network; for ReLU, whose kernel jumps, it turns signs and follows a smoothed "
            "surrogate. No outer radius means that the search found nothing, which proves nothing.",
            "The path is the distance that the linearized run goes until the loss is zero. Where the inner radius is "
            "more "
            "than one path, training cannot leave the region.",
        ],
        figures=[_radii(record)],
        tables=[_table(record)],
        questions={
            1: answer + " The smooth networks' region shrinks slowly with the width while the path shrinks like "
            "m^(−1/2); ReLU's region grows from nearly nothing, since only a count of sign changes bounds it."
        },
    )


def _radii(record: Record) -> Figure:
    arrays = record.arrays
    widths = arrays["width"].values.astype(float)
    inner = arrays["inner"] / arrays["path"]
    curves = [Points(names.network(name), widths, inner.sel(features=name)) for name in arrays["features"].values]
    return plot(
        *curves,
        Level("one path", 1.0),
        x=Axis("width m", log=True),
        y=Axis("inner radius / path", log=True),
        caption=f"Proved radius in units of the path that training needs; n = {record.parameters['samples']}, "
        f"d = {record.parameters['input_size']}, random labels.",
        description="All curves rise with the width. Softmax and exponential cross the line of one path at small "
        "widths, "
        "ReLU stays below it or crosses it last.",
    )


def _table(record: Record) -> Table:
    rows = []
    for name in record.arrays["features"].values:
        for m in record.arrays["width"].values:
            at = record.arrays.sel(features=name, width=m)
            outer = float(at["outer"])
            rows.append(
                [
                    f"{names.network(name)}, {int(m):,}",
                    float(at["inner"]),
                    outer if np.isfinite(outer) else "none found",
                    float(at["path"]),
                    float(at["inner"] / at["path"]),
                    outer / float(at["path"]) if math.isfinite(outer) else "none found",
                    int(at["evaluations"]),
                ]
            )
    return Table(
        "Radii in Frobenius norm, the path that training needs, the radii in units of it, and the search effort.",
        ["network, width", "inner", "outer", "path", "inner/path", "outer/path", "decompositions"],
        rows,
    )
