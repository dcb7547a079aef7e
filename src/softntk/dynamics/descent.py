"""Full-batch gradient descent on the hidden weights, with probes.

    W(t+1) = W(t) - eta dloss/dW(W(t)),      loss = 1/2 ||F - Y||_F^2.

A run is computed in pieces of about a fifth of a second (see `iteration`): between two of them it can be interrupted,
and says how far it is. A probe is any function of the network; its value at every record lands in the trace.
"""

import logging
import time
from collections.abc import Callable, Mapping

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from softntk.dynamics.iteration import Probe, Problem, Run, advance, begin, count_records, finish
from softntk.dynamics.step_size import largest_stable_step, resolved
from softntk.dynamics.trace import Trace
from softntk.failures import BadInput
from softntk.networks.two_layer import TwoLayer, opposed
from softntk.numerics.arrays import finite_matrix
from softntk.numerics.memory import announce

__all__ = ["check_counts", "gradient_descent"]

log = logging.getLogger("softntk")

# Seconds between two looks at the clock, and at Ctrl-C.
_PIECE = 0.2
# Operations of a piece whose speed is not known yet: a tenth of a second of a slow core.
_FIRST = 1e8


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
    on_progress: Callable[[int], None] | None = None,
) -> tuple[TwoLayer, Trace]:
    """Run gradient descent; return the network at its end and the trace.

    Arguments:
        step_size: "stable", "theorem" or a number (see `dynamics.step_size`).
        steps: how many steps to take.
        record_every: steps between two records; the start and the end are always recorded.
        probes: name -> function of the network, recorded beside loss and distances.
        until: name of a probe that ends the run at the first record where it is positive (or true).
        divergence: a loss above this many times its start counts as divergence.
        on_progress: called a few times a second with the number of steps taken; an exception that it raises ends
            the run.

    Raises:
        BadInput: wrong shapes, NaN or infinite entries, numbers out of range, an unknown probe in `until`.
        TooLarge: the run does not fit into free memory.

    A run that diverges is not an error: it stops, the trace says so (`trace.diverged`, `trace.explanation`), and a
    warning names the largest stable step. A loss that ends above its start counts, and so do weights that are
    infinitely far from it.
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
    problem = Problem(
        network,
        inputs,
        labels,
        resolved(step_size, network, inputs),
        jnp.asarray(steps),
        jnp.asarray(record_every),
        tuple(probes.items()),
        until,
        divergence,
        opposed(network.output),
    )
    hidden, trace = finish(problem, _in_pieces(problem, steps, record_every, on_progress))
    trace = _without_empty_rows(trace)
    if trace.diverged:
        trace = eqx.tree_at(lambda t: t.largest_stable_step, trace, _stable_or_unknown(network, inputs))
        log.warning("gradient descent %s", trace.explanation)
    return network.moved_to(hidden), trace


def _in_pieces(problem: Problem, steps: int, record_every: int, on_progress: Callable[[int], None] | None) -> Run:
    """The run to its end; the number of steps of a piece follows the time that the last one took."""
    (count, size), (width, outputs) = problem.inputs.shape, problem.network.output.T.shape
    # Probes may take any time, so with them a run feels its way from a single step.
    piece = 1 if problem.probes else max(int(_FIRST / (count * width * (4 * size + 4 * outputs + 10))), 1)
    run, done = begin(problem, count_records(steps, record_every)), -1
    while bool(run.active):
        started = time.perf_counter()
        run = advance(problem, run, jnp.asarray(min(done + piece, steps)))
        done = int(run.state.step)  # waits for the piece
        if on_progress is not None:
            on_progress(done)
        change = _PIECE / max(time.perf_counter() - started, 1e-9)
        piece = max(int(piece * min(max(change, 0.25), 4.0)), 1)
    return run


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
