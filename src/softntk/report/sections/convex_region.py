"""How the study of the convex region is shown: inner and outer radius, in units of the path that training needs."""

import numpy as np
import xarray as xr

from softntk.records import Record
from softntk.report.figure import Axis, Figure
from softntk.report.marks import Level
from softntk.report.numbers import number
from softntk.report.section import Section, Table
from softntk.report.sections import names
from softntk.report.sections.curves import along, chart, networks, seen
from softntk.report.words import Measured, choose, compare, counted, listed, measured, ranking, trend

__all__ = ["build", "in_paths", "overlap", "radii"]


def build(record: Record) -> Section:
    """The section of `convex_region`."""
    arrays = in_paths(record)
    widest = arrays.isel(width=-1)
    answer = f"{_head(widest)} {radii(widest)}"
    return Section(
        slug=record.study,
        title="The convex region",
        answer=answer,
        findings=[
            "By the bound, in paths: "
            f"{ranking({names.network(name): measured(_row(widest, name, 'inner')) for name in names.NETWORKS})}. "
            f"{overlap(widest)}",
            *(_inside(widest, name) for name in names.NETWORKS),
            *(
                f"{names.network(name)}: the inner radius "
                f"{trend(arrays['width'].values, along(arrays['inner_radius'].sel(features=name), 'width'), of='m')}, "
                f"the path {trend(arrays['width'].values, along(arrays['path'].sel(features=name), 'width'), of='m')}."
                for name in names.NETWORKS
            ),
        ],
        paragraphs=[
            "The loss behaves as if it were convex wherever the smallest eigenvalue lambda of the kernel stays above "
            "half of its start. Within the inner radius it does: that follows from a theorem whose numbers are taken "
            "in float64. At the outer radius it does not: a search found such weights. The truth lies between. The "
            "search spends the same number of eigenvalue decompositions on every network; for ReLU, whose kernel "
            "jumps, it turns signs and follows a smoothed surrogate. No outer radius means that the search found "
            "nothing, which shows nothing.",
            "The path is the distance that the linearized run goes until the loss is zero: a unit. It does not bound "
            "how far the real run goes, so that is measured, and set against the inner radius of the same start.",
        ],
        figures=_figure(arrays, record),
        tables=[_table(arrays)],
        questions={1: f"{answer} {overlap(widest)}", 2: " ".join(_inside(widest, name) for name in names.NETWORKS)},
    )


def in_paths(record: Record) -> xr.Dataset:
    """The record with `inner` and `outer` in units of the path; an outer radius that was not found is NaN."""
    arrays = names.complete(record.arrays)
    return arrays.assign(
        inner_radius=arrays["inner"],
        outer_radius=arrays["outer"].where(np.isfinite(arrays["outer"])),
        inner=arrays["inner"] / arrays["path"],
        outer=(arrays["outer"] / arrays["path"]).where(np.isfinite(arrays["outer"])),
    )


def radii(at: xr.Dataset) -> str:
    """Both radii of each network, in paths."""
    said = []
    for name in names.NETWORKS:
        inner, outer = measured(_row(at, name, "inner")), measured(_row(at, name, "outer"))
        found = int(at["outer"].sel(features=name).notnull().sum())
        total = int(at["path"].sel(features=name).notnull().sum())
        ends = f"{inner} (bound) and {outer} (found)" if found else f"{inner} (bound), with nothing found outside"
        partly = "" if found in (0, total) else f", found at {counted(found, total, 'start')}"
        said.append(f"{names.network(name)} between {ends}{partly}")
    return f"in units of the path, the region ends, for {'; for '.join(said)}."


def overlap(at: xr.Dataset) -> str:
    """Whether the brackets decide which region is larger, softmax against each of the others."""
    said = []
    for name in names.NETWORKS[1:]:
        (low, high), (other_low, other_high) = (
            [measured(_row(at, each, entry)) for entry in ("inner", "outer")] for each in ("softmax", name)
        )
        larger = choose(compare(low, other_high), smaller="", larger="larger", alike="", unknown="")
        smaller = choose(compare(high, other_low), smaller="smaller", larger="", alike="", unknown="")
        decided = larger or smaller
        said.append(
            f"softmax's region is {decided} than that of {names.network(name)}"
            if decided
            else f"whether softmax's region is larger than that of {names.network(name)} is not decided: "
            f"{_bracket(low, high)} against {_bracket(other_low, other_high)} paths"
        )
    return f"By both radii, {'; '.join(said)}."


def _bracket(low: Measured, high: Measured) -> str:
    return f"{number(low.value, 2)} to {number(high.value, 2)}"


def _inside(at: xr.Dataset, name: str) -> str:
    """Whether real runs stayed in the region."""
    moved, inner, path = (_row(at, name, entry) for entry in ("moved", "inner_radius", "path"))
    known = moved.notnull() & inner.notnull()
    inside = int((moved <= inner).where(known, False).sum())
    return (
        f"{names.network(name)}: gradient descent moved {measured(moved / path)} paths, within the inner radius at "
        f"{counted(inside, int(known.sum()), 'start')}."
    )


def _head(at: xr.Dataset) -> str:
    return f"At m = {int(at['width']):,}, {at.sizes['draw']} start{'' if at.sizes['draw'] == 1 else 's'}:"


def _row(at: xr.Dataset, name: str, entry: str) -> xr.DataArray:
    return at[entry].sel(features=name)


def _figure(arrays: xr.Dataset, record: Record) -> list[Figure]:
    places = arrays["width"].values.astype(float)
    curves = networks(arrays, "inner", "width")
    return chart(
        curves,
        places,
        over=[Level("one path", 1.0)],
        x=Axis("width m", log=True),
        y=Axis("inner radius / path", log=True),
        caption=f"Inner radius in units of the path, mean of {arrays.sizes['draw']} starts with standard errors; n = "
        f"{record.parameters['samples']}, d = {record.parameters['input_size']}, random labels.",
        description=f"Inner radius over path against width. {seen(curves, places, of='m')}",
    )


def _table(arrays: xr.Dataset) -> Table:
    rows = []
    for name in names.NETWORKS:
        for m in arrays["width"].values:
            at = arrays.sel(features=name, width=m)
            found = counted(int(at["outer"].notnull().sum()), int(at["path"].notnull().sum()), "start")
            entries = ("inner_radius", "outer_radius", "path", "moved", "inner", "outer")
            rows.append([f"{names.network(name)}, {int(m):,}", *(str(measured(at[each])) for each in entries), found])
    columns = ("network, width", "inner", "outer", "path", "moved", "inner/path", "outer/path", "outer found")
    return Table(
        "Radii, path and distance moved in Frobenius norm, and the radii in units of the path; mean and standard "
        f"error of {arrays.sizes['draw']} starts, "
        f"{listed(sorted({str(int(e)) for e in arrays['evaluations'].values.ravel() if np.isfinite(e)}))} "
        "decompositions in each search.",
        columns,
        rows,
    )
