"""The compiled loop of gradient descent, with its records, in pieces that start where the last one stopped.

    begin                  the state before the evaluation at the start, and empty rows for the records
    advance(..., limit)    takes steps until `limit`, or until the run ends
    finish                 the weights at the end and the trace
    scanned                all three at once, for runs inside of other compiled functions

How many steps a call takes is a number and not a part of the program, so a run in many pieces is bit for bit the run in
one. The state carries the evaluation at W(t), so t steps cost t + 1 evaluations and the loss of a record costs nothing.

A run diverges where its loss is not a number or exceeds `divergence` times its start (it ends at once), where its
weights are infinitely far from the start (seen at the next record), and where it ends above its start. The last catches
networks of bounded outputs: the loss of softmax cannot exceed n k (m + |y|)^2 / 2, however wrong the step size is.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from softntk.dynamics.trace import Trace
from softntk.networks.two_layer import TwoLayer

__all__ = ["Probe", "Problem", "Run", "advance", "begin", "finish", "scanned"]

#: Any quantity of a network that a run should record: a number or an array.
Probe = Callable[[TwoLayer], Any]


class Problem(eqx.Module):
    """What does not change along a run; `halved` as in `TwoLayer.evaluate`."""

    network: TwoLayer
    inputs: Float[Array, "n d"]
    labels: Float[Array, "n k"]
    step_size: Float[Array, ""]
    steps: int | Int[Array, ""]
    record_every: int | Int[Array, ""]
    probes: tuple[tuple[str, Probe], ...] = ()
    until: str | None = eqx.field(static=True, default=None)
    divergence: float = eqx.field(static=True, default=1e4)
    halved: bool = eqx.field(static=True, default=False)


class State(NamedTuple):
    """What the next step needs."""

    hidden: Float[Array, "d m"]
    gradient: Float[Array, "d m"]
    loss: Float[Array, ""]
    limit: Float[Array, ""]
    step: Int[Array, ""]
    going: Bool[Array, ""]


class Run(NamedTuple):
    """A run on its way: its state, its records so far, and whether it goes on.

    `rows` has one row more than there will be records: it takes what is not to be recorded.
    """

    state: State
    rows: dict[str, Any]
    recorded: Int[Array, ""]
    active: Bool[Array, ""]


@eqx.filter_jit
def begin(problem: Problem, records: int) -> Run:
    """The run before its first evaluation, with room for `records` records."""
    dtype = problem.labels.dtype
    largest = np.asarray(jnp.finfo(dtype).max, dtype)
    hidden = jnp.array(problem.network.hidden, copy=True)  # `advance` takes the state's memory over
    # "Step -1" has gradient zero: one step from there is the evaluation at the start, by the same compiled code.
    loss, limit = jnp.asarray(largest), jnp.asarray(largest)
    state = State(hidden, jnp.zeros_like(hidden), loss, limit, jnp.asarray(-1), jnp.asarray(True))
    row = jax.eval_shape(lambda state: _record(problem, state), state)
    rows = jax.tree.map(lambda of: jnp.full((records + 1, *of.shape), _nothing(of.dtype), of.dtype), row)
    return Run(state, rows, jnp.asarray(0), jnp.asarray(True))


@eqx.filter_jit(donate="all-except-first")
def advance(problem: Problem, run: Run, limit: Int[Array, ""]) -> Run:
    """The run, taken to step `limit` or to its end."""
    return _advance(problem, run, limit)


@eqx.filter_jit
def finish(problem: Problem, run: Run) -> tuple[Float[Array, "d m"], Trace]:
    """Weights at the end and the trace; rows that were not reached have step -1."""
    rows = jax.tree.map(lambda values: values[:-1], run.rows)
    # Where there was nothing to learn, rounding moves the loss up as well as down.
    rounding = jnp.finfo(run.state.loss.dtype).eps ** 0.5 * 0.5 * jnp.sum(problem.labels**2)
    above = run.state.loss > jnp.maximum(rows["loss"][0], rounding)
    return run.state.hidden, Trace(
        steps=rows["step"],
        loss=rows["loss"],
        distance=rows["distance"],
        neuron_distance=rows["neuron_distance"],
        probes=rows["probes"],
        step_size=problem.step_size,
        diverged_at=jnp.where(run.state.going & ~above, -1, run.state.step),
        largest_stable_step=jnp.asarray(jnp.nan, run.state.loss.dtype),
    )


@eqx.filter_jit
def scanned(
    network: TwoLayer,
    inputs: Float[Array, "n d"],
    labels: Float[Array, "n k"],
    step_size: Float[Array, ""],
    steps: int,
    record_every: int,
    probes: tuple[tuple[str, Probe], ...] = (),
    halved: bool = False,
) -> tuple[Float[Array, "d m"], Trace]:
    """A whole run: no checks, no pauses, and rows after an early end have step -1.

    Arguments: as `gradient_descent`, and `halved` as `TwoLayer.evaluate`.
    """
    problem = Problem(network, inputs, labels, step_size, steps, record_every, probes, halved=halved)
    return finish(problem, _advance(problem, begin(problem, count_records(steps, record_every)), jnp.asarray(steps)))


def count_records(steps: int, record_every: int) -> int:
    """Records of a run: the start, every `record_every` steps, and the end."""
    return -(-steps // record_every) + 1


def _advance(problem: Problem, run: Run, limit: Int[Array, ""]) -> Run:
    empty = jax.tree.map(lambda values: jnp.full(values.shape[1:], _nothing(values.dtype), values.dtype), run.rows)
    spare = run.rows["step"].shape[0] - 1

    def section(run: Run) -> Run:
        """Steps up to the next record, or to the limit."""
        record_at = jnp.minimum(run.recorded * problem.record_every, problem.steps)
        end = jnp.minimum(record_at, limit)
        state = jax.lax.while_loop(
            lambda state: state.going & (state.step < end), lambda state: _step(problem, state), run.state
        )
        due = (state.step == record_at) | ~state.going
        row = jax.lax.cond(due, lambda state: _record(problem, state), lambda _: empty, state)
        at = jnp.where(due, run.recorded, spare)
        rows = jax.tree.map(lambda values, value: values.at[at].set(value), run.rows, row)
        state = state._replace(going=state.going & (~due | jnp.isfinite(row["distance"])))
        last = due & (record_at == problem.steps)
        return Run(
            state, rows, jnp.where(due, run.recorded + 1, run.recorded), state.going & ~_reached(problem, row) & ~last
        )

    return jax.lax.while_loop(lambda run: run.active & (run.state.step < limit), section, run)


def _step(problem: Problem, state: State) -> State:
    hidden = state.hidden - problem.step_size * state.gradient
    network = problem.network.moved_to(hidden)
    _, loss, gradient = network.evaluate(problem.inputs, problem.labels, halved=problem.halved)
    largest = jnp.asarray(jnp.finfo(loss.dtype).max, loss.dtype)
    # A start with loss zero has nothing to be measured against: there, only an infinite loss counts.
    measure = jnp.where(loss > 0, jnp.minimum(problem.divergence * loss, largest), largest)
    limit = jnp.where(state.step < 0, measure, state.limit)
    return State(hidden, gradient, loss, limit, state.step + 1, loss <= limit)  # NaN compares false


def _record(problem: Problem, state: State) -> dict[str, Any]:
    network = problem.network
    moved = jnp.sum((state.hidden - network.hidden) ** 2, axis=0)
    return {
        "step": state.step,
        "loss": state.loss,
        "distance": jnp.sqrt(moved.sum()),
        "neuron_distance": jnp.sqrt(moved.max()),
        "probes": {name: jnp.asarray(probe(network.moved_to(state.hidden))) for name, probe in problem.probes},
    }


def _reached(problem: Problem, row: dict[str, Any]) -> Bool[Array, ""]:
    if problem.until is None:
        return jnp.asarray(False)
    value = row["probes"][problem.until]
    return value.all() if value.dtype == bool else (value > 0).all()  # never true for NaN


def _nothing(dtype: Any) -> Any:
    kind = np.dtype(dtype).kind
    return np.nan if kind == "f" else (False if kind == "b" else -1)
