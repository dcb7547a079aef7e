"""Laws of every process, by automatic differentiation, quadrature and simulation."""

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest
from scipy.integrate import quad

from softntk.diffusion import Constant, Cosine, Custom, Linear
from softntk.failures import BadInput

PROCESSES = {
    "constant": Constant(rate=1.3, horizon=4.0),
    "linear": Linear(),
    "cosine": Cosine(),
    "custom": Custom(lambda t: 1 + jnp.sin(3 * t) ** 2, 4.0),
    "custom, integral known": Custom(lambda t: 2 * t + 0.1, 3.0, lambda t: t**2 + 0.1 * t),
}
ALL = pytest.mark.parametrize("process", PROCESSES.values(), ids=PROCESSES.keys())


def times(process):
    return process.horizon * jnp.asarray([1e-6, 1e-3, 0.05, 0.3, 0.7, 0.99])


@ALL
def test_g_is_the_derivative_of_its_integral_and_of_the_log_of_alpha(process):
    t = times(process)
    np.testing.assert_allclose(jax.vmap(jax.grad(process.integral))(t), process.g(t), rtol=1e-11)
    log_alpha = jax.vmap(jax.grad(lambda s: jnp.log(process.alpha(s))))(t)
    np.testing.assert_allclose(log_alpha, -process.g(t) / 2, rtol=1e-8)
    # dv/dt = g (1 - v): the variance of the stochastic differential equation itself.
    slope = jax.vmap(jax.grad(process.variance))(t)
    np.testing.assert_allclose(slope, process.g(t) * (1 - process.variance(t)), rtol=1e-11)
    # dh/dt = -g / (2 v)
    slope = jax.vmap(jax.grad(process.half_log_snr))(t)
    np.testing.assert_allclose(slope, -process.g(t) / (2 * process.variance(t)), rtol=1e-9)


@ALL
def test_the_integral_is_that_of_another_quadrature(process):
    for t in np.asarray(times(process)):
        value, error = quad(lambda s: float(process.g(s)), 0.0, t, epsabs=0, epsrel=1e-12, limit=200)
        assert float(process.integral(t)) == pytest.approx(value, rel=1e-10, abs=2 * error)


@ALL
def test_signal_and_noise_add_to_one_and_the_ratio_is_inverted(process):
    t = times(process)
    np.testing.assert_allclose(process.alpha(t) ** 2 + process.variance(t), 1, rtol=1e-15)
    np.testing.assert_allclose(process.deviation(t) ** 2, process.variance(t), rtol=1e-14)
    ratio = jnp.log(process.alpha(t) / process.deviation(t))
    np.testing.assert_allclose(process.half_log_snr(t), ratio, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(process.time_of(process.half_log_snr(t)), t, rtol=1e-9)
    np.testing.assert_allclose(process.time_of_integral(process.integral(t)), t, rtol=1e-10)


@ALL
def test_the_variance_is_accurate_near_zero(process):
    t = 1e-13 * process.horizon
    assert float(process.variance(t)) == pytest.approx(t * float(process.g(0.0)), rel=1e-9)


def test_the_cosine_process_has_the_cosine_as_its_alpha():
    with mpmath.workdps(30):
        for t in (1e-9, 0.2, 0.9):
            exact = mpmath.cos((t + mpmath.mpf(0.008)) / mpmath.mpf(1.008) * mpmath.pi / 2)
            exact /= mpmath.cos(mpmath.mpf(0.008) / mpmath.mpf(1.008) * mpmath.pi / 2)
            assert float(Cosine().alpha(t)) == pytest.approx(float(exact), rel=1e-14)
            assert float(Cosine().variance(t)) == pytest.approx(float(1 - exact**2), rel=1e-13)


def test_the_linear_process_leaves_what_its_authors_say():
    # log alpha_1 = -(20 - 0.1)/4 - 0.1/2, arXiv 2011.13456, appendix C: a factor 2 would be seen.
    assert float(jnp.log(Linear().alpha(1.0))) == pytest.approx(-19.9 / 4 - 0.05, rel=1e-14)


def test_the_equation_simulated_in_small_steps_has_these_moments(key):
    process, start, steps, paths = Linear(horizon=0.5, end=5.0), 2.0, 400, 20_000
    dt = process.horizon / steps

    def step(x, item):
        t, step_key = item
        g = process.g(t)
        return x - g / 2 * x * dt + jnp.sqrt(g * dt) * jax.random.normal(step_key, x.shape), None

    middles = (jnp.arange(steps, dtype=float) + 0.5) * dt
    x, _ = jax.lax.scan(step, jnp.full(paths, start), (middles, jax.random.split(key, steps)))
    variance = float(process.variance(process.horizon))
    mean = start * float(process.alpha(process.horizon))
    assert float(x.mean()) == pytest.approx(mean, abs=4.5 * (variance / paths) ** 0.5)
    assert float(x.var()) == pytest.approx(variance, abs=4.5 * variance * (2 / paths) ** 0.5 + variance * dt * 5)


def test_processes_run_under_jit_and_vmap():
    t = jnp.linspace(0.1, 0.9, 5)
    for process in PROCESSES.values():
        np.testing.assert_allclose(jax.jit(jax.vmap(process.alpha))(t), process.alpha(t), rtol=1e-13)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: Constant(rate=0.0), "`rate` must be positive and finite"),
        (lambda: Linear(end=float("inf")), "`end`"),
        (lambda: Cosine(horizon=1.0), "`horizon` must be below 1"),
        (lambda: Custom(lambda t: t - 1, 2.0), "`rate` must be positive"),
        (lambda: Custom(lambda t: 1 + jnp.floor(37 * t) % 2, 1.0), "`rate` must be smooth.*integral_of_g"),
    ],
)
def test_bad_processes_are_refused(build, message):
    with pytest.raises(BadInput, match=message):
        build()
