"""Matching pairs follow their law; splits go by clean sample; the map stays in the ball."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import quad

from softntk.data import mixture_named
from softntk.diffusion import (
    Constant,
    Linear,
    MixtureDenoiser,
    ScoreOfDenoiser,
    TimeLaw,
    mixture_score,
    noisy_samples,
    unit_ball_map,
)
from softntk.diffusion.matching import WEIGHTS, split_clean
from softntk.failures import BadInput

PROCESS, MIXTURE = Constant(horizon=5.0), mixture_named("three-gaussians")


@pytest.mark.parametrize("name", ["uniform", "log-uniform"])
def test_times_have_the_density_that_is_declared(name, key):
    law = TimeLaw(name, 0.02, 5.0)
    assert quad(lambda t: float(law.density(t)), 0.02, 5.0)[0] == pytest.approx(1, rel=1e-9)
    middle = float(law.quantile(jnp.asarray(0.3)))
    assert quad(lambda t: float(law.density(t)), 0.02, middle)[0] == pytest.approx(0.3, rel=1e-9)
    drawn = np.sort(law.sample(key, (4000,)))
    share = np.asarray([quad(lambda t: float(law.density(t)), 0.02, t)[0] for t in drawn[::100]])
    assert np.abs(share - np.arange(1, 4001)[::100] / 4000).max() < 2.2 / 4000**0.5  # Kolmogorov, p about 1e-4


def test_noisy_samples_are_the_forward_process_of_their_clean_sample(key):
    clean = MIXTURE.sample(key, 500)
    noisy = noisy_samples(jax.random.key(1), clean, PROCESS, law=TimeLaw(), copies=4)
    assert noisy.count == 2000
    np.testing.assert_array_equal(noisy.clean, clean[noisy.owners])
    np.testing.assert_array_equal(np.bincount(noisy.owners), np.full(500, 4))
    a, v = PROCESS.alpha(noisy.times), PROCESS.variance(noisy.times)
    noise = np.asarray((noisy.points - a[:, None] * noisy.clean) / jnp.sqrt(v)[:, None])
    assert np.abs(noise.mean(axis=0)).max() < 4.5 / 2000**0.5
    assert np.abs(noise.T @ noise / 2000 - np.eye(2)).max() < 4.5 * (2 / 2000) ** 0.5
    # One time in each quarter of the law, for every sample.
    level = np.log(np.asarray(noisy.times) / 0.02) / np.log(5 / 0.02)
    np.testing.assert_array_equal(np.floor(4 * level).reshape(500, 4), np.tile(np.arange(4), (500, 1)))


def test_the_labels_have_the_denoiser_as_their_conditional_mean(key):
    noisy = noisy_samples(key, MIXTURE.sample(jax.random.key(1), 4000), PROCESS, law=TimeLaw(), copies=1)
    error = np.asarray(noisy.clean - MixtureDenoiser(PROCESS, MIXTURE)(noisy.times, noisy.points))
    # Uncorrelated with any function of (t, x): with 1, x, and x times the time.
    for values in (np.ones((4000, 1)), noisy.points, noisy.points * noisy.times[:, None]):
        products = error * np.asarray(values)
        assert (np.abs(products.mean(axis=0)) < 4.5 * products.std(axis=0) / 4000**0.5).all()
    assert error.std() > 0.1


def test_weights_turn_errors_of_the_denoiser_into_errors_of_the_score(key):
    process = Linear()
    exact = MixtureDenoiser(process, MIXTURE)

    def off(t, x):
        return exact(t, x) + 0.3 * x

    x, t = jax.random.normal(key, (6, 2)), 0.3
    difference = ScoreOfDenoiser(process, off)(t, x) - mixture_score(process, MIXTURE)(t, x)
    weight = WEIGHTS["score"](process, t)
    np.testing.assert_allclose((difference**2).sum(axis=1), weight * 0.09 * (x**2).sum(axis=1), rtol=1e-9)
    np.testing.assert_allclose(WEIGHTS["likelihood"](process, t), process.g(t) * weight, rtol=1e-14)
    assert float(WEIGHTS["denoising"](process, t)) == 1.0


def test_a_split_shares_no_clean_sample(key):
    clean = MIXTURE.sample(key, 50)
    learn, apart = split_clean(jax.random.key(2), clean, 0.2)
    assert (len(learn), len(apart)) == (40, 10)
    together = np.concatenate([learn, apart])
    np.testing.assert_array_equal(np.unique(together, axis=0), np.unique(clean, axis=0))


@pytest.mark.parametrize("constant", [1.0, None])
def test_the_map_stays_in_the_ball_and_counts_what_it_truncates(constant, key):
    clean = MIXTURE.sample(key, 2000)
    noisy = noisy_samples(jax.random.key(1), clean, PROCESS, law=TimeLaw(), copies=1)
    into = unit_ball_map(PROCESS, clean, start=0.02, end=5.0, radius=2.0, constant=constant)
    u = np.asarray(into(noisy.times, noisy.points))
    norms = np.linalg.norm(u, axis=1)
    assert u.shape == (2000, into.input_size)
    assert norms.max() <= 1 + 1e-15
    if constant is None:
        np.testing.assert_allclose(norms, 1, rtol=1e-12)
    z = np.asarray(into.standardized(noisy.times, noisy.points))
    assert (z**2).sum(axis=1).mean() == pytest.approx(2, rel=0.1)  # at every time E|z|^2 = d
    outside = np.asarray(into.truncated(noisy.times, noisy.points))
    np.testing.assert_array_equal(outside, np.linalg.norm(z, axis=1) > 2)
    assert 0.02 < outside.mean() < 0.3
    # What is truncated ends on the sphere of radius R: nothing farther out, in the same direction.
    scale = np.linalg.norm(u[:, :2], axis=1)
    np.testing.assert_allclose(scale[outside], scale[outside].max(), rtol=1e-12)
    far = into(0.5, jnp.asarray([[1e6, 1e6]]))
    assert np.isfinite(far).all()


def test_points_that_are_kept_are_told_apart_by_place_and_time(key):
    into = unit_ball_map(PROCESS, MIXTURE.sample(key, 100), start=0.02, end=5.0)
    x = jax.random.normal(key, (4, 2))
    u, later = into(0.3, x), into(0.6, x)
    a, v = PROCESS.alpha(0.3), PROCESS.variance(0.3)
    scale = into.radius * (1 + 0.25 + 1) ** 0.5 * jnp.sqrt(a**2 * into.spread**2 + v)
    np.testing.assert_allclose(scale * u[:, :2] + a * into.center[None], x, rtol=1e-12)
    assert np.abs(later[:, 2] - u[:, 2]).min() > 0.01
    jacobian = jax.jacobian(lambda point: into(0.3, point[None])[0])(a * into.center)
    assert np.isfinite(jacobian).all()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: TimeLaw("normal"), "`name` must be one of log-uniform, uniform"),
        (lambda: TimeLaw(start=0.0), "`start` must be positive and below end"),
        (lambda: noisy_samples(jax.random.key(0), np.ones((3, 2)), PROCESS, law=TimeLaw(), copies=0), "`copies`"),
        (lambda: noisy_samples(jax.random.key(0), np.ones((3, 2)), Linear(), law=TimeLaw()), "`law` must end before"),
        (lambda: split_clean(jax.random.key(0), np.ones((3, 2)), 0.01), "`held_out` must leave rows"),
        (lambda: unit_ball_map(PROCESS, np.ones((3, 2)), start=0.02, end=5.0), "`clean` must hold different points"),
        (lambda: unit_ball_map(PROCESS, np.eye(2), start=0.02, end=5.0, space=-1.0), "`space` must be positive"),
    ],
)
def test_bad_arguments_are_refused(call, message):
    with pytest.raises(BadInput, match=message):
        call()
