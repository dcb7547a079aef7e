"""Maximum mean discrepancy: how far apart two laws are in a space of smooth functions.

    MMD^2 = E k(x, x') + E k(y, y') - 2 E k(x, y)    over distinct points

k is a mean of Gaussian kernels exp(-|x - y|^2/(2 w^2)) of five widths w: 0.25, 0.5, 1, 2, 4 times the median distance
of different points in the second set (its first 1,000 rows). The estimate is unbiased, so it may be negative; it is
unchanged where both sets are moved or scaled.

Reference: Gretton et al. (2012), JMLR 13.
"""

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from softntk.samples.sets import Points, two_sets

__all__ = ["mmd"]

_WIDTHS = (0.25, 0.5, 1.0, 2.0, 4.0)
_FOR_MEDIAN = 1000


def mmd(first: ArrayLike, second: ArrayLike) -> float:
    """Unbiased MMD^2 of first (n, d) and second (n', d), a number without unit.

    Raises:
        BadInput: the sets are no finite matrices with equal columns and two rows each.
    """
    sets = two_sets(first, second, least=2)
    scale = _squared_width(sets.first, sets.second)
    # Each point's kernel with itself is 1, and left out.
    within = sum(
        (_kernel_sum(one, one, scale) - len(one)) / (len(one) * (len(one) - 1)) for one in (sets.first, sets.second)
    )
    across = _kernel_sum(sets.first, sets.second, scale) / (len(sets.first) * len(sets.second))
    return float(within - 2 * across)


def _squared_width(first: Points, second: Points) -> float:
    """Median squared distance in the second set; where it holds one point only, to the first set."""
    some = second[:_FOR_MEDIAN]
    for squares in (_squares(some, some)[np.triu_indices(len(some), 1)], _squares(first[:_FOR_MEDIAN], some)):
        apart = squares[squares > 0]
        if len(apart):
            return float(np.median(apart))
    return 1.0


def _kernel_sum(first: Points, second: Points, scale: float) -> float:
    """Sum of the kernel over all pairs, in blocks of rows; `scale` is the squared unit of width."""
    total = 0.0
    for begin in range(0, len(first), 1024):
        squares = _squares(first[begin : begin + 1024], second) / scale
        total += sum(float(np.exp(-squares / (2 * width**2)).sum()) for width in _WIDTHS) / len(_WIDTHS)
    return total


def _squares(first: Points, second: Points) -> Float[np.ndarray, "n m"]:
    inner = first @ second.T
    return np.maximum((first**2).sum(axis=1)[:, None] + (second**2).sum(axis=1)[None] - 2 * inner, 0.0)
