"""The units of data and those in which a score is learned: data = shift + factor * row, column by column.

    columns   every column standardized; one that does not vary has factor 0: learned as zeros, it comes out as it is
    pooled    the mean row taken off, all columns divided by one number: images stay images
    none      as they are

The process ends at the standard normal law, so data should have about the mean zero and variance one.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from softntk.data.scaling import Standardize
from softntk.failures import BadInput

__all__ = ["UNITS", "Units", "units_of"]

#: How data are brought to mean zero and variance one.
UNITS = ("columns", "pooled", "none")


class Units(NamedTuple):
    """Shift (d,) and factor (d,), 0 for columns that do not vary."""

    shift: Float[np.ndarray, " d"]
    factor: Float[np.ndarray, " d"]

    def remove(self, rows: ArrayLike) -> Float[np.ndarray, "n d"]:
        """(data - shift)/factor.

        Raises:
            BadInput: the result is not finite.
        """
        rows = np.asarray(rows, float)
        with np.errstate(over="ignore", invalid="ignore"):
            found = (rows - self.shift[None]) / np.where(self.factor > 0, self.factor, 1.0)[None]
        if not np.isfinite(found).all():
            raise BadInput(
                "data",
                required="stay within floating-point range when standardized",
                got=f"entries up to {np.abs(rows).max():.3g}",
                advice="Change the units of the largest columns.",
            )
        return found


def units_of(rows: Float[np.ndarray, "n d"], name: str = "columns") -> Units:
    """The units of data (n, d) with finite entries.

    Raises:
        BadInput: there is no such name, or the spread of a column is not finite.
    """
    if name not in UNITS:
        raise BadInput("units", required=f"be one of {', '.join(UNITS)}", got=repr(name), advice="Type 'columns'.")
    size = rows.shape[1]
    if name == "none":
        return Units(np.zeros(size), np.ones(size))
    step = Standardize.fit(rows)
    varies = rows.min(axis=0) < rows.max(axis=0)
    shift, spread = np.asarray(step.center), np.where(varies, np.asarray(step.spread), 0.0)
    if name == "pooled":
        largest = float(spread.max()) or 1.0
        spread = np.full(size, largest * np.sqrt(((spread / largest) ** 2).mean()))
    units = Units(shift, spread)
    units.remove(rows)
    return units
