"""Are samples new, and are they everywhere? Nearest neighbors among the data.

    memorized   share of samples with d1/d2 < 1/3, d1 and d2 the distances to the nearest and second nearest training
                point: much nearer to one training point than to any other
    nearness    mean d1 of samples to the training set / mean d1 of held-out points to it: 1 for new draws of the law,
                below 1 for samples that stay too close to the training points
    coverage    share of held-out points with a sample nearer than their k-th neighbor among the held-out points

Held-out points are the floor: their own share with d1/d2 < 1/3 is not zero.

References: Yoon et al. (2023), "Diffusion probabilistic models generalize when they fail to memorize" (1/3); Naeem et
al., arXiv 2002.09797 (coverage).
"""

import numpy as np
from jaxtyping import Float

from softntk.failures import BadInput
from softntk.numerics.expectation import Estimate, mean_and_error

__all__ = ["coverage", "memorized_share", "nearest_distances", "nearness"]

_RATIO = 1 / 3

Points = Float[np.ndarray, "_ _"]


def nearest_distances(queries: Points, data: Points, count: int = 1) -> Float[np.ndarray, "n count"]:
    """Distances from each query to its `count` nearest rows of `data`, ascending.

    Raises:
        BadInput: `data` has fewer rows, or other columns.
    """
    if queries.shape[1] != data.shape[1] or len(data) < count:
        raise BadInput(
            "data",
            required=f"have {queries.shape[1]} columns and at least {count} rows",
            got=f"shape {data.shape}",
            advice="Check the sets.",
        )
    found = np.empty((len(queries), count))
    for begin in range(0, len(queries), 512):
        block = queries[begin : begin + 512]
        squares = (block**2).sum(axis=1)[:, None] + (data**2).sum(axis=1)[None] - 2 * block @ data.T
        near = np.argpartition(squares, count - 1, axis=1)[:, :count]
        # The expansion above loses digits for points that nearly coincide: the few that count are done again.
        exact = np.linalg.norm(block[:, None] - data[near], axis=2)
        found[begin : begin + 512] = np.sort(exact, axis=1)
    return found


def memorized_share(samples: Points, training: Points) -> Estimate:
    """Share of samples with d1/d2 < 1/3, and its standard error. Raises as `nearest_distances`."""
    nearest = nearest_distances(samples, training, 2)
    # d1 = d2 = 0 is a copy of a training point that is there twice.
    copied = (nearest[:, 0] < _RATIO * nearest[:, 1]) | (nearest[:, 1] == 0)
    return mean_and_error(copied.astype(float))


def nearness(samples: Points, training: Points, held_out: Points) -> Estimate:
    """Mean d1 of samples over mean d1 of held-out points, with its standard error. Raises as `nearest_distances`."""
    own, other = (mean_and_error(nearest_distances(points, training)[:, 0]) for points in (samples, held_out))
    ratio = own.mean / other.mean
    return Estimate(ratio, ratio * float(np.hypot(own.error / max(own.mean, 1e-300), other.error / other.mean)))


def coverage(samples: Points, held_out: Points, *, neighbors: int = 5) -> Estimate:
    """Share of held-out points with a sample inside their ball to the k-th neighbor. Raises as `nearest_distances`."""
    radii = nearest_distances(held_out, held_out, neighbors + 1)[:, -1]
    return mean_and_error((nearest_distances(held_out, samples)[:, 0] <= radii).astype(float))
