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

from collections.abc import Mapping

import jax
import numpy as np
from jaxtyping import Array, Float

from softntk.diffusion.copying import coverage, memorized_share, nearness
from softntk.diffusion.distance import MOST_POINTS, mmd, sliced_wasserstein, wasserstein
from softntk.diffusion.two_sample import classifier_accuracy
from softntk.failures import BadInput
from softntk.numerics.expectation import Estimate

__all__ = ["DISTANCES", "compare_samples"]

#: What is compared, in the order of the table above.
DISTANCES = ("sliced", "W2", "MMD^2", "classifier", "coverage", "memorized", "nearness")

Points = Float[np.ndarray, "_ _"]


def compare_samples(
    key: Array,
    samples: Mapping[str, Points],
    *,
    training: Points,
    held_out: Points,
    distances: tuple[str, ...] = DISTANCES,
) -> dict[str, dict[str, Estimate]]:
    """Every distance of every set to the held-out points: set -> distance -> value and standard error.

    The floor is the set "training" in the result, and for `memorized` the held-out points themselves. Distances
    without a standard error of their own carry NaN.

    Raises:
        BadInput: a distance is unknown, sets do not fit together, or are too small.
    """
    for name in distances:
        if name not in DISTANCES:
            raise BadInput(
                "distances", required=f"be among {', '.join(DISTANCES)}", got=repr(name), advice="Type ('sliced',)."
            )
    sets = {name: np.asarray(points, float) for name, points in samples.items()}
    training, held_out = np.asarray(training, float), np.asarray(held_out, float)
    count = min(len(each) for each in (*sets.values(), training, held_out))
    sets["training"] = training
    slices_key, trees_key = jax.random.split(key)
    apart = held_out[:count]
    found: dict[str, dict[str, Estimate]] = {}
    for name, points in sets.items():
        own = points[:count]
        # The training points are no samples to be judged for copying: the held-out ones stand for what is new.
        new = apart if name == "training" else own
        measures = {
            "sliced": lambda own=own: _alone(sliced_wasserstein(slices_key, own, apart)),
            "W2": lambda own=own: _alone(wasserstein(own[:MOST_POINTS], apart[:MOST_POINTS])),
            "MMD^2": lambda own=own: _alone(mmd(own, apart)),
            "classifier": lambda own=own: classifier_accuracy(trees_key, own, apart),
            "coverage": lambda own=own: coverage(own, apart),
            "memorized": lambda new=new: memorized_share(new, training),
            "nearness": lambda new=new: nearness(new, training, held_out),
        }
        found[name] = {distance: measures[distance]() for distance in distances}
    return found


def _alone(value: float) -> Estimate:
    return Estimate(value, float("nan"))
