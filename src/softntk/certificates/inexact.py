"""Theorem A for steps that are not exact: the float run itself.

Suppose that step t is W(t+1) = W(t) - eta g(W(t)) + d_t with ||d_t|| <= delta, for T steps. Every rate of decrease psi
of `assessment` holds with D + delta in place of the length D, at a price of 2 beta delta a step:

    ||R(t+1)|| <= ||R(t)|| - int_u^(u+D+delta) psi + 2 beta delta.

So if int_0^p psi > r0 + 2 beta T delta, all T steps stay within p of W0, and with the contraction q of the exact steps

    ||R(t)|| <= q^t r0 + floor,        floor = 2 beta delta / (1 - q).

The charge of the damped rate, L eta beta r0 / 2, is taken at r' = r0 + 2 beta T delta + delta / (eta beta).
With delta from `inexact_step` this speaks of the run that a computer makes, down to the floor.
Proof: docs/certificates.md.
"""

import math
from dataclasses import dataclass

import jax.numpy as jnp
from jaxtyping import Array, Float

from softntk.bounds.inexact_step import step_error
from softntk.certificates.assessment import assess, constants
from softntk.certificates.convergence import certify
from softntk.failures import BadInput
from softntk.networks.two_layer import TwoLayer
from softntk.verdicts import Answer, Verdict, at_most, does_not_apply

__all__ = ["InexactCertificate", "certify_inexact"]

_CLAIM = "gradient descent with inexact steps comes down to its floor"
# How much beta, path and residual may grow when the errors are added; checked afterwards.
_GROWTH = 1.2
# int_0^p psi must exceed what it is compared with, by more than rounding.
_STRICT = 1 + 1e-9


@dataclass(frozen=True)
class InexactCertificate:
    """What is proved of a run with errors. Numbers that are not proved are NaN.

    Attributes:
        verdict: of the first `steps` steps.
        steps: T.
        error: delta, the bound of the error of one step.
        floor: what errors can add to the norm of the residual.
        residual: r0.
        contraction: q.
        path, beta, step_size: as in `Certificate`.
    """

    verdict: Verdict
    steps: int
    error: float = math.nan
    floor: float = math.nan
    residual: float = math.nan
    contraction: float = math.nan
    path: float = math.nan
    beta: float = math.nan
    step_size: float = math.nan

    @property
    def established(self) -> bool:
        """Whether the promise is shown to be kept."""
        return self.verdict.established

    def residual_after(self, steps: int) -> float:
        """Upper bound of ||R|| after this many steps; NaN if nothing is proved.

        Raises:
            BadInput: more steps than the certificate covers.
        """
        if not 0 <= steps <= self.steps:
            raise BadInput(
                "steps",
                required=f"be between 0 and the {self.steps} that are covered",
                got=str(steps),
                advice=f"Certify with steps={steps}.",
            )
        return self.residual * self.contraction**steps + self.floor


def certify_inexact(
    network: TwoLayer,
    inputs: Float[Array, "n d"],
    labels: Float[Array, "n k"],
    *,
    step_size: float,
    steps: int,
    error: float | None = None,
) -> InexactCertificate:
    """Apply the inexact form of Theorem A to `steps` steps from the network as it stands.

    Arguments:
        step_size: eta in use.
        error: delta in Frobenius norm; None for what float64 rounding can do to a step of gradient descent (softmax and
            exponential networks).

    Raises:
        BadInput: as `certify`; steps below 1; an error that is negative, or left out for the ReLU network.
        TooLarge: the kernel does not fit into free memory.
    """
    if steps < 1:
        raise BadInput("steps", required="be at least 1", got=str(steps), advice="Type steps=10_000.")
    if error is not None and not 0 <= error < math.inf:
        raise BadInput("error", required="be at least 0 and finite", got=repr(error), advice="Type error=1e-12.")
    exact = certify(network, inputs, labels, step_size=step_size)
    if not exact.established:
        verdict = Verdict(_CLAIM, exact.verdict.answer, exact.verdict.reason)
        return InexactCertificate(verdict, steps)
    found = constants(network, inputs, labels)
    beta, path, most = (_GROWTH * value for value in (exact.beta, exact.path, exact.residual))
    delta = error
    if delta is None:
        delta = step_error(network, inputs, found.smooth, step_size=step_size, radius=path, residual=most, beta=beta)
    raised = (exact.residual + 2 * beta * steps * delta + delta / (step_size * beta)) * _STRICT
    result = assess(found, jnp.asarray(step_size), residual=jnp.asarray(raised))
    verdict = at_most(_CLAIM, float(result.h), 0.5)
    # The errors were bounded for these, so they must be enough.
    fits = raised <= most and bool((result.beta <= beta) & (result.path <= path))
    if verdict.answer is Answer.FAILS or not fits:
        reason = (
            f"errors of {delta:.2g} a step, {steps} times, raise the residual to account for from {exact.residual:.6g} "
            f"to {raised:.6g}: too much for this step size, a few percent less may do"
        )
        return InexactCertificate(does_not_apply(_CLAIM, reason, raised, exact.residual), steps, error=delta)
    contraction = float(result.contraction)
    return InexactCertificate(
        verdict=verdict,
        steps=steps,
        error=delta,
        floor=2 * beta * delta / (1 - contraction),
        residual=exact.residual,
        contraction=contraction,
        path=float(result.path),
        beta=beta,
        step_size=step_size,
    )
