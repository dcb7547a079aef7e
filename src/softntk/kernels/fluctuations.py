"""How far a finite kernel is from its limit: spread and bias of one diagonal entry, to leading order.

For one input x, one output, q = scale^2 |x|^2, N independent neurons (m, or m/2 at the antisymmetric start) and moments
E_p = E exp(p z) = exp(p^2 q / 2), z ~ N(0, q), the entry divided by |x|^2 is

    softmax      (1/N) sum_r e_r^2 (a_r - abar)^2 / (mean e)^2,   e = exp(z), abar = sum_r a_r e_r / sum_r e_r
    exponential  (1/N) sum_r e_r^2
    ReLU         (1/N) sum_r 1[z_r > 0]

The delta method for softmax, f(M1, M2) = M2 / M1^2 at the mean of e and e^2:

    variance  Var(e^2 - 2 (E2/E1) e) / (E1^4 N)
    bias      [3 E2 Var(e) / E1^4 - 2 Cov(e, e^2) / E1^3] / N                      antisymmetric: abar = 0
              + [E2^2 / E1^4 - 2 E3 / E1^3] / N                                    independent: abar moves too

At q = 1 this is a spread of 16.1/sqrt(m) and a bias of -53.5/m (independent), 22.7/sqrt(m) and -41.4/m
(antisymmetric), for a limit of e: many neurons are needed before a finite kernel looks like its limit. Tails are
heavy: leading order needs m far above exp(4 q).
"""

import math
from typing import NamedTuple

from softntk.failures import BadInput
from softntk.networks.features import Exponential, Features, ReLU, Softmax

__all__ = ["Fluctuation", "fluctuation"]


class Fluctuation(NamedTuple):
    """Spread times sqrt(m), and bias times m, of H(x, x) around its limit."""

    spread: float
    bias: float


def fluctuation(
    features: Features, *, norm: float = 1.0, scale: float = 1.0, antisymmetric: bool = True
) -> Fluctuation:
    """Leading-order spread and bias of the hidden kernel's diagonal entry at an input of the given norm.

    Raises:
        BadInput: a feature without a formula.
    """
    q = (scale * norm) ** 2
    E1, E2, E3, E4 = (math.exp(p * p * q / 2) for p in (1, 2, 3, 4))
    match features:
        case Softmax():
            tilt = 2 * E2 / E1
            variance = E4 - E2**2 - 2 * tilt * (E3 - E2 * E1) + tilt**2 * (E2 - E1**2)
            spread, bias = math.sqrt(variance) / E1**2, 3 * E2 * (E2 - E1**2) / E1**4 - 2 * (E3 - E2 * E1) / E1**3
            moving = E2**2 / E1**4 - 2 * E3 / E1**3
        case Exponential():
            spread, bias, moving = math.sqrt(E4 - E2**2), 0.0, 0.0
        case ReLU():
            spread, bias, moving = 0.5, 0.0, 0.0
        case _:
            raise BadInput("features", required="be one of the three", got=repr(features), advice="Type Softmax().")
    # An antisymmetric network of width m draws m/2 neurons.
    spread, bias = (math.sqrt(2) * spread, 2 * bias) if antisymmetric else (spread, bias + moving)
    return Fluctuation(norm**2 * spread, norm**2 * bias)
