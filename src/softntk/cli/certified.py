"""What `softntk certify` says of a certificate: the verdict first, then what it promises, in words and numbers."""

import math
from typing import Any

import jax
from jaxtyping import Array, Float

from softntk.certificates import Certificate, smallest_established_width, smallest_trained_width
from softntk.networks import Features
from softntk.verdicts import Answer

__all__ = ["described", "searched"]

_NUMBERS = ("lambda_min", "lambda_error", "s0", "residual", "h", "h_flow", "path", "beta", "step_size", "contraction")
_LOSS = 1e-6


def described(certificate: Certificate) -> dict[str, Any]:
    """The certificate as JSON values; what is not proved is null."""
    verdict = certificate.verdict
    words = [f"{certificate.features}, m = {certificate.width:,}: {verdict}"]
    steps = certificate.steps_to(_LOSS)
    if certificate.established:
        words += [
            f"h = {certificate.h:.4g}, and 1/2 is the limit; smallest eigenvalue {certificate.lambda_min:.4g}",
            f"with steps of {certificate.step_size:.4g} the residual shrinks by {certificate.contraction:.6g} or more "
            f"each step: loss below {_LOSS:g} after {steps:,} steps at the latest",
            f"the weights never move farther than {certificate.path:.4g} from where they are",
            "This speaks of gradient descent in exact arithmetic from these float64 numbers"
            + (", proved in ball arithmetic." if verdict.answer is Answer.CERTIFIED else ", checked in float64."),
        ]
    elif certificate.suggestion is not None:
        words.append(str(certificate.suggestion))
    if not certificate.established and certificate.flow.established:
        words.append(str(certificate.flow))
    numbers = {name: _finite(getattr(certificate, name)) for name in _NUMBERS}
    return {
        "features": certificate.features,
        "width": certificate.width,
        "answer": verdict.answer.value,
        "reason": verdict.reason,
        "flow": certificate.flow.answer.value,
        **numbers,
        "steps_to_1e-6": _finite(steps),
        "words": words,
    }


def searched(
    inputs: Float[Array, "n d"],
    labels: Float[Array, "n k"],
    features: Features,
    *,
    key: jax.Array,
    largest: int,
    scale: float,
    halfway: bool,
) -> dict[str, Any]:
    """The smallest width for which Theorem A holds, and the smallest that trains, as JSON values."""
    arguments: dict[str, Any] = {"key": key, "largest": largest, "scale": scale, "halfway": halfway}
    certified = smallest_established_width(inputs, labels, features, **arguments)
    trains = smallest_trained_width(inputs, labels, features, **arguments)
    return {
        "features": features.name,
        "certified_width": certified.width,
        "trained_width": trains.width,
        "words": [
            f"{features.name}: smallest width for which the theorem holds at the start {certified}, "
            f"smallest that trains {trains} (4 of 5 starts; powers of two)"
        ],
    }


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
