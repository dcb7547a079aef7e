"""Many runs at once: the same data, many networks, one program on every core.

The networks are dealt out to threads, one a core, which need not wait for each other. Within a thread, networks too
small to keep a core busy run together under `vmap`, larger ones one after the other, where each fits into the caches.

Stack the networks with `vmap`:

    networks = jax.vmap(lambda k: antisymmetric(k, input_size=8, output_size=1, width=256, features=Softmax()))(keys)
"""

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from softntk.dynamics.descent import check_counts
from softntk.dynamics.iteration import Probe, scanned
from softntk.dynamics.step_size import resolved
from softntk.dynamics.trace import Trace
from softntk.failures import BadInput
from softntk.networks.two_layer import TwoLayer, opposed
from softntk.numerics.arrays import finite_matrix
from softntk.numerics.memory import announce

# Pre-activations that keep a core busy: below, the overhead of every operation counts for more than its work.
_BUSY = 2**14

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

    Arguments: as `gradient_descent`; a named step size is found for each network on its own.

    Returns:
        The networks at their end and a trace with a leading axis of length s. A run that diverges stops on its own:
        its later rows have step -1 and loss NaN.

    Raises:
        BadInput: the networks are not stacked, or as `gradient_descent`.
        TooLarge: the runs do not fit into free memory together.
    """
    if networks.hidden.ndim != 3 or networks.output.ndim != 3:
        raise BadInput(
            "networks",
            required="be stacked along a first axis",
            got=f"hidden {networks.hidden.shape}",
            advice="Type networks = jax.vmap(lambda key: antisymmetric(key, ...))(jax.random.split(key, 16)).",
        )
    count, d, m = networks.hidden.shape
    dtype = networks.hidden.dtype
    inputs = finite_matrix("inputs", inputs, columns=d, dtype=dtype)
    labels = finite_matrix("labels", labels, rows=inputs.shape[0], columns=networks.output.shape[1], dtype=dtype)
    check_counts(steps=steps, record_every=record_every)
    workers = min(os.cpu_count() or 1, count)
    share = _largest_divisor(count, -(-count // workers))
    rows = _member(networks, 0).block_rows(inputs.shape[0])
    together = _largest_divisor(share, max(_BUSY // (rows * m), 1))
    announce(
        (5 * count * d + 3 * workers * together * rows) * m * dtype.itemsize,
        what=f"gradient descent of {count} networks",
        argument="networks",
        advice="Run fewer networks at a time, or use float32.",
    )
    if isinstance(step_size, str):
        etas = jnp.stack([resolved(step_size, _member(networks, index), inputs) for index in range(count)])
    else:
        etas = jnp.full(count, resolved(step_size, _member(networks, 0), inputs))
    halved = opposed(networks.output)
    chosen = tuple((probes or {}).items())
    wide = jax.dtypes.canonicalize_dtype(float) == jnp.float64  # a scoped setting holds in its own thread only

    def run(first: int) -> tuple[Float[Array, "t d m"], Trace]:
        with jax.enable_x64(wide):
            part = jax.tree.map(lambda leaf: leaf[first : first + share], (networks, etas))
            return jax.block_until_ready(
                _one_after_the_other(part, inputs, labels, steps, record_every, chosen, together, halved)
            )

    with ThreadPoolExecutor(workers) as threads:
        parts = list(threads.map(run, range(0, count, share)))
    hidden, trace = jax.tree.map(lambda *leaves: jnp.concatenate(leaves), *parts)
    return eqx.tree_at(lambda stack: stack.hidden, networks, hidden), trace


@eqx.filter_jit
def _one_after_the_other(
    part: tuple[TwoLayer, Float[Array, " t"]],
    inputs: Float[Array, "n d"],
    labels: Float[Array, "n k"],
    steps: int,
    record_every: int,
    probes: tuple[tuple[str, Probe], ...],
    together: int,
    halved: bool,
) -> tuple[Float[Array, "t d m"], Trace]:
    def one(member: tuple[TwoLayer, Float[Array, ""]]) -> tuple[Float[Array, "d m"], Trace]:
        network, eta = member
        return scanned(network, inputs, labels, eta, steps, record_every, probes, halved=halved)

    return jax.lax.map(one, part, batch_size=together if together > 1 else None)


def _member(networks: TwoLayer, index: int) -> TwoLayer:
    return jax.tree.map(lambda leaf: leaf[index], networks)


def _largest_divisor(count: int, most: int) -> int:
    """Equal parts are compiled once."""
    return next(size for size in range(min(most, count), 0, -1) if count % size == 0)
