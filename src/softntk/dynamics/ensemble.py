"""Many runs at once: the same data, many networks, one compiled program.

Stack the networks with `vmap`:

    networks = jax.vmap(lambda key: paired(key, input_size=8, output_size=1, width=256, features=Softmax()))(keys)
"""

from collections.abc import Mapping

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from softntk.dynamics.descent import Probe, check_counts, scanned
from softntk.dynamics.step_size import resolved
from softntk.dynamics.trace import Trace
from softntk.failures import BadInput
from softntk.networks.two_layer import TwoLayer
from softntk.numerics.arrays import finite_matrix
from softntk.numerics.memory import announce

__all__ = ["ensemble"]


def ensemble(
    networks: TwoLayer,
    inputs: Float[Array, "n d"],
    labels: Float[Array, "n k"],
    *,
    step_size: float | str | Float[Array, ""] = "stable",
    steps: int,
    record_every: int = 1,
    probes: Mapping[str, Probe] | None = None,
) -> tuple[TwoLayer, Trace]:
    """Run gradient descent for every network of a stack (hidden (s, d, m), output (s, k, m)).

    Arguments: as `descend`; a named step size is found for each network on its own.

    Returns:
        The networks at their end and a trace with a leading axis of length s. A run that diverges stops on its own:
        its later rows have step -1 and loss NaN.

    Raises:
        BadInput: the networks are not stacked, or as `descend`.
        TooLarge: the runs do not fit into free memory together.
    """
    if networks.hidden.ndim != 3 or networks.output.ndim != 3:
        raise BadInput(
            "networks", required="be stacked along a first axis", got=f"hidden {networks.hidden.shape}",
            advice="Type networks = jax.vmap(lambda key: paired(key, ...))(jax.random.split(key, 16)).",
        )  # fmt: skip
    count, d, m = networks.hidden.shape
    dtype = networks.hidden.dtype
    inputs = finite_matrix("inputs", inputs, columns=d, dtype=dtype)
    labels = finite_matrix("labels", labels, rows=inputs.shape[0], columns=networks.output.shape[1], dtype=dtype)
    check_counts(steps=steps, record_every=record_every)
    each = [jax.tree.map(lambda leaf, i=i: leaf[i], networks) for i in range(count)]
    announce(
        count * (3 * each[0].block_rows(inputs.shape[0]) + 5 * d) * m * dtype.itemsize,
        what=f"gradient descent of {count} networks", argument="networks",
        advice="Run fewer networks at a time, or use float32.",
    )  # fmt: skip
    if isinstance(step_size, str):
        etas = jnp.stack([resolved(step_size, network, inputs) for network in each])
    else:
        etas = jnp.full(count, resolved(step_size, each[0], inputs))
    hidden, trace = _together(networks, inputs, labels, etas, steps, record_every, tuple((probes or {}).items()))
    return eqx.tree_at(lambda stack: stack.hidden, networks, hidden), trace


@eqx.filter_jit
def _together(
    networks: TwoLayer,
    inputs: Float[Array, "n d"],
    labels: Float[Array, "n k"],
    etas: Float[Array, " s"],
    steps: int,
    record_every: int,
    probes: tuple[tuple[str, Probe], ...],
) -> tuple[Float[Array, "s d m"], Trace]:
    def one(network: TwoLayer, eta: Float[Array, ""]) -> tuple[Float[Array, "d m"], Trace]:
        return scanned(network, inputs, labels, eta, steps, record_every, probes)

    return jax.vmap(one)(networks, etas)
