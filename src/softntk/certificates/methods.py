"""What float64 and ball arithmetic share: the methods of Theorem A with their formulas, the radii and step sizes tried.

    exact     psi = s0 - change(u)                                              softmax, exponential; eta <= 1/beta^2
    capped    psi = max(s0 - change(u), floor(u)) - c L r0 / (2 beta)                                eta = c/beta^2
    double    psi = s0 - 2 change(u)                                            ReLU;                 eta <= 1/beta^2
    small     psi = sqrt(s0^2 - change^2) - change - c (s0 + change) / 2        ReLU;                 eta = c/beta^2

The formulas hold for arrays and for balls alike. Radii are in units of r0/s0, below which no path ends, and step sizes
in units of 1/beta^2. Any grid is valid; a finer one finds a little more. Proofs: docs/certificates.md, Theorem A.
"""

from collections.abc import Callable
from typing import Any

__all__ = [
    "EASY",
    "FRACTIONS",
    "METHODS",
    "capped_charge",
    "double_rate",
    "radii_in_units",
    "small_charge",
    "small_rate",
]

#: The rates of decrease, in the order of `Assessment.method`.
METHODS = ("exact", "capped", "double", "small")
#: Values of c = eta beta^2.
FRACTIONS = (1.0, 1 / 4, 1 / 16, 1 / 64)
#: Below this h of the exact method the floor of `capping`, which costs another kernel, is not asked for.
EASY = 0.25

_SMOOTH = (*(j / 10 for j in range(1, 31)), 3.4, 3.9, 4.5, 5.2, 6.0, 7.0, 8.0)
_JUMPING = (*(j / 10 for j in range(1, 21)), 2.3, 2.7, 3.2, 4.0)


def radii_in_units(jumping: bool) -> tuple[float, ...]:
    """The grid; coarser for ReLU, whose every radius costs work for each sample and neuron."""
    return _JUMPING if jumping else _SMOOTH


def capped_charge(c: Any, lipschitz: Any, residual: Any, beta: Any) -> Any:
    """What the capped method subtracts for the curvature of a step."""
    return c * lipschitz * residual / (2 * beta)


def double_rate(s0: Any, change: Any) -> Any:
    """psi of the double method."""
    return s0 - 2 * change


def small_rate(s0: Any, change: Any, root: Callable[[Any], Any]) -> Any:
    """psi of the small method before its charge; `root` is the square root of the arithmetic in use."""
    return root(s0 * s0 - change * change) - change


def small_charge(c: Any, s0: Any, change: Any) -> Any:
    """What the small method subtracts for the length of a step."""
    return c * (s0 + change) / 2
