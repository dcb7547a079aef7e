"""What a proof of Theorem A consists of: constants, and the inequalities that tie them together.

With s0^2 <= m lambda_min, b0^2 >= m lambda_max, r0 >= ||R||_F and radii 0 = u_0 < u_1 < ... < u_J, p <= u_J,

    L_j: J is L_j-Lipschitz within u_j of W           change(u) = int_0^u L, L = L_j on (u_{j-1}, u_j]
    ReLU, Delta_j: J changes by at most that there    change(u) = Delta_j on (u_{j-1}, u_j]

gradient descent with step size eta stays within p of W, its path is at most p long, and every step multiplies the
norm of the residual by at most the contraction, if

    int_0^p psi > r0,   psi(p) > 0,   beta >= b0 + change(u_J),   eta beta^2 <= c <= 1,
    contraction >= 1 - eta s_end psi(p),   s_end <= smallest singular value of J within p of W.

    method   for                    psi(u)                                                        s_end
    exact    softmax, exponential   s0 - change(u), c = 1                                         psi(p)
    capped   softmax, exponential   larger(u) - c L_J r0 / (2 beta)                               larger(p)
    double   ReLU                   s0 - 2 change(u), c = 1                                       s0 - change(p)
    small    ReLU                   sqrt(s0^2 - change^2) - change - c (s0 + change) / 2          s0 - change(p)

larger(u) is on each (u_{j-1}, u_j] the one with the larger integral of s0 - change(u) and the floor of `capping`,
level_j - slope_j u. Proofs: docs/certificates.md, Theorem A.
"""

import math
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float

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


@dataclass(frozen=True, eq=False)
class Proof:
    """The constants, each rounded to float64 on its safe side before the next is computed from it. NaN: not reached.

    Attributes:
        verdict: *certified*, or why not.
        method: exact, capped, double or small; empty if not certified.
        radii: u_1, ..., u_J.
        bounds: L_j, or Delta_j for ReLU.
        multipliers: what ReLU's bounds were found with (see `enclosed_flips`); empty for the others.
        lambda_min: below the smallest eigenvalue of H.
        lambda_max: above the largest.
        residual: r0.
        s0: below the smallest singular value of J at W.
        b0: above the largest.
        damping: sqrt(omega) (m,) of the floor; empty where there is none.
        cap: tau, above sqrt(omega_r) nu_r for every neuron; NaN without a floor.
        start: s, below the smallest singular value of the damped Jacobian; NaN without a floor.
        path: p.
        decrease: psi(p), from below.
        s_end: as above.
        beta: above the largest singular value of J within p of W.
        fraction: c.
        step_size: eta.
        contraction: what a step multiplies the residual's norm by, at most.
        h: r0 / (2 max_p int_0^p psi) over the radii, from above; with all radii it is below 1/2 if some p will do.
        inequalities: the chain, in the order of the proof.
    """

    verdict: Verdict
    method: str = ""
    radii: tuple[float, ...] = ()
    bounds: tuple[float, ...] = ()
    multipliers: tuple[float, ...] = ()
    lambda_min: float = math.nan
    lambda_max: float = math.nan
    residual: float = math.nan
    s0: float = math.nan
    b0: float = math.nan
    damping: Float[np.ndarray, " m2"] = field(default_factory=lambda: np.zeros(0))
    cap: float = math.nan
    start: float = math.nan
    path: float = math.nan
    decrease: float = math.nan
    s_end: float = math.nan
    beta: float = math.nan
    fraction: float = math.nan
    step_size: float = math.nan
    contraction: float = math.nan
    h: float = math.nan
    inequalities: tuple[Inequality, ...] = ()

    @property
    def certified(self) -> bool:
        """Whether the theorem is proved for this network."""
        return self.verdict.answer is Answer.CERTIFIED
