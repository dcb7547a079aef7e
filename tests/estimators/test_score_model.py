"""A learned score as scikit-learn wants it: fit, sample, save, load; what it says of itself."""

import jax
import numpy as np
import pandas as pd
import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from softntk.data import mixture_named
from softntk.diffusion import LEARNERS, LearnedScore, MixtureDenoiser
from softntk.diffusion.process import Constant
from softntk.estimators import ScoreModel
from softntk.failures import BadInput


@pytest.fixture
def as_for_a_user():
    """The strictness that tests add to JAX, taken away: scikit-learn's checks run what users run."""
    with jax.enable_x64(False), jax.numpy_rank_promotion("allow"), jax.numpy_dtype_promotion("standard"):
        yield


@parametrize_with_checks([ScoreModel("smoothed", copies=2)])
@pytest.mark.usefixtures("as_for_a_user", "unchecked")
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
def test_scikit_learn(estimator, check):
    check(estimator)


@pytest.mark.usefixtures("as_for_a_user", "unchecked")
def test_samples_are_in_the_units_of_the_data_also_from_a_file(tmp_path):
    rows = np.random.default_rng(0).normal(size=(80, 2)) * [1.0, 1e200] + [5.0, 3e200]
    table = pd.DataFrame(rows, columns=["near", "far"])
    table["constant"] = 0.1
    model = ScoreModel("smoothed", copies=2).fit(table)
    drawn = model.sample(200, steps=20)
    assert np.isfinite(drawn).all()
    ours, theirs = drawn[:, :2] / [1, 1e200], rows / [1, 1e200]
    error = theirs.std(axis=0) / 80**0.5 + ours.std(axis=0) / 200**0.5
    assert (np.abs(ours.mean(axis=0) - theirs.mean(axis=0)) < 4.5 * error).all()
    # A column that does not vary is learned as it is, up to the noise that is left.
    np.testing.assert_allclose(drawn[:, 2], 0.1, atol=1e-9)
    back = ScoreModel.load(model.save(tmp_path / "model"))
    np.testing.assert_array_equal(back.sample(200, steps=20), drawn)
    assert back.learned_.columns == ("near", "far", "constant")
    assert not np.array_equal(model.sample(200, steps=20, random_state=1), drawn)


def test_log_density_is_that_of_the_data_with_a_little_noise():
    """For Gaussian data N(m, F S F), F the factors, and noise v/a^2 in the units of the score."""
    process, gaussian = Constant(horizon=20.0), mixture_named("gaussian")
    shift, factor = np.array([3.0, -1.0]), np.array([2.0, 10.0])
    learned = LearnedScore(MixtureDenoiser(process, gaussian), process, 0.02, 20.0, shift, factor)
    points = learned.draw(jax.random.key(0), 5, steps=20)
    found = learned.log_density(points, tolerance=1e-9)
    a, v = float(process.alpha(0.02)), float(process.variance(0.02))
    covariance = factor[:, None] * (np.asarray(gaussian.covariances[0]) + v / a**2 * np.eye(2)) * factor
    apart = points - (shift + factor * np.asarray(gaussian.means[0]))
    exact = -(np.linalg.solve(covariance, apart.T) * apart.T).sum(axis=0) / 2
    exact -= np.log(np.linalg.det(2 * np.pi * covariance)) / 2
    # The model starts from N(0, I) at the end, where exp(-10) of the data is left.
    np.testing.assert_allclose(found, exact, atol=1e-3)


def test_what_cannot_be_learned_is_refused():
    rows = np.random.default_rng(0).normal(size=(10, 2))
    with pytest.raises(BadInput, match=f"`learner` must be one of {', '.join(LEARNERS)}"):
        ScoreModel("magic").fit(rows)
    with pytest.raises(BadInput, match="3 different samples"):
        ScoreModel().fit(np.repeat(rows[:2], 5, axis=0))
    with pytest.raises(BadInput, match="`units` must be one of"):
        ScoreModel(units="images").fit(rows)
    neighbors = ScoreModel("neighbors", copies=3).fit(rows)
    with pytest.raises(BadInput, match="have derivatives"):
        neighbors.log_density(rows)
