"""The page's first picture, read in ten seconds: the paper's argument in three steps, for the three networks.

    the kernel changes little near the start  ->  a region in which it stays well conditioned, beside the path that
    training needs                            ->  the loss, beside that of the linearized network

All three from the record of `convex_region`, at its largest width; bands go from the smallest to the largest draw.
"""

import numpy as np
import xarray as xr

from softntk.records import Record
from softntk.report.bars import Ranges
from softntk.report.figure import Axis, Figure, plot
from softntk.report.marks import Level, Line, Mark
from softntk.report.section import Section
from softntk.report.sections import names
from softntk.report.sections.convex_region import in_paths, overlap, radii
from softntk.report.sections.curves import networks, seen
from softntk.report.sections.training import percent_apart
from softntk.report.style import REFERENCE
from softntk.report.words import Measured, choose, compare, counted, measured, ranking

__all__ = ["build"]


def build(record: Record) -> Section:
    """Three pictures in a row and what they say."""
    at = in_paths(record).isel(width=-1)
    at = at.isel(draw=at["path"].notnull().any("features").values) if at["path"].notnull().any() else at
    draws = at.sizes["draw"]
    starts = f"{draws} start{'' if draws == 1 else 's'}"
    inner = {names.network(name): measured(at["inner"].sel(features=name)) for name in names.NETWORKS}
    lead = choose(
        compare(inner["softmax"], inner["exponential"]),
        smaller="normalization does not enlarge it: softmax's is smaller than the exponential network's",
        larger="softmax's is larger than the exponential network's",
        alike="softmax's and the exponential network's are not told apart",
        unknown="softmax and the exponential network are not compared",
    )
    ahead = sum(compare(inner[name], inner["ReLU"]) == "larger than" for name in ("softmax", "exponential"))
    apart = _apart(at)
    return Section(
        slug="opening",
        title="The argument in ten seconds",
        answer="The region in which the kernel is shown to stay well conditioned, in paths of training (m = "
        f"{int(at['width']):,}, "
        f"{starts}): {ranking(inner)}; {lead}, and {counted(ahead, 2, 'smooth network')} "
        f"{'has' if ahead == 1 else 'have'} a larger one than ReLU. Largest difference between loss and linearized "
        "loss, in %: "
        f"{ranking(apart)}.",
        findings=[overlap(at)],
        figures=[*_change(at, starts), *_region(at, starts), *_loss(at, starts)],
    )


def _apart(at: xr.Dataset) -> dict[str, Measured]:
    apart = percent_apart(at)
    return {names.network(name): measured(apart.sel(features=name)) for name in names.NETWORKS}


def _bands(at: xr.Dataset, entry: str, x: np.ndarray) -> list[Mark]:
    """Mean over draws, with a band from the smallest to the largest."""
    bands: list[Mark] = []
    for name in names.NETWORKS:
        row = at[entry].sel(features=name).transpose("draw", ...)
        row = row.isel(draw=row.notnull().values.all(axis=1))
        if row.sizes["draw"] and np.isfinite(row.values).all():
            low, middle, high = (getattr(row, each)("draw").values for each in ("min", "mean", "max"))
            bands.append(Line(names.network(name), x, middle, low, high))
    return bands


def _change(at: xr.Dataset, starts: str) -> list[Figure]:
    distance = at["distance"].values.astype(float)
    marks = _bands(at, "change", distance)
    if not marks:
        return []
    return [
        plot(
            Level("1 path", 1.0, upright=True),
            *marks,
            x=Axis("distance moved, in paths", log=True),
            y=Axis("change of the kernel, relative", log=True),
            caption="The kernel changes as the weights move toward the worst point that a search found. Bands: "
            f"{starts}, smallest to largest.",
            description="Relative change of the kernel against distance. "
            f"{seen(networks(at, 'change', 'distance'), distance, of='D')}",
        )
    ]


def _region(at: xr.Dataset, starts: str) -> list[Figure]:
    shown = [name for name in names.NETWORKS if bool((at["inner"].sel(features=name) > 0).any())]
    if not shown:
        return []
    rows = {
        names.network(name): (at["inner"].sel(features=name).values, at["outer"].sel(features=name).values)
        for name in shown
    }
    return [
        plot(
            Level("1 path", 1.0, upright=True),
            Ranges(rows),
            x=Axis("distance from the start, in paths", log=True),
            y=Axis("inner to outer radius of the region"),
            caption="The region in which lambda stays above half ends between the left end (bound) and the right "
            "(found); one "
            f"bar for each of {starts}. Training needs one path.",
            description=f"Bars from the inner to the outer radius. {radii(at)}",
        )
    ]


def _loss(at: xr.Dataset, starts: str) -> list[Figure]:
    steps = at["step"].values.astype(float)
    marks = _bands(at, "loss", steps)
    if not marks:
        return []
    linear: list[Mark] = []
    for name in names.NETWORKS:
        row = at["linearized_loss"].sel(features=name).mean("draw").values
        if np.isfinite(row).any():
            linear.append(Line("" if linear else "linearized", steps, row, style=REFERENCE))
    return [
        plot(
            *marks,
            *linear,
            x=Axis("step", limits=_steps(at)),
            y=Axis("training loss", log=True, limits=_limits(at)),
            caption=f"Training loss, {starts}, smallest to largest as bands; dotted: the linearized networks.",
            description=f"Loss against steps. {seen(networks(at, 'loss', 'step'), steps, of='step', log=False)} Loss "
            "and linearized "
            f"loss differ at most, in %, by {ranking(_apart(at))}.",
        )
    ]


def _limits(at: xr.Dataset) -> tuple[float, float] | None:
    """Down to a hundred-millionth of the start: below, a loss is mostly rounding."""
    start = float(at["loss"].isel(step=0).max())
    return (1e-8 * start, 2 * start) if 0 < start < np.inf else None


def _steps(at: xr.Dataset) -> tuple[float, float] | None:
    """Up to the first record at which every mean loss has left the picture."""
    limits = _limits(at)
    if limits is None:
        return None
    out = np.flatnonzero((at["loss"].mean("draw").max("features") < limits[0]).values)
    last = float(at["step"].values[out[0]] if out.size else at["step"].values[-1])
    return (0.0, last) if last > 0 else None
