"""Bars that lie, so that their names read like text.

    PowerBars   powers of ten: lengths are given as log10, so that 10^245 is a length like any other
    Stacks      parts of a whole, one bar for each row
    Ranges      from a lower to an upper number, one thin bar for each draw, on a logarithmic axis

All set the rows on the y axis themselves; the first row stands on top.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator
from numpy.typing import ArrayLike

from softntk.failures import BadInput
from softntk.report.marks import Label, style_of
from softntk.report.numbers import from_log10, power_of_ten
from softntk.report.style import OTHERS

__all__ = ["PowerBars", "Ranges", "Stacks"]


@dataclass(frozen=True)
class PowerBars:
    """Numbers given by their log10 as bars from 1: for each row of `rows` one bar of each series.

    A number that is not finite has no bar; the text `missing` stands in its place.
    """

    rows: Sequence[str]
    log10: Mapping[str, ArrayLike]
    missing: str = "does not apply"

    def draw(self, axes: Axes) -> Sequence[Label]:
        """Draw the bars, each with its number at its end."""
        thickness = 0.8 / len(self.log10)
        lengths = _table(self.rows, self.log10)
        furthest = max((float(row[np.isfinite(row)].max(initial=0)) for row in lengths.values()), default=0.0)
        labels = []
        for i, (name, row) in enumerate(lengths.items()):
            style = style_of(name, None, OTHERS[i % len(OTHERS)])
            heights = np.arange(len(self.rows)) + (i - (len(lengths) - 1) / 2) * thickness
            shown = np.where(np.isfinite(row), row, 0.0)
            handle = axes.barh(heights, shown, 0.86 * thickness, color=style.color)
            for height, length, end in zip(heights, row, shown, strict=True):
                text = from_log10(float(length), 1) if np.isfinite(length) else self.missing
                axes.annotate(
                    text,
                    (max(end, 0.0), height),
                    (4, 0),
                    textcoords="offset points",
                    va="center",
                    color=style.color,
                    fontsize=9,
                )
            labels.append(Label(name, style.color, None, handle))
        axes.set_xlim(0, max(furthest, 1.0) * 1.3)
        axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda exponent, _: power_of_ten(round(exponent))))
        _name_rows(axes, self.rows)
        return labels


@dataclass(frozen=True)
class Stacks:
    """Parts that add up, one bar for each row of `rows`; parts must not be negative."""

    rows: Sequence[str]
    parts: Mapping[str, ArrayLike]

    def draw(self, axes: Axes) -> Sequence[Label]:
        """Draw the parts one after the other."""
        labels = []
        start = np.zeros(len(self.rows))
        for i, (name, row) in enumerate(_table(self.rows, self.parts).items()):
            if (row < 0).any() or not np.isfinite(row).all():
                raise BadInput(
                    name,
                    required="be parts of a whole: finite, not negative",
                    got=str(row.min()),
                    advice="Show signed parts as a table.",
                )
            color = style_of(name, None, OTHERS[i % len(OTHERS)]).color
            # Hatches tell the parts apart without color.
            handle = axes.barh(
                range(len(self.rows)),
                row,
                0.62,
                left=start,
                color=color,
                alpha=0.85,
                edgecolor="white",
                hatch=("", "///", "|||", "xxx")[i % 4],
            )
            start = start + row
            labels.append(Label(name, color, None, handle))
        axes.set_xlim(0, 1.04 * float(start.max(initial=0.0)) or 1.0)
        _name_rows(axes, self.rows)
        return labels


@dataclass(frozen=True)
class Ranges:
    """Brackets: for each row (name -> lows, highs, one of each a draw) thin bars side by side, on a logarithmic x axis.

    A high that is not finite has no right end: its bar fades out at the edge. A low that is not positive has no bar.
    """

    rows: Mapping[str, tuple[ArrayLike, ArrayLike]]

    def draw(self, axes: Axes) -> Sequence[Label]:
        """Draw the bars; the rows are named on the axis."""
        ends = {name: (np.asarray(low, float), np.asarray(high, float)) for name, (low, high) in self.rows.items()}
        finite = np.concatenate([np.concatenate(pair) for pair in ends.values()])
        finite = finite[np.isfinite(finite) & (finite > 0)]
        if not finite.size:
            raise BadInput("rows", required="hold a positive number", got="none", advice="Leave the figure out.")
        edge = float(finite.max()) * 4
        for i, (name, (low, high)) in enumerate(ends.items()):
            color = style_of(name, None, OTHERS[i % len(OTHERS)]).color
            places = i + (np.arange(low.size) - (low.size - 1) / 2) * (0.7 / max(low.size, 1))
            for place, start, stop in zip(places, low, high, strict=True):
                if np.isfinite(start) and start > 0:
                    open_ended = not np.isfinite(stop)
                    axes.plot(
                        [start, edge if open_ended else stop],
                        [place, place],
                        color=color,
                        linewidth=2.4,
                        alpha=0.45 if open_ended else 0.85,
                        solid_capstyle="butt",
                        marker="|",
                        markersize=6,
                        markevery=[0] if open_ended else None,
                    )
        axes.set_xlim(float(finite.min()) / 2, edge)
        _name_rows(axes, list(ends))
        return []


def _table(rows: Sequence[str], series: Mapping[str, ArrayLike]) -> dict[str, np.ndarray]:
    table: dict[str, Any] = {name: np.asarray(row, float) for name, row in series.items()}
    for name, row in table.items():
        if row.shape != (len(rows),) or not len(rows):
            raise BadInput(
                name,
                required="have one number for each row, and at least one row",
                got=f"shape {row.shape} for {len(rows)} rows",
                advice="Check the order of dimensions: array.sel(network=name).values.",
            )
    return table


def _name_rows(axes: Axes, rows: Sequence[str]) -> None:
    axes.set_yticks(range(len(rows)), rows)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False, axis="y")
