"""Gradient descent on nonlinear least squares: what general theorems promise, for comparison.

L = 1/2 ||f(theta) - y||^2, r0 = ||f(theta_0) - y||, J the Jacobian with singular values in [alpha, beta] on a ball, L
its Lipschitz constant there, s0 and b0 the extreme singular values at the start.

    Oymak and Soltanolkotabi   radius 4 r0/alpha, eta <= min(1, alpha^2/(L r0)) / (2 beta^2),
                               ||r||^2 contracts by 1 - eta alpha^2 / 2
    Liu, Zhu and Belkin        radius 2 L_F r0/mu, eta <= 1/(L_F^2 + beta_F r0), loss contracts by 1 - eta mu
    first order                J J^T = m H: the residual follows I - eta m H, stable for eta < 2/(m lambda_max)

The first needs s0 - L radius >= alpha, hence L r0/s0^2 <= 1/16 at best (alpha = s0/2).

References: arXiv 1812.10004, Theorem 2.1; arXiv 2003.00307 (local PL* condition, ||grad||^2 >= 2 mu loss).
"""

import math

from softntk.theorems.convergence import POSITIVE
from softntk.theorems.guarantee import Guarantee, Hypothesis, Kind, Origin
from softntk.theorems.logs import Number

__all__ = ["GENERAL", "GUARANTEES", "PL_STAR", "STABLE_STEP"]


def _positive(symbol: str, words: str, sides) -> Hypothesis:
    return Hypothesis(f"{words}, {symbol} > 0", ">", sides)


def _divide(number: Number, by: Number) -> float:
    if by:
        return number / by
    return math.inf if number > 0 else math.nan


def _general(alpha: Number, beta: Number, lipschitz: Number, residual: Number, eta: Number) -> dict[str, float]:
    return {
        "contraction": 1 - eta * alpha**2 / 2,
        "radius": _divide(4 * residual, alpha),
        "largest_step": _general_step(alpha, beta, lipschitz, residual),
    }


def _general_step(alpha: Number, beta: Number, lipschitz: Number, residual: Number) -> float:
    curved = _divide(alpha**2, lipschitz * residual)
    return _divide(1.0 if math.isnan(curved) and not lipschitz * residual else min(1.0, curved), 2 * beta**2)


GENERAL = Guarantee(
    name="general-least-squares",
    title="Gradient descent on nonlinear least squares contracts (Oymak, Soltanolkotabi)",
    statement="If the singular values of J lie in [alpha, beta] and J is L-Lipschitz on the ball of radius 4 r0/alpha, "
    "gradient descent stays in that ball and the squared residual contracts at every step.",
    hypotheses=(
        _positive("alpha", "the Jacobian has full row rank on the ball", lambda alpha: (alpha, 0.0)),
        Hypothesis(
            "the lower bound holds on the ball, s0 - L 4 r0/alpha >= alpha",
            ">=",
            lambda s0, alpha, lipschitz, residual: (s0 - lipschitz * _divide(4 * residual, alpha), alpha),
        ),
        Hypothesis(
            "the upper bound holds on the ball, b0 + L 4 r0/alpha <= beta",
            "<=",
            lambda b0, alpha, beta, lipschitz, residual: (b0 + lipschitz * _divide(4 * residual, alpha), beta),
        ),
        Hypothesis(
            "the step is small, eta <= min(1, alpha^2/(L r0)) / (2 beta^2)",
            "<=",
            lambda eta, alpha, beta, lipschitz, residual: (eta, _general_step(alpha, beta, lipschitz, residual)),
        ),
    ),
    conclusion="||r(t+1)||^2 <= (1 - eta alpha^2/2) ||r(t)||^2 and ||theta(t) - theta(0)|| <= 4 r0/alpha",
    kind=Kind.UPPER,
    origin=Origin.LITERATURE,
    reference="Oymak, Soltanolkotabi (2019), arXiv 1812.10004, Theorem 2.1",
    promises={
        "contraction": "factor of the squared residual in one step",
        "radius": "largest distance from the start",
        "largest_step": "largest step size allowed",
    },
    rule=_general,
)


def _pl_star(mu: Number, lipschitz_map: Number, smoothness: Number, residual: Number, eta: Number) -> dict[str, float]:
    return {
        "contraction": 1 - eta * mu,
        "radius": _divide(2 * lipschitz_map * residual, mu),
        "largest_step": _divide(1.0, lipschitz_map**2 + smoothness * residual),
    }


PL_STAR = Guarantee(
    name="local-pl-star",
    title="Gradient descent under the local PL* condition contracts (Liu, Zhu, Belkin)",
    statement="If ||grad||^2 >= 2 mu loss on the ball of radius 2 L_F r0/mu, where the map is L_F-Lipschitz and "
    "beta_F-smooth, that ball holds a solution and the loss contracts at every step.",
    hypotheses=(
        _positive("mu", "the PL* constant is positive", lambda mu: (mu, 0.0)),
        Hypothesis(
            "the condition holds on the ball, (s0 - beta_F 2 L_F r0/mu)^2 >= mu",
            ">=",
            lambda s0, mu, lipschitz_map, smoothness, residual: (
                max(s0 - smoothness * _divide(2 * lipschitz_map * residual, mu), 0.0) ** 2,
                mu,
            ),
        ),
        Hypothesis(
            "the step is small, eta <= 1/(L_F^2 + beta_F r0)",
            "<=",
            lambda eta, lipschitz_map, smoothness, residual: (
                eta,
                _divide(1.0, lipschitz_map**2 + smoothness * residual),
            ),
        ),
    ),
    conclusion="loss(t+1) <= (1 - eta mu) loss(t) and ||theta(t) - theta(0)|| <= 2 L_F r0/mu",
    kind=Kind.UPPER,
    origin=Origin.LITERATURE,
    reference="Liu, Zhu, Belkin (2020), arXiv 2003.00307, convergence under the local PL* condition",
    promises={
        "contraction": "factor of the loss in one step",
        "radius": "largest distance from the start",
        "largest_step": "largest step size allowed",
    },
    rule=_pl_star,
)


def _stable(m: Number, lambda_min: Number, lambda_max: Number, eta: Number) -> dict[str, float]:
    return {
        "largest_step": _divide(2.0, m * lambda_max),
        "contraction": max(abs(1 - eta * m * lambda_min), abs(1 - eta * m * lambda_max)),
    }


STABLE_STEP = Guarantee(
    name="stable-step",
    title="The residual follows I - eta m H to first order",
    statement="Gradient descent on the linearization contracts every residual if and only if eta < 2/(m lambda_max) "
    "and lambda > 0; the slowest direction contracts by max |1 - eta m lambda|.",
    hypotheses=(POSITIVE, Hypothesis("the network is replaced by its linearization at the start")),
    conclusion="R(t+1) = (I - eta m H) R(t), largest stable step 2/(m lambda_max)",
    kind=Kind.TIGHT,
    origin=Origin.DERIVED,
    reference="J J^T = m H, and a symmetric matrix contracts by its largest absolute eigenvalue",
    promises={
        "largest_step": "the step size from which on the residual no longer shrinks",
        "contraction": "factor of the residual in its slowest direction in one step",
    },
    rule=_stable,
)

GUARANTEES = (GENERAL, PL_STAR, STABLE_STEP)
