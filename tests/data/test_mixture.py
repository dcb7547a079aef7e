"""Gaussian mixtures: densities against SciPy, draws against moments, noise against the definition."""

import jax.numpy as jnp
import numpy as np
import pytest
from scipy.stats import multivariate_normal

from softntk.data import MIXTURES, GaussianMixture, mixture_named
from softntk.failures import BadInput


@pytest.mark.parametrize("name", MIXTURES)
def test_draws_have_the_moments_and_the_density_is_that_of_scipy(name, key):
    mixture, count = mixture_named(name), 4000
    points = np.asarray(mixture.sample(key, count))
    covariance = np.asarray(mixture.covariance())
    error = np.sqrt(np.diag(covariance) / count)
    assert (np.abs(points.mean(axis=0) - np.asarray(mixture.mean())) < 4.5 * error).all()
    centered = points - np.asarray(mixture.mean())[None]
    products = centered[:, :, None] * centered[:, None, :]
    assert (np.abs(products.mean(axis=0) - covariance) < 4.5 * products.std(axis=0) / count**0.5).all()
    terms = zip(mixture.weights, mixture.means, mixture.covariances, strict=True)
    density = sum(float(w) * multivariate_normal(np.asarray(m), np.asarray(s)).pdf(points[:50]) for w, m, s in terms)
    np.testing.assert_allclose(mixture.log_density(jnp.asarray(points[:50])), np.log(density), rtol=1e-9, atol=1e-9)


def test_noise_is_added_as_it_is_defined(key):
    mixture = mixture_named("three-gaussians")
    noisy = mixture.noisy(0.7, 0.4)
    np.testing.assert_allclose(noisy.means, 0.7 * mixture.means, rtol=1e-14)
    expected = 0.49 * np.asarray(mixture.covariances) + 0.4 * np.eye(2)[None]
    np.testing.assert_allclose(noisy.covariances, expected, atol=1e-14)


def test_components_are_drawn_with_their_weights(key):
    mixture = mixture_named("three-gaussians")
    _, chosen = mixture.sample_with_components(key, 3000)
    shares = np.bincount(np.asarray(chosen), minlength=3) / 3000
    assert np.abs(shares - np.asarray(mixture.weights)).max() < 4.5 * (0.25 / 3000) ** 0.5


def test_far_points_have_a_finite_log_density_and_a_singular_covariance_can_be_drawn_from(key):
    mixture = mixture_named("eight-gaussians")
    assert np.isfinite(mixture.log_density(jnp.full((1, 2), 1e4))).all()
    flat = GaussianMixture([1.0], [[0.0, 1.0]], [[[1.0, 1.0], [1.0, 1.0]]])
    points = np.asarray(flat.sample(key, 10))
    np.testing.assert_allclose(points[:, 0], points[:, 1] - 1, atol=1e-7)
    assert np.isfinite(flat.noisy(0.5, 0.1).log_density(jnp.zeros((1, 2)))).all()


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: GaussianMixture([1.0], [[0.0, 0.0]], [[[1.0]]]), "`means` must have shape"),
        (lambda: GaussianMixture([0.0], [[0.0]], [[[1.0]]]), "`weights` must be positive"),
        (lambda: GaussianMixture([1.0], [[0.0]], [[[-1.0]]]), "`covariances` must be positive semi-definite"),
        (lambda: GaussianMixture([1.0], [[0.0, 0.0]], [[[1.0, 0.5], [0.0, 1.0]]]), "finite and symmetric"),
        (lambda: mixture_named("four"), "`name` must be one of gaussian, three"),
    ],
)
def test_bad_mixtures_are_refused(build, message):
    with pytest.raises(BadInput, match=message):
        build()
