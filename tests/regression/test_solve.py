"""Every rung solves the same system, and says truly how far it got."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from softntk.failures import BadInput, TooLarge
from softntk.kernels import KernelOperator, LimitKernel
from softntk.networks import Exponential, ReLU
from softntk.regression import path, plan, solve
from softntk.regression.iterative import conjugate_gradients
from softntk.regression.preconditioner import preconditioner

RIDGE = 0.05


@pytest.mark.parametrize("rung", ["expanded", "dense", "iterative", "landmarks"])
def test_every_rung_solves_the_same_system(rung, kernel, problem, matrix, new, key):
    x, y = problem
    truth = kernel(new, x) @ np.linalg.solve(matrix + RIDGE * np.eye(150), y)
    found = solve(kernel, x, y, ridge=RIDGE, rung=rung, key=key, held_out=0, rank=100, accuracy=1e-7)
    assert found.plan.rung.name == rung
    np.testing.assert_allclose(found.predictor(new), truth, atol=1e-4 if rung == "landmarks" else 1e-6)
    if rung != "landmarks":
        assert found.converged
        assert found.residual <= 1e-7
        assert found.residual <= found.bound
    assert rung in str(found)


def test_residual_is_that_of_the_true_system(kernel, problem, matrix, key):
    x, y = problem
    found = solve(kernel, x, y, ridge=RIDGE, rung="landmarks", rank=20, key=key, held_out=0)
    dual = (np.asarray(y) - np.asarray(found.predictor(x))) / RIDGE
    left = np.asarray(y) - matrix @ dual - RIDGE * dual
    truth = np.max(np.linalg.norm(left, axis=0) / np.linalg.norm(y, axis=0))
    assert found.residual == pytest.approx(truth, rel=1e-6)
    assert not found.converged


@pytest.mark.parametrize("precision", ["float64", "float32"])
@pytest.mark.parametrize("method", ["none", "degree", "pivoted"])
def test_iterations_end_at_the_true_residual_asked_for(method, precision, kernel, problem, matrix, key):
    x, y = problem
    found = solve(
        kernel, x, y, ridge=RIDGE, rung="iterative", method=method, precision=precision, rank=19, key=key, accuracy=1e-9
    )
    solution = np.asarray(found.predictor.coefficients)
    residual = np.asarray(y) - matrix @ solution - RIDGE * solution
    truth = np.max(np.linalg.norm(residual, axis=0) / np.linalg.norm(y, axis=0))
    assert found.converged
    # Both are the rounding of a sum of terms of size ||K|| |a|.
    assert found.residual == pytest.approx(truth, rel=1e-3, abs=1e-12)
    assert truth <= 1e-9
    assert len(found.history) == found.steps


def test_degree_features_save_steps(key):
    x = np.random.default_rng(0).normal(size=(1200, 16))
    x = jnp.asarray(x / np.linalg.norm(x, axis=1, keepdims=True))
    y = np.random.default_rng(1).normal(size=(1200, 3))
    kernel = LimitKernel(Exponential(), 0.9)
    steps = {}
    for name in ("none", "degree", "pivoted"):
        made = preconditioner(kernel, x, ridge=0.012, name=name, largest_rank=152, key=key)
        run = conjugate_gradients(KernelOperator(kernel, x), y, ridge=0.012, accuracy=1e-6, preconditioner=made)
        assert run.converged
        steps[name] = run.steps
    assert steps["degree"] * 2 < steps["none"]
    assert steps["degree"] < steps["pivoted"]


def test_the_exact_expansion_is_the_witness_where_dense_is_impossible(kernel):
    """n = 20,000: 3 GB as a matrix. Two inputs, so that the features are exact and few."""
    rng = np.random.default_rng(3)
    x = jnp.asarray(rng.uniform(-0.7, 0.7, size=(20_000, 2)))
    y = jnp.asarray(np.sin(3 * np.asarray(x[:, :1])) + 0.1 * rng.normal(size=(20_000, 1)))
    ours = solve(kernel, x, y, ridge=1.0, rung="iterative", rank=30, accuracy=1e-7, precision="float32")
    truth = path(kernel, x, y, rung="expanded")
    assert ours.converged
    new = x[:50] * 0.9
    np.testing.assert_allclose(ours.predictor(new), truth.ridge(1.0)(new), atol=1e-6)


def test_columns_stop_by_themselves(kernel, problem, matrix):
    x, y = problem
    # The second column is done at once, the third is zero.
    labels = np.column_stack([np.asarray(y)[:, 0], (matrix + RIDGE * np.eye(150))[:, 0], np.zeros(150)])
    made = preconditioner(kernel, x, ridge=RIDGE, name="none")
    run = conjugate_gradients(KernelOperator(kernel, x), labels, ridge=RIDGE, accuracy=1e-8, preconditioner=made)
    assert run.converged
    np.testing.assert_array_equal(run.solution[:, 2], 0)
    np.testing.assert_allclose(run.solution, np.linalg.solve(matrix + RIDGE * np.eye(150), labels), atol=1e-5)


def test_too_few_steps_and_too_much_accuracy_are_said(kernel, problem):
    arguments = {"rung": "iterative", "method": "none"}
    short = solve(kernel, *problem, ridge=1e-4, most_steps=3, **arguments)
    assert not short.converged
    assert "3 steps were not enough" in short.reason
    assert short.residual > 1e-6
    rounded = solve(kernel, *problem, ridge=1e-4, accuracy=1e-16, **arguments)
    assert not rounded.converged
    assert "did NOT converge" in str(rounded)


@pytest.mark.parametrize("method", ["degree", "pivoted"])
def test_killed_and_resumed_ends_with_the_same_result(method, kernel, problem, tmp_path, key):
    class KilledError(Exception):
        pass

    def kill(step, residual):
        if step == 6:
            raise KilledError

    arguments = {"ridge": 1e-3, "rung": "iterative", "method": method, "rank": 9, "key": key, "accuracy": 1e-8}
    whole = solve(kernel, *problem, **arguments)
    file = tmp_path / "state.npz"
    with pytest.raises(KilledError):
        solve(kernel, *problem, checkpoint=file, checkpoint_every=0.0, on_step=kill, **arguments)
    seen = []
    resumed = solve(kernel, *problem, checkpoint=file, on_step=lambda step, _: seen.append(step), **arguments)
    assert seen[0] == 6  # the state after step 5 was the last one written
    np.testing.assert_array_equal(resumed.predictor.coefficients, whole.predictor.coefficients)
    assert resumed.history == whole.history
    with pytest.raises(BadInput, match="belong to this problem"):
        solve(kernel, *problem, checkpoint=file, **arguments | {"ridge": 2e-3})
    file.write_bytes(file.read_bytes()[:1000])
    with pytest.raises(BadInput):
        solve(kernel, *problem, checkpoint=file, **arguments)


def test_held_out_error_is_that_of_rows_not_used(kernel, problem, key):
    found = solve(kernel, *problem, ridge=RIDGE, rung="dense", held_out=50, key=key)
    assert found.predictor.basis.inputs.shape == (100, 3)
    order = np.asarray(jax.random.permutation(jax.random.split(key)[1], 150))
    aside = np.sort(order[:50])
    squares = np.sum((np.asarray(found.predictor(problem[0][aside])) - np.asarray(problem[1])[aside]) ** 2, axis=1)
    assert found.held_out.error == pytest.approx(np.sqrt(squares.mean()))
    with pytest.raises(BadInput, match="key"):
        solve(kernel, *problem, ridge=RIDGE, held_out=50)


def test_plan_says_what_fits(kernel, problem):
    x = problem[0]
    planned = plan(kernel, x, outputs=2, ridge=RIDGE)
    assert planned.rung.need > 0
    assert [each.name for each in planned.considered] == ["expanded", "dense", "iterative", "landmarks"]
    relu = plan(LimitKernel(ReLU()), x, ridge=RIDGE)
    assert "no explicit features" in str(relu)
    large = jnp.zeros((200_000, 8))
    assert plan(LimitKernel(ReLU()), large, ridge=1.0, memory=8e9).rung.name == "iterative"
    with pytest.raises(TooLarge, match="landmarks"):
        plan(LimitKernel(ReLU()), large, ridge=1.0, memory=1e9)
    with pytest.raises(TooLarge, match="dense"):
        plan(kernel, x, ridge=RIDGE, rung="dense", memory=1e5)
    with pytest.raises(BadInput, match="explicit features"):
        plan(LimitKernel(ReLU()), x, ridge=RIDGE, rung="expanded")


def test_bad_input_is_answered(kernel, problem):
    x, y = problem
    for arguments in ({"ridge": -1.0}, {"ridge": 1.0, "accuracy": 0.0}, {"ridge": 1.0, "precision": "float16"}):
        with pytest.raises(BadInput):
            solve(kernel, x, y, **arguments)
    with pytest.raises(BadInput, match="finite kernel"):
        solve(LimitKernel(Exponential(), 40.0), x, y, ridge=1.0)
    with pytest.raises(BadInput, match="positive definite"):
        solve(kernel, jnp.concatenate([x, x]), jnp.concatenate([y, y]), ridge=0.0, rung="dense")
