"""The three two-layer networks, their starts, their gradients."""

from softntk.networks.attention import attend
from softntk.networks.features import FEATURES, Exponential, Features, ReLU, Softmax, features_named
from softntk.networks.initialization import antisymmetric, independent
from softntk.networks.two_layer import Evaluation, TwoLayer

__all__ = [
    "FEATURES",
    "Evaluation",
    "Exponential",
    "Features",
    "ReLU",
    "Softmax",
    "TwoLayer",
    "antisymmetric",
    "attend",
    "features_named",
    "independent",
]
