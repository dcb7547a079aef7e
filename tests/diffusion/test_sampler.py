"""Samplers: published formulas written out, orders of convergence, exact cases, laws known in closed form."""

from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.stats import multivariate_normal

from softntk.data import MIXTURES, GaussianMixture, mixture_named
from softntk.diffusion import (
    GRIDS,
    SAMPLERS,
    Constant,
    Cosine,
    Linear,
    MixtureDenoiser,
    chain_to_kl,
    ddim,
    flow_sample,
    law_of_samples,
    sample,
    time_grid,
)
from softntk.diffusion.law import NormalLaw, normal_divergence
from softntk.failures import BadInput
from softntk.samples import sliced_wasserstein

PROCESS, START = Constant(horizon=5.0), 0.05
THREE = MixtureDenoiser(PROCESS, mixture_named("three-gaussians"))
GAUSSIAN = mixture_named("gaussian")


@pytest.mark.parametrize("grid", GRIDS)
@pytest.mark.parametrize("process", [PROCESS, Linear(), Cosine()], ids=["constant", "linear", "cosine"])
def test_grids_fall_from_end_to_start_and_are_even_in_what_they_say(grid, process):
    times = time_grid(process, 8, grid=grid, start=0.01, end=0.9)
    assert times.shape == (9,)
    assert float(times[0]) == 0.9
    assert float(times[-1]) == 0.01
    assert (np.diff(times) < 0).all()
    ratio = process.deviation(times) / process.alpha(times)
    even = {"uniform": times, "log-snr": jnp.log(ratio), "rho": ratio ** (1 / 7)}[grid]
    np.testing.assert_allclose(np.diff(even), np.diff(even).mean(), rtol=1e-6)


@pytest.mark.parametrize("bad", [{"steps": 0}, {"start": 0.0}, {"start": 6.0}, {"end": 6.0}, {"grid": "even"}])
def test_bad_grids_are_refused(bad):
    with pytest.raises(BadInput, match=next(iter(bad)) if "end" not in bad else "start"):
        time_grid(PROCESS, **({"steps": 10} | bad))


def steps_of_the_papers(name: str, x: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Deterministic samplers step by step, as their papers write them."""

    def f(t, x):
        return np.asarray(THREE(float(t), jnp.asarray(x)))

    def levels(t):
        return float(PROCESS.alpha(t)), float(PROCESS.deviation(t))

    before, h_before = None, None
    for t, s in pairwise(times):
        (a, d), (a_s, d_s) = levels(t), levels(s)
        D, h = f(t, x), np.log(a_s / d_s) - np.log(a / d)
        if name == "ddim":
            x = a_s * D + d_s * (x - a * D) / d
        elif name == "dpm-solver++":
            r = None if before is None else h_before / h
            extrapolated = D if before is None else (1 + 1 / (2 * r)) * D - before / (2 * r)
            x, before, h_before = d_s / d * x - a_s * (np.exp(-h) - 1) * extrapolated, D, h
        else:  # Karras et al., algorithm 1, in the variable x/a with sigma = d/a
            y, sigma, next_sigma = x / a, d / a, d_s / a_s
            slope = (y - D) / sigma
            tried = y + (next_sigma - sigma) * slope
            other = (tried - f(s, a_s * tried)) / next_sigma
            x = a_s * (y + (next_sigma - sigma) * (slope + other) / 2)
    return x


@pytest.mark.parametrize("name", ["ddim", "heun", "dpm-solver++"])
def test_deterministic_samplers_are_those_of_their_papers(name, key):
    start, times = jax.random.normal(key, (6, 2)), time_grid(PROCESS, 7, start=START)
    found = sample(THREE, PROCESS, key, count=6, size=2, times=times, sampler=name, start=start)
    np.testing.assert_allclose(found, steps_of_the_papers(name, np.asarray(start), np.asarray(times)), rtol=1e-9)


@pytest.mark.parametrize(("name", "order"), [("ddim", 1), ("heun", 2), ("dpm-solver++", 2)])
def test_deterministic_samplers_converge_to_the_flow_with_their_order(name, order, key):
    start = jax.random.normal(key, (200, 2))
    exact = flow_sample(THREE, PROCESS, start, start=START, end=5.0, tolerance=1e-9)
    errors = []
    for steps in (40, 80, 160):
        times = time_grid(PROCESS, steps, start=START)
        points = sample(THREE, PROCESS, key, count=200, size=2, times=times, sampler=name, start=start)
        errors.append(float(jnp.sqrt(((points - exact) ** 2).mean())))
    slopes = np.log2(np.divide(errors[:-1], errors[1:]))
    assert abs(slopes[-1] - order) < 0.25, errors
    assert errors[-1] < 0.02


def law(name: str, steps: int):
    return law_of_samples(PROCESS, GAUSSIAN, time_grid(PROCESS, steps, start=START), name)


@pytest.mark.parametrize("name", ["euler-maruyama", "exponential", "ddpm"])
def test_stochastic_samplers_have_the_right_law_with_order_one(name):
    truth = GAUSSIAN.noisy(PROCESS.alpha(START), PROCESS.variance(START))
    errors = [np.abs(law(name, steps).covariance - np.asarray(truth.covariances[0])).max() for steps in (200, 400, 800)]
    slopes = np.log2(np.divide(errors[:-1], errors[1:]))
    assert (np.abs(slopes - 1) < 0.1).all(), errors
    assert errors[-1] < 0.02


@pytest.mark.parametrize("name", ["euler-maruyama", "exponential", "ddpm"])
def test_points_have_the_law_of_the_recursion(name, key):
    count, steps = 20_000, 20
    denoiser = MixtureDenoiser(PROCESS, GAUSSIAN)
    times = time_grid(PROCESS, steps, start=START)
    points = np.asarray(sample(denoiser, PROCESS, key, count=count, size=2, times=times, sampler=name))
    mean, covariance = law(name, steps)
    assert (np.abs(points.mean(axis=0) - mean) < 4.5 * np.sqrt(np.diag(covariance) / count)).all()
    spread = np.sqrt((np.outer(np.diag(covariance), np.diag(covariance)) + covariance**2) / count)
    assert (np.abs(np.cov(points.T) - covariance) < 4.5 * spread).all()


def test_the_divergence_of_normal_laws_is_that_of_draws(key):
    first, second = NormalLaw(np.zeros(2), np.eye(2)), law("ddpm", 3)
    x = np.asarray(jax.random.normal(key, (20_000, 2)))
    ratio = multivariate_normal(*first).logpdf(x) - multivariate_normal(*second).logpdf(x)
    assert abs(ratio.mean() - normal_divergence(first, second)) < 4.5 * ratio.std() / 20_000**0.5
    assert normal_divergence(second, second) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("steps", [4, 64])
def test_the_bound_of_girsanov_holds_for_the_exponential_sampler_and_is_not_empty(steps, key):
    truth = GAUSSIAN.noisy(PROCESS.alpha(START), PROCESS.variance(START))
    exact = NormalLaw(np.asarray(truth.means[0]), np.asarray(truth.covariances[0]))
    divergence = normal_divergence(exact, law("exponential", steps))
    grid = np.asarray(time_grid(PROCESS, steps, start=START))
    chain = chain_to_kl(key, PROCESS, GAUSSIAN, MixtureDenoiser(PROCESS, GAUSSIAN), grid, count=20_000)
    assert chain["learning"].mean < 1e-28
    bound = chain["discretization"].mean + chain["prior"].mean
    error = np.hypot(chain["discretization"].error, chain["prior"].error)
    assert divergence < bound + 3 * error
    assert bound < 16 / steps + 0.1
    end = GAUSSIAN.noisy(PROCESS.alpha(5.0), PROCESS.variance(5.0))
    last = NormalLaw(np.asarray(end.means[0]), np.asarray(end.covariances[0]))
    prior = normal_divergence(last, NormalLaw(np.zeros(2), np.eye(2)))
    assert abs(chain["prior"].mean - prior) < 4.5 * chain["prior"].error


@pytest.mark.parametrize("name", MIXTURES)
def test_with_the_exact_score_samples_are_at_the_floor(name, key):
    mixture, count = mixture_named(name), 1000
    keys = jax.random.split(key, 12)
    points = sample(
        MixtureDenoiser(PROCESS, mixture),
        PROCESS,
        keys[0],
        count=count,
        size=mixture.size,
        times=time_grid(PROCESS, 200, start=1e-4),
        denoised=True,
    )
    fresh = [np.asarray(mixture.sample(each, count)) for each in keys[1:]]
    floors = [sliced_wasserstein(key, one, other) for one, other in pairwise(fresh)]
    found = [sliced_wasserstein(key, np.asarray(points), other) for other in fresh]
    assert np.mean(found) < np.mean(floors) + 3 * np.std(floors)
    wrong = sample(
        MixtureDenoiser(PROCESS, mixture),
        PROCESS,
        keys[0],
        count=count,
        size=mixture.size,
        times=time_grid(PROCESS, 200, start=0.5),
    )
    off = [sliced_wasserstein(key, np.asarray(wrong), other) for other in fresh]
    assert np.mean(off) > np.mean(floors) + 3 * np.std(floors)  # the test can fail


@pytest.mark.parametrize(
    "sampler", ["ddpm", "ddim", "heun", "dpm-solver++", ddim(0.5)], ids=lambda each: getattr(each, "name", each)
)
def test_data_in_one_point_are_reached_exactly_in_any_number_of_steps(sampler, key):
    point = jnp.asarray([0.7, -1.2])
    denoiser = MixtureDenoiser(PROCESS, GaussianMixture([1.0], np.asarray(point)[None], np.zeros((1, 2, 2))))
    count, times = 4000, time_grid(PROCESS, 3, start=START)
    a, v = float(PROCESS.alpha(5.0)), float(PROCESS.variance(5.0))
    start = a * point[None] + v**0.5 * jax.random.normal(key, (count, 2))  # the true law at the horizon
    points = sample(denoiser, PROCESS, key, count=count, size=2, times=times, sampler=sampler, start=start)
    noise = (np.asarray(points) - float(PROCESS.alpha(START)) * np.asarray(point)) / float(PROCESS.deviation(START))
    assert np.abs(noise.mean(axis=0)).max() < 4.5 / count**0.5
    assert np.abs(noise.T @ noise / count - np.eye(2)).max() < 4.5 * (2 / count) ** 0.5
    last = sample(denoiser, PROCESS, key, count=3, size=2, times=times, sampler=sampler, denoised=True)
    np.testing.assert_allclose(last, np.tile(point, (3, 1)), rtol=1e-12)


@pytest.mark.parametrize("name", SAMPLERS)
def test_every_sampler_draws_the_mixture(name, key):
    count = 4000
    points = np.asarray(
        sample(THREE, PROCESS, key, count=count, size=2, times=time_grid(PROCESS, 400, start=START), sampler=name)
    )
    truth = mixture_named("three-gaussians").noisy(PROCESS.alpha(START), PROCESS.variance(START))
    spread = np.asarray(truth.covariance())
    bias = 0.02  # 400 steps are not infinitely many
    assert (
        np.abs(points.mean(axis=0) - np.asarray(truth.mean())) < 4.5 * np.sqrt(np.diag(spread) / count) + bias
    ).all()
    responsibilities = np.asarray(jax.nn.softmax(truth.component_log_densities(jnp.asarray(points)), axis=1))
    assert np.abs(responsibilities.mean(axis=0) - np.asarray(truth.weights)).max() < 4.5 * (0.25 / count) ** 0.5 + bias
    # The mean log-density under the truth is the negative entropy, which another sample of the truth estimates.
    own, drawn = (np.asarray(truth.log_density(jnp.asarray(p))) for p in (points, truth.sample(key, count)))
    assert abs(own.mean() - drawn.mean()) < 4.5 * drawn.std() * (2 / count) ** 0.5 + bias


def test_equal_keys_give_equal_points_and_float32_stays_float32(key):
    times = time_grid(PROCESS, 5, start=START)
    first, again = (sample(THREE, PROCESS, key, count=4, size=2, times=times, sampler="ddpm") for _ in range(2))
    np.testing.assert_array_equal(first, again)
    other = sample(THREE, PROCESS, jax.random.key(1), count=4, size=2, times=times, sampler="ddpm")
    assert not np.allclose(first, other)


def test_eta_leads_from_ddim_to_ddpm():
    times = time_grid(PROCESS, 5, start=START)
    for one, other in ((ddim(0.0), SAMPLERS["ddim"]), (ddim(1.0), SAMPLERS["ddpm"])):
        jax.tree.map(np.testing.assert_array_equal, one.numbers(PROCESS, times), other.numbers(PROCESS, times))
    assert float(ddim(0.5).numbers(PROCESS, times).C[2]) == pytest.approx(ddim(1.0).numbers(PROCESS, times).C[2] / 2)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: sample(THREE, PROCESS, jax.random.key(0), count=2, size=2, times=jnp.asarray([0.1, 0.2])), "`times`"),
        (lambda: ddim(1.5), "`eta` must be from 0 to 1"),
        (lambda: law("heun", 3), "`sampler` must have one stage"),
        (
            lambda: sample(
                THREE, PROCESS, jax.random.key(0), count=2, size=2, times=time_grid(PROCESS, 3), sampler="rk4"
            ),
            "`sampler` must be one of euler-maruyama",
        ),
    ],
)
def test_bad_calls_are_refused(call, message):
    with pytest.raises(BadInput, match=message):
        call()
