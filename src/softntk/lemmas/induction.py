"""The paper's induction on a run: weights stay, the loss contracts, no neuron jumps.

    weights    max_r ||w_r(t) - w_r(0)|| <= 4 m^-1 lambda^-1 exp(3 B) sqrt(n k) ||Y - F(0)||_F
    loss       ||F(t+1) - Y||_F^2 <= (1 - m eta lambda / 2) ||F(t) - Y||_F^2
    gradient   max_r eta ||dL/dw_r|| <= 0.01

Between two records the factor of one step is the geometric mean over the steps between them. Records whose residual
has come down to the rounding of the outputs are left out: there the loss is noise. The gradient needs its probe:

    gradient_descent(..., probes={"neuron_gradient": neuron_gradient(inputs, labels)})

The statements are those of the softmax network: for any other feature they *do not apply*. Their hypotheses ask for a
width that no network has, so that is the usual answer for softmax too; the numbers stand beside it.

Reference: arXiv 2405.03251v1, induction of section 5 (statements: `theorems.induction`).
"""

from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from softntk.dynamics.iteration import Probe
from softntk.dynamics.trace import Trace
from softntk.failures import BadInput
from softntk.lemmas.finding import Finding, facts, found
from softntk.networks.features import Softmax
from softntk.networks.two_layer import TwoLayer
from softntk.theorems.constants import PAPER, Constants
from softntk.theorems.guarantee import Guarantee
from softntk.theorems.induction import GRADIENT, LOSS, WEIGHTS
from softntk.theorems.logs import log10

__all__ = ["loss_contracts", "neuron_gradient", "neurons_move_little", "neurons_stay", "worst_contraction"]

#: Name of the probe that `neurons_move_little` reads.
PROBE = "neuron_gradient"


def neuron_gradient(inputs: Float[Array, "n d"], labels: Float[Array, "n k"]) -> Probe:
    """A probe that records max_r ||dL/dw_r||."""

    def probe(network: TwoLayer) -> Float[Array, ""]:
        return jnp.linalg.norm(network.gradient(inputs, labels), axis=0).max()

    return probe


def neurons_stay(
    trace: Trace,
    start: TwoLayer,
    inputs: Float[Array, "n d"],
    labels: Float[Array, "n k"],
    *,
    lambda_min: float,
    scale: float,
    lambda_radius: float = 0.0,
    delta: float = 0.01,
    constants: Constants = PAPER,
) -> Finding:
    """Check how far neurons have moved over the whole run; both numbers are log10.

    Arguments:
        trace: of the run.
        start: the network at the start.
        lambda_min: smallest eigenvalue of the kernel at the start, `lambda_radius` its numerical error.
        scale: standard deviation of the hidden weights at the start.
        delta: probability with which the statement may fail.
    """
    numbers = _numbers(start, inputs, labels, lambda_min, lambda_radius, scale, delta)
    evaluation = _evaluate(WEIGHTS, numbers, constants)
    return found(evaluation, log10(float(np.max(np.asarray(trace.neuron_distance)))))


def loss_contracts(
    trace: Trace,
    start: TwoLayer,
    inputs: Float[Array, "n d"],
    labels: Float[Array, "n k"],
    *,
    lambda_min: float,
    scale: float,
    lambda_radius: float = 0.0,
    delta: float = 0.01,
    constants: Constants = PAPER,
) -> Finding:
    """Check the factor by which the squared residual shrinks in one step, the worst over the run.

    Arguments: as `neurons_stay`.
    """
    numbers = _numbers(start, inputs, labels, lambda_min, lambda_radius, scale, delta)
    evaluation = _evaluate(LOSS, numbers | {"eta": float(trace.step_size)}, constants)
    return found(evaluation, worst_contraction(trace, resolution=_resolution(start, labels)))


def neurons_move_little(
    trace: Trace,
    start: TwoLayer,
    inputs: Float[Array, "n d"],
    labels: Float[Array, "n k"],
    *,
    lambda_min: float,
    scale: float,
    lambda_radius: float = 0.0,
    delta: float = 0.01,
    constants: Constants = PAPER,
) -> Finding:
    """Check max_r eta ||dL/dw_r|| at the recorded steps. Arguments: as `neurons_stay`.

    Raises:
        BadInput: the trace has no probe "neuron_gradient".
    """
    if PROBE not in trace.probes:
        raise BadInput(
            "trace",
            required=f"have the probe {PROBE}",
            got=", ".join(trace.probes) or "no probes",
            advice=f"Type gradient_descent(..., probes={{'{PROBE}': {PROBE}(inputs, labels)}}).",
        )
    numbers = _numbers(start, inputs, labels, lambda_min, lambda_radius, scale, delta)
    evaluation = _evaluate(GRADIENT, numbers | {"eta": float(trace.step_size)}, constants)
    return found(evaluation, float(trace.step_size) * float(np.max(np.asarray(trace.probes[PROBE]))))


def worst_contraction(trace: Trace, *, resolution: float = 0.0) -> float:
    """The largest factor of the squared residual in one step; NaN if no two records lie above `resolution`.

    Arguments:
        resolution: residual norms up to this are noise.
    """
    steps, loss = np.asarray(trace.steps), np.asarray(trace.loss, np.float64)
    if not np.isfinite(loss).all():
        return float("nan")
    gaps, before, after = np.diff(steps), loss[:-1], loss[1:]
    above = 2 * before > resolution**2
    above &= 2 * after > resolution**2
    if not above.any():
        return float("nan")
    return float(np.max((after[above] / before[above]) ** (1 / gaps[above])))


def _resolution(network: TwoLayer, labels: Float[Array, "n k"]) -> float:
    """Rounding of the residual norm: outputs are sums of m terms of size 1, one for every label."""
    return float(16 * network.width**0.5 * labels.size**0.5 * jnp.finfo(labels.dtype).eps)


def _numbers(
    start: TwoLayer,
    inputs: Float[Array, "n d"],
    labels: Float[Array, "n k"],
    lambda_min: float,
    lambda_radius: float,
    scale: float,
    delta: float,
) -> dict[str, Any]:
    return facts(start, inputs) | {
        "softmax": float(isinstance(start.features, Softmax)),
        "largest_label": float(jnp.abs(labels).max()),
        "sigma": scale,
        "delta": delta,
        "lambda_min": lambda_min,
        "lambda_radius": lambda_radius,
        "residual": float(jnp.linalg.norm(start(inputs) - labels)),
    }


def _evaluate(guarantee: Guarantee, numbers: dict[str, Any], constants: Constants):
    known = {symbol: numbers[symbol] for symbol in guarantee.symbols if symbol in numbers}
    return guarantee.evaluate(**known, constants=constants)
