"""Many runs at once are the single runs."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from softntk.dynamics import ensemble, gradient_descent, largest_stable_step
from softntk.failures import BadInput, TooLarge
from softntk.networks import antisymmetric


def starts(problem, count=3):
    def start(key):
        return antisymmetric(key, input_size=3, output_size=2, width=6, features=problem.network.features)

    return jax.vmap(start)(jax.random.split(jax.random.key(8), count))


def one(stack, index):
    return jax.tree.map(lambda leaf: leaf[index], stack)


@pytest.mark.parametrize("step_size", [0.01, "stable"])
def test_equals_the_single_runs(problem, step_size):
    networks, probes = starts(problem), {"weights": lambda net: net.hidden}
    options = {"step_size": step_size, "steps": 7, "record_every": 3, "probes": probes}
    ends, traces = ensemble(networks, *problem[1:3], **options)
    for index in range(3):
        end, trace = gradient_descent(one(networks, index), *problem[1:3], **options)
        np.testing.assert_allclose(ends.hidden[index], end.hidden, rtol=1e-12, atol=1e-13)
        np.testing.assert_array_equal(ends.output[index], end.output)
        together = one(traces, index)
        np.testing.assert_array_equal(together.steps, trace.steps)
        for name in ("loss", "distance", "neuron_distance", "step_size"):
            np.testing.assert_allclose(getattr(together, name), getattr(trace, name), rtol=1e-12)
        np.testing.assert_allclose(together.probes["weights"], trace.probes["weights"], rtol=1e-12, atol=1e-13)


def test_a_run_that_diverges_stops_alone():
    """Of two exponential networks the wider-spread one diverges at a step that suits the other."""
    from softntk.networks import Exponential

    calm = antisymmetric(jax.random.key(1), input_size=3, output_size=1, width=6, features=Exponential(), scale=0.1)
    wild = calm.moved_to(20 * calm.hidden)
    inputs, labels = jnp.eye(3), jnp.array([[1.0], [-1.0], [1.0]])
    step = 0.9 * float(largest_stable_step(calm, inputs))
    assert step > 2 * float(largest_stable_step(wild, inputs))
    stack = jax.tree.map(lambda *leaves: jnp.stack(leaves), calm, wild)
    ends, traces = ensemble(stack, inputs, labels, step_size=step, steps=50, record_every=10)
    alone, trace = gradient_descent(calm, inputs, labels, step_size=step, steps=50, record_every=10)
    np.testing.assert_allclose(ends.hidden[0], alone.hidden, rtol=1e-11, atol=1e-12)
    np.testing.assert_allclose(traces.loss[0], trace.loss, rtol=1e-11)
    assert traces.diverged
    assert traces.diverged_at[0] == -1 < traces.diverged_at[1]
    later = np.asarray(traces.steps[1] < 0)
    assert later.any()
    assert bool(jnp.isnan(traces.loss[1][later]).all())
    assert f"diverged at step {traces.diverged_at[1]}" in traces.explanation


@pytest.mark.parametrize(
    ("change", "argument"),
    [
        ({"inputs": jnp.full((4, 3), jnp.nan)}, "inputs"),
        ({"labels": jnp.ones((4, 3))}, "labels"),
        ({"steps": 0}, "steps"),
        ({"record_every": 0}, "record_every"),
        ({"step_size": -1.0}, "step_size"),
        ({"step_size": "fast"}, "step_size"),
    ],
    ids=str,
)
def test_bad_input_is_refused(softmax_problem, unchecked, change, argument):
    networks, (_, inputs, labels, _) = starts(softmax_problem), softmax_problem
    with pytest.raises(BadInput) as failure:
        ensemble(networks, **{"inputs": inputs, "labels": labels, "steps": 3, **change})
    assert failure.value.argument == argument


def test_networks_that_are_not_stacked_are_refused(softmax_problem):
    with pytest.raises(BadInput, match=r"jax\.vmap"):
        ensemble(*softmax_problem[:3], steps=3)


def test_what_does_not_fit_is_refused(softmax_problem, monkeypatch):
    networks = starts(softmax_problem)
    monkeypatch.setattr("softntk.numerics.memory.free_bytes", lambda: 1000)
    with pytest.raises(TooLarge, match="fewer networks at a time"):
        ensemble(networks, *softmax_problem[1:3], step_size=0.01, steps=3)


@pytest.mark.parametrize("cores", [1, 2, 64])
def test_any_number_of_cores_gives_the_same_runs(softmax_problem, monkeypatch, cores):
    """Seven runs: one after the other, or seven threads; as many in one program as fit, or one."""
    networks = starts(softmax_problem, 7)
    monkeypatch.setattr("os.cpu_count", lambda: cores)
    ends, traces = ensemble(networks, *softmax_problem[1:3], step_size=0.01, steps=7, record_every=7)
    for index in (0, 6):
        end, trace = gradient_descent(
            one(networks, index), *softmax_problem[1:3], step_size=0.01, steps=7, record_every=7
        )
        np.testing.assert_allclose(ends.hidden[index], end.hidden, rtol=1e-12, atol=1e-13)
        np.testing.assert_allclose(traces.loss[index], trace.loss, rtol=1e-12)


def test_scoped_precision_holds_in_every_thread(softmax_problem):
    """Float32 by default, float64 in the block that asks for it."""
    arrays = jax.tree.map(np.asarray, (starts(softmax_problem, 2), *softmax_problem[1:3]))
    with jax.enable_x64(False):
        narrow, _ = ensemble(*jax.tree.map(jnp.asarray, arrays), step_size=0.01, steps=1)
        with jax.enable_x64(True):
            wide, _ = ensemble(*jax.tree.map(jnp.asarray, arrays), step_size=0.01, steps=1)
    assert (narrow.hidden.dtype, wide.hidden.dtype) == (jnp.float32, jnp.float64)
