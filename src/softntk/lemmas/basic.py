"""The basic bounds of the paper's proof, on a network.

    |<w_r, x_i>| <= B        S_ir <= exp(2 B)/m        |S_ir - S'_ir| <= (D/m) exp(4 B + 3 D)

The first holds with high probability at the start, the others wherever the first does. S is computed as a
logarithm, so that no weight underflows before it is compared.

Reference: arXiv 2405.03251v1, basic bounds of the proof (statements: `theorems.perturbation`).
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from softntk.lemmas.finding import Finding, facts, found, neuron_distance
from softntk.networks.two_layer import TwoLayer
from softntk.theorems.constants import PAPER, Constants
from softntk.theorems.logs import LOG10_E, log10
from softntk.theorems.perturbation import PREACTIVATIONS, SOFTMAX_CHANGE, SOFTMAX_WEIGHTS

__all__ = ["bounded_preactivations", "bounded_softmax_change", "bounded_softmax_weights", "largest_preactivation"]


def largest_preactivation(network: TwoLayer, inputs: Float[Array, "n d"]) -> float:
    """max |<w_r, x_i>|."""
    return float(jnp.abs(inputs @ network.hidden).max())


def bounded_preactivations(
    network: TwoLayer, inputs: Float[Array, "n d"], *, scale: float, delta: float = 0.01, constants: Constants = PAPER
) -> Finding:
    """Check max |<w_r, x_i>| <= B on a network at its start.

    Arguments:
        scale: standard deviation of the hidden weights at the start.
        delta: probability with which B may fail.
    """
    evaluation = PREACTIVATIONS.evaluate(**facts(network, inputs), sigma=scale, delta=delta, constants=constants)
    return found(evaluation, largest_preactivation(network, inputs))


def bounded_softmax_weights(
    network: TwoLayer, inputs: Float[Array, "n d"], *, scale: float, delta: float = 0.01, constants: Constants = PAPER
) -> Finding:
    """Check max S_ir <= exp(2 B)/m; both numbers are log10. Arguments as in `bounded_preactivations`."""
    numbers = facts(network, inputs)
    del numbers["largest_input"]
    evaluation = SOFTMAX_WEIGHTS.evaluate(
        **numbers,
        sigma=scale,
        delta=delta,
        constants=constants,
        largest_preactivation=largest_preactivation(network, inputs),
    )
    return found(evaluation, float(_log_weights(network, inputs).max()) * LOG10_E)


def bounded_softmax_change(
    network: TwoLayer,
    moved: TwoLayer,
    inputs: Float[Array, "n d"],
    *,
    scale: float,
    delta: float = 0.01,
    constants: Constants = PAPER,
) -> Finding:
    """Check max |S_ir - S'_ir| <= (D/m) exp(4 B + 3 D) for a network and where it moved to; both numbers are log10."""
    evaluation = SOFTMAX_CHANGE.evaluate(
        **facts(network, inputs),
        sigma=scale,
        delta=delta,
        constants=constants,
        radius=neuron_distance(network, moved),
        largest_preactivation=largest_preactivation(network, inputs),
    )
    before, after = _log_weights(network, inputs), _log_weights(moved, inputs)
    # |e^b - e^a| = e^b |expm1(a - b)|: no cancellation for small moves.
    change = jnp.exp(before) * jnp.abs(jnp.expm1(after - before))
    return found(evaluation, log10(float(change.max())))


def _log_weights(network: TwoLayer, inputs: Float[Array, "n d"]) -> Float[Array, "n m"]:
    return jax.nn.log_softmax(inputs @ network.hidden, axis=1)
