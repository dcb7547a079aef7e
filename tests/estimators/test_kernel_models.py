"""Kernel machines as scikit-learn wants them, and on disk."""

import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from sklearn.datasets import load_wine
from sklearn.model_selection import cross_val_score
from sklearn.utils.estimator_checks import parametrize_with_checks

from softntk.data import load
from softntk.estimators import KernelClassifier, KernelModel, KernelRegressor, load_model, save_model
from softntk.failures import BadInput
from softntk.kernels import LimitKernel
from softntk.networks import Softmax
from softntk.regression import Dense, Expanded, solve, spectral_fit


@pytest.fixture
def as_for_a_user():
    """The strictness that tests add to JAX, taken away: scikit-learn's checks run what users run."""
    with jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):
        yield


@parametrize_with_checks([KernelRegressor(scale=1.0, alpha=0.1), KernelClassifier(scale=1.0, alpha=0.1)])
@pytest.mark.usefixtures("as_for_a_user", "unchecked")
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
def test_scikit_learn(estimator, check):
    check(estimator)


def test_classes_are_found():
    x, y = load_wine(return_X_y=True)
    shares = cross_val_score(KernelClassifier(scale=(0.5, 1.0)), x, y, cv=3)
    assert shares.mean() > 0.95


def test_numbers_are_found_in_their_units():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 3)) * np.array([[1.0, 10.0, 100.0]])
    y = 1000 + 50 * np.sin(x[:, 0]) + x[:, 1]
    machine = KernelRegressor().fit(x[:150], y[:150])
    assert machine.score(x[150:], y[150:]) > 0.95
    assert machine.residual_ < 1e-6
    assert machine.predict(x[150:]).shape == (50,)


def test_targets_of_any_size_are_learned_alike():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 2))
    y = np.sin(x[:, 0]) + 0.1 * rng.normal(size=60)
    plain = KernelRegressor(scale=1.0, scaling="sphere").fit(x, y).predict(x)
    for power in (-660, 660):
        found = KernelRegressor(scale=1.0, scaling="sphere").fit(x, y * 2.0**power)
        np.testing.assert_array_equal(found.predict(x), plain * 2.0**power)


@pytest.fixture(params=[Dense(), Expanded()], ids=lambda solver: solver.name)
def model(request, key):
    training, preparation = load("iris", key=key)
    inputs, labels = training.inputs, training.labels
    solution = solve(LimitKernel(Softmax(), 1.1), inputs, labels, ridge=1.0, solver=request.param, accuracy=1e-3)
    return KernelModel(solution.predictor, preparation, {"ridge": 1.0})


def test_what_is_written_is_read(model, tmp_path):
    file = save_model(model, tmp_path / "m.npz")
    again = load_model(file)
    raw = np.random.default_rng(0).normal(size=(5, 4))
    np.testing.assert_array_equal(again.outputs(raw), model.outputs(raw))
    np.testing.assert_array_equal(again.predict(raw), model.predict(raw))
    assert again.training == {"ridge": 1.0}
    with np.load(file) as held:
        arrays = dict(held)
    description = json.loads(str(arrays["description"]))
    for wrong in (
        {"coefficients": arrays["coefficients"][:-1]},
        {"coefficients": np.full((3, 1), np.nan)},
        {"description": np.array(json.dumps(description | {"kernel": {}}))},
        {"description": np.array("softntk-kernel-model/1")},
    ):
        np.savez(file, **arrays | wrong)
        with pytest.raises(BadInput):
            load_model(file)


def test_only_limits_are_saved(tmp_path, model):
    found = spectral_fit(lambda a, b: a @ b.T, jnp.ones((3, 2)), jnp.ones((3, 1))).ridge(1.0)
    with pytest.raises(BadInput, match="Limit"):
        save_model(KernelModel(found, model.preparation), tmp_path / "m.npz")
