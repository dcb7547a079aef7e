"""What can stand in a figure with two number axes.

    Line     a curve, with a band between a lower and an upper one
    Points   measured values with error bars, joined or not
    Slope    a straight line on log-log axes: the law y ~ x^power
    Level    a line across the figure at one number, such as a bound

A mark draws itself on matplotlib axes and says where its label may stand. A new kind of mark is a new class with the
two members of `Mark`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from softntk.failures import BadInput
from softntk.report.style import OTHERS, REFERENCE, STYLES, Style

__all__ = ["Label", "Level", "Line", "Mark", "Points", "Slope", "style_of"]

#: A band is drawn through at most this many places; each shows the widest extent of what it stands for.
_MOST_PLACES = 240


class Label(NamedTuple):
    """The name of a mark, its color, the height of its last point in data units, and what a legend shows."""

    text: str
    color: str
    height: float | None
    handle: Any


@runtime_checkable
class Mark(Protocol):
    """Anything that draws itself."""

    def draw(self, axes: Axes) -> Sequence[Label]:
        """Draw on the axes and return the labels to place."""
        ...


def style_of(name: str, style: Style | None, otherwise: Style) -> Style:
    """The style that was asked for, or that of the network of this name, or `otherwise`."""
    return style or STYLES.get(name.lower(), otherwise)


@dataclass(frozen=True)
class Line:
    """A curve; `low` and `high`, if given, bound a band around it. Points that are not finite leave a gap.

    A label that is the name of a network brings its style; otherwise a line is dotted, like theory. An empty label
    names nothing: one more line of the kind named before.
    """

    label: str
    x: ArrayLike
    y: ArrayLike
    low: ArrayLike | None = None
    high: ArrayLike | None = None
    style: Style | None = None

    def draw(self, axes: Axes) -> Sequence[Label]:
        """Draw the band and the curve."""
        style = style_of(self.label, self.style, REFERENCE)
        x, y = _columns(self.label, self.x, self.y)
        if self.low is not None and self.high is not None:
            _, low = _columns(self.label, self.x, self.low)
            _, high = _columns(self.label, self.x, self.high)
            axes.fill_between(*_envelope(x, low, high), color=style.color, alpha=0.16, linewidth=0)
        (handle,) = axes.plot(x, y, color=style.color, linestyle=style.dash)
        if not self.label:
            return []
        return [Label(self.label, style.color, _last(y, axes.get_yscale() == "log"), handle)]


@dataclass(frozen=True)
class Points:
    """Measured values with error bars of plus and minus `error`; `joined` adds a thin line through them."""

    label: str
    x: ArrayLike
    y: ArrayLike
    error: ArrayLike | None = None
    joined: bool = True
    style: Style | None = None

    def draw(self, axes: Axes) -> Sequence[Label]:
        """Draw the points, bars and line."""
        style = style_of(self.label, self.style, OTHERS[0])
        x, y = _columns(self.label, self.x, self.y)
        handle = axes.errorbar(
            x,
            y,
            yerr=None if self.error is None else _columns(self.label, self.x, self.error)[1],
            color=style.color,
            marker=style.marker or "o",
            linestyle=style.dash if self.joined else "none",
            linewidth=1.3,
            elinewidth=1.3,
            capsize=2.5,
            markeredgecolor="white",
            markeredgewidth=0.6,
        )
        return [Label(self.label, style.color, _last(y, axes.get_yscale() == "log"), handle)]


@dataclass(frozen=True)
class Slope:
    """The law y = height (x / start)^power from `start` to `stop`."""

    label: str
    power: float
    start: float
    stop: float
    height: float
    style: Style = REFERENCE

    def draw(self, axes: Axes) -> Sequence[Label]:
        """Draw the law as a line."""
        x = np.geomspace(self.start, self.stop, 2)
        y = self.height * (x / self.start) ** self.power
        (handle,) = axes.plot(x, y, color=self.style.color, linestyle=self.style.dash)
        return [Label(self.label, self.style.color, float(y[-1]), handle)]


@dataclass(frozen=True)
class Level:
    """A line across the figure at the number `at` of the y axis, or of the x axis if `upright`."""

    label: str
    at: float
    upright: bool = False
    style: Style = REFERENCE

    def draw(self, axes: Axes) -> Sequence[Label]:
        """Draw the line."""
        style = {"color": self.style.color, "linestyle": self.style.dash}
        if not self.upright:
            return [Label(self.label, self.style.color, self.at, axes.axhline(self.at, **style))]
        axes.axvline(self.at, **style)
        # No end to stand at: the name stands at the top of the line, to its right.
        axes.annotate(
            self.label,
            (self.at, 1.0),
            (4, -1),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            va="top",
            color=self.style.color,
        )
        return []


def _columns(label: str, x: ArrayLike, y: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    across, up = np.asarray(x, float), np.asarray(y, float)
    if across.ndim != 1 or across.shape != up.shape:
        raise BadInput(
            label,
            required="be two rows of numbers of one length",
            got=f"shapes {across.shape} and {up.shape}",
            advice="Select one row of the array: record.arrays['error'].sel(network='softmax').",
        )
    return across, up


def _last(y: np.ndarray, log: bool) -> float | None:
    shown = y[np.isfinite(y) & (y > 0)] if log else y[np.isfinite(y)]
    return float(shown[-1]) if shown.size else None


def _envelope(x: np.ndarray, low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    if x.size <= _MOST_PLACES:
        return x, low, high
    starts = np.linspace(0, x.size, _MOST_PLACES, endpoint=False).astype(int)
    return x[starts], np.fmin.reduceat(low, starts), np.fmax.reduceat(high, starts)
