"""Distances between two sets of points, from the points alone.

    sliced   (E_u W2(u.x, u.y)^2)^(1/2), u uniform on the sphere: W2 along lines, from sorted projections
    W2       (min over couplings E|x - y|^2)^(1/2), exact, by linear programming
    MMD^2    E k(x, x') + E k(y, y') - 2 E k(x, y) over distinct points, k a mean of Gaussian kernels of five widths:
             0.25, 0.5, 1, 2, 4 times the median distance in the second set; unbiased, so it may be negative

None of them is 0 for two samples of one law: the floor is the same number for two independent samples of equal size,
and a distance says nothing without it.

References: Rabin et al. (2011) and Bonneel et al. (2015) for sliced; Gretton et al. (2012), JMLR 13, for MMD.
"""

from typing import Any

import jax
import numpy as np
from jaxtyping import Array, Float

from softntk.failures import BadInput, TooLarge

__all__ = ["mmd", "sliced_wasserstein", "wasserstein"]

#: Most points of one set for the exact W2, whose time grows with their cube.
MOST_POINTS = 4000

_WIDTHS = (0.25, 0.5, 1.0, 2.0, 4.0)

Points = Float[np.ndarray, "_ _"]


def sliced_wasserstein(key: Array, first: Points, second: Points, *, directions: int = 200) -> float:
    """Sliced W2 over random directions; equal keys give equal directions, so that differences are of the points.

    Raises:
        BadInput: the sets have different numbers of columns, or one is empty.
    """
    _check(first, second)
    sides = np.asarray(jax.random.normal(key, (first.shape[1], directions)), float)
    sides = sides / np.linalg.norm(sides, axis=0, keepdims=True)
    ours, others = (np.sort(points @ sides, axis=0) for points in (first, second))
    if len(ours) != len(others):
        # The quantile functions are steps: all steps of both, each with its length.
        ends = np.unique(np.concatenate([np.arange(1, len(s) + 1) / len(s) for s in (ours, others)]))
        middles = ends - np.diff(ends, prepend=0.0) / 2
        ours, others = (s[np.minimum((middles * len(s)).astype(int), len(s) - 1)] for s in (ours, others))
        squares = np.diff(ends, prepend=0.0) @ (ours - others) ** 2
        return float(np.sqrt(squares.mean()))
    return float(np.sqrt(((ours - others) ** 2).mean()))


def wasserstein(first: Points, second: Points) -> float:
    """Exact W2 between the two empirical measures, by POT.

    Raises:
        BadInput: the sets do not fit, or POT is not installed.
        TooLarge: one of them has more than 4,000 points.
    """
    _check(first, second)
    if max(len(first), len(second)) > MOST_POINTS:
        raise TooLarge(
            "first",
            required=f"have at most {MOST_POINTS:,} points for the exact W2",
            got=f"{len(first):,} and {len(second):,}",
            advice="Use sliced_wasserstein, or fewer points.",
        )
    try:
        import ot
    except ImportError:
        raise BadInput(
            "score extra",
            required="be installed for the exact W2",
            got="no package POT",
            advice="Type pip install 'softntk[score]'.",
        ) from None
    cost = ot.dist(np.ascontiguousarray(first), np.ascontiguousarray(second))
    squared: Any = ot.emd2([], [], cost, numItermax=2_000_000)
    return float(np.sqrt(max(float(squared), 0.0)))


def mmd(first: Points, second: Points) -> float:
    """Unbiased MMD^2 with a mean of five Gaussian kernels.

    Raises:
        BadInput: the sets do not fit, or one has fewer than two points.
    """
    _check(first, second, least=2)
    scale = np.median(_squares(second[:1000], second[:1000])[np.triu_indices(min(len(second), 1000), 1)])
    scale = scale if scale > 0 else 1.0
    # Each point's kernel with itself is 1, and left out.
    within = sum((_kernel_sum(one, one, scale) - len(one)) / (len(one) * (len(one) - 1)) for one in (first, second))
    return float(within - 2 * _kernel_sum(first, second, scale) / (len(first) * len(second)))


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


def _check(first: Points, second: Points, least: int = 1) -> None:
    if first.shape[1] != second.shape[1] or min(len(first), len(second)) < least:
        raise BadInput(
            "second",
            required=f"have {first.shape[1]} columns like first, and both at least {least} rows",
            got=f"{first.shape} and {second.shape}",
            advice="Check the sets.",
        )
