"""Networks as scikit-learn wants them; what the command does and what the estimator does is one thing."""

import pickle

import jax
import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.utils.estimator_checks import parametrize_with_checks

from softntk.certificates import certify
from softntk.data.preparation import prepare
from softntk.data.table import Table
from softntk.estimators import NetworkClassifier, NetworkRegressor, held_out_error, load_model
from softntk.failures import BadInput


@pytest.fixture
def as_for_a_user():
    """The strictness that tests add to JAX, taken away: scikit-learn's checks run what users run."""
    with jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):
        yield


@parametrize_with_checks([NetworkRegressor(width=16, steps=200), NetworkClassifier(width=16, steps=200)])
@pytest.mark.usefixtures("as_for_a_user", "unchecked")
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
def test_scikit_learn(estimator, check):
    check(estimator)


@pytest.fixture(scope="module")
def fitted():
    x, y = load_iris(return_X_y=True)
    names = np.array(["setosa", "versicolor", "virginica"])[y]
    return x[::3], names[::3], NetworkClassifier(width=64, steps=300, random_state=1).fit(x[::3], names[::3])


def test_classes_are_found_saved_and_loaded(fitted, tmp_path):
    x, names, network = fitted
    assert network.score(x, names) > 0.9
    again = NetworkClassifier.load(network.save(tmp_path / "m.npz"))
    np.testing.assert_array_equal(again.predict(x), network.predict(x))
    np.testing.assert_array_equal(again.decision_function(x), network.decision_function(x))
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(network)).predict(x), network.predict(x))
    assert again.model_.training["steps"] == network.n_iter_ == 300
    with pytest.raises(BadInput, match="model of numbers"):
        NetworkRegressor.load(tmp_path / "m.npz")


def test_numbers_come_in_their_units_and_the_certificate_is_that_of_the_network(tmp_path):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(8, 5))
    y = 1000 + 50 * x[:, :2]
    network = NetworkRegressor(width=256, steps=400, certify=True).fit(x, y)
    assert network.predict(x).shape == (8, 2)
    assert network.score(x, y) > 0.9
    loaded = NetworkRegressor.load(network.save(tmp_path / "m.npz"))
    np.testing.assert_array_equal(loaded.predict(x), network.predict(x))
    training = network.model_.preparation
    again = certify(
        load_model(tmp_path / "m.npz").network,
        jax.numpy.asarray(training.inputs(x)),
        jax.numpy.asarray(training.encoding.encode(y)),
        step_size=float(network.trace_.step_size),
    )
    assert network.certificate_.h == again.h
    assert (network.first_certified_step_ is not None) == bool((network.trace_.probes["margin"] > 0).any())


def test_a_diverging_run_is_a_value(caplog):
    x = np.random.default_rng(0).normal(size=(6, 3))
    network = NetworkRegressor(features="exponential", width=16, steps=50, step_size=10.0).fit(x, x[:, 0])
    assert network.trace_.diverged
    assert "diverged" in caplog.text


def test_held_out_errors_by_hand():
    """Classes: 1 of 4 wrong. Numbers: errors 0, 0, 3, 4 at targets 0, 1, 2, 3; one row or equal targets have no R^2."""
    table = Table("t", np.zeros((4, 1)), np.array([0.0, 1.0, 0.0, 1.0]), ("x",), ("y",), "classification")
    training, preparation = prepare(table, scaling="none")
    outputs = np.array([[-1.0], [1.0], [1.0], [1.0]])
    found = held_out_error(lambda _: outputs, training, preparation)
    assert (found.error, found.standard_error, found.r2) == (0.25, (0.25 * 0.75 / 4) ** 0.5, None)
    assert str(found) == "held-out rows: 4, wrong: 25.0% ± 21.7%"

    for size in (1.0, 1e-200, 1e200):
        truth = size * np.arange(4.0)[:, None]
        table = Table("t", np.zeros((4, 1)), truth, ("x",), ("y",), "as-given")
        training, preparation = prepare(table, scaling="none")
        missed = size * np.array([[0.0], [0.0], [3.0], [-4.0]])
        found = held_out_error(lambda _, outputs=truth + missed: outputs, training, preparation)
        assert found.error == pytest.approx(2.5 * size)
        assert found.standard_error == pytest.approx(size * np.std([0, 0, 9, 16], ddof=1) / (2 * 2.5 * 2))
        assert found.r2 == pytest.approx(1 - 6.25 / 1.25)
        one = held_out_error(lambda _, o=(truth + missed)[3:]: o, training.rows([3]), preparation)
        assert (one.r2, one.rows) == (None, 1)
        assert np.isnan(one.standard_error)
