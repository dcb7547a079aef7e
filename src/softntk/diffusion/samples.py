"""Clean samples by name: mixtures with a known score, shapes in the plane, built-in tables, files.

    mixture, shape   as drawn
    digits           pixels, the mean image taken off, all pixels divided by one number: images stay images
    table, file      each column standardized; columns that do not vary are left as they are

The process ends at the standard normal law, so data should have about the mean zero and variance one.
"""

from dataclasses import dataclass
from pathlib import Path

import jax
import numpy as np
from jaxtyping import Array, Float

from softntk.data.builtin import BUILTIN, read_builtin
from softntk.data.files import ENDINGS, read_inputs
from softntk.data.mixture import MIXTURES, GaussianMixture, mixture_named
from softntk.data.options import ReadOptions
from softntk.data.shapes import SHAPES, shape_named
from softntk.data.sources import draw_rows
from softntk.failures import BadInput

__all__ = ["CleanSamples", "clean_samples"]


@dataclass(frozen=True)
class CleanSamples:
    """Rows to learn from, and rows to compare with; data = shift + factor * row. `mixture` if the truth is known."""

    training: Float[np.ndarray, "n d"]
    test: Float[np.ndarray, "n2 d"]
    shift: Float[np.ndarray, " d"]
    factor: Float[np.ndarray, " d"]
    mixture: GaussianMixture | None = None


def clean_samples(
    source: str,
    key: Array,
    *,
    count: int | None = None,
    target: str | None = None,
    held_out: float = 0.2,
    options: ReadOptions | None = None,
) -> CleanSamples:
    """`count` rows to learn from (by default 2,000 drawn, or all rows that are not held out for the comparison).

    Arguments:
        target: for files, a column that is not part of the samples; by default all are.

    Raises:
        BadInput: the source is unknown or unreadable, or has fewer rows.
        TooLarge: the file does not fit in memory.
    """
    draw_key, split_key = jax.random.split(key)
    if source in MIXTURES or source in SHAPES:
        number = 2000 if count is None else count
        mixture = mixture_named(source) if source in MIXTURES else None
        keys = jax.random.split(draw_key)
        drawn = [
            np.asarray(mixture.sample(k, number) if mixture is not None else shape_named(source, k, number))
            for k in keys
        ]
        size = drawn[0].shape[1]
        return CleanSamples(drawn[0], drawn[1], np.zeros(size), np.ones(size), mixture)
    rows = _rows(source, target, options)
    order = np.asarray(jax.random.permutation(split_key, len(rows)))
    apart = max(round(held_out * len(rows)), 1)
    kept = order[apart:]
    if count is not None:
        kept = kept[draw_rows(draw_key, len(kept), count)]
    training = rows[kept]
    shift, spread = training.mean(axis=0), training.std(axis=0)
    if source == "digits":
        spread = np.full_like(spread, np.sqrt((spread**2).mean()))
    factor = np.where(spread > 0, spread, 1.0)
    return CleanSamples((training - shift) / factor, (rows[order[:apart]] - shift) / factor, shift, factor)


def _rows(source: str, target: str | None, options: ReadOptions | None) -> Float[np.ndarray, "n d"]:
    if source.replace("-", "_") in BUILTIN:
        return read_builtin(source.replace("-", "_")).inputs
    path = Path(source)
    if path.suffix.lower() not in ENDINGS:
        names = ", ".join([*MIXTURES, *SHAPES, *BUILTIN])
        raise BadInput(
            "data",
            required=f"be one of {names}, or a file that ends in {', '.join(ENDINGS)}",
            got=repr(source),
            advice="Type digits, say.",
        )
    return read_inputs(path, without=target, options=options).inputs
