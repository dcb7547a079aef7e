"""Exact scores against autodiff of the density, quadrature, loops and Monte Carlo."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.stats import multivariate_normal

from softntk.data import GaussianMixture, mixture_named
from softntk.diffusion import (
    Constant,
    Cosine,
    DenoiserOfScore,
    EmpiricalDenoiser,
    MixtureDenoiser,
    empirical_score,
    mixture_score,
)

PROCESS = Constant(horizon=5.0)


@pytest.mark.parametrize("name", ["gaussian", "three-gaussians", "two-scales", "ten-dimensions"])
def test_the_score_is_the_gradient_of_the_log_density(name, key):
    mixture = mixture_named(name)
    score = mixture_score(Cosine(), mixture)
    x = 1.5 * jax.random.normal(key, (20, mixture.size))
    for t in (0.02, 0.3, 0.9):
        noisy = mixture.noisy(Cosine().alpha(t), Cosine().variance(t))
        gradient = jax.vmap(jax.grad(lambda point, noisy=noisy: noisy.log_density(point[None])[0]))(x)
        np.testing.assert_allclose(score(t, x), gradient, rtol=1e-9, atol=1e-9)


def test_one_gaussian_has_a_linear_denoiser():
    mixture, t = mixture_named("gaussian"), 0.4
    a, v = float(PROCESS.alpha(t)), float(PROCESS.variance(t))
    S, mu = np.asarray(mixture.covariances[0]), np.asarray(mixture.means[0])
    x = np.asarray([[0.3, -2.0], [4.0, 1.0]])
    expected = mu[None] + a * (x - a * mu[None]) @ np.linalg.inv(a * a * S + v * np.eye(2)) @ S
    np.testing.assert_allclose(MixtureDenoiser(PROCESS, mixture)(t, jnp.asarray(x)), expected, rtol=1e-12)


def test_the_denoiser_is_the_conditional_mean_by_weighted_draws(key):
    mixture, t, count = mixture_named("three-gaussians"), 0.5, 200_000
    draws = np.asarray(mixture.sample(key, count))
    x = np.asarray([[0.2, 0.1], [-0.8, 0.5]])
    found = np.asarray(MixtureDenoiser(PROCESS, mixture)(t, jnp.asarray(x)))
    for point, value in zip(x, found, strict=True):
        a, v = float(PROCESS.alpha(t)), float(PROCESS.variance(t))
        weights = multivariate_normal(point, v * np.eye(2)).pdf(a * draws)
        mean = (weights[:, None] * draws).sum(axis=0) / weights.sum()
        deviations = weights[:, None] * (draws - mean[None])
        error = np.sqrt((deviations**2).sum(axis=0)) / weights.sum()
        assert (np.abs(mean - value) < 4.5 * error).all()
        assert (error < 0.02).all()


def test_every_point_may_have_its_own_time(key):
    mixture = mixture_named("three-gaussians")
    times, x = jnp.asarray([0.05, 0.7, 3.0]), jax.random.normal(key, (3, 2))
    for score in (mixture_score(PROCESS, mixture), empirical_score(PROCESS, mixture.sample(key, 5), 0.2)):
        together = score(times, x)
        for i in range(3):
            np.testing.assert_allclose(together[i], score(times[i], x[i : i + 1])[0], rtol=1e-12)


def test_denoiser_and_score_are_two_ways_to_say_the_same(key):
    mixture, x = mixture_named("three-gaussians"), jax.random.normal(key, (4, 2))
    denoiser = MixtureDenoiser(PROCESS, mixture)
    again = DenoiserOfScore(PROCESS, mixture_score(PROCESS, mixture))
    np.testing.assert_allclose(again(0.3, x), denoiser(0.3, x), rtol=1e-12)
    times = jnp.asarray([0.1, 0.2, 0.5, 2.0])
    np.testing.assert_allclose(again(times, x), denoiser(times, x), rtol=1e-12)


@pytest.mark.parametrize("blur", [0.0, 0.3])
def test_the_empirical_measure_is_a_mixture_of_points(blur, key):
    points, x = jax.random.normal(key, (7, 3)), 2 * jax.random.normal(jax.random.key(1), (5, 3))
    as_mixture = GaussianMixture(np.full(7, 1 / 7), points, np.tile(blur**2 * np.eye(3), (7, 1, 1)))
    for t in (0.01, 0.4, 4.0):
        expected = MixtureDenoiser(PROCESS, as_mixture)(t, x)
        np.testing.assert_allclose(EmpiricalDenoiser(PROCESS, points, blur)(t, x), expected, rtol=1e-9, atol=1e-11)


def test_blocks_do_not_show_and_far_queries_and_small_times_stay_finite(key):
    points = jax.random.normal(key, (2100, 2))  # three blocks, the last one not full
    x = jnp.asarray([[0.1, 0.2], [1e3, -1e3], [3.0, 3.0]])
    for t in (1e-8, 0.1):
        found = np.asarray(EmpiricalDenoiser(PROCESS, points)(t, x))
        a, v = float(PROCESS.alpha(t)), float(PROCESS.variance(t))
        scores = -(((np.asarray(x)[:, None] - a * np.asarray(points)[None]) ** 2).sum(axis=2)) / (2 * v)
        weights = np.exp(scores - scores.max(axis=1, keepdims=True))
        expected = weights @ np.asarray(points) / weights.sum(axis=1, keepdims=True)
        np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-8)


def test_leaving_out_the_own_point_is_the_measure_of_the_others(key):
    points, t = jax.random.normal(key, (6, 2)), 0.2
    x = PROCESS.alpha(t) * points + 0.1
    found = EmpiricalDenoiser(PROCESS, points).without(t, x, jnp.arange(6))
    for i in range(6):
        others = jnp.delete(points, i, axis=0)
        np.testing.assert_allclose(found[i], EmpiricalDenoiser(PROCESS, others)(t, x[i : i + 1])[0], rtol=1e-11)


def test_at_small_times_the_empirical_denoiser_returns_the_nearest_point(key):
    points = jax.random.normal(key, (50, 2))
    found = EmpiricalDenoiser(PROCESS, points)(1e-6, points + 1e-4)
    np.testing.assert_allclose(found, points, rtol=1e-12)


def test_a_large_time_leaves_the_mean(key):
    mixture = mixture_named("three-gaussians")
    found = MixtureDenoiser(Constant(horizon=50.0), mixture)(40.0, jnp.zeros((1, 2)))
    np.testing.assert_allclose(found[0], mixture.mean(), rtol=1e-7)


def test_two_points_give_the_hyperbolic_tangent():
    """Data at +y and -y: E[X_0 | x] = y tanh(a <x, y>/v)."""
    y, x = jnp.asarray([[1.0, -0.5]]), jnp.asarray([[0.3, 0.2], [-1.0, 0.4], [5.0, 1.0]])
    two = EmpiricalDenoiser(PROCESS, jnp.concatenate([y, -y]))
    for t in (0.05, 1.0):
        a, v = PROCESS.alpha(t), PROCESS.variance(t)
        np.testing.assert_allclose(two(t, x), jnp.tanh(a * (x @ y.T) / v) * y, rtol=1e-12, atol=1e-15)
