"""How alike are two sets of samples: distances between them, a two-sample test, coverage, copies."""

from softntk.samples.comparison import DISTANCES, compare_samples
from softntk.samples.kernel_distance import mmd
from softntk.samples.nearest import coverage, memorized_share, nearest_distances, nearness
from softntk.samples.transport import sliced_wasserstein, wasserstein
from softntk.samples.two_sample import classifier_accuracy

__all__ = [
    "DISTANCES",
    "classifier_accuracy",
    "compare_samples",
    "coverage",
    "memorized_share",
    "mmd",
    "nearest_distances",
    "nearness",
    "sliced_wasserstein",
    "wasserstein",
]
