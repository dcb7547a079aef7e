"""What a lemma's check returns: the measured number, the promised one, and the verdict.

Names that the theorems use for the facts of a network and its data are collected here once.
"""

from typing import Any, NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

from softntk.networks.two_layer import TwoLayer
from softntk.theorems.guarantee import Evaluation
from softntk.verdicts import Verdict

__all__ = ["Finding", "facts", "found", "neuron_distance"]


class Finding(NamedTuple):
    """Measured and promised number (log10 where the verdict's claim says so), and what they say together."""

    measured: float
    promised: float
    verdict: Verdict


def found(
    evaluation: Evaluation, measured: float, *, promise: str | None = None, error: float = 0.0, claim: str = ""
) -> Finding:
    """Hold a measured number against an evaluated guarantee."""
    verdict = evaluation.verdict(measured, promise=promise, error=error, claim=claim)
    name = promise or next(iter(evaluation.guarantee.promises))
    return Finding(measured, float(evaluation.promised[name]), verdict)


def facts(network: TwoLayer, inputs: Float[Array, "n d"]) -> dict[str, Any]:
    """Sizes n, m, k and the largest norm of an input, by the symbols of the theorems."""
    return {
        "n": float(inputs.shape[0]),
        "m": float(network.width),
        "k": float(network.output_size),
        "largest_input": float(jnp.linalg.norm(inputs, axis=1).max()),
    }


def neuron_distance(network: TwoLayer, moved: TwoLayer) -> float:
    """D = max_r ||w_r - w'_r||."""
    return float(jnp.linalg.norm(moved.hidden - network.hidden, axis=0).max())
