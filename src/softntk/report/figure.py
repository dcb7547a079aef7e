"""From marks to a drawing inside the page.

`plot` draws marks on one pair of axes and returns a `Figure`: SVG text without head, the caption under it, and the
description that stands for it where it cannot be seen. Marks are named directly at the right end of their curves where
names are few and short, in a line above otherwise.

The same marks give the same text, byte for byte. No state of matplotlib is changed: settings hold while one figure is
drawn, and there is no pyplot.
"""

import io
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import fill

import numpy as np
from markupsafe import Markup, escape
from matplotlib.axes import Axes
from matplotlib.axis import XAxis, YAxis
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure as Drawing
from matplotlib.style import context
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter, NullLocator

from softntk.failures import BadInput
from softntk.report.marks import Label, Mark
from softntk.report.numbers import number
from softntk.report.style import STYLE, by_scheme
from softntk.report.svg import prefixed, tidy

__all__ = ["Axis", "Figure", "plot"]

_WIDTH = 4.6
_LETTERS = 48  # that fit above or below the axes
_LINE = 13.0  # points between the lines of two labels
_MOST_AT_ENDS, _LONGEST_AT_ENDS = 5, 15


@dataclass(frozen=True)
class Axis:
    """Name of an axis, and whether it is logarithmic; `limits` where the data should not decide."""

    label: str = ""
    log: bool = False
    limits: tuple[float, float] | None = None


@dataclass(frozen=True)
class Figure:
    """A drawing: SVG text, the caption under it, and the description in its place for those who cannot see it."""

    svg: str
    caption: str
    description: str

    def inline(self, prefix: str) -> Markup:
        """The drawing as an element of a page; `prefix` makes its identifiers unique there."""
        named = f'<svg role="img" aria-label="{escape(self.description)}" '
        # The one place where text enters the page unescaped: drawn by `plot`, its identifiers and colors renamed.
        return Markup(by_scheme(prefixed(self.svg, prefix)).replace("<svg ", named, 1))  # noqa: S704


def plot(*marks: Mark, x: Axis, y: Axis, caption: str, description: str, height: float = 3.1) -> Figure:
    """Draw the marks, the later over the earlier; `height` is in inches, for a width of 4.6.

    Raises:
        BadInput: there is no mark, or a mark cannot draw what it was given.
    """
    if not marks:
        raise BadInput("marks", required="hold at least one mark", got="none", advice="Type plot(Line(...), ...).")
    return Figure(_drawn(marks, x, y, height), caption, description)


def _drawn(marks: Sequence[Mark], x: Axis, y: Axis, height: float) -> str:
    with context([STYLE], after_reset=True):
        drawing = Drawing(figsize=(_WIDTH, height))
        FigureCanvasSVG(drawing)
        axes = drawing.add_subplot()
        # Scales come first: a mark asks for them to know which of its points can be seen.
        if x.log:
            axes.set_xscale("log", nonpositive="mask")
        if y.log:
            axes.set_yscale("log", nonpositive="clip")  # an error bar that reaches below zero goes on to the edge
        axes.set_xlabel(fill(x.label, _LETTERS))
        axes.set_title(fill(y.label, _LETTERS), loc="left")  # above its axis, so that nobody has to tilt the head
        with warnings.catch_warnings():
            # A band of one place makes matplotlib scale the axis at once, to limits that are replaced below.
            warnings.filterwarnings("ignore", message="Attempting to set identical")
            labels = [label for mark in marks for label in mark.draw(axes)]
        for axis, limit, scaled, data in (
            (x, axes.set_xlim, axes.set_autoscalex_on, axes.dataLim.intervalx),
            (y, axes.set_ylim, axes.set_autoscaley_on, axes.dataLim.intervaly),
        ):
            chosen = axis.limits or _around_one(*map(float, data), log=axis.log)
            if chosen is not None:
                scaled(False)  # before the limits: setting them looks at the old ones, which would be scaled now
                limit(*chosen)
        for axis, log, limits in ((axes.xaxis, x.log, axes.get_xlim()), (axes.yaxis, y.log, axes.get_ylim())):
            if log:
                _tick(axis, *limits)
        _name(drawing, axes, labels)
        text = io.StringIO()
        drawing.savefig(text, format="svg", transparent=True, metadata={"Date": None})
    return tidy(text.getvalue())


def _around_one(low: float, high: float, *, log: bool) -> tuple[float, float] | None:
    """Limits around data of one value, up to rounding; None where the data have a width, or there are none."""
    if not (np.isfinite(low) and np.isfinite(high)) or high - low > 1e-9 * max(abs(low), abs(high)):
        return None
    if log:
        return (low / 2, 2 * high) if low > 0 else None
    return (low - (abs(low) / 2 or 1.0), high + (abs(high) / 2 or 1.0))


def _tick(axis: XAxis | YAxis, low: float, high: float) -> None:
    """Name powers of ten; between two of them 1, 2 and 5, so that names never run into each other."""
    if high / low >= 30:
        axis.set_minor_formatter(NullFormatter())
        return
    axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: number(float(f"{value:.3g}"), 1)))
    axis.set_minor_locator(NullLocator())


def _name(drawing: Drawing, axes: Axes, labels: Sequence[Label]) -> None:
    if not labels:
        return
    at_ends = [label for label in labels if label.height is not None]
    short = all(len(label.text) <= _LONGEST_AT_ENDS for label in labels)
    if len(at_ends) == len(labels) <= _MOST_AT_ENDS and short:
        _name_at_ends(drawing, axes, at_ends)
    else:
        drawing.legend(
            [label.handle for label in labels],
            [label.text for label in labels],
            loc="outside upper left",
            ncols=_columns([len(label.text) for label in labels]),
            handlelength=2.2,
            columnspacing=1.2,
            borderaxespad=0.2,
        )


def _columns(lengths: Sequence[int]) -> int:
    """Most columns of a legend, filled column by column, that fit the width: 5.8 points a letter and 42 around them."""
    for columns in range(len(lengths), 1, -1):
        widest = [max(column) for column in np.array_split(lengths, columns)]
        if sum(5.8 * length + 42 for length in widest) <= 72 * _WIDTH:
            return columns
    return 1


def _name_at_ends(drawing: Drawing, axes: Axes, labels: Sequence[Label]) -> None:
    texts = [
        axes.annotate(
            label.text,
            (1.0, 0.5),
            (4, 0),
            xycoords="axes fraction",
            textcoords="offset points",
            color=label.color,
            va="center",
            annotation_clip=False,
        )
        for label in labels
    ]
    drawing.draw_without_rendering()  # settles the layout, with room for the names
    size = axes.bbox.height / drawing.dpi * 72
    x = axes.get_xlim()[1]
    ends = [
        axes.transAxes.inverted().transform(axes.transData.transform((x, label.height or 0.0)))[1] for label in labels
    ]
    for text, place in zip(texts, _apart(np.clip(ends, 0, 1), _LINE / size), strict=True):
        text.xy = (1.0, float(place))


def _apart(places: np.ndarray, gap: float) -> np.ndarray:
    """The places in [0, 1] nearest to those given, in their order, no two closer than `gap`.

    With p sorted and q_i = p_i - i gap, "no closer than gap" is "q does not fall", so the nearest are the isotonic
    regression of q: neighbors that would fall are pooled to their mean.
    """
    order = np.argsort(places, kind="stable")
    pools: list[list[float]] = []
    for shifted in places[order] - gap * np.arange(places.size):
        pools.append([float(shifted)])
        while len(pools) > 1 and np.mean(pools[-2]) > np.mean(pools[-1]):
            last = pools.pop()
            pools[-1] += last
    regressed = np.concatenate([np.full(len(pool), np.mean(pool)) for pool in pools])
    top = max(1.0 - gap * (places.size - 1), 0.0)
    apart = np.empty(places.size)
    apart[order] = np.clip(regressed, 0.0, top) + gap * np.arange(places.size)
    return apart
