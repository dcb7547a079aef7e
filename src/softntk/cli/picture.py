"""Pictures of samples as PNG files: images as a sheet, everything else as points in the plane.

Points in more than two dimensions are shown by their first two principal components.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from softntk.files import write

__all__ = ["draw_samples"]

_MOST_IMAGES, _COLUMNS, _GAP = 100, 10, 1


def draw_samples(samples: Float[np.ndarray, "n d"], path: Path, *, image: Sequence[int] = ()) -> str:
    """Write a picture of samples and say in words what it shows; `image` is the shape of an image, if they are some."""
    figure = Figure(figsize=(5, 5), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    if len(image) == 2 and image[0] * image[1] == samples.shape[1]:
        shown = samples[:_MOST_IMAGES].reshape(-1, image[0], image[1])
        low, high = np.percentile(samples, (0.5, 99.5))
        axes.imshow(_sheet(shown, low), cmap="gray_r", vmin=low, vmax=high, interpolation="nearest")
        axes.set_axis_off()
        words = f"the first {len(shown)} as images of {image[0]} x {image[1]}"
    else:
        points, words = samples, "points in the plane"
        if samples.shape[1] == 1:
            points, words = np.concatenate([samples, np.zeros_like(samples)], axis=1), "points on a line"
        elif samples.shape[1] > 2:
            centered = samples - samples.mean(axis=0)
            points = centered @ np.linalg.svd(centered, full_matrices=False)[2][:2].T
            words = "the first two principal components"
        axes.scatter(points[:, 0], points[:, 1], s=max(2.0, min(20.0, 4000 / len(points))), alpha=0.6, linewidths=0)
        axes.set_aspect("equal")
    write(path, lambda file: figure.savefig(file, format="png", dpi=120))
    return words


def _sheet(images: Float[np.ndarray, "n h w"], background: float) -> Float[np.ndarray, "rows columns"]:
    """The images side by side, ten in a row, a pixel apart."""
    count, height, width = images.shape
    columns = min(_COLUMNS, count)
    rows = -(-count // columns)
    sheet = np.full((rows * (height + _GAP) - _GAP, columns * (width + _GAP) - _GAP), background)
    for number, picture in enumerate(images):
        top, left = number // columns * (height + _GAP), number % columns * (width + _GAP)
        sheet[top : top + height, left : left + width] = picture
    return sheet
