"""One decomposition, every estimator: against direct solves, an integrated flow, refits, and other libraries."""

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest
import scipy.integrate
import scipy.linalg
import scipy.stats
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import DotProduct, WhiteKernel

from softntk.failures import BadInput
from softntk.kernels import LimitKernel, NormalizedKernel
from softntk.networks import ReLU, Softmax
from softntk.regression import Auto, ConjugateGradients, Dense, Expanded, Nystrom, spectral_fit

# Expanded(degree=7) has 119 features, fewer than rows; the default accuracy asks for more features than rows.
SOLVERS = (Dense(), Expanded(), Expanded(degree=7), Nystrom(rank=150))


@pytest.fixture(scope="module", params=SOLVERS, ids=["dense", "expanded", "few features", "nystrom"])
def found(request, kernel, problem):
    return spectral_fit(kernel, *problem, solver=request.param, key=jax.random.key(0))


def size(found):
    """What the features leave out limits the agreement."""
    return 1e-9 + 10 * found.left_out


def test_ridge_is_the_direct_solve(found, kernel, problem, matrix, new):
    x, y = problem
    for ridge in (1e-3, 1.0):
        dual = np.linalg.solve(matrix + ridge * np.eye(150), y)
        np.testing.assert_allclose(found.ridge(ridge)(new), kernel(new, x) @ dual, atol=size(found) / ridge)
        np.testing.assert_allclose(found.coefficients(ridge=ridge), dual, atol=10 * size(found) / ridge**2)
        norm = np.sqrt(np.sum(dual * (matrix @ dual)))
        assert found.norms(ridges=[ridge])[0] == pytest.approx(norm, rel=size(found) / ridge)


def test_flow_is_the_integrated_flow(found, kernel, problem, matrix, new):
    """df/dt = -K (f - Y), integrated by Runge-Kutta: coefficients da/dt = Y - K a."""
    y = np.asarray(problem[1])
    run = scipy.integrate.solve_ivp(
        lambda _, a: (y - matrix @ a.reshape(y.shape)).reshape(-1), (0, 3.0), np.zeros(y.size), rtol=1e-9, atol=1e-11
    )
    truth = np.asarray(kernel(new, problem[0])) @ run.y[:, -1].reshape(y.shape)
    np.testing.assert_allclose(found.flow(3.0)(new), truth, atol=1e-7 + 10 * size(found))
    np.testing.assert_array_equal(found.flow(0.0)(new), 0)
    fitted = matrix @ run.y[:, -1].reshape(y.shape)
    np.testing.assert_allclose(found.fitted(taus=[3.0])[0], fitted, atol=1e-7 + 10 * size(found))


def test_many_at_once(found, new):
    taus = [0.1, 1.0, 10.0]
    once = found.predictions(new, taus=taus)
    np.testing.assert_allclose(once, [found.flow(tau)(new) for tau in taus], atol=1e-9)
    many = found.predictions(new, ridges=np.geomspace(1e-3, 1, 90))
    np.testing.assert_allclose(many[[0, 89]], [found.ridge(1e-3)(new), found.ridge(1.0)(new)], atol=1e-9)


def test_other_labels_need_no_other_decomposition(found, kernel, problem, new):
    other = jnp.asarray(np.random.default_rng(3).normal(size=(150, 3)))
    again = spectral_fit(kernel, problem[0], other, solver=Dense())
    np.testing.assert_allclose(found.relabeled(other).ridge(0.1)(new), again.ridge(0.1)(new), atol=100 * size(found))


def test_a_predictor_runs_under_transformations(found, new):
    predictor = found.ridge(1e-2)
    np.testing.assert_allclose(jax.jit(lambda x: predictor(x))(new), predictor(new), atol=1e-9)
    slope = jax.jacfwd(lambda t: predictor(new + t)[0, 0])(0.0)
    near = (predictor(new + 1e-5)[0, 0] - predictor(new - 1e-5)[0, 0]) / 2e-5
    assert slope == pytest.approx(float(near), rel=1e-5)


def left_out_in_turn(matrix, y, ridge, groups):
    """Mean squared error of each group of rows by a fit to all others."""
    total = 0.0
    for group in np.unique(groups):
        out, rest = groups == group, groups != group
        dual = np.linalg.solve(matrix[rest][:, rest] + ridge * np.eye(rest.sum()), y[rest])
        total += np.sum((y[out] - matrix[out][:, rest] @ dual) ** 2)
    return total / len(y)


def test_choosing(found, problem, matrix):
    y, smoother = np.asarray(problem[1]), matrix @ np.linalg.inv(matrix + 0.1 * np.eye(150))
    near = max(1e-9, 100 * size(found))
    truth = left_out_in_turn(matrix, y, 0.1, np.arange(150))
    assert found.leave_one_out(ridges=[0.1])[0] == pytest.approx(truth, rel=near)
    truth = 150 * np.sum((y - smoother @ y) ** 2) / (150 - np.trace(smoother)) ** 2
    assert found.generalized_cross_validation(ridges=[0.1])[0] == pytest.approx(truth, rel=near)
    assert found.effective_dimension(0.1) == pytest.approx(np.trace(smoother), rel=near)
    expm = scipy.linalg.expm(-2.0 * matrix)
    truth = 150 * np.sum((expm @ y) ** 2) / np.trace(expm) ** 2
    assert found.generalized_cross_validation(taus=[2.0])[0] == pytest.approx(truth, rel=near)


def test_posterior_variance_and_likelihood_are_those_of_a_gaussian_process(found, kernel, problem, matrix, new):
    x, y = problem
    cross, noise = np.asarray(kernel(new, x)), matrix + 0.1 * np.eye(150)
    truth = np.diagonal(kernel(new)) - np.sum(cross * np.linalg.solve(noise, cross.T).T, axis=1)
    np.testing.assert_allclose(found.variance(new, ridge=0.1), truth, atol=100 * size(found))
    log = scipy.stats.multivariate_normal(np.zeros(150), noise).logpdf(np.asarray(y).T).sum()
    assert found.log_marginal_likelihood(0.1) == pytest.approx(log, abs=1e-6 + 1e4 * size(found))


@pytest.mark.parametrize("solver", [Dense(), Expanded(accuracy=1e-15)], ids=lambda solver: solver.name)
@pytest.mark.parametrize("ridge", [1e-15, 1e-9, 1e-2])
def test_small_ridges_keep_their_digits(solver, ridge):
    """n = 3: leave-one-out and likelihood in 50 digits. 1 - h and Y - fitted would have lost all of theirs."""
    x = np.array([[1.0, 0.0], [0.0, 1.0], [-0.6, -0.8]])
    y = np.array([[1.0], [-0.5], [0.3]])
    kernel = LimitKernel(Softmax(), 1.0)
    with mpmath.workdps(50):
        g = mpmath.matrix(x) * mpmath.matrix(x).T
        M = mpmath.matrix(3, 3)
        for i in range(3):
            for j in range(3):
                M[i, j] = g[i, j] * mpmath.exp(g[i, j]) + (mpmath.mpf(ridge) if i == j else 0)
        inverse, labels = M**-1, mpmath.matrix(y)
        a = inverse * labels
        truth = sum((a[i] / inverse[i, i]) ** 2 for i in range(3)) / 3
        quadratic = (labels.T * a)[0]
        log = -(quadratic + mpmath.log(mpmath.det(M)) + 3 * mpmath.log(2 * mpmath.pi)) / 2
    found = spectral_fit(kernel, jnp.asarray(x), jnp.asarray(y), solver=solver)
    assert found.leave_one_out(ridges=[ridge])[0] == pytest.approx(float(truth), rel=1e-12)
    assert found.generalized_cross_validation(ridges=[ridge])[0] < np.inf
    assert found.log_marginal_likelihood(ridge) == pytest.approx(float(log), rel=1e-12)


@pytest.fixture(scope="module")
def repeated(problem):
    """60 rows, 150 draws of them: labels of equal rows differ."""
    places = np.random.default_rng(0).integers(0, 60, 150)
    return problem[0][:60][places], problem[1], places


@pytest.mark.parametrize("solver", SOLVERS, ids=["dense", "expanded", "few features", "nystrom"])
def test_equal_rows_count_as_often_as_they_come(solver, kernel, repeated, new):
    x, y, places = repeated
    found = spectral_fit(kernel, x, y, solver=solver, key=jax.random.key(0))
    assert len(found.labels) == len(np.unique(places)) < 60
    matrix, y = np.asarray(kernel(x)), np.asarray(y)
    noise = matrix + 0.1 * np.eye(150)
    truth = np.asarray(kernel(new, x)) @ np.linalg.solve(noise, y)
    np.testing.assert_allclose(found.ridge(0.1)(new), truth, atol=size(found) / 0.1)
    fitted = matrix @ np.linalg.solve(noise, y)
    np.testing.assert_allclose(found.fitted(ridges=[0.1])[0], fitted, atol=size(found) / 0.1)
    flow = np.asarray(kernel(new, x)) @ np.linalg.solve(
        matrix + 1e-13 * np.eye(150), y - scipy.linalg.expm(-matrix) @ y
    )
    np.testing.assert_allclose(found.flow(1.0)(new), flow, atol=1e-6 + 10 * size(found))
    near = max(1e-9, 100 * size(found))
    truth = left_out_in_turn(matrix, y, 0.1, places)
    assert found.leave_one_out(ridges=[0.1])[0] == pytest.approx(truth, rel=near)
    smoother = matrix @ np.linalg.inv(noise)
    truth = 150 * np.sum((y - smoother @ y) ** 2) / (150 - np.trace(smoother)) ** 2
    assert found.generalized_cross_validation(ridges=[0.1])[0] == pytest.approx(truth, rel=near)
    log = scipy.stats.multivariate_normal(np.zeros(150), noise).logpdf(y.T).sum()
    assert found.log_marginal_likelihood(0.1) == pytest.approx(log, abs=1e-6 + 1e4 * size(found))
    other = np.sin(y)
    truth = np.asarray(kernel(new, x)) @ np.linalg.solve(noise, other)
    np.testing.assert_allclose(found.relabeled(jnp.asarray(other)).ridge(0.1)(new), truth, atol=size(found) / 0.1)


def test_weights_are_copies(kernel, repeated, new):
    x, y, places = repeated
    counts = np.bincount(places, minlength=60)
    kept = np.flatnonzero(counts)
    means = np.column_stack([np.bincount(places, column, 60)[kept] for column in np.asarray(y).T]) / counts[kept, None]
    rows = x[np.array([np.argmax(places == place) for place in kept])]
    found = spectral_fit(kernel, rows, jnp.asarray(means), weights=counts[kept].astype(float))
    copies = spectral_fit(kernel, x, y)
    np.testing.assert_allclose(found.ridge(0.1)(new), copies.ridge(0.1)(new), atol=1e-10)
    assert found.count == copies.count == 150
    with pytest.raises(BadInput, match="weights"):
        spectral_fit(kernel, rows, jnp.asarray(means), weights=np.zeros(len(kept)))


def test_labels_of_any_size_scale_the_answer(kernel, problem, new):
    plain = spectral_fit(kernel, *problem).ridge(0.1)(new)
    for power in (-660, 660):
        scaled = spectral_fit(kernel, problem[0], problem[1] * 2.0**power).ridge(0.1)(new)
        np.testing.assert_array_equal(scaled, plain * 2.0**power)


@pytest.mark.parametrize("degree_accuracy", [1e-3, 1e-6])
def test_error_of_left_out_features_is_within_the_bound_and_the_bound_says_something(kernel, problem, degree_accuracy):
    exact = spectral_fit(kernel, *problem, solver=Dense())
    rough = spectral_fit(kernel, *problem, solver=Expanded(accuracy=degree_accuracy))
    for name, value in (("ridge", 1.0), ("tau", 1.0)):
        error = np.linalg.norm(rough.fitted(**{f"{name}s": [value]}) - exact.fitted(**{f"{name}s": [value]}))
        bound = rough.bound(**{name: value})
        assert error / np.linalg.norm(problem[1]) <= bound < 150 * degree_accuracy
    # The left-out part is positive: the trace bounds its norm and is at most 150 times as large.
    left_out = np.linalg.norm(np.asarray(kernel(problem[0])) - features_matrix(rough), 2)
    assert left_out <= rough.left_out * (1 + 1e-9) <= 150 * left_out


def features_matrix(found):
    phi = np.asarray(found.basis(found.inputs))
    return phi @ phi.T


def test_landmarks_serve_any_kernel(problem, key):
    relu = NormalizedKernel(LimitKernel(ReLU()))
    exact = spectral_fit(relu, *problem, solver=Dense())
    rough = spectral_fit(relu, *problem, solver=Nystrom(rank=120), key=key)
    error = np.linalg.norm(rough.fitted(taus=[1.0]) - exact.fitted(taus=[1.0])) / np.linalg.norm(problem[1])
    assert 0 < error <= rough.bound(tau=1.0) < 1
    assert exact.lost == 0
    truth = 1 - rough.eigenvalues.sum() / np.trace(np.asarray(relu(problem[0])))
    assert rough.lost == pytest.approx(truth, rel=1e-9)
    with pytest.raises(BadInput, match="key"):
        spectral_fit(relu, *problem, solver=Nystrom())


def test_auto_takes_the_cheaper(kernel, problem):
    assert spectral_fit(kernel, problem[0][:, :1], problem[1], solver=Auto()).solver == "expanded"
    assert spectral_fit(kernel, *problem).solver == "dense"
    assert spectral_fit(LimitKernel(ReLU()), *problem).solver == "dense"
    assert spectral_fit(kernel, problem[0][:, :1], problem[1], solver=Auto((Dense(),))).solver == "dense"


def test_single_precision_is_allowed_on_request(kernel, problem, new):
    exact = spectral_fit(kernel, *problem).flow(1.0)(new)
    x, y = (each.astype("float32") for each in problem)
    single = spectral_fit(kernel, x, y, precision="float32").flow(1.0)(new.astype("float32"))
    assert single.dtype == jnp.float32
    error = np.abs(np.asarray(single) - np.asarray(exact)).max()
    assert 1e-9 < error < 1e-4


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
        spectral_fit(indefinite, *problem)
    with pytest.raises(BadInput, match="all eigenvalues"):
        spectral_fit(kernel, *problem, solver=ConjugateGradients())


@pytest.mark.usefixtures("unchecked")
def test_bad_arrays_are_refused(kernel, problem):
    x, y = problem
    for match, arrays in (
        ("float64", (x.astype("float32"), y)),
        ("finite", (x.at[3, 1].set(jnp.nan), y)),
        ("rows", (x, y[:-1])),
    ):
        with pytest.raises(BadInput, match=match):
            spectral_fit(kernel, *arrays)


def test_likelihood_of_scikit_learn(problem):
    x, y = problem[0], problem[1][:, :1]
    linear = DotProduct(0.0, "fixed") + WhiteKernel(0.3, "fixed")
    machine = GaussianProcessRegressor(linear, optimizer=None).fit(np.asarray(x), np.asarray(y))
    ours = spectral_fit(lambda left, right: left @ right.T, x, y, solver=Dense())
    assert ours.log_marginal_likelihood(0.3) == pytest.approx(machine.log_marginal_likelihood_value_, rel=1e-9)
