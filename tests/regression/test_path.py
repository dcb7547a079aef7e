"""One decomposition, every estimator: against direct solves, an integrated flow, and other libraries."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.integrate
import scipy.linalg
import scipy.stats
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import DotProduct, WhiteKernel
from sklearn.kernel_ridge import KernelRidge

from softntk.failures import BadInput
from softntk.kernels import LimitKernel
from softntk.networks import ReLU
from softntk.regression import path, select

RUNGS = ("dense", "expanded")


@pytest.fixture(scope="module", params=RUNGS)
def found(request, kernel, problem):
    return path(kernel, *problem, rung=request.param)


def test_ridge_is_the_direct_solve(found, kernel, problem, matrix, new):
    x, y = problem
    for ridge in (1e-3, 1.0):
        truth = kernel(new, x) @ np.linalg.solve(matrix + ridge * np.eye(150), y)
        np.testing.assert_allclose(found.ridge(ridge)(new), truth, atol=1e-9)
        other = KernelRidge(alpha=ridge, kernel="precomputed").fit(matrix, np.asarray(y))
        np.testing.assert_allclose(found.ridge(ridge)(new), other.predict(np.asarray(kernel(new, x))), atol=1e-9)
        np.testing.assert_allclose(
            found.coefficients(ridge=ridge), np.linalg.solve(matrix + ridge * np.eye(150), y), atol=1e-8
        )


def test_flow_is_the_integrated_flow(found, kernel, problem, matrix, new):
    """df/dt = -K (f - Y), integrated by Runge-Kutta: coefficients da/dt = Y - K a."""
    y = np.asarray(problem[1])
    run = scipy.integrate.solve_ivp(
        lambda _, a: (y - matrix @ a.reshape(y.shape)).reshape(-1), (0, 3.0), np.zeros(y.size), rtol=1e-9, atol=1e-11
    )
    truth = np.asarray(kernel(new, problem[0])) @ run.y[:, -1].reshape(y.shape)
    np.testing.assert_allclose(found.flow(3.0)(new), truth, atol=1e-7)
    np.testing.assert_array_equal(found.flow(0.0)(new), 0)


def test_gradient_descent_of_small_steps_is_the_flow(found, matrix, problem):
    y, f, eta = np.asarray(problem[1]), 0.0, 1e-4
    for _ in range(2000):
        f = f - eta * matrix @ (f - y)
    np.testing.assert_allclose(found.fitted(taus=[0.2])[0], f, atol=2e-3)


def test_many_at_once(found, new):
    taus = [0.1, 1.0, 10.0]
    once = found.predictions(new, taus=taus)
    np.testing.assert_allclose(once, [found.flow(tau)(new) for tau in taus], atol=1e-9)
    many = found.predictions(new, ridges=np.geomspace(1e-3, 1, 40))
    np.testing.assert_allclose(many[[0, 39]], [found.ridge(1e-3)(new), found.ridge(1.0)(new)], atol=1e-9)


def test_a_predictor_runs_under_transformations(found, new):
    predictor = found.ridge(1e-2)
    np.testing.assert_allclose(jax.jit(lambda x: predictor(x))(new), predictor(new), rtol=1e-10)
    slope = jax.jacfwd(lambda t: predictor(new + t)[0, 0])(0.0)
    near = (predictor(new + 1e-5)[0, 0] - predictor(new - 1e-5)[0, 0]) / 2e-5
    assert slope == pytest.approx(float(near), rel=1e-5)


def test_leave_one_out_leaves_one_out(found, problem, matrix):
    y = np.asarray(problem[1])
    residuals = []
    for i in range(150):
        others = np.arange(150) != i
        a = np.linalg.solve(matrix[others][:, others] + 0.1 * np.eye(149), y[others])
        residuals.append(y[i] - matrix[i, others] @ a)
    truth = np.mean(np.sum(np.square(residuals), axis=1))
    assert found.leave_one_out(ridges=[0.1])[0] == pytest.approx(truth, rel=1e-9)


def test_generalized_cross_validation_and_effective_dimension(found, problem, matrix):
    y, smoother = np.asarray(problem[1]), matrix @ np.linalg.inv(matrix + 0.1 * np.eye(150))
    truth = 150 * np.sum((y - smoother @ y) ** 2) / (150 - np.trace(smoother)) ** 2
    assert found.generalized_cross_validation(ridges=[0.1])[0] == pytest.approx(truth, rel=1e-9)
    assert found.effective_dimension(0.1) == pytest.approx(np.trace(smoother), rel=1e-9)
    expm = scipy.linalg.expm(-2.0 * matrix)
    truth = 150 * np.sum((expm @ y) ** 2) / np.trace(expm) ** 2
    assert found.generalized_cross_validation(taus=[2.0])[0] == pytest.approx(truth, rel=1e-8)


def test_posterior_variance_and_likelihood_are_those_of_a_gaussian_process(found, kernel, problem, matrix, new):
    x, y = problem
    cross, noise = np.asarray(kernel(new, x)), matrix + 0.1 * np.eye(150)
    truth = np.diagonal(kernel(new)) - np.sum(cross * np.linalg.solve(noise, cross.T).T, axis=1)
    np.testing.assert_allclose(found.variance(new, ridge=0.1), truth, atol=1e-10)
    log = scipy.stats.multivariate_normal(np.zeros(150), noise).logpdf(np.asarray(y).T).sum()
    assert found.log_marginal_likelihood(0.1) == pytest.approx(log, abs=1e-6)


@pytest.mark.parametrize("degree_accuracy", [1e-3, 1e-6])
def test_error_of_left_out_features_is_within_the_bound_and_the_bound_says_something(kernel, problem, degree_accuracy):
    exact = path(kernel, *problem, rung="dense")
    rough = path(kernel, *problem, rung="expanded", accuracy=degree_accuracy)
    size = np.linalg.norm(problem[1])
    for name, value in (("ridge", 1.0), ("tau", 1.0)):
        error = np.linalg.norm(rough.fitted(**{f"{name}s": [value]}) - exact.fitted(**{f"{name}s": [value]})) / size
        bound = rough.bound(**{name: value})
        assert error <= bound < 3e4 * error
        assert bound < 150 * degree_accuracy


def test_landmarks_serve_any_kernel(problem, key):
    relu = LimitKernel(ReLU())
    exact, rough = path(relu, *problem, rung="dense"), path(relu, *problem, rung="landmarks", rank=120, key=key)
    error = np.linalg.norm(rough.fitted(taus=[1.0]) - exact.fitted(taus=[1.0])) / np.linalg.norm(problem[1])
    assert 0 < error <= rough.bound(tau=1.0) < 1
    with pytest.raises(BadInput, match="key"):
        path(relu, *problem, rung="landmarks")


def test_auto_takes_the_cheaper(kernel, problem):
    assert path(kernel, problem[0][:, :1], problem[1]).rung == "expanded"
    assert path(kernel, *problem).rung == "dense"
    assert path(LimitKernel(ReLU()), *problem).rung == "dense"


def test_select_takes_the_least_leave_one_out(kernel, problem):
    scales = (0.3, 1.2)
    chosen = select([LimitKernel(kernel.features, scale) for scale in scales], *problem)
    errors = [path(LimitKernel(kernel.features, s), *problem).leave_one_out(ridges=[0.03])[0] for s in scales]
    assert chosen.errors.min() <= min(errors)
    assert chosen.path.leave_one_out(ridges=[chosen.ridge])[0] == pytest.approx(chosen.errors.min())


def test_what_rounding_would_decide_is_refused(kernel, problem, found):
    with pytest.raises(BadInput, match="rounding"):
        found.ridge(1e-16)
    with pytest.raises(BadInput, match="tau"):
        found.flow(-1.0)
    with pytest.raises(BadInput, match="both"):
        found.fitted(taus=[1.0], ridges=[1.0])

    def indefinite(left, right):
        return -kernel(left, right)

    with pytest.raises(BadInput, match="positive semi-definite"):
        path(indefinite, *problem)


@pytest.mark.usefixtures("unchecked")
def test_bad_arrays_are_refused(kernel, problem):
    x, y = problem
    with pytest.raises(BadInput, match="float64"):
        path(kernel, x.astype("float32"), y)
    with pytest.raises(BadInput, match="finite"):
        path(kernel, x.at[3, 1].set(jnp.nan), y)
    with pytest.raises(BadInput, match="rows"):
        path(kernel, x, y[:-1])
    with pytest.raises(BadInput, match="rung"):
        path(kernel, x, y, rung="best")


def test_likelihood_of_scikit_learn(problem):
    x, y = problem[0], problem[1][:, :1]
    linear = DotProduct(0.0, "fixed") + WhiteKernel(0.3, "fixed")
    machine = GaussianProcessRegressor(linear, optimizer=None).fit(np.asarray(x), np.asarray(y))
    ours = path(lambda left, right: left @ right.T, x, y, rung="dense")
    assert ours.log_marginal_likelihood(0.3) == pytest.approx(machine.log_marginal_likelihood_value_, rel=1e-9)
