"""Full-batch gradient descent on the hidden weights, with probes.

    W(t+1) = W(t) - eta dloss/dW(W(t)),      loss = 1/2 ||F - Y||_F^2.

The run is one `lax.scan` over records; inside, a loop takes the steps between two records and ends at once when the
loss is not finite or has grown beyond `divergence` times its start. The state carries the evaluation at W(t), so
t steps cost t + 1 evaluations and the loss of a record costs nothing.

A probe is any function of the network; its value at every record lands in the trace.
"""

import logging
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from softntk.dynamics.step_size import largest_stable_step, resolved
from softntk.dynamics.trace import Trace
from softntk.failures import BadInput
from softntk.networks.two_layer import TwoLayer, opposed
from softntk.numerics.arrays import finite_matrix
from softntk.numerics.memory import announce

__all__ = ["Probe", "check_counts", "gradient_descent", "scanned"]

log = logging.getLogger("softntk")

#: Any quantity of a network that a run should record: a number or an array.
Probe = Callable[[TwoLayer], Any]


def gradient_descent(
    network: TwoLayer,
    inputs: Float[Array, "n d"],
    labels: Float[Array, "n k"],
    *,
    step_size: float | str | Float[Array, ""] = "stable",
    steps: int,
    record_every: int = 1,
    probes: Mapping[str, Probe] | None = None,
    until: str | None = None,
    divergence: float = 1e4,
    on_record: Callable[[Any], None] | None = None,
) -> tuple[TwoLayer, Trace]:
    """Run gradient descent; return the network at its end and the trace.

    Arguments:
        step_size: "stable", "theorem" or a number (see `dynamics.step_size`).
        steps: how many steps to take.
        record_every: steps between two records; the start and the end are always recorded.
        probes: name -> function of the network, recorded beside loss and distances.
        until: name of a probe that ends the run at the first record where it is positive (or true).
        divergence: a loss above this many times its start counts as divergence.
        on_record: called with the number of the step at every record, for progress bars.

    Raises:
        BadInput: wrong shapes, NaN or infinite entries, numbers out of range, an unknown probe in `until`.
        TooLarge: the run does not fit into free memory.

    A run that diverges is not an error: it stops, the trace says so (`trace.diverged`, `trace.explanation`), and a
    warning names the largest stable step.
    """
    dtype = network.hidden.dtype
    inputs = finite_matrix("inputs", inputs, columns=network.input_size, dtype=dtype)
    labels = finite_matrix("labels", labels, rows=inputs.shape[0], columns=network.output_size, dtype=dtype)
    finite_matrix("network.hidden", network.hidden)
    finite_matrix("network.output", network.output)
    probes = dict(probes or {})
    check_counts(steps=steps, record_every=record_every)
    _check(divergence, until, probes)
    rows = network.block_rows(inputs.shape[0])
    announce(
        (3 * rows + 5 * network.input_size) * network.width * dtype.itemsize,
        what="gradient descent",
        argument="network",
        advice="Use fewer neurons or float32.",
    )
    eta = resolved(step_size, network, inputs)
    hidden, trace = scanned(
        network,
        inputs,
        labels,
        eta,
        steps,
        record_every,
        tuple(probes.items()),
        until,
        divergence,
        on_record,
        opposed(network.output),
    )
    trace = _without_empty_rows(trace)
    if trace.diverged:
        trace = eqx.tree_at(lambda t: t.largest_stable_step, trace, _stable_or_unknown(network, inputs))
        log.warning("gradient descent %s", trace.explanation)
    return network.moved_to(hidden), trace


class _State(NamedTuple):
    hidden: Float[Array, "d m"]
    gradient: Float[Array, "d m"]
    loss: Float[Array, ""]
    limit: Float[Array, ""]
    step: Int[Array, ""]
    going: Bool[Array, ""]


@eqx.filter_jit
def scanned(
    network: TwoLayer,
    inputs: Float[Array, "n d"],
    labels: Float[Array, "n k"],
    step_size: Float[Array, ""],
    steps: int,
    record_every: int,
    probes: tuple[tuple[str, Probe], ...] = (),
    until: str | None = None,
    divergence: float = 1e4,
    on_record: Callable[[Any], None] | None = None,
    halved: bool = False,
) -> tuple[Float[Array, "d m"], Trace]:
    """The compiled run behind `gradient_descent`: no checks, and rows after an early end have step -1.

    Arguments: as `gradient_descent`, and `halved` as `TwoLayer.evaluate`.
    """
    largest = jnp.asarray(jnp.finfo(labels.dtype).max, labels.dtype)

    def one(state: _State) -> _State:
        hidden = state.hidden - step_size * state.gradient
        _, loss, gradient = network.moved_to(hidden).evaluate(inputs, labels, halved=halved)
        # A start with loss zero has nothing to be measured against: there, only an infinite loss counts.
        measure = jnp.where(loss > 0, jnp.minimum(divergence * loss, largest), largest)
        limit = jnp.where(state.step < 0, measure, state.limit)
        return _State(hidden, gradient, loss, limit, state.step + 1, loss <= limit)  # NaN compares false

    def record(state: _State) -> dict[str, Any]:
        if on_record is not None:
            jax.debug.callback(on_record, state.step)
        moved = jnp.sum((state.hidden - network.hidden) ** 2, axis=0)
        return {
            "step": state.step,
            "loss": state.loss,
            "distance": jnp.sqrt(moved.sum()),
            "neuron_distance": jnp.sqrt(moved.max()),
            "probes": {name: jnp.asarray(probe(network.moved_to(state.hidden))) for name, probe in probes},
        }

    def reached(row: dict[str, Any]) -> Bool[Array, ""]:
        if until is None:
            return jnp.asarray(False)
        value = row["probes"][until]
        return value.all() if value.dtype == bool else (value > 0).all()  # never true for NaN

    def next_record(carry: tuple[_State, Bool[Array, ""]], end: Int[Array, ""]):
        state, active = carry
        end = jnp.where(active, end, state.step)
        state = jax.lax.while_loop(lambda state: state.going & (state.step < end), one, state)
        row = jax.lax.cond(active, record, lambda _: empty, state)
        return (state, active & state.going & ~reached(row)), row

    # "Step -1" has gradient zero: one step from there is the evaluation at the start, by the same compiled code.
    before = _State(
        network.hidden, jnp.zeros_like(network.hidden), largest, largest, jnp.asarray(-1), jnp.asarray(True)
    )
    empty = jax.tree.map(_nothing, jax.eval_shape(record, before))
    ends = jnp.minimum(jnp.arange(0, steps + record_every, record_every), steps)
    (last, _), rows = jax.lax.scan(next_record, (before, jnp.asarray(True)), ends)
    return last.hidden, Trace(
        steps=rows["step"],
        loss=rows["loss"],
        distance=rows["distance"],
        neuron_distance=rows["neuron_distance"],
        probes=rows["probes"],
        step_size=step_size,
        diverged_at=jnp.where(last.going, -1, last.step),
        largest_stable_step=jnp.asarray(jnp.nan, labels.dtype),
    )


def _nothing(shape: jax.ShapeDtypeStruct) -> Array:
    floating = jnp.issubdtype(shape.dtype, jnp.floating)
    value = jnp.nan if floating else (False if shape.dtype == bool else -1)
    return jnp.full(shape.shape, value, shape.dtype)


def _without_empty_rows(trace: Trace) -> Trace:
    rows = int((trace.steps >= 0).sum())
    per_row = (trace.steps, trace.loss, trace.distance, trace.neuron_distance, trace.probes)
    kept = jax.tree.map(lambda values: values[:rows], per_row)
    where = lambda t: (t.steps, t.loss, t.distance, t.neuron_distance, t.probes)  # noqa: E731
    return eqx.tree_at(where, trace, kept)


def _stable_or_unknown(network: TwoLayer, inputs: Float[Array, "n d"]) -> Float[Array, ""]:
    try:
        return largest_stable_step(network, inputs)
    except BadInput:  # the kernel overflows where the outputs did not yet
        return jnp.asarray(jnp.nan, inputs.dtype)


def check_counts(**counts: int) -> None:
    """Refuse what is not a positive integer.

    Raises:
        BadInput: names the first such argument.
    """
    for name, value in counts.items():
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise BadInput(name, required="be a positive integer", got=repr(value), advice=f"Type {name}=100, say.")


def _check(divergence: float, until: str | None, probes: Mapping[str, Probe]) -> None:
    if not divergence > 1:
        raise BadInput("divergence", required="be above 1", got=repr(divergence), advice="Type divergence=1e4.")
    if until is not None and until not in probes:
        known = ", ".join(probes) or "none"
        raise BadInput(
            "until",
            required="name one of the probes",
            got=f"{until!r}, probes: {known}",
            advice=f"Type probes={{{until!r}: function}}, until={until!r}.",
        )
