"""What a proof of Theorem A consists of: constants, and the inequalities that tie them together.

With s0^2 <= m lambda_min, b0^2 >= m lambda_max, r0 >= ||R||_F, a grid 0 = u_0 < u_1 < ... < u_J with p <= u_J, and

    smooth features   J is L_j-Lipschitz within u_j of W:      change(u) = int_0^u L,  L = L_j on (u_{j-1}, u_j]
                                                               decrease(u) = s0 - change(u)
    ReLU              J changes by at most Delta_j there:      change(u) = Delta_j on (u_{j-1}, u_j]
                                                               decrease(u) = s0 - 3 change(u)

gradient descent with step size eta stays within p of W, its path is at most p long, and every step multiplies the
norm of the residual by at most the contraction, if

    int_0^p decrease >= r0,   decrease(p) > 0,   beta >= b0 + change(p),   eta beta^2 <= 1,
    contraction >= 1 - eta (s0 - change(p)) decrease(p).

For smooth features and one radius the first two say h = L r0 / s0^2 < 1/2. The theorem is proved in
docs/certificates.md.
"""

import math
from dataclasses import dataclass

from softntk.verdicts import Answer, Verdict

__all__ = ["CLAIM", "Inequality", "Proof"]

#: What a proof proves.
CLAIM = "gradient descent from these weights reaches loss zero"


@dataclass(frozen=True)
class Inequality:
    """left <= right, or left < right if strict; the side that was enclosed is rounded against the inequality."""

    states: str
    left: float
    right: float
    strict: bool = False

    @property
    def holds(self) -> bool:
        """NaN never holds."""
        return self.left < self.right if self.strict else self.left <= self.right


@dataclass(frozen=True)
class Proof:
    """The constants, each rounded to float64 on its safe side before the next is computed from it. NaN: not reached.

    Attributes:
        verdict: *certified*, or why not.
        radii: u_1, ..., u_J.
        bounds: L_j, or Delta_j for ReLU.
        lambda_min: below the smallest eigenvalue of H.
        lambda_max: above the largest.
        residual: r0.
        s0: below the smallest singular value of J at W.
        b0: above the largest.
        path: p.
        s_end: below the smallest singular value of J within p of W.
        decrease: decrease(p), from below.
        beta: above the largest singular value of J within p of W.
        step_size: eta.
        contraction: what a step multiplies the residual's norm by, at most.
        h: L r0 / s0^2; NaN for ReLU and for several radii.
        inequalities: the chain, in the order of the proof.
    """

    verdict: Verdict
    radii: tuple[float, ...] = ()
    bounds: tuple[float, ...] = ()
    lambda_min: float = math.nan
    lambda_max: float = math.nan
    residual: float = math.nan
    s0: float = math.nan
    b0: float = math.nan
    path: float = math.nan
    s_end: float = math.nan
    decrease: float = math.nan
    beta: float = math.nan
    step_size: float = math.nan
    contraction: float = math.nan
    h: float = math.nan
    inequalities: tuple[Inequality, ...] = ()

    @property
    def certified(self) -> bool:
        """Whether the theorem is proved for this network."""
        return self.verdict.answer is Answer.CERTIFIED
