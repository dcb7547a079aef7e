"""Theorem A: this network learns this data.

    from softntk.certificates import certify
    certificate = certify(network, inputs, labels)
    print(certificate.verdict, certificate.step_size, certificate.steps_to(1e-3))

If h < 1/2, gradient descent from these weights, in exact arithmetic and with a step size of at most `step_size`, drives
the loss to zero at a linear rate, on a path of length at most `path`. Everything is computed from the network and the
data at hand, in float64, with what rounding can do to it on the safe side (see `bounds.start`): the answer is *holds*.
With `rigorous=True` every number is proved in ball arithmetic and the answer is *certified* (see `rigorous`), or why
not; it is never *holds*. `assessment` has the numbers, docs/certificates.md the proofs.

Hypotheses: sigma_min(J) > 0 by more than its numerical error; h < 1/2.
Conclusion: ||R(t+1)|| <= contraction ||R(t)|| for every t.     Kind: upper bound.
"""

import math
from dataclasses import replace
from typing import Any

import jax.numpy as jnp
from jaxtyping import Array, Float

from softntk.certificates.assessment import Assessment, Constants, assess, constants
from softntk.certificates.methods import EASY, METHODS
from softntk.certificates.promises import Certificate
from softntk.certificates.proof import Proof
from softntk.certificates.rigorous import prove
from softntk.certificates.suggestions import suggestion
from softntk.failures import BadInput
from softntk.kernels.degenerate import degeneracy
from softntk.networks.features import Exponential, ReLU, Softmax
from softntk.networks.two_layer import TwoLayer
from softntk.numerics.arrays import finite_matrix, require_float64
from softntk.numerics.memory import announce
from softntk.verdicts import Answer, Verdict, at_most, does_not_apply

__all__ = ["certify"]

_DESCENT = "gradient descent from these weights reaches loss zero"
_FLOW = "gradient flow from these weights reaches loss zero"
# h this near to 1/2 is left open; its rounding is far smaller and is on the safe side already.
_MARGIN = 1e-9
# From this h on, where rounding plays no part in it, the proof in balls, whose bounds differ a little, is not tried.
_FAR = 0.55
# Rounding plays no part where it changes lambda and r0 by less than this, relative.
_EXACT = 0.01


def certify(
    network: TwoLayer,
    inputs: Float[Array, "n d"],
    labels: Float[Array, "n k"],
    *,
    step_size: float | None = None,
    sharp: bool = True,
    rigorous: bool = False,
) -> Certificate:
    """Apply Theorem A to the network as it stands, in float64 or rigorously.

    Arguments:
        step_size: the step size in use; None to find the one with the fastest guarantee.
        sharp: whether to spend up to four more kernels on the damped floor where the plain bound does not do.
        rigorous: prove every number of descent in ball arithmetic: *certified*, or *undecided* or *does not apply* with
            the reason, never *holds*. Only where float64 finds h above 1/2, by more than rounding or other bounds could
            change, the proof is not tried. The verdict of gradient flow stays that of float64.

    Raises:
        BadInput: wrong shapes, NaN or infinite entries, not float64, a step size that is not positive and finite.
        TooLarge: the kernel (nk, nk), or with `rigorous` the balls, do not fit into free memory.
    """
    inputs, labels = _checked(network, inputs, labels, step_size)
    reason = degeneracy(network, inputs)
    if reason is not None:
        return _without(network, does_not_apply(_DESCENT, reason), does_not_apply(_FLOW, reason))
    eta = None if step_size is None else jnp.asarray(step_size, inputs.dtype)
    # The plain bound is cheap and mostly does for wide networks; the damped floor is for the others.
    found = constants(network, inputs, labels, sharp=False)
    result = assess(found, eta)
    if sharp and not isinstance(network.features, ReLU) and not result.h < EASY:
        found = constants(network, inputs, labels)
        result = assess(found, eta)
    certificate = _concluded(network, found, result, step_size)
    if not rigorous or _out_of_reach(found, certificate):
        return certificate
    hint = certificate.path if 0 < certificate.path < math.inf else None
    return _proved(certificate, prove(network, inputs, labels, path=hint, step_size=step_size))


def _out_of_reach(found: Constants, certificate: Certificate) -> bool:
    """Whether float64 knows that h is too large. NaN is not known."""
    sure = certificate.lambda_error < _EXACT * certificate.lambda_min
    sure = sure and float(jnp.linalg.norm(found.smooth.start.output_error)) < _EXACT * certificate.residual
    return sure and _FAR <= certificate.h < math.inf and certificate.verdict.answer is Answer.DOES_NOT_APPLY


def _proved(certificate: Certificate, proof: Proof) -> Certificate:
    """The certificate with what was proved in place of what float64 found."""
    # The h of float64 stays: the proof looks at no more radii than it needs.
    names = ("lambda_min", "s0", "b0", "residual", "method", "path", "s_end", "decrease", "beta", "step_size")
    numbers: dict[str, Any] = {name: getattr(proof, name) for name in (*names, "contraction", "cap")}
    suggestion = None if proof.certified else certificate.suggestion
    return replace(certificate, verdict=proof.verdict, lambda_error=0.0, suggestion=suggestion, proof=proof, **numbers)


def _checked(
    network: TwoLayer, inputs: Array, labels: Array, step_size: float | None
) -> tuple[Float[Array, "n d"], Float[Array, "n k"]]:
    inputs = finite_matrix("inputs", inputs, columns=network.input_size)
    labels = finite_matrix("labels", labels, rows=inputs.shape[0], columns=network.output_size)
    for name, array in (("inputs", inputs), ("labels", labels), ("network.hidden", network.hidden)):
        require_float64(name, array)
    finite_matrix("network.hidden", network.hidden)
    if step_size is not None and not 0 < step_size < math.inf:
        raise BadInput("step_size", required="be positive and finite", got=repr(step_size), advice="Leave it out.")
    rows = labels.size + (inputs.shape[0] if isinstance(network.features, Softmax) else 0)
    announce(
        8 * (5 * rows**2 + 5 * inputs.shape[0] * network.width),
        what="the certificate",
        argument="inputs",
        advice="Use fewer samples or a smaller width.",
    )
    return inputs, labels


def _without(network: TwoLayer, verdict: Verdict, flow: Verdict) -> Certificate:
    return Certificate(verdict, flow, network.features.name, network.width)


def _concluded(network: TwoLayer, found: Constants, result: Assessment, step_size: float | None) -> Certificate:
    known = bool(result.h < 0.5)
    verdict, flow = (_verdict(claim, found, float(h)) for claim, h in ((_DESCENT, result.h), (_FLOW, result.h_flow)))
    if not known and step_size is not None and flow.established:
        verdict = does_not_apply(_DESCENT, _step_too_large(found, step_size), float(result.h), 0.5)
    numbers: dict[str, Any] = {
        name: float(getattr(result, name)) if known else math.nan
        for name in ("path", "s_end", "decrease", "beta", "step_size", "contraction")
    }
    open_case = verdict.answer is Answer.DOES_NOT_APPLY and bool(found.s0 > 0)
    return Certificate(
        verdict=verdict,
        flow=flow,
        features=network.features.name,
        width=network.width,
        lambda_min=float(found.lambda_min),
        lambda_error=float(found.lambda_error),
        s0=float(found.s0),
        b0=float(found.b0),
        residual=float(found.residual),
        h=float(result.h),
        h_flow=float(result.h_flow),
        method=METHODS[int(result.method)] if known else "",
        **numbers,
        cap=math.nan if found.floor is None else float(found.floor.cap),
        suggestion=suggestion(found, result, step_size) if open_case else None,
    )


def _verdict(claim: str, found: Constants, h: float) -> Verdict:
    value, error = float(found.lambda_min), float(found.lambda_error)
    if not math.isfinite(float(found.b0)) or not math.isfinite(float(found.residual)):
        what = "exp(z)" if isinstance(found.smooth.features, Exponential) else "a product of inputs and weights"
        return Verdict(claim, Answer.UNDECIDED, f"{what} leaves the range of float64, so nothing is known")
    if not float(found.s0) > 0:
        reason = f"the smallest eigenvalue of the tangent kernel is {value:.3g} with numerical error {error:.2g}"
        return Verdict(claim, Answer.UNDECIDED, reason, value, error)
    verdict = at_most(claim, h, 0.5, error=_MARGIN)
    if verdict.answer is Answer.HOLDS:
        return replace(verdict, reason=f"h = {verdict.measured:.4g}, and below 1/2 is enough")
    if verdict.answer is Answer.UNDECIDED:
        return verdict
    return does_not_apply(
        claim, f"h = {h:.4g}, and must be below 1/2: the Jacobian may change too much on the way", h, 0.5
    )


def _step_too_large(found: Constants, step_size: float) -> str:
    return (
        f"the step size {step_size:.3g} is not proved to be small enough: at the start already, "
        f"steps must be at most 1/|J|^2 = {float(1 / found.b0**2):.3g}"
    )
