"""Every solver solves the same system, and says truly how far it got."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from softntk.failures import BadInput, TooLarge
from softntk.kernels import KernelOperator, LimitKernel
from softntk.networks import Exponential, ReLU, Softmax
from softntk.regression import (
    SOLVERS,
    Auto,
    ConjugateGradients,
    Dense,
    Expanded,
    Nystrom,
    choose,
    plan,
    select,
    solve,
    solver_named,
    spectral_fit,
)
from softntk.regression.cycles import conjugate_gradients
from softntk.regression.preconditioning import preconditioner

RIDGE = 0.05
KERNELS = [LimitKernel(Softmax(), 1.2), LimitKernel(Exponential(), 0.8, "both"), LimitKernel(ReLU(), 1.0, "output")]


def laplace(left, right):
    return jnp.exp(-jnp.sum(jnp.abs(left[:, None, :] - right[None, :, :]), axis=2))


# All landmarks, so that an approximation leaves nothing out.
MEMBERS = [Nystrom(rank=150) if each is Nystrom else each() for each in SOLVERS]


@pytest.mark.parametrize(("ridge", "outputs"), [(0.02, 3), (5.0, 1)])
@pytest.mark.parametrize("kernel", [*KERNELS, laplace], ids=["softmax", "exponential", "relu", "function"])
@pytest.mark.parametrize("solver", MEMBERS, ids=lambda solver: solver.name)
def test_the_contract_of_solvers(solver, kernel, outputs, ridge, problem, new, key):
    """The answer is that of NumPy; the residual, the plan and the refusals are true."""
    x, y = problem[0], jnp.asarray(np.random.default_rng(outputs).normal(size=(150, outputs)))
    arguments = {"ridge": ridge, "solver": solver, "key": key, "held_out": 0, "accuracy": 1e-8}
    if solver.name == "expanded" and kernel not in KERNELS[:2]:
        with pytest.raises(BadInput, match="no explicit features"):
            solve(kernel, x, y, **arguments)
        return
    matrix = np.asarray(kernel(x, x))
    dual = np.linalg.solve(matrix + ridge * np.eye(150), np.asarray(y))
    found = solve(kernel, x, y, **arguments)
    assert found.plan.solver is solver
    assert found.plan.cost.need > 0
    assert solver.name in str(found)
    # |f - f'| <= sqrt(K(x, x)) |a - a'|_K, and the residual bounds it.
    near = 1e-6 * np.linalg.norm(np.asarray(y)) / ridge
    np.testing.assert_allclose(found.predictor(new), np.asarray(kernel(new, x)) @ dual, atol=near)
    assert found.residual <= found.bound
    assert found.converged == (found.residual <= 1e-8)
    assert found.converged or solver.approximate
    # Labels times a power of two: the answer times that power, to the last bit.
    huge = solve(kernel, x, y * 2.0**660, **arguments)
    np.testing.assert_array_equal(huge.predictor(new), found.predictor(new) * 2.0**660)
    assert huge.residual == found.residual


def test_names_make_solvers(kernel, problem):
    for name in ("auto", *(each.name for each in SOLVERS)):
        made = solver_named(name, rank=7)
        assert name == "auto" or [each.name for each in made.options] == [name]
    assert solver_named("nystrom", rank=7) == Nystrom(rank=7)
    for wrong in ({"name": "best"}, {"name": "nystrom", "rank": 0}):
        with pytest.raises(BadInput):
            solver_named(**wrong)


def test_residual_is_that_of_the_true_system(kernel, problem, matrix, key):
    x, y = problem
    found = solve(kernel, x, y, ridge=RIDGE, solver=Nystrom(rank=20), key=key, held_out=0)
    dual = (np.asarray(y) - np.asarray(found.predictor(x))) / RIDGE
    left = np.asarray(y) - matrix @ dual - RIDGE * dual
    truth = np.max(np.linalg.norm(left, axis=0) / np.linalg.norm(y, axis=0))
    assert found.residual == pytest.approx(truth, rel=1e-6)
    assert not found.converged


@pytest.mark.parametrize("precision", ["float64", "float32"])
@pytest.mark.parametrize("name", ["none", "degree", "pivoted"])
def test_iterations_end_at_the_true_residual_asked_for(name, precision, kernel, problem, matrix, key):
    x, y = problem
    solver = ConjugateGradients(preconditioner=name, precision=precision, rank=19)
    found = solve(kernel, x, y, ridge=RIDGE, solver=solver, key=key, accuracy=1e-9)
    solution = np.asarray(found.predictor.coefficients)
    residual = np.asarray(y) - matrix @ solution - RIDGE * solution
    truth = np.max(np.linalg.norm(residual, axis=0) / np.linalg.norm(y, axis=0))
    # Both are sums of terms of size ||K|| |a|: that is what rounding may change.
    rounding = 150 * 2.2e-16 * np.linalg.norm(matrix, 2) * np.linalg.norm(solution) / np.linalg.norm(y, axis=0).min()
    assert found.converged
    assert abs(found.residual - truth) <= rounding
    assert truth <= 1e-9 + rounding
    assert len(found.history) == found.steps


def test_degree_features_save_steps(key):
    x = np.random.default_rng(0).normal(size=(600, 16))
    x = jnp.asarray(x / np.linalg.norm(x, axis=1, keepdims=True))
    y = np.random.default_rng(1).normal(size=(600, 3))
    kernel = LimitKernel(Exponential(), 0.9)
    steps = {}
    for name in ("none", "degree", "pivoted"):
        made = preconditioner(kernel, x, ridge=0.006, name=name, largest_rank=152, key=key)
        run = conjugate_gradients(KernelOperator(kernel, x), y, ridge=0.006, accuracy=1e-6, preconditioner=made)
        assert run.converged
        steps[name] = run.steps
    assert steps["degree"] * 2 < steps["none"]
    assert steps["degree"] < steps["pivoted"]


def test_the_exact_expansion_is_the_witness_where_dense_is_large(kernel):
    """n = 8,000: half a gigabyte as a matrix. Two inputs, so that the features are exact and few."""
    rng = np.random.default_rng(3)
    x = jnp.asarray(rng.uniform(-0.7, 0.7, size=(8_000, 2)))
    y = jnp.asarray(np.sin(3 * np.asarray(x[:, :1])) + 0.1 * rng.normal(size=(8_000, 1)))
    solver = ConjugateGradients(rank=30, precision="float32")
    ours = solve(kernel, x, y, ridge=1.0, solver=solver, accuracy=1e-7)
    truth = spectral_fit(kernel, x, y, solver=Expanded())
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
    short = solve(kernel, *problem, ridge=1e-4, solver=ConjugateGradients(preconditioner="none", most_steps=3))
    assert not short.converged
    assert "3 steps were not enough" in short.reason
    assert short.residual > 1e-6
    rounded = solve(kernel, *problem, ridge=1e-4, accuracy=1e-16, solver=ConjugateGradients(preconditioner="none"))
    assert not rounded.converged
    assert "did NOT converge" in str(rounded)


@pytest.mark.parametrize("name", ["degree", "pivoted"])
def test_killed_and_resumed_ends_with_the_same_result(name, kernel, problem, tmp_path, key):
    class KilledError(Exception):
        pass

    def kill(step, residual):
        if step == 6:
            raise KilledError

    file = tmp_path / "state.npz"

    def run(ridge=1e-3, **options):
        solver = ConjugateGradients(preconditioner=name, rank=9, **options)
        return solve(kernel, *problem, ridge=ridge, solver=solver, key=key, accuracy=1e-8)

    whole = run()
    with pytest.raises(KilledError):
        run(checkpoint=file, checkpoint_every=0.0, on_step=kill)
    seen = []
    resumed = run(checkpoint=file, on_step=lambda step, _: seen.append(step))
    assert seen[0] == 6  # the state after step 5 was the last one written
    np.testing.assert_array_equal(resumed.predictor.coefficients, whole.predictor.coefficients)
    assert resumed.history == whole.history
    with pytest.raises(BadInput, match="belong to this problem"):
        run(ridge=2e-3, checkpoint=file)
    file.write_bytes(file.read_bytes()[:1000])
    with pytest.raises(BadInput):
        run(checkpoint=file)


def test_held_out_error_is_that_of_rows_not_used(kernel, problem, key):
    found = solve(kernel, *problem, ridge=RIDGE, solver=Dense(), held_out=50, key=key)
    _, split = jax.random.split(key)
    aside = np.sort(np.asarray(jax.random.permutation(split, 150))[:50])
    x, y = problem
    squares = np.sum((np.asarray(found.predictor(x[aside])) - np.asarray(y)[aside]) ** 2, axis=1)
    assert found.held_out.error == pytest.approx(np.sqrt(squares.mean()))
    for refused in ({"held_out": 50}, {"solver": Nystrom()}):
        with pytest.raises(BadInput, match="key"):
            solve(kernel, *problem, ridge=RIDGE, **refused)


def test_plan_says_what_fits(kernel, problem):
    x = problem[0]
    planned = plan(kernel, x, outputs=2, ridge=RIDGE)
    assert planned.cost.need > 0
    assert list(planned.costs) == [each.name for each in SOLVERS]
    assert "no explicit features" in str(plan(LimitKernel(ReLU()), x, ridge=RIDGE))
    large = jnp.zeros((200_000, 8))
    patient = Auto(seconds=1e9)
    chosen = plan(LimitKernel(ReLU()), large, ridge=1.0, solver=patient, memory=8e9).solver
    assert chosen.name == "conjugate-gradients"
    with pytest.raises(TooLarge, match="Nystrom"):
        plan(LimitKernel(ReLU()), large, ridge=1.0, memory=1e9)
    with pytest.raises(TooLarge, match="dense"):
        plan(kernel, x, ridge=RIDGE, solver=Dense(), memory=1e5)
    with pytest.raises(BadInput, match="explicit features"):
        plan(LimitKernel(ReLU()), x, ridge=RIDGE, solver=Expanded())


@pytest.mark.parametrize("d", [6, 8, 11])
def test_a_million_rows_are_refused_for_their_time(d):
    """An hour is the limit of Auto; what is asked for by name is done."""
    x = jnp.broadcast_to(jnp.asarray(np.eye(1, d)), (1_000_000, d))
    with pytest.raises(TooLarge, match="hours") as caught:
        plan(LimitKernel(Softmax()), x, ridge=1.0, solver=Auto(seconds=60), memory=64e9)
    assert "Nystrom" in str(caught.value)
    assert plan(LimitKernel(Softmax()), x, ridge=1.0, solver=Nystrom(), memory=64e9).solver.name == "nystrom"


@pytest.mark.usefixtures("unchecked")
def test_bad_input_is_answered(kernel, problem):
    x, y = problem
    for arguments in ({"ridge": -1.0}, {"ridge": 1.0, "accuracy": 0.0}):
        with pytest.raises(BadInput):
            solve(kernel, x, y, **arguments)
    with pytest.raises(BadInput, match="precision"):
        ConjugateGradients(precision="float16")
    with pytest.raises(BadInput, match="finite kernel"):
        solve(LimitKernel(Exponential(), 40.0), x, y, ridge=1.0)
    with pytest.raises(BadInput, match="positive definite"):
        solve(kernel, jnp.concatenate([x, x]), jnp.concatenate([y, y]), ridge=0.0, solver=Dense())
    with pytest.raises(BadInput, match="range of float64"):
        solve(kernel, x, y * 1e306, ridge=1e-6, solver=Dense())


def test_select_takes_the_least_leave_one_out(kernel, problem):
    kernels = [LimitKernel(kernel.features, scale) for scale in (0.3, 1.2)]
    chosen = select(kernels, *problem)
    mean = np.sum(np.asarray(problem[1]) ** 2) / 150
    errors = [spectral_fit(each, *problem).leave_one_out(ridges=[0.03])[0] / mean for each in kernels]
    assert chosen.errors.min() <= min(errors)
    assert chosen.fit.leave_one_out(ridges=[chosen.ridge])[0] == pytest.approx(chosen.errors.min() * mean)
    # The same for labels whose squares are out of range.
    for power in (-660, 660):
        again = select(kernels, problem[0], problem[1] * 2.0**power)
        np.testing.assert_array_equal(again.errors, chosen.errors)
        assert again.ridge == chosen.ridge
        np.testing.assert_array_equal(
            again.fit.ridge(again.ridge)(problem[0]), chosen.fit.ridge(chosen.ridge)(problem[0]) * 2.0**power
        )


def test_repeated_rows_choose_as_well_as_distinct_ones(kernel, key):
    """A bootstrap sample: leaving one of two twins out would find the smallest ridge best."""
    rng = np.random.default_rng(4)
    x = rng.normal(size=(400, 3))
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    y = np.sin(3 * x[:, :1]) + 0.5 * rng.normal(size=(400, 1))
    rows, new = rng.integers(0, 100, 100), slice(100, 400)
    x = jnp.asarray(x)
    errors = []
    for drawn in (rows, np.unique(rows)):
        found = choose([kernel], [x[drawn]], jnp.asarray(y[drawn]), key=key)
        fit = spectral_fit(kernel, x[drawn], jnp.asarray(y[drawn])).ridge(found.ridge)
        errors.append(float(np.mean((np.asarray(fit(x[new])) - np.sin(3 * np.asarray(x[new])[:, :1])) ** 2)))
    assert errors[0] < 1.5 * errors[1]


def test_a_ridge_chosen_on_few_rows_serves_many(key):
    """200 of 3,200 rows: within a factor 3 of the best ridge, where the ridge times 16 is far off."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(3200, 4))
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    y = np.sin(5 * x[:, :1] + 2 * x[:, 1:2]) * np.cos(4 * x[:, 2:3]) + 0.3 * rng.normal(size=(3200, 1))
    x, y, kernel = jnp.asarray(x), jnp.asarray(y), LimitKernel(Softmax(), 2.0, "both")
    found = choose([kernel], [x], y, key=key, rows=200).ridge
    fit = spectral_fit(kernel, x, y, solver=Nystrom(rank=300), key=key)
    ridges = np.geomspace(found / 30, found * 30, 121)
    errors = fit.leave_one_out(ridges=ridges)
    best = ridges[np.argmin(errors)]
    assert best / 3 < found < 3 * best
    assert found * 16 ** (2 / 3) > 3 * best
    # A ridge that is given is that of all rows, whatever it is chosen on.
    assert choose([kernel, kernel], [x], y, key=key, rows=200, ridge=0.5).ridge == pytest.approx(0.5, rel=1e-14)
