"""How learned scores are shown beside the truth: arrows over the density, and the length of the difference."""

import numpy as np
import xarray as xr

from softntk.records import Record
from softntk.report.figure import Axis, Figure, plot
from softntk.report.planes import Arrows, Field
from softntk.report.section import Section

__all__ = ["build"]


def build(record: Record) -> Section:
    """The section of `score_field`."""
    arrays = record.arrays
    early = arrays.isel(time=0)
    share = early["density"] / early["density"].sum()
    exact = early["field"].sel(score="exact")
    relative = {
        name: float(
            (share * ((early["field"].sel(score=name) - exact) ** 2).sum("direction")).sum()
            / (share * (exact**2).sum("direction")).sum()
        )
        for name in ("learned", "empirical")
    }
    answer = (
        f"At t = {float(early['time']):g} the learned score differs from the exact one by "
        f"{100 * relative['learned']:.2g} % "
        "of its mean square, where the data are; the score of the data themselves by "
        f"{100 * relative['empirical']:.2g} %."
    )
    figures = []
    for t in arrays["time"].values:
        at = arrays.sel(time=t)
        figures += [_arrows(at, "exact"), _arrows(at, "learned"), _difference(at)]
    return Section(
        slug=record.study,
        title="Score fields",
        answer=answer,
        paragraphs=[
            "The score is the direction in which the density of the noisy data grows fastest: following it takes noise "
            "to data. Color is the density, arrows are the score. The difference is shown where the density is "
            "at least "
            "a hundredth of its largest value: elsewhere there are no data to learn from.",
            f"The learned score is the limit of the softmax network, from n = {record.parameters['samples']:,} "
            "samples.",
        ],
        figures=figures,
    )


def _arrows(at: xr.Dataset, name: str) -> Figure:
    x, y = at["x"].values, at["y"].values
    every = max(len(x) // 13, 1)
    field = at["field"].sel(score=name).transpose("y", "x", "direction").values
    seen = at["density"].values >= 0.003 * at["density"].values.max()
    u, v = (np.where(seen, field[:, :, i], np.nan)[::every, ::every] for i in (0, 1))
    return plot(
        Field("density", x, y, at["density"].transpose("y", "x").values),
        Arrows(x[::every], y[::every], u, v),
        x=Axis("x"),
        y=Axis("y"),
        caption=f"The {name} score at t = {float(at['time']):g}, over the density of the noisy data.",
        description="Arrows point from everywhere toward the three bumps of the density.",
        height=3.4,
    )


def _difference(at: xr.Dataset) -> Figure:
    field = at["field"]
    apart = (field.sel(score="learned") - field.sel(score="exact")).transpose("y", "x", "direction").values
    length = np.linalg.norm(apart, axis=2)
    seen = at["density"].values >= 0.01 * at["density"].values.max()
    return plot(
        Field("length of the difference", at["x"].values, at["y"].values, np.where(seen, length, np.nan)),
        x=Axis("x"),
        y=Axis("y"),
        caption=f"|learned − exact| at t = {float(at['time']):g}; blank where there are hardly any data.",
        description="The difference is small inside the bumps and largest at their edges.",
        height=3.4,
    )
