"""Test error against the kernel's bounds, and the distance moved against the linearization's.

One column of labels at a time. The loss is min(1, |f - y|): 1-Lipschitz, at most 1, zero at the label, and for labels
-1 and +1 at least the share of wrong signs. A test error is an average over test samples and comes with its standard
error.

Statements and references: `theorems.generalization`.
"""

import math
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from softntk.dynamics.trace import Trace
from softntk.kernels.empirical import empirical_ntk
from softntk.kernels.spectra import spectrum
from softntk.lemmas.finding import Finding, found
from softntk.networks.two_layer import TwoLayer
from softntk.numerics.arrays import finite_matrix
from softntk.theorems.generalization import DISTANCE, GENERALIZATION, GENERALIZATION_EXPLICIT
from softntk.verdicts import Answer, Verdict

__all__ = [
    "HeldOutLoss",
    "clipped_loss",
    "distance_moved",
    "explicit_generalization",
    "generalization",
    "interpolant_norm",
]


class HeldOutLoss(NamedTuple):
    """Mean loss over test samples and its standard error."""

    mean: float
    standard_error: float


def clipped_loss(outputs: Float[Array, " n2"], labels: Float[Array, " n2"]) -> HeldOutLoss:
    """min(1, |f - y|) on average over the test samples."""
    loss = np.minimum(1.0, np.abs(np.asarray(outputs, np.float64) - np.asarray(labels, np.float64)))
    error = float(loss.std(ddof=1) / math.sqrt(loss.size)) if loss.size > 1 else math.nan
    return HeldOutLoss(float(loss.mean()), error)


def interpolant_norm(kernel: Float[Array, "n n"], labels: Float[Array, " n"]) -> dict[str, Any]:
    """tr K, y^T K^-1 y and the smallest eigenvalue with its error, by the symbols of the theorems.

    y^T K^-1 y is infinite if the smallest eigenvalue is not above its numerical error.
    """
    found_spectrum = spectrum(kernel)
    values, radius = np.asarray(found_spectrum.values), float(found_spectrum.radius)
    coefficients = np.asarray(found_spectrum.vectors.T @ labels)
    usable = values[0] > radius
    return {
        "n": float(labels.shape[0]),
        "trace": float(jnp.trace(kernel)),
        "norm_squared": float(np.sum(coefficients**2 / values)) if usable else math.inf,
        "lambda_min": float(values[0]),
        "lambda_radius": radius,
        "largest_label": float(jnp.abs(labels).max()),
    }


def generalization(kernel: Float[Array, "n n"], labels: Float[Array, " n"], test: HeldOutLoss) -> Finding:
    """Hold a test loss beside the scale-free complexity term of the limit kernel: *order only*.

    Arguments:
        kernel: the limit kernel at the training inputs.
        labels: one column, entries in [-1, 1].
        test: the loss of a trained network or of the kernel's interpolant on test samples.
    """
    return found(GENERALIZATION.evaluate(**interpolant_norm(kernel, labels)), test.mean, error=4 * test.standard_error)


def explicit_generalization(
    kernel: Float[Array, "n n"],
    labels: Float[Array, " n"],
    test: HeldOutLoss,
    *,
    largest_diagonal: float,
    delta: float = 0.01,
) -> Finding:
    """Check the test loss of the kernel's interpolant against the bound with every constant visible.

    Arguments:
        test: the loss of the minimum-norm interpolant of this kernel (not of a finite network).
        largest_diagonal: bound on K(x, x) over all inputs that can occur.
        delta: probability with which the bound may fail.

    The measured loss counts with four standard errors.
    """
    evaluation = GENERALIZATION_EXPLICIT.evaluate(
        **interpolant_norm(kernel, labels), largest_diagonal=largest_diagonal, delta=delta
    )
    return found(evaluation, test.mean, error=4 * test.standard_error)


def distance_moved(
    trace: Trace,
    start: TwoLayer,
    inputs: Float[Array, "n d"],
    labels: Float[Array, "n k"],
    *,
    error: float | None = None,
) -> Finding:
    """Hold the Frobenius distance at the end of a run against that of the linearization after as many steps.

    Arguments:
        error: how far apart the two may be, a bound on how far the network leaves its linearization. Without it
            the numbers are compared in words only: a network is not its linearization.
    """
    inputs = finite_matrix("inputs", inputs, columns=start.input_size)
    found_spectrum = spectrum(empirical_ntk(start, inputs))
    # Rounding can leave a numerical zero slightly negative; a direction without slope does not move.
    values = np.maximum(np.asarray(found_spectrum.values, np.float64), 0.0)
    residual = (start(inputs) - labels).reshape(-1)
    evaluation = DISTANCE.evaluate(
        eigenvalues=values.tolist(),
        coefficients=np.asarray(found_spectrum.vectors.T @ residual, np.float64).tolist(),
        m=float(start.width),
        eta=float(trace.step_size),
        t=int(trace.steps[-1]),
    )
    measured = float(trace.distance[-1])
    if error is not None:
        return found(evaluation, measured, error=error)
    promised = evaluation.promised["distance"]
    ratio = measured / promised if promised else math.nan
    reason = (
        f"measured {measured:.6g}, linearization {promised:.6g}, ratio {ratio:.4g}; no bound on the difference given"
    )
    verdict = Verdict(DISTANCE.title, Answer.UNDECIDED, reason, measured, promised)
    return Finding(measured, promised, verdict)
