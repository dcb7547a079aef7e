"""Wasserstein distances between two sets of points, each point of a set with equal weight.

    W2       (min over couplings E|x - y|^2)^(1/2), exact, by linear programming
    sliced   (E_u W2(u.x, u.y)^2)^(1/2), u uniform on the sphere: W2 along lines, from sorted projections

Neither is 0 for two samples of one law: the floor is the same number for two independent samples of equal size, and a
distance says nothing without it.

References: Rabin et al. (2011) and Bonneel et al. (2015) for sliced; the linear program is that of POT.
"""

from typing import Any

import jax
import numpy as np
from jaxtyping import Array
from numpy.typing import ArrayLike

from softntk.failures import BadInput, TooLarge
from softntk.samples.sets import two_sets

__all__ = ["MOST_POINTS", "sliced_wasserstein", "wasserstein"]

#: Most points of one set for the exact W2, whose time grows with their cube.
MOST_POINTS = 4000

_PIVOTS = 2_000_000


def sliced_wasserstein(key: Array, first: ArrayLike, second: ArrayLike, *, directions: int = 200) -> float:
    """Sliced W2 of first (n, d) and second (n', d) over random directions, in the units of the points.

    Equal keys give equal directions, so that differences are of the points.

    Raises:
        BadInput: the sets are no finite matrices with equal columns, or `directions` is not positive.
    """
    if directions < 1:
        raise BadInput("directions", required="be positive", got=repr(directions), advice="Type directions=200.")
    sets = two_sets(first, second)
    sides = np.asarray(jax.random.normal(key, (sets.first.shape[1], directions)), float)
    sides = sides / np.linalg.norm(sides, axis=0, keepdims=True)
    ours, others = (np.sort(rows @ sides, axis=0) for rows in (sets.first, sets.second))
    if len(ours) != len(others):
        # The quantile functions are steps: all steps of both, each with its length.
        ends = np.unique(np.concatenate([np.arange(1, len(s) + 1) / len(s) for s in (ours, others)]))
        lengths = np.diff(ends, prepend=0.0)
        middles = ends - lengths / 2
        ours, others = (s[np.minimum((middles * len(s)).astype(int), len(s) - 1)] for s in (ours, others))
        return float(sets.unit * np.sqrt((lengths @ (ours - others) ** 2).mean()))
    return float(sets.unit * np.sqrt(((ours - others) ** 2).mean()))


def wasserstein(first: ArrayLike, second: ArrayLike) -> float:
    """Exact W2 of first (n, d) and second (n', d), in the units of the points, by POT.

    Raises:
        BadInput: the sets are no finite matrices with equal columns, or POT is not installed.
        TooLarge: one of them has more than 4,000 points, or the linear program did not end.
    """
    sets = two_sets(first, second)
    if max(len(sets.first), len(sets.second)) > MOST_POINTS:
        raise TooLarge(
            "first",
            required=f"have at most {MOST_POINTS:,} points for the exact W2",
            got=f"{len(sets.first):,} and {len(sets.second):,}",
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
    plan: Any
    plan, log = ot.emd([], [], ot.dist(sets.first, sets.second), numItermax=_PIVOTS, log=True)
    if log["warning"] is not None:
        raise TooLarge(
            "first",
            required=f"be solved within {_PIVOTS:,} pivots",
            got=str(log["warning"]),
            advice="Use sliced_wasserstein, or fewer points.",
        )
    # The costs that POT is given are rounded from sums of squares; those of the coupling itself are taken again.
    rows, columns = np.nonzero(plan)
    squares = ((sets.first[rows] - sets.second[columns]) ** 2).sum(axis=1)
    return float(sets.unit * np.sqrt(plan[rows, columns] @ squares))
