"""What the proof carries from step to step, and how one step changes the loss.

Induction (softmax networks only; the paper), for all steps t:

    weights    max_r ||w_r(t) - w_r(0)|| <= 4 m^-1 lambda^-1 exp(3 B) sqrt(n k) ||Y - F(0)||_F,
               which has to be below lambda / (2 n k exp(10 B))
    loss       ||F(t+1) - Y||_F^2 <= (1 - m eta lambda / 2) ||F(t) - Y||_F^2
    gradient   eta ||dL/dw_r|| <= 0.01

One step changes the squared residual by exactly

    ||R(t+1)||^2 - ||R(t)||^2 = C0 + C1 + C2 + C3,    Ck = 2 <R(t), v_k>,    C3 = ||F(t+1) - F(t)||^2

where F(t+1) - F(t) = v0 + v1 + v2. With N_i(t) = sum_r exp(z_ir(t)) and c_ir = exp(z_ir(t+1)):

    v0 = m sum_r a_lr c_ir (1/N_i(t+1) - 1/N_i(t))       the normalization moves
    v1 = m sum_r a_lr exp(z_ir(t)) / N_i(t) dz_ir        first order in the step, normalization kept
    v2 = the rest                                        m sum_r a_lr (c_ir - exp(z_ir(t)) (1 + dz_ir)) / N_i(t)

v0 is of first order in eta as well: only v0 + v1 holds the first-order change -eta m H R, so the exact split is

    F(t+1) - F(t) = J dW + remainder,     J dW = -eta m H R,     remainder of second order in eta.

Reference: arXiv 2405.03251v1, section 5 and its appendix (induction, C0 to C3); the exact split is derived here.
"""

from softntk.theorems.constants import Constants, preactivation_bound
from softntk.theorems.convergence import (
    FIXED_SIGNS,
    PAPER_REFERENCE,
    POSITIVE,
    SOFTMAX_NETWORK,
    UNIT_INPUTS,
    UNIT_LABELS,
    log10_step_size,
)
from softntk.theorems.guarantee import Guarantee, Hypothesis, Kind, Origin
from softntk.theorems.logs import LOG10_E, Number, log10

__all__ = ["EXACT_SPLIT", "GRADIENT", "GUARANTEES", "LOSS", "SPLIT", "WEIGHTS"]


def _movement(
    n: Number,
    m: Number,
    k: Number,
    delta: Number,
    sigma: Number,
    lambda_min: Number,
    residual: Number,
    constants: Constants,
) -> dict[str, float]:
    B = preactivation_bound(n=n, k=k, delta=delta, sigma=sigma, constants=constants)
    moved = (
        log10(constants.movement_prefactor) - log10(m) - log10(lambda_min) + constants.movement_exponent * B * LOG10_E
    )
    moved += log10(n * k) / 2 + log10(residual)
    allowed = log10(lambda_min) - log10(2 * n * k) - constants.perturbation_exponent * B * LOG10_E
    return {"log10_distance": moved, "log10_allowed": allowed}


def _distances(
    n: Number,
    m: Number,
    k: Number,
    delta: Number,
    sigma: Number,
    lambda_min: Number,
    residual: Number,
    constants: Constants,
) -> tuple[float, float]:
    found = _movement(n, m, k, delta, sigma, lambda_min, residual, constants)
    return found["log10_distance"], found["log10_allowed"]


WIDE = Hypothesis(
    "the network is wide enough that lambda stays above half of its value within the distance that neurons move",
    "<",
    _distances,
    formula="log10 of 4 m^-1 lambda^-1 exp(3 B) sqrt(nk) ||Y - F(0)|| against log10 of lambda/(2 n k exp(10 B))",
)
SMALL_STEP = Hypothesis(
    "the step is at most that of the theorem",
    "<=",
    lambda eta, n, m, k, delta, sigma, lambda_min, constants: (
        log10(eta),
        log10_step_size(
            n=n, k=k, log10_width=log10(m), delta=delta, sigma=sigma, lambda_min=lambda_min, constants=constants
        ),
    ),
    formula="log10 of eta against log10 of 0.1 lambda / (m n^2 k^2 exp(16 B))",
)
_SETTING = (SOFTMAX_NETWORK, POSITIVE, UNIT_INPUTS, UNIT_LABELS, FIXED_SIGNS, WIDE)

_REFERENCE = f"{PAPER_REFERENCE}, induction of section 5"

WEIGHTS = Guarantee(
    name="induction-weights",
    title="Neurons stay near their start",
    statement="During the whole run every neuron stays within a small distance of its start.",
    hypotheses=_SETTING,
    conclusion="max_r ||w_r(t) - w_r(0)|| <= 4 m^-1 lambda^-1 exp(3 B) sqrt(nk) ||Y - F(0)||_F",
    kind=Kind.UPPER,
    origin=Origin.PAPER,
    reference=_REFERENCE,
    promises={
        "log10_distance": "log10 of the largest distance of a neuron from its start",
        "log10_allowed": "log10 of the distance that keeps lambda above half of its value",
    },
    rule=_movement,
)

LOSS = Guarantee(
    name="induction-loss",
    title="The loss contracts at every step",
    statement="At every step the squared residual shrinks by the factor 1 - m eta lambda / 2 at least.",
    hypotheses=(*_SETTING, SMALL_STEP),
    conclusion="||F(t+1) - Y||_F^2 <= (1 - m eta lambda / 2) ||F(t) - Y||_F^2",
    kind=Kind.UPPER,
    origin=Origin.PAPER,
    reference=_REFERENCE,
    promises={"contraction": "factor of the squared residual in one step"},
    rule=lambda m, eta, lambda_min: {"contraction": 1 - m * eta * lambda_min / 2},
)

GRADIENT = Guarantee(
    name="induction-gradient",
    title="No neuron moves far in one step",
    statement="At every step every neuron moves by at most 0.01.",
    hypotheses=(*_SETTING, SMALL_STEP),
    conclusion="max_r eta ||dL/dw_r|| <= 0.01",
    kind=Kind.UPPER,
    origin=Origin.PAPER,
    reference=_REFERENCE,
    promises={"move": "largest distance that a neuron moves in one step"},
    rule=lambda constants: {"move": constants.gradient_step},
)

SPLIT = Guarantee(
    name="loss-split",
    title="One step changes the squared residual by C0 + C1 + C2 + C3",
    statement="The change of the squared residual is the sum of a part for the normalization, a linear part, a "
    "second-order part and the squared change of the outputs.",
    hypotheses=(SOFTMAX_NETWORK,),
    conclusion="||R(t+1)||_F^2 - ||R(t)||_F^2 = C0 + C1 + C2 + C3",
    kind=Kind.TIGHT,
    origin=Origin.PAPER,
    reference=f"{PAPER_REFERENCE}, proof of the contraction",
    promises={"change": "change of the squared residual"},
    rule=lambda c0, c1, c2, c3: {"change": float(c0 + c1 + c2 + c3)},
)

EXACT_SPLIT = Guarantee(
    name="exact-split",
    title="v0 + v1 hold the first-order change, the rest is of second order",
    statement="Of the paper's parts only v0 and v1 together hold the first-order change -eta m H R: v0 + v1 minus it "
    "falls with the square of the step size, as v2 does.",
    hypotheses=(SOFTMAX_NETWORK,),
    conclusion="v0 + v1 = -eta m H R + O(eta^2), v2 = O(eta^2)",
    kind=Kind.TIGHT,
    origin=Origin.DERIVED,
    reference="Taylor expansion of the softmax in one step",
    promises={"order": "power of the step size with which the remainder falls"},
    rule=lambda: {"order": 2.0},
)

GUARANTEES = (WEIGHTS, LOSS, GRADIENT, SPLIT, EXACT_SPLIT)
