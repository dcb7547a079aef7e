"""How learned scores are shown beside the truth: arrows over the density, and the length of the difference."""

import numpy as np
import xarray as xr

from softntk.records import Record
from softntk.report.figure import Axis, Figure, plot
from softntk.report.planes import Arrows, Field
from softntk.report.section import Section
from softntk.report.words import Measured, exact, pick, ranking

__all__ = ["build"]


def build(record: Record) -> Section:
    """The section of `score_field`."""
    arrays = record.arrays
    said = {float(t): _relative(arrays.sel(time=t)) for t in arrays["time"].values}
    answer = (
        "One draw of the samples. Difference from the exact score, in % of its mean square where the data are: "
        + "; ".join(f"at t = {t:g} {ranking(each)}" for t, each in said.items())
        + "."
    )
    figures = []
    for t in arrays["time"].values:
        at = arrays.sel(time=t)
        figures += [*_arrows(at, "exact"), *_arrows(at, "learned"), *_difference(at)]
    return Section(
        slug=record.study,
        title="Score fields",
        answer=answer,
        paragraphs=[
            "The score is the direction in which the density of the noisy data grows fastest: following it takes "
            "noise to data. Color is the density, arrows are the score. The difference is shown where the density is "
            "at least a hundredth of its largest value: elsewhere there are no data to learn from.",
            f"“Learned” is the limit of the softmax network, from n = {record.parameters['samples']:,} samples; "
            "“empirical” is the score of the data themselves.",
        ],
        figures=figures,
        questions={7: f"In pictures: the exact score, the learned one, and their difference. {answer}"},
    )


def _relative(at: xr.Dataset) -> dict[str, Measured]:
    """Mean squared difference from the exact score over its mean square, in %."""
    share = at["density"] / at["density"].sum()
    exactly = pick(at["field"], score="exact")

    def mean(field: xr.DataArray) -> float:
        return float((share * (field**2).sum("direction", skipna=False)).sum(skipna=False))

    return {
        name: exact(100 * mean(pick(at["field"], score=name) - exactly) / (mean(exactly) or np.nan))
        for name in ("learned", "empirical")
    }


def _plane(array: xr.DataArray) -> np.ndarray:
    return array.transpose("y", "x", ...).values


def _arrows(at: xr.Dataset, name: str) -> list[Figure]:
    x, y = at["x"].values, at["y"].values
    every = max(len(x) // 13, 1)
    field, density = _plane(pick(at["field"], score=name)), _plane(at["density"])
    seen = density >= 0.003 * density.max()
    u, v = (np.where(seen, field[:, :, i], np.nan)[::every, ::every] for i in (0, 1))
    if not np.isfinite(density).any() or not np.isfinite(u).any():
        return []
    longest = float(np.nanmax(np.hypot(u, v)))
    # How the field and the density go together: the mean of the score along the density's own growth.
    rise = np.gradient(np.log(np.maximum(density, density.max() * 1e-12)), y, x)
    toward = np.nansum(np.where(seen, field[:, :, 0] * rise[1] + field[:, :, 1] * rise[0], 0.0))
    way = "toward" if toward > 0 else "away from"
    return [
        plot(
            Field("density", x, y, density),
            Arrows(x[::every], y[::every], u, v),
            x=Axis("x"),
            y=Axis("y"),
            caption=f"The {name} score at t = {float(at['time']):g}, over the density of the noisy data.",
            description=f"Arrows over the density, the longest {exact(longest)}; on the whole they point {way} where "
            "the density "
            "grows.",
            height=3.4,
        )
    ]


def _difference(at: xr.Dataset) -> list[Figure]:
    apart = _plane(pick(at["field"], score="learned") - pick(at["field"], score="exact"))
    length, density = np.linalg.norm(apart, axis=2), _plane(at["density"])
    shown = np.where(density >= 0.01 * density.max(), length, np.nan)
    if not np.isfinite(shown).any():
        return []
    top = density >= 0.5 * density.max()
    middle, edge = exact(np.nanmean(np.where(top, shown, np.nan))), exact(np.nanmean(np.where(top, np.nan, shown)))
    return [
        plot(
            Field("length of the difference", at["x"].values, at["y"].values, shown),
            x=Axis("x"),
            y=Axis("y"),
            caption=f"|learned − exact| at t = {float(at['time']):g}; blank where there are hardly any data.",
            description=f"The difference is {middle} on average where the density is above half of its largest value, "
            f"{edge} "
            "in the rest.",
            height=3.4,
        )
    ]
