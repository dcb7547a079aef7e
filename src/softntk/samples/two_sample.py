"""Can a classifier tell samples from data? A two-sample test with gradient-boosted trees.

Equal numbers of both are labeled 0 and 1, and the accuracy of trees is measured by 5-fold cross-validation, each point
judged by trees that have not seen it. 0.5 is the floor: the classifier guesses. The standard error treats the N
judgments as independent, which they nearly are.

Reference: Lopez-Paz, Oquab, arXiv 1610.06545.
"""

import jax
import numpy as np
from jaxtyping import Array
from numpy.typing import ArrayLike

from softntk.numerics.expectation import Estimate
from softntk.samples.sets import two_sets

__all__ = ["classifier_accuracy"]

_FOLDS = 5


def classifier_accuracy(key: Array, first: ArrayLike, second: ArrayLike) -> Estimate:
    """Accuracy with which trees tell first (n, d) and second (n', d) apart; the larger is cut to the other's size.

    Raises:
        BadInput: the sets are no finite matrices with equal columns and at least 10 rows each.
    """
    sets = two_sets(first, second, least=2 * _FOLDS)
    count = min(len(sets.first), len(sets.second))
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.model_selection import StratifiedKFold
    from threadpoolctl import threadpool_limits

    seed = int(jax.random.randint(key, (), 0, np.iinfo(np.int32).max))
    points = np.concatenate([sets.first[:count], sets.second[:count]])
    labels = np.repeat([0, 1], count)
    right = 0
    for train, test in StratifiedKFold(_FOLDS, shuffle=True, random_state=seed).split(points, labels):
        trees = HistGradientBoostingClassifier(random_state=seed)
        # These trees are so small that threads would wait for each other more than they work.
        with threadpool_limits(1):
            right += int((trees.fit(points[train], labels[train]).predict(points[test]) == labels[test]).sum())
    accuracy = right / len(labels)
    return Estimate(accuracy, float(np.sqrt(accuracy * (1 - accuracy) / len(labels))))
