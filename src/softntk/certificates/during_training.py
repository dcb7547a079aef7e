"""Certify as you go: the first step of a run from which the rest is proved.

Nothing in Theorem A needs W0 to be the start of training. Applied at W(t) it needs h < 1/2 there, which a shrinking
residual buys, with the step size in use. So a probe records 1/2 - h(W(t)) along the run of `gradient_descent`, and the
run may stop where it turns positive: every later step is covered by the proof.

    probe = margin(inputs, labels, step_size=eta)
    network, trace = gradient_descent(network, inputs, labels, step_size=eta, steps=10_000, record_every=50,
                             probes={"margin": probe}, until="margin")

or, in one call, `certify_during_training`.
"""

import math
from dataclasses import dataclass

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from softntk.certificates.assessment import assess, constants
from softntk.certificates.convergence import certify
from softntk.certificates.promises import Certificate
from softntk.dynamics.descent import gradient_descent
from softntk.dynamics.iteration import Probe
from softntk.dynamics.step_size import resolved
from softntk.dynamics.trace import Trace
from softntk.networks.two_layer import TwoLayer
from softntk.numerics.arrays import require_float64

__all__ = ["TrainingCertificates", "certify_during_training", "margin"]


@dataclass(frozen=True)
class TrainingCertificates:
    """A run with its first certificate.

    Attributes:
        first: the first recorded step at which Theorem A applies with the step size in use; None if there was none.
        certificate: at that step; at the last step if there was none.
        network: the network at that step.
        trace: the run up to there; `trace.probes["margin"]` is 1/2 - h.
    """

    first: int | None
    certificate: Certificate
    network: TwoLayer
    trace: Trace

    def steps_to(self, loss: float) -> float:
        """Steps of the whole run, taken and proved, until the loss is at most `loss`; infinity if nothing is proved."""
        return math.inf if self.first is None else self.first + self.certificate.steps_to(loss)


def margin(
    inputs: Float[Array, "n d"], labels: Float[Array, "n k"], *, step_size: float | Float[Array, ""] | None = None
) -> Probe:
    """A probe for `gradient_descent`: 1/2 - h at W(t), positive exactly where Theorem A applies; NaN if unknown.

    Arguments:
        step_size: the step size of the run, which must be small enough at W(t); None if it may be chosen anew.

    Every record costs a few kernels and their eigenvalues.

    Raises:
        BadInput: not float64.
    """
    require_float64("inputs", jnp.asarray(inputs))
    return _Margin(inputs, labels, None if step_size is None else jnp.asarray(step_size, inputs.dtype))


class _Margin(eqx.Module):
    """A value and no closure, so that runs of the same shapes share one compilation."""

    inputs: Float[Array, "n d"]
    labels: Float[Array, "n k"]
    step_size: Float[Array, ""] | None

    def __call__(self, network: TwoLayer) -> Float[Array, ""]:
        found = constants(network, self.inputs, self.labels)
        h = assess(found, self.step_size).h
        # Where lambda is numerical zero nothing is known.
        return jnp.where(found.s0 > 0, 0.5 - h, jnp.nan)


def certify_during_training(
    network: TwoLayer,
    inputs: Float[Array, "n d"],
    labels: Float[Array, "n k"],
    *,
    steps: int,
    record_every: int = 50,
    step_size: float | None = None,
) -> TrainingCertificates:
    """Train until Theorem A covers the rest of the run.

    Arguments:
        steps: steps to take at most.
        record_every: steps between two attempts to certify.
        step_size: eta; None for half of 1/||J||^2 at the start, which leaves room for J to grow.

    Raises:
        BadInput: wrong shapes, NaN or infinite entries, not float64, numbers out of range.
    """
    require_float64("inputs", jnp.asarray(inputs))
    eta = float(resolved("stable", network, inputs)) / 2 if step_size is None else step_size
    probe = margin(inputs, labels, step_size=eta)
    trained, trace = gradient_descent(
        network,
        inputs,
        labels,
        step_size=eta,
        steps=steps,
        record_every=record_every,
        probes={"margin": probe},
        until="margin",
    )
    certificate = certify(trained, inputs, labels, step_size=eta)
    reached = bool(np.asarray(trace.probes["margin"])[-1] > 0) and certificate.established
    return TrainingCertificates(int(np.asarray(trace.steps)[-1]) if reached else None, certificate, trained, trace)
