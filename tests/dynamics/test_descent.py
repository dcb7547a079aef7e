"""Gradient descent against a plain loop; its records, its probes, its ends."""

import logging
import time

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import oracles
from softntk.dynamics import descent, gradient_descent, largest_stable_step, linearize
from softntk.dynamics.iteration import scanned
from softntk.failures import BadInput, TooLarge
from softntk.kernels import empirical_ntk
from softntk.networks import Exponential, TwoLayer, antisymmetric


def run(problem, **options):
    return gradient_descent(*problem[:3], **{"step_size": problem.step_size, **options})


def plain_loop(problem, steps: int) -> list[np.ndarray]:
    """Hidden weights at every step, with the gradient of the oracles."""
    hidden, output, inputs, labels = (
        np.asarray(array) for array in (problem.network.hidden, problem.network.output, problem.inputs, problem.labels)
    )
    path = [hidden]
    for _ in range(steps):
        gradient = oracles.gradient(problem.name, path[-1], output, inputs, labels)
        path.append(path[-1] - problem.step_size * gradient)
    return path


def test_run_is_the_plain_loop(problem):
    network, trace = run(problem, steps=12, record_every=5)
    path = plain_loop(problem, 12)
    output, inputs, labels = (np.asarray(a) for a in (problem.network.output, problem.inputs, problem.labels))
    np.testing.assert_allclose(network.hidden, path[-1], rtol=1e-11, atol=1e-12)
    np.testing.assert_array_equal(trace.steps, [0, 5, 10, 12])
    losses = [oracles.loss(problem.name, path[t], output, inputs, labels) for t in trace.steps]
    np.testing.assert_allclose(trace.loss, losses, rtol=1e-11)
    moved = np.array([path[t] - path[0] for t in trace.steps])
    np.testing.assert_allclose(trace.distance, np.linalg.norm(moved, axis=(1, 2)), rtol=1e-11)
    np.testing.assert_allclose(trace.neuron_distance, np.linalg.norm(moved, axis=1).max(axis=1), rtol=1e-11)
    assert trace.step_size == problem.step_size
    assert not trace.diverged
    assert trace.explanation == "12 steps taken without divergence"


@pytest.mark.parametrize(
    ("steps", "every", "recorded"), [(3, 1, [0, 1, 2, 3]), (4, 2, [0, 2, 4]), (3, 100, [0, 3]), (1, 1, [0, 1])]
)
def test_start_and_end_are_always_recorded(softmax_problem, steps, every, recorded):
    _, trace = run(softmax_problem, steps=steps, record_every=every)
    np.testing.assert_array_equal(trace.steps, recorded)


def test_probes_land_in_the_trace(softmax_problem):
    probes = {"weights": lambda net: net.hidden, "width": lambda net: net.width, "up": lambda net: net.hidden[0] > 0}
    network, trace = run(softmax_problem, steps=4, record_every=2, probes=probes)
    np.testing.assert_array_equal(trace.probes["weights"][0], softmax_problem.network.hidden)
    np.testing.assert_array_equal(trace.probes["weights"][-1], network.hidden)
    np.testing.assert_array_equal(trace.probes["width"], [6, 6, 6])
    assert trace.probes["up"].dtype == bool
    # A run to the middle record passes through the same weights.
    half, _ = run(softmax_problem, steps=2)
    np.testing.assert_allclose(trace.probes["weights"][1], half.hidden, rtol=1e-13, atol=1e-14)


def test_until_ends_the_run_at_the_first_record_where_it_is_positive(softmax_problem):
    network, inputs, labels, _ = softmax_problem
    _, whole = run(softmax_problem, steps=40, record_every=4)
    goal = float(whole.loss[5])
    probes = {"left": lambda net: goal * (1 + 1e-9) - net.loss(inputs, labels)}
    ended, trace = run(softmax_problem, steps=40, record_every=4, probes=probes, until="left")
    np.testing.assert_array_equal(trace.steps, [0, 4, 8, 12, 16, 20])
    np.testing.assert_allclose(ended.loss(inputs, labels), goal, rtol=1e-12)
    at_once, trace = run(softmax_problem, steps=40, probes={"yes": lambda net: jnp.array(True)}, until="yes")
    assert trace.steps.tolist() == [0]
    np.testing.assert_array_equal(at_once.hidden, network.hidden)


def test_a_probe_that_is_not_a_number_never_ends_the_run(softmax_problem):
    _, trace = run(softmax_problem, steps=2, probes={"nan": lambda net: jnp.nan}, until="nan")
    assert trace.steps.tolist() == [0, 1, 2]


def test_a_run_in_pieces_is_bit_for_bit_the_run_in_one(problem, monkeypatch):
    """However long the pieces are: only the number of steps of a call changes, not the program."""
    options = {"steps": 9, "record_every": 4}
    probes = {"first": lambda net: net.hidden[0]}
    in_one = scanned(*problem[:3], jnp.asarray(problem.step_size), **options, probes=tuple(probes.items()))[1]
    runs = []
    for operations, seconds in ((1e8, 1e9), (0, 1e-9)):  # everything at once; a step at a time
        monkeypatch.setattr(descent, "_FIRST", operations)
        monkeypatch.setattr(descent, "_PIECE", seconds)
        seen = []
        runs.append(run(problem, **options, probes=probes, on_progress=seen.append))
        assert seen == sorted(seen)
        assert seen[-1] == 9
    assert seen == list(range(10))
    (end, trace), (other_end, other) = runs
    np.testing.assert_array_equal(end.hidden, other_end.hidden)
    for left, right, whole in zip(*(jax.tree.leaves(each) for each in (trace, other, in_one)), strict=True):
        np.testing.assert_array_equal(left, right)
        np.testing.assert_allclose(whole, right, rtol=1e-13)


def test_a_run_is_interrupted_between_two_pieces(softmax_problem):
    """A million million steps end when the progress bar says so, as they do at Ctrl-C."""

    def interrupt(step):
        if step > 1000:
            raise KeyboardInterrupt

    started = time.perf_counter()
    with pytest.raises(KeyboardInterrupt):
        run(softmax_problem, steps=10**12, record_every=10**11, on_progress=interrupt)
    assert time.perf_counter() - started < 20  # compilation included


def test_bounded_outputs_do_not_hide_divergence(softmax_problem):
    """The loss of softmax stays below n k (m + |y|)^2 / 2; weights beyond 1e154 are infinitely far by their squares."""
    for step, infinite in ((1e300, True), (1e4, False)):
        _, trace = run(softmax_problem, step_size=step, steps=5)
        assert trace.diverged
        assert trace.loss[-1] < 1e4 * trace.loss[0]
        assert bool(jnp.isinf(trace.distance[-1])) is infinite
        assert "diverged at step" in trace.explanation


def test_a_trace_is_printed_in_numbers(softmax_problem):
    _, trace = run(softmax_problem, steps=40, probes={"weights": lambda net: net.hidden})
    printed = str(trace)
    assert printed.startswith("40 steps taken without divergence")
    assert f"{float(trace.loss[0]):.5g}" in printed
    assert f"{float(trace.loss[-1]):.5g}" in printed
    assert "(8 of 41 records)" in printed
    assert "probe weights: float64[41, 3, 6]" in printed
    assert "step size 0.01" in repr(linearize(*softmax_problem[:3], step_size=0.01))
    jax.jit(lambda trace: [trace.loss.sum(), print(trace)][0])(trace)  # inside of jit there are no numbers to print


@pytest.mark.parametrize("every", [1, 1000])
def test_divergence_stops_the_run_at_once_and_is_said(problem, caplog, every):
    """Ten times the largest stable step; a million steps would take minutes."""
    caplog.set_level(logging.WARNING, "softntk")
    stable = float(largest_stable_step(*problem[:2]))
    # The outputs of softmax are at most m times the output weights, so its loss cannot grow without end.
    limit = 1.5 if problem.name == "softmax" else 100.0
    _, trace = run(problem, step_size=10 * stable, steps=10**6, record_every=every, divergence=limit)
    assert trace.diverged
    assert 1 <= trace.diverged_at < 1000
    assert trace.steps[-1] == trace.diverged_at
    # The last record, and no other, is beyond the limit (or not a number).
    beyond = ~np.asarray(trace.loss <= limit * trace.loss[0])
    np.testing.assert_array_equal(beyond, np.arange(len(beyond)) == len(beyond) - 1)
    assert trace.largest_stable_step == stable
    assert f"diverged at step {trace.diverged_at}" in trace.explanation
    assert f"{stable:.4g} are stable" in trace.explanation
    assert trace.explanation in caplog.text


def test_a_start_that_overflows_is_a_run_that_diverged_at_step_zero(softmax_problem):
    network = TwoLayer(softmax_problem.network.hidden, softmax_problem.network.output, Exponential())
    _, trace = gradient_descent(network, 1e4 * softmax_problem.inputs, softmax_problem.labels, step_size=0.1, steps=5)
    assert trace.diverged_at == 0
    assert trace.steps.tolist() == [0]
    assert "are stable" not in trace.explanation  # the kernel overflows, so no stable step is known


def test_a_start_without_residual_stays_where_it_is(problem):
    labels = problem.network.evaluate(problem.inputs, problem.labels).outputs
    network, trace = gradient_descent(problem.network, problem.inputs, labels, step_size=problem.step_size, steps=20)
    assert not trace.diverged
    assert trace.loss.max() <= 1e-28 * float(jnp.sum(labels**2))
    np.testing.assert_allclose(network.hidden, problem.network.hidden, rtol=1e-13, atol=1e-14)


def test_zero_rows_one_sample_one_output(problem):
    """All correct inputs. A sample without length moves nothing, and every step is stable."""
    network = TwoLayer(problem.network.hidden, problem.network.output[:1], problem.network.features)
    ended, trace = gradient_descent(network, jnp.zeros((1, 3)), jnp.ones((1, 1)), steps=3)
    np.testing.assert_array_equal(ended.hidden, network.hidden)
    assert trace.step_size == 1.0
    assert not trace.diverged


def test_stable_steps_lower_the_loss_at_every_step(key, problem):
    wide = antisymmetric(key, input_size=3, output_size=2, width=512, features=problem.network.features)
    _, trace = gradient_descent(wide, problem.inputs, problem.labels, step_size="stable", steps=50)
    values = np.linalg.eigvalsh(empirical_ntk(wide, problem.inputs).reshape(8, 8))
    assert float(trace.step_size) == pytest.approx(1 / (512 * values[-1]), rel=1e-13)
    assert bool((jnp.diff(trace.loss) < 0).all())
    assert trace.loss[-1] < trace.loss[0] / 10


def test_inputs_of_any_size(softmax_problem):
    network, inputs, labels, _ = softmax_problem
    ended, trace = gradient_descent(network, 1e4 * inputs, labels, step_size=1e-12, steps=3)
    assert bool(jnp.isfinite(ended.hidden).all())
    assert bool(jnp.isfinite(trace.loss).all())


def test_precision_is_that_of_the_network(problem):
    single = jax.tree.map(lambda leaf: leaf.astype("float32"), problem.network)
    arguments = {"step_size": problem.step_size, "steps": 12, "record_every": 6}
    network, trace = gradient_descent(single, problem.inputs, problem.labels, **arguments)
    assert {network.hidden.dtype, trace.loss.dtype, trace.distance.dtype, trace.step_size.dtype} == {
        np.dtype("float32")
    }
    _, double = run(problem, **arguments)
    np.testing.assert_allclose(trace.loss, double.loss, rtol=1e-4)


@pytest.mark.parametrize(
    ("change", "argument"),
    [
        ({"inputs": jnp.full((4, 3), jnp.nan)}, "inputs"),
        ({"inputs": jnp.ones((4, 2))}, "inputs"),
        ({"inputs": jnp.ones((0, 3))}, "inputs"),
        ({"labels": jnp.full((4, 2), jnp.inf)}, "labels"),
        ({"labels": jnp.ones((3, 2))}, "labels"),
        ({"labels": jnp.ones(4)}, "labels"),
        ({"steps": 0}, "steps"),
        ({"steps": 2.5}, "steps"),
        ({"record_every": -1}, "record_every"),
        ({"record_every": True}, "record_every"),
        ({"step_size": 0.0}, "step_size"),
        ({"step_size": float("nan")}, "step_size"),
        ({"step_size": float("inf")}, "step_size"),
        ({"step_size": "fast"}, "step_size"),
        ({"step_size": None}, "step_size"),
        ({"divergence": 1.0}, "divergence"),
        ({"divergence": float("nan")}, "divergence"),
        ({"until": "norm"}, "until"),
    ],
    ids=str,
)
def test_bad_input_is_refused(softmax_problem, unchecked, change, argument):
    network, inputs, labels, _ = softmax_problem
    with pytest.raises(BadInput) as failure:
        gradient_descent(network, **{"inputs": inputs, "labels": labels, "steps": 3, **change})
    assert failure.value.argument == argument
    assert all((failure.value.required, failure.value.got, failure.value.advice))


def test_weights_that_are_not_numbers_are_refused(softmax_problem):
    network, inputs, labels, step = softmax_problem
    with pytest.raises(BadInput, match=r"network\.hidden"):
        gradient_descent(network.moved_to(network.hidden * jnp.nan), inputs, labels, step_size=step, steps=3)


def test_a_run_that_does_not_fit_is_refused(softmax_problem, monkeypatch):
    monkeypatch.setattr("softntk.numerics.memory.free_bytes", lambda: 1000)
    with pytest.raises(TooLarge, match="float32"):
        run(softmax_problem, steps=3)
