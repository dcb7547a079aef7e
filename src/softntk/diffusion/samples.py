"""Clean samples by name: mixtures with a known score, shapes in the plane, built-in tables, files.

mixture, shape   as drawn
digits           pixels, in pooled units: images stay images
table, file      each column standardized
"""

from dataclasses import dataclass
from functools import cached_property
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
from softntk.data.table import Table
from softntk.diffusion.units import Units, units_of
from softntk.failures import BadInput

__all__ = ["CleanSamples", "clean_samples"]

_DRAWN = 2000
# Two samples to learn from and one to choose by.
_FEWEST = 3


@dataclass(frozen=True)
class CleanSamples:
    """Rows to learn from, and rows that are never seen to compare with, in the units of the data.

    Attributes:
        rows, unseen: (n, d) and (n2, d).
        units_name: a row of `units.UNITS`.
        columns: their names; empty if they have none.
        image: height and width if a row is an image.
        mixture: the law of the rows, if it is known.
        notes: how a table or file was read, in words.
    """

    rows: Float[np.ndarray, "n d"]
    unseen: Float[np.ndarray, "n2 d"]
    units_name: str = "none"
    columns: tuple[str, ...] = ()
    image: tuple[int, ...] = ()
    mixture: GaussianMixture | None = None
    notes: tuple[str, ...] = ()

    @cached_property
    def units(self) -> Units:
        """Shift and factor, fitted on the rows to learn from."""
        return units_of(self.rows, self.units_name)

    @cached_property
    def training(self) -> Float[np.ndarray, "n d"]:
        """Rows to learn from, in the units in which a score is learned."""
        return self.units.remove(self.rows)

    @cached_property
    def test(self) -> Float[np.ndarray, "n2 d"]:
        """Rows to compare with, in the same units."""
        return self.units.remove(self.unseen)


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
        held_out: share of the rows of a table or file that is set aside as `unseen`.
        options: how a file is read, and which of its columns.

    Raises:
        BadInput: the source is unknown or unreadable, or there are fewer than 3 rows to learn from.
        TooLarge: the file does not fit in memory.
    """
    if count is not None and (isinstance(count, bool) or not isinstance(count, int) or count < _FEWEST):
        raise BadInput(
            "count",
            required=f"be a whole number of at least {_FEWEST}: two samples to learn from and one to choose by",
            got=repr(count),
            advice="Type count=200, or leave it out.",
        )
    draw_key, split_key = jax.random.split(key)
    if source in MIXTURES or source in SHAPES:
        mixture = mixture_named(source) if source in MIXTURES else None
        rows, unseen = (
            np.asarray(
                mixture.sample(each, count or _DRAWN)
                if mixture is not None
                else shape_named(source, each, count or _DRAWN)
            )
            for each in jax.random.split(draw_key)
        )
        return CleanSamples(rows, unseen, mixture=mixture)
    table = _table(source, target, options)
    rows = table.inputs
    if len(rows) <= _FEWEST:
        raise BadInput(
            "data",
            required=f"have at least {_FEWEST + 1} rows: {_FEWEST} to learn from and choose by, one to compare with",
            got=f"{len(rows)} in {source}",
            advice="Pass more rows.",
        )
    order = np.asarray(jax.random.permutation(split_key, len(rows)))
    apart = max(round(held_out * len(rows)), 1)
    kept = order[apart:]
    if count is not None:
        kept = kept[draw_rows(draw_key, len(kept), count)]
    digits = source == "digits"
    units_name, image = ("pooled", (8, 8)) if digits else ("columns", ())
    return CleanSamples(rows[kept], rows[order[:apart]], units_name, table.input_names, image, notes=table.notes)


def _table(source: str, target: str | None, options: ReadOptions | None) -> Table:
    """Rows and the names of their columns; a built-in set comes with its target, which is no part of the rows."""
    if source.replace("-", "_") in BUILTIN:
        return read_builtin(source.replace("-", "_"))
    path = Path(source)
    if path.suffix.lower() not in ENDINGS:
        names = ", ".join([*MIXTURES, *SHAPES, *BUILTIN])
        raise BadInput(
            "data",
            required=f"be one of {names}, or a file that ends in {', '.join(ENDINGS)}",
            got=repr(source),
            advice="Type digits, say.",
        )
    return read_inputs(path, without=target, options=options)
