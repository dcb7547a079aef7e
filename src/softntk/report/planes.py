"""What fills an area of numbers: fields on the plane, arrows, dots, and sheets of small images.

    Field    a number at each point of a grid, in color
    Arrows   a vector at each point of a grid
    Dots     points alone
    Sheet    images in rows and columns, gray

Pixels are stored as they are, one for one, and shown without smoothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import CenteredNorm, LogNorm, Normalize
from numpy.typing import ArrayLike

from softntk.failures import BadInput
from softntk.report.marks import Label
from softntk.report.style import OTHERS, Style

__all__ = ["Arrows", "Dots", "Field", "Sheet"]


@dataclass(frozen=True)
class Field:
    """Values (rows, columns) at the evenly spaced points y (rows) and x (columns), with a color bar named `label`.

    Colors run from dark to light (cividis); with `log` in powers of ten, with `centered` from blue over white at zero
    to red. NaN is shown in gray.
    """

    label: str
    x: ArrayLike
    y: ArrayLike
    values: ArrayLike
    log: bool = False
    centered: bool = False

    def draw(self, axes: Axes) -> Sequence[Label]:
        """Draw the field and its color bar."""
        x, y, values = (np.asarray(each, float) for each in (self.x, self.y, self.values))
        if values.shape != (y.size, x.size) or min(values.shape) < 2:
            raise BadInput(
                "values",
                required="have one row for each y and one column for each x, two or more of each",
                got=f"shape {values.shape} for {y.size} y and {x.size} x",
                advice="Type array.transpose('y', 'x').values.",
            )
        for name, ticks in (("x", x), ("y", y)):
            steps = np.diff(ticks)
            if not np.allclose(steps, steps[0], rtol=1e-6, atol=0) or steps[0] <= 0:
                raise BadInput(
                    name,
                    required="be evenly spaced, growing",
                    got=f"steps from {steps.min():.4g} to {steps.max():.4g}",
                    advice="Type np.linspace(...), and pass logarithms for a log grid.",
                )
        halves = (x[1] - x[0]) / 2, (y[1] - y[0]) / 2
        colors = axes.imshow(
            np.where(values > 0, values, np.nan) if self.log else values,
            origin="lower",
            aspect="auto",
            extent=(x[0] - halves[0], x[-1] + halves[0], y[0] - halves[1], y[-1] + halves[1]),
            cmap="RdBu_r" if self.centered else "cividis",
            norm=_norm(values, log=self.log, centered=self.centered),
        )
        axes.set_facecolor("#d6d3d1")
        axes.grid(visible=False)
        figure = axes.get_figure()
        assert figure is not None  # noqa: S101 - axes that are drawn on belong to a figure
        figure.colorbar(colors, ax=axes, label=self.label, pad=0.02, aspect=24).outline.set_visible(False)  # pyright: ignore[reportCallIssue]
        return []


@dataclass(frozen=True)
class Arrows:
    """Vectors (u, v), both (rows, columns), at the points y (rows) and x (columns)."""

    x: ArrayLike
    y: ArrayLike
    u: ArrayLike
    v: ArrayLike
    style: Style = OTHERS[0]

    def draw(self, axes: Axes) -> Sequence[Label]:
        """Draw the arrows, scaled so that the longest is about as long as the grid is wide."""
        grid = (np.asarray(each, float) for each in (self.x, self.y, self.u, self.v))
        # A white edge, since what lies behind may be dark.
        axes.quiver(*grid, color=self.style.color, edgecolor="white", linewidth=0.5, width=0.008)
        return []


@dataclass(frozen=True)
class Dots:
    """Points of the plane, without error."""

    label: str
    x: ArrayLike
    y: ArrayLike
    style: Style = OTHERS[0]

    def draw(self, axes: Axes) -> Sequence[Label]:
        """Draw the points."""
        (handle,) = axes.plot(
            np.asarray(self.x, float),
            np.asarray(self.y, float),
            linestyle="none",
            marker=self.style.marker,
            markersize=4,
            color=self.style.color,
            markeredgecolor="white",
            markeredgewidth=0.5,
        )
        return [Label(self.label, self.style.color, None, handle)]


@dataclass(frozen=True)
class Sheet:
    """Images (rows, columns, height, width) as gray from `low` (black) to `high` (white), side by side."""

    images: ArrayLike
    rows: Sequence[str] = ()
    columns: Sequence[str] = ()
    low: float = 0.0
    high: float = 1.0

    def draw(self, axes: Axes) -> Sequence[Label]:
        """Draw the images with one pixel of white between them."""
        images = np.asarray(self.images, float)
        if images.ndim != 4 or 0 in images.shape:
            raise BadInput(
                "images",
                required="have four axes: rows, columns, height, width",
                got=f"shape {images.shape}",
                advice="Type images.reshape(rows, columns, 8, 8).",
            )
        height, width = images.shape[2:]
        framed = np.pad(images, ((0, 0), (0, 0), (0, 1), (0, 1)), constant_values=self.high)
        sheet = framed.transpose(0, 2, 1, 3).reshape(images.shape[0] * (height + 1), images.shape[1] * (width + 1))
        axes.imshow(sheet[:-1, :-1], cmap="gray", vmin=self.low, vmax=self.high)
        axes.xaxis.tick_top()
        axes.set_xticks((width - 1) / 2 + np.arange(len(self.columns)) * (width + 1), self.columns)
        axes.set_yticks((height - 1) / 2 + np.arange(len(self.rows)) * (height + 1), self.rows)
        axes.tick_params(length=0)
        axes.grid(visible=False)
        for spine in axes.spines.values():
            spine.set_visible(False)
        return []


def _norm(values: np.ndarray, *, log: bool, centered: bool) -> Normalize:
    if centered:
        return CenteredNorm(0.0, float(np.nanmax(np.abs(values), initial=0.0)) or 1.0)
    shown = values[np.isfinite(values) & (values > 0)] if log else values[np.isfinite(values)]
    if not shown.size:
        raise BadInput(
            "values", required="have a number to show", got="none", advice="Leave the figure out and say so in words."
        )
    return (LogNorm if log else Normalize)(float(shown.min()), float(shown.max()))
