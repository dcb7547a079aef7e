"""The constants of the statements, as adopted here, in one place.

The paper hides constants in Omega and O and calls its exponents convenient, not optimal. The product fills in
what is hidden with 1 and takes the exponents below; every evaluation accepts others. The radius of the
pre-activations is

    B = max(C sigma sqrt(log(n k / delta)), 1),

for which the paper says C > 10. `PAPER` takes C = 10, the least that the paper allows; `OPTIMISTIC` takes C = 1, the
least that a Gaussian tail bound could hope for.

Reference: arXiv 2405.03251v1, section 3 (B), Theorem 4.2 (width, step, steps), section 5 (the other exponents).
"""

import math
from dataclasses import dataclass

from softntk.theorems.logs import Number

__all__ = ["OPTIMISTIC", "PAPER", "Constants", "preactivation_bound"]


@dataclass(frozen=True)
class Constants:
    """Every constant that a statement leaves open, with the value adopted here."""

    #: C in B = max(C sigma sqrt(log(n k / delta)), 1).
    radius: float = 10.0
    #: What stands for the constant hidden in Omega and O.
    hidden: float = 1.0
    #: Width of the main theorem grows with exp(. B).
    width_exponent: float = 18.0
    #: Step size of the main theorem falls with exp(-. B); the number of steps grows with it.
    step_exponent: float = 16.0
    #: Step size = . lambda / (m n^2 k^2 exp(16 B)).
    step_prefactor: float = 0.1
    #: The kernel moves at most D n k exp(. B).
    perturbation_exponent: float = 10.0
    #: ... if every neuron moves less than this.
    perturbation_radius: float = 0.01
    #: Neurons stay within . m^-1 lambda^-1 exp(. B) sqrt(n k) ||Y - F(0)||_F of the start.
    movement_prefactor: float = 4.0
    movement_exponent: float = 3.0
    #: eta ||dL/dw_r|| is at most this.
    gradient_step: float = 0.01
    #: Table 1 speaks of probability 0.99.
    table_failure: float = 0.01
    #: Inputs scaled to norm 1 may exceed it by their rounding.
    rounding: float = 1e-6
    #: The constant in front of the approximation error of the score theorem.
    approximation_prefactor: float = 1.0


#: The paper's exponents with C = 10.
PAPER = Constants()

#: The same with C = 1.
OPTIMISTIC = Constants(radius=1.0)


def preactivation_bound(*, n: Number, k: Number, delta: Number, sigma: Number, constants: Constants = PAPER) -> float:
    """B = max(C sigma sqrt(log(n k / delta)), 1); NaN where a number makes no sense (delta <= 0, say)."""
    if not (n > 0 and k > 0 and delta > 0 and sigma > 0):
        return math.nan
    return max(constants.radius * sigma * math.sqrt(max(math.log(n * k / delta), 0.0)), 1.0)
