"""Sets of points as all comparisons take them: finite matrices with equal columns, in a common unit near their size.

Every distance here is that of the points moved by any vector, and scales with them. So the points are moved to the
middle of the second set and divided by a power of two near the largest entry: squares of entries near 1e200 are then
finite, no digit is lost to a set that lies far from the origin, and the division is exact.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from softntk.failures import BadInput

__all__ = ["TwoSets", "points", "two_sets"]

#: One point a row.
Points = Float[np.ndarray, "_ _"]


class TwoSets(NamedTuple):
    """Both sets in the common unit: a distance between the caller's points is `unit` times that of these."""

    first: Points
    second: Points
    unit: float


def points(name: str, values: ArrayLike, *, least: int = 1) -> Points:
    """A finite float64 matrix with at least `least` rows.

    Raises:
        BadInput: it is none.
    """
    found = np.asarray(values, float)
    if found.ndim != 2 or found.shape[1] < 1 or len(found) < least or not np.isfinite(found).all():
        raise BadInput(
            name,
            required=f"be a matrix of finite numbers with at least {least} rows, one point a row",
            got=f"shape {found.shape}" + ("" if np.isfinite(found).all() else " with entries that are not finite"),
            advice="Pass more points, and leave out those that are not finite.",
        )
    return found


def two_sets(
    first: ArrayLike, second: ArrayLike, *, names: tuple[str, str] = ("first", "second"), least: int = 1
) -> TwoSets:
    """Check both, and bring them into a common unit.

    Raises:
        BadInput: one is no finite matrix with `least` rows, or the columns differ.
    """
    one, other = (points(name, values, least=least) for name, values in zip(names, (first, second), strict=True))
    if one.shape[1] != other.shape[1]:
        raise BadInput(
            names[1],
            required=f"have {one.shape[1]} columns like {names[0]}",
            got=f"{one.shape} and {other.shape}",
            advice="Check the sets.",
        )
    largest = max(float(np.abs(one).max()), float(np.abs(other).max()))
    # Half of the largest power of two below, so that a difference of two entries is finite too.
    scale = float(2.0 ** (np.frexp(largest)[1] - 1)) if largest else 1.0
    one, other = one / scale, other / scale
    middle = other.mean(axis=0)
    one, other = one - middle, other - middle
    reach = max(float(np.abs(one).max()), float(np.abs(other).max()))
    near = float(2.0 ** (np.frexp(reach)[1] - 1)) if reach else 1.0
    return TwoSets(one / near, other / near, scale * near)
