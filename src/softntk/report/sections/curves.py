"""From arrays to curves: what is drawn, and what the text in place of the drawing says is seen.

    along(array, "width")        [Measured, ...]: means over draws with their standard errors
    networks(arrays, "error")    name -> such a list
    chart(...)                   a figure of named curves; none where nothing was measured
    seen(...)                    how each curve goes, and their order at the right end

Curves and text are made of the same numbers.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr

from softntk.report.figure import Axis, Figure, plot
from softntk.report.marks import Mark, Points, Slope
from softntk.report.sections.names import NETWORKS, network
from softntk.report.style import Style
from softntk.report.words import Measured, exact, measured, pick, ranking, trend

__all__ = ["along", "chart", "law", "networks", "seen"]

Curve = Sequence[Measured]


def along(array: xr.DataArray, over: str, *, error: xr.DataArray | None = None, drawn: int = 0) -> list[Measured]:
    """The array along one dimension; means over `draw` where it has one.

    Arguments:
        error: standard errors, for arrays that hold means already, of `drawn` draws.
    """
    if "draw" in array.dims:
        return [measured(array.isel({over: i})) for i in range(array.sizes[over])]
    if error is None:
        return [exact(value) for value in array.values]
    return [
        Measured(float(v), float(e) if e > 0 else np.nan, drawn)
        for v, e in zip(array.values, error.values, strict=True)
    ]


def networks(
    arrays: xr.Dataset, entry: str, over: str, *, error: str | None = None, drawn: int = 0
) -> dict[str, Curve]:
    """The curve of every network."""
    return {
        network(name): along(
            pick(arrays[entry], features=name),
            over,
            error=None if error is None else pick(arrays[error], features=name),
            drawn=drawn,
        )
        for name in NETWORKS
    }


def chart(
    curves: Mapping[str, Curve],
    places: Sequence[float] | np.ndarray,
    *,
    x: Axis,
    y: Axis,
    caption: str,
    description: str,
    under: Sequence[Mark] = (),
    over: Sequence[Mark] = (),
    looks: Mapping[str, Style] | None = None,
    height: float = 3.1,
) -> list[Figure]:
    """One figure of points with error bars, or none if no curve has a number to show."""
    points: list[Mark] = []
    for name, curve in curves.items():
        values = np.array([each.value for each in curve])
        if (np.isfinite(values) & ((values > 0) | (not y.log))).any():
            errors = np.array([each.error for each in curve])
            points.append(Points(name, places, values, np.nan_to_num(errors, nan=0.0), style=(looks or {}).get(name)))
    if not points:
        return []
    return [plot(*under, *points, *over, x=x, y=y, caption=caption, description=description, height=height)]


def law(label: str, power: float, places: np.ndarray, height: float) -> list[Slope]:
    """The law x^power above the curves, if there are two places and a height for it."""
    if len(places) < 2 or not 0 < height < np.inf:
        return []
    return [Slope(label, power, float(places[0]), float(places[-1]), height)]


def seen(curves: Mapping[str, Curve], places: Sequence[float] | np.ndarray, *, of: str, log: bool = True) -> str:
    """What the chart shows, in words: the way of each curve, then their order at the right end."""
    ways = "; ".join(f"{name} {trend(places, curve, of=of, log=log)}" for name, curve in curves.items())
    ends = {name: curve[-1] for name, curve in curves.items() if len(curve)}
    return f"{ways}. At the right end: {ranking(ends)}." if len(ends) > 1 else f"{ways}."
