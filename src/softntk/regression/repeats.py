"""Equal rows of inputs as one row with a weight: the same regression, exactly, on fewer rows.

With w_i copies of x_i and the mean ybar_i of their labels,

    sum_ij (f(x_i) - y_ij)^2 = sum_i w_i (f(x_i) - ybar_i)^2 + spread,      spread = sum_ij (y_ij - ybar_i)^2

so ridge regression and gradient flow on the distinct rows, weighted, give the function that all rows give. Leaving a
distinct row out leaves all its copies out: where a twin stays behind, a leave-one-out residual says nothing.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Array, Float, Int

__all__ = ["Distinct", "averaged", "distinct"]


class Distinct(NamedTuple):
    """The distinct rows in the order they come in: mean labels, weights, the place of each given row, the spread.

    `weights` and `places` are None if all rows are distinct and no weights were given.
    """

    inputs: Float[Array, "u d"] | Float[np.ndarray, "u d"]
    labels: Float[np.ndarray, "u k"]
    weights: Float[np.ndarray, " u"] | None
    places: Int[np.ndarray, " n"] | None
    spread: float


def distinct(
    inputs: Float[Array, "n d"], labels: Float[np.ndarray, "n k"], weights: Float[np.ndarray, " n"] | None = None
) -> Distinct:
    """Merge equal rows; weights (default 1 each) add up."""
    x = np.asarray(inputs)
    n = len(x)
    order = np.lexsort(x.T)
    ordered = x[order]
    begins = np.concatenate([[True], np.any(ordered[1:] != ordered[:-1], axis=1)])
    count = int(begins.sum())
    if count == n:
        return Distinct(inputs, labels, weights, None, 0.0)
    group = np.cumsum(begins) - 1
    # The sort is stable, so the first of each group is the first among the rows.
    first = order[begins]
    rank = np.empty(count, int)
    rank[np.argsort(first)] = np.arange(count)
    places = np.empty(n, int)
    places[order] = rank[group]
    means, total, spread = averaged(labels, places, weights, count)
    return Distinct(inputs[np.sort(first)], means, total, places, spread)


def averaged(
    labels: Float[np.ndarray, "n k"], places: Int[np.ndarray, " n"], weights: Float[np.ndarray, " n"] | None, count: int
) -> tuple[Float[np.ndarray, "u k"], Float[np.ndarray, " u"], float]:
    """Mean labels of the rows at each place, their weights, and the spread."""
    w = np.ones(len(labels)) if weights is None else weights
    total = np.bincount(places, w, count)
    means = np.column_stack([np.bincount(places, w * column, count) for column in labels.T]) / total[:, None]
    return means, total, float(np.sum(w[:, None] * (labels - means[places]) ** 2))
