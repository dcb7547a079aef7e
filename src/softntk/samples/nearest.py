"""Are samples new, and are they everywhere? Nearest neighbors among the data.

    memorized   share of samples with d1/d2 < 1/3, d1 and d2 the distances to the nearest and second nearest of the
                different training points: much nearer to one training point than to any other
    nearness    mean d1 of samples to the training set / mean d1 of held-out points to it: 1 for new draws of the law,
                below 1 for samples that stay too close to the training points
    coverage    share of held-out points with a sample nearer than their k-th neighbor among the held-out points

Held-out points are the floor: their own share with d1/d2 < 1/3 is not zero. Training points that are there twice are
one point: a copy of it would else be as near to the second as to the first, and pass for new.

References: Yoon et al. (2023), "Diffusion probabilistic models generalize when they fail to memorize" (1/3); Naeem et
al., arXiv 2002.09797 (coverage).
"""

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike
from scipy.spatial.distance import cdist

from softntk.failures import BadInput
from softntk.numerics.expectation import Estimate, mean_and_error
from softntk.samples.sets import Points, points, two_sets

__all__ = ["coverage", "memorized_share", "nearest_distances", "nearness"]

_RATIO = 1 / 3
_ROWS = 512


def nearest_distances(queries: ArrayLike, data: ArrayLike, count: int = 1) -> Float[np.ndarray, "n count"]:
    """Distances from each query (n, d) to its `count` nearest rows of `data` (n', d), ascending.

    Raises:
        BadInput: the sets are no finite matrices with equal columns, or `data` has fewer than `count` rows.
    """
    return _nearest(queries, data, count, names=("queries", "data"))


def memorized_share(samples: ArrayLike, training: ArrayLike) -> Estimate:
    """Share of samples (n, d) with d1/d2 < 1/3 among training (n', d), and its standard error.

    Raises:
        BadInput: the sets are no finite matrices with equal columns, there is one sample, or `training` has no two
            different rows.
    """
    different = np.unique(points("training", training), axis=0)
    nearest = _nearest(points("samples", samples, least=2), different, 2, names=("samples", "training"))
    return mean_and_error((nearest[:, 0] < _RATIO * nearest[:, 1]).astype(float))


def nearness(samples: ArrayLike, training: ArrayLike, held_out: ArrayLike) -> Estimate:
    """Mean d1 of samples over mean d1 of held-out points, with its standard error.

    NaN where every held-out point is a training point: there is nothing to compare with.

    Raises:
        BadInput: the sets are no finite matrices with equal columns, or samples or held-out points are fewer than two.
    """
    own, other = (
        _nearest(points(name, rows, least=2), training, 1, names=(name, "training"))[:, 0]
        for name, rows in (("samples", samples), ("held_out", held_out))
    )
    # A ratio has no unit: in this one the squares of the standard errors are finite.
    unit = float(other.max())
    if unit == 0:
        return Estimate(float("nan"), float("nan"))
    near, floor = mean_and_error(own / unit), mean_and_error(other / unit)
    ratio = near.mean / floor.mean
    relative = np.hypot(near.error / near.mean, floor.error / floor.mean) if near.mean else 0.0
    return Estimate(ratio, ratio * float(relative))


def coverage(samples: ArrayLike, held_out: ArrayLike, *, neighbors: int = 5) -> Estimate:
    """Share of held-out points (n', d) with a sample inside their ball to the k-th neighbor, with its standard error.

    Raises:
        BadInput: the sets are no finite matrices with equal columns, or held-out points are not more than `neighbors`.
    """
    held = points("held_out", held_out, least=neighbors + 1)
    radii = _nearest(held, held, neighbors + 1, names=("held_out", "held_out"))[:, -1]
    found = _nearest(held, samples, 1, names=("held_out", "samples"))[:, 0]
    return mean_and_error((found <= radii).astype(float))


def _nearest(queries: ArrayLike, data: ArrayLike, count: int, *, names: tuple[str, str]) -> Points:
    sets = two_sets(queries, data, names=names)
    if len(sets.second) < count:
        raise BadInput(
            names[1],
            required=f"have at least {count} different rows",
            got=f"{len(sets.second)}",
            advice="Pass more points.",
        )
    found = np.empty((len(sets.first), count))
    for begin in range(0, len(sets.first), _ROWS):
        distances = cdist(sets.first[begin : begin + _ROWS], sets.second)
        found[begin : begin + _ROWS] = np.sort(np.partition(distances, count - 1, axis=1)[:, :count], axis=1)
    return sets.unit * found
