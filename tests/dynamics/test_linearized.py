"""The linearized run against its steps multiplied out, against the Jacobian, and against the run it approximates."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import oracles
from softntk.dynamics import ensemble, largest_stable_step, linearize
from softntk.failures import BadInput
from softntk.kernels import LimitKernel, empirical_ntk
from softntk.networks import Softmax, TwoLayer, antisymmetric, features_named

M = 6


def multiplied_out(problem, eta: float, steps: int) -> np.ndarray:
    """Residuals (steps + 1, n, k), one matrix product a step."""
    kernel = np.asarray(empirical_ntk(*problem[:2])).reshape(8, 8)
    residual = np.asarray(problem.network(problem.inputs) - problem.labels).ravel()
    return oracles.linear_descent(kernel, residual, rate=eta * M, steps=steps).reshape(-1, 4, 2)


@pytest.mark.parametrize("fraction", [0.01, 0.5, 0.9, 1.25], ids="{} of the largest stable step".format)
def test_residuals_are_the_steps_multiplied_out(problem, fraction):
    """At 0.5 a mode vanishes in one step, at 0.9 it changes sign at every step, at 1.25 it grows."""
    eta = fraction * float(largest_stable_step(*problem[:2]))
    path = multiplied_out(problem, eta, 30)
    run = linearize(*problem[:3], step_size=eta)
    for t in (0, 1, 7, 30):
        np.testing.assert_allclose(run.residual(t), path[t], rtol=0, atol=1e-11 * np.abs(path[t]).max())
        np.testing.assert_allclose(run.outputs(t), path[t] + problem.labels, rtol=0, atol=1e-11 * np.abs(path).max())
    times = jnp.array([0, 1, 7, 30])
    np.testing.assert_allclose(run.loss(times), 0.5 * (path[times] ** 2).sum(axis=(1, 2)), rtol=1e-10)
    np.testing.assert_allclose(run.loss(7), run.loss(times)[2], rtol=1e-14)
    assert (run.loss(30) > run.loss(0)) == (fraction > 1)


def test_weights_move_by_the_jacobian(problem):
    """W(t) - W(0) = -eta sum_{s<t} J^T R(s), formed with the Jacobian itself; new inputs follow their own Jacobian."""
    network, inputs, _, eta = problem
    path = multiplied_out(problem, eta, 30)
    jacobian = np.asarray(jax.jacrev(lambda hidden: network.moved_to(hidden)(inputs))(network.hidden))
    others = jnp.array([[0.3, -0.5, 0.2], [1.0, 1.0, 1.0], [0.0, 0.0, 0.0]])
    across = np.asarray(jax.jacrev(lambda hidden: network.moved_to(hidden)(others))(network.hidden))
    run = linearize(*problem[:3], step_size=eta)
    for t in (1, 10, 30):
        moved = -eta * np.einsum("ildm,il->dm", jacobian, path[:t].sum(axis=0))
        assert float(run.distance(t)) == pytest.approx(np.linalg.norm(moved), rel=1e-11)
        truth = network(others) + np.einsum("ildm,dm->il", across, moved)
        np.testing.assert_allclose(run.outputs_at(others, t), truth, rtol=1e-11, atol=1e-11)
    np.testing.assert_allclose(run.distance(jnp.array([0, 10])), [0.0, run.distance(10)], rtol=1e-13)
    np.testing.assert_allclose(run.outputs_at(inputs, 10), run.outputs(10), rtol=1e-10, atol=1e-11)


def test_any_number_of_steps(softmax_problem):
    """After 10^15 steps the labels are met, and the distance is that of the shortest way, sqrt(r^T H^-1 r / m)."""
    run = linearize(*softmax_problem[:3], step_size="stable")
    kernel = np.asarray(empirical_ntk(*softmax_problem[:2])).reshape(8, 8)
    residual = np.asarray(run.residual(0)).ravel()
    assert np.linalg.eigvalsh(kernel)[0] > 1e-5
    np.testing.assert_allclose(run.residual(10**15), 0.0, atol=1e-300)
    shortest = math.sqrt(residual @ np.linalg.solve(kernel, residual) / M)
    assert float(run.distance(10**15)) == pytest.approx(shortest, rel=1e-8)


def test_contradicting_labels_are_never_met(softmax_problem):
    """A repeated row with another label: the smallest eigenvalue is zero, up to rounding of either sign."""
    network, inputs, _, _ = softmax_problem
    repeated, labels = jnp.concatenate([inputs[:2], inputs[:1]]), jnp.array([[1.0, 0.0], [0.0, 0.0], [-1.0, 0.0]])
    start = network(repeated)
    run = linearize(network, repeated, labels, step_size="stable")
    for t in (10**4, 10**9):
        # Half the square of the distance to the mean label, for both copies.
        np.testing.assert_allclose(run.loss(t), 1.0, rtol=1e-6)
        np.testing.assert_allclose(run.outputs(t)[0], run.outputs(t)[2], atol=1e-6)
    # A rounded eigenvalue below zero would have blown this up.
    assert run.loss(10**18) <= 1.0
    assert math.isfinite(run.distance(10**18))
    np.testing.assert_allclose(run.outputs(10**4)[0], [0.0, 0.0], atol=1e-6)
    np.testing.assert_allclose(run.outputs(0), start, rtol=1e-13, atol=1e-13)


def test_eigenvalue_zero_moves_nothing(problem):
    """A zero row has no gradient, and its residual stays."""
    network, inputs, labels, eta = problem
    run = linearize(network, inputs.at[0].set(0.0), labels, step_size=eta)
    np.testing.assert_allclose(run.residual(10**6)[0], run.residual(0)[0], rtol=1e-11)
    nothing = linearize(network, jnp.zeros((4, 3)), labels, step_size="stable")
    np.testing.assert_array_equal(nothing.distance(jnp.array([1, 10**9])), 0.0)


@pytest.mark.parametrize(("name", "exponent"), [("softmax", -2), ("exponential", -2), ("relu", -1)])
def test_the_run_approaches_its_linearization_as_the_width_grows(name, exponent):
    """Neurons move by order 1/m. Smooth: the second order cancels at the antisymmetric start, m terms of third order
    remain. ReLU: order 1/m of the neurons change sign, each is off by order 1/m. The distance falls like m^-1/2."""
    widths, steps, features = (256, 4096), 20, features_named(name)
    inputs = jnp.array([[1.0, 0.0, 0.0], [0.6, 0.8, 0.0], [0.0, -0.6, 0.8], [-0.8, 0.0, 0.6]])
    labels = jnp.array([[1.0], [-1.0], [1.0], [-1.0]])
    deviations, distances = [], []
    for m in widths:
        starts = jax.vmap(
            lambda key, m=m: antisymmetric(key, input_size=3, output_size=1, width=m, features=features, scale=0.5)
        )(jax.random.split(jax.random.key(3), 16))
        eta = 0.3 / m
        ends, trace = ensemble(starts, inputs, labels, step_size=eta, steps=steps, record_every=steps)
        lines = jax.vmap(lambda net, eta=eta: linearize(net, inputs, labels, step_size=eta))(starts)
        apart = jax.vmap(lambda net, line: jnp.linalg.norm(net(inputs) - line.outputs(steps)))(ends, lines)
        deviations.append(float(jnp.sqrt(jnp.mean(apart**2))))
        distances.append(float(trace.distance[:, -1].mean()))
        moved = jax.vmap(lambda line: line.distance(steps))(lines)
        np.testing.assert_allclose(trace.distance[:, -1], moved, rtol=0.3 if name == "relu" else 0.02)
    ratio = math.log(widths[1] / widths[0])
    assert math.log(deviations[1] / deviations[0]) / ratio == pytest.approx(exponent, abs=0.2)
    assert math.log(distances[1] / distances[0]) / ratio == pytest.approx(-0.5, abs=0.02)


def test_runs_with_another_kernel(softmax_problem):
    """The limit kernel, say: for every output the same."""
    network, inputs, labels, eta = softmax_problem
    limit = LimitKernel(Softmax())(inputs)
    kernel = limit[:, None, :, None] * jnp.eye(2)[None, :, None, :]
    run = linearize(network, inputs, labels, step_size=eta, kernel=kernel)
    for column in range(2):
        path = oracles.linear_descent(np.asarray(limit), np.asarray(run.residual(0))[:, column], rate=eta * M, steps=9)
        np.testing.assert_allclose(run.residual(9)[:, column], path[-1], rtol=0, atol=1e-11 * np.abs(path[-1]).max())


def test_precision_is_that_of_the_network(softmax_problem):
    single = jax.tree.map(lambda leaf: leaf.astype("float32"), softmax_problem.network)
    run = linearize(single, *softmax_problem[1:3], step_size=0.01)
    double = linearize(*softmax_problem[:3], step_size=0.01)
    assert run.loss(10).dtype == run.outputs(10).dtype == jnp.float32
    np.testing.assert_allclose(run.loss(10), double.loss(10), rtol=1e-4)


def test_one_sample_one_output():
    network = TwoLayer(jnp.array([[0.5, -0.25]]), jnp.array([[1.0, -1.0]]), Softmax())
    run = linearize(network, jnp.ones((1, 1)), jnp.zeros((1, 1)), step_size=0.1)
    kernel = float(empirical_ntk(network, jnp.ones((1, 1)))[0, 0, 0, 0])
    truth = float(network(jnp.ones((1, 1)))[0, 0]) * (1 - 0.1 * 2 * kernel) ** 5
    assert float(run.residual(5)[0, 0]) == pytest.approx(truth, rel=1e-13)


@pytest.mark.parametrize(
    ("change", "argument"),
    [
        ({"inputs": jnp.full((4, 3), jnp.nan)}, "inputs"),
        ({"labels": jnp.ones((4, 1))}, "labels"),
        ({"kernel": jnp.ones((4, 4))}, "kernel"),
        ({"kernel": jnp.full((4, 2, 4, 2), jnp.nan)}, "kernel"),
        ({"step_size": -1.0}, "step_size"),
    ],
    ids=str,
)
def test_bad_input_is_refused(softmax_problem, unchecked, change, argument):
    network, inputs, labels, _ = softmax_problem
    with pytest.raises(BadInput) as failure:
        linearize(network, **{"inputs": inputs, "labels": labels, **change})
    assert failure.value.argument == argument


def test_bad_new_inputs_are_refused(softmax_problem, unchecked):
    run = linearize(*softmax_problem[:3], step_size=0.01)
    for bad in (jnp.ones((2, 4)), jnp.full((2, 3), jnp.inf)):
        with pytest.raises(BadInput, match="others"):
            run.outputs_at(bad, 3)
