"""Samples against held-out data, each number beside its floors.

    row                 floor                                            better
    sliced, W2, MMD     training points against held-out points          small
    classifier          the same; near 1/2                               near 1/2
    coverage            the same                                         large
    memorized           held-out points against training points          small
    nearness            1 by definition                                  near 1

Every row is measured for the samples, for the training points in the place of the samples, and for any other sets the
caller names, such as the points of the exact-score sampler. All sets are cut to one size, since floors depend on it.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import jax
from jaxtyping import Array
from numpy.typing import ArrayLike

from softntk.failures import BadInput
from softntk.numerics.expectation import Estimate
from softntk.samples.kernel_distance import mmd
from softntk.samples.nearest import coverage, memorized_share, nearness
from softntk.samples.sets import Points, points
from softntk.samples.transport import MOST_POINTS, sliced_wasserstein, wasserstein
from softntk.samples.two_sample import classifier_accuracy

__all__ = ["DISTANCES", "compare_samples"]

_FLOOR = "training"


class Compared(NamedTuple):
    """What a row of the table is given: the set, held-out points cut to its size, and what is to be judged as new."""

    key: Array
    own: Points
    apart: Points
    new: Points
    training: Points
    held_out: Points


#: What is compared, by name, in the order of the table above.
DISTANCES: dict[str, Callable[[Compared], Estimate]] = {
    "sliced": lambda sets: _alone(sliced_wasserstein(sets.key, sets.own, sets.apart)),
    "W2": lambda sets: _alone(wasserstein(sets.own[:MOST_POINTS], sets.apart[:MOST_POINTS])),
    "MMD^2": lambda sets: _alone(mmd(sets.own, sets.apart)),
    "classifier": lambda sets: classifier_accuracy(sets.key, sets.own, sets.apart),
    "coverage": lambda sets: coverage(sets.own, sets.apart),
    "memorized": lambda sets: memorized_share(sets.new, sets.training),
    "nearness": lambda sets: nearness(sets.new, sets.training, sets.held_out),
}


def compare_samples(
    key: Array,
    samples: Mapping[str, ArrayLike],
    *,
    training: ArrayLike,
    held_out: ArrayLike,
    distances: tuple[str, ...] = tuple(DISTANCES),
) -> dict[str, dict[str, Estimate]]:
    """Every distance of every set to the held-out points: set -> distance -> value and standard error.

    The floor is the set "training" in the result, and for `memorized` the held-out points themselves. Distances
    without a standard error of their own carry NaN.

    Raises:
        BadInput: a distance is unknown, a set is called "training", sets do not fit together, or are too small.
    """
    for name in distances:
        if name not in DISTANCES:
            raise BadInput(
                "distances", required=f"be among {', '.join(DISTANCES)}", got=repr(name), advice="Type ('sliced',)."
            )
    if _FLOOR in samples:
        raise BadInput(
            "samples", required="leave the name 'training' to the floor", got=repr(_FLOOR), advice="Rename the set."
        )
    sets = {name: points(name, rows) for name, rows in samples.items()}
    training, held_out = points("training", training), points("held_out", held_out)
    count = min(len(each) for each in (*sets.values(), training, held_out))
    sets[_FLOOR] = training
    slices_key, trees_key = jax.random.split(key)
    keys, apart = {"classifier": trees_key}, held_out[:count]
    found: dict[str, dict[str, Estimate]] = {}
    for name, rows in sets.items():
        own = rows[:count]
        # The training points are no samples to be judged for copying: the held-out ones stand for what is new.
        new = apart if name == _FLOOR else own
        found[name] = {
            distance: DISTANCES[distance](Compared(keys.get(distance, slices_key), own, apart, new, training, held_out))
            for distance in distances
        }
    return found


def _alone(value: float) -> Estimate:
    return Estimate(value, float("nan"))
