"""Rules that stop a flow, where everything is known: a kernel matrix that is diagonal, with labels of one's choice."""

import math

import jax.numpy as jnp
import numpy as np
import pytest

from softntk.diffusion.stopping import (
    flow_times,
    noise_level,
    stop_by_cutoff,
    stop_by_error,
    stop_by_spectrum,
    stopping_times,
)
from softntk.regression import Dense, spectral_fit

EIGENVALUES = np.array([8.0, 4.0, 2.0, 0.5, 0.25, 0.125])
LABELS = np.array([6.0, -5.0, 4.0, 0.1, -0.2, 0.1])


def linear(inputs, others=None):
    """K(x, x') = x.x': inputs sqrt(l_i) e_i give the matrix diag(l)."""
    return inputs @ (inputs if others is None else others).T


@pytest.fixture(scope="module")
def path():
    inputs = jnp.asarray(np.diag(np.sqrt(EIGENVALUES)))
    return spectral_fit(linear, inputs, jnp.asarray(LABELS[:, None]), solver=Dense())


def test_the_flow_takes_each_direction_at_its_own_rate(path):
    fitted = path.flow(0.3)(path.inputs)
    np.testing.assert_allclose(fitted[:, 0], (1 - np.exp(-0.3 * EIGENVALUES)) * LABELS, rtol=1e-9)
    np.testing.assert_allclose(flow_times(path, 3, longest=100.0), np.array([1, 10, 100]) / 8, rtol=1e-12)
    assert stop_by_error(np.array([3.0, 1.0, 2.0]), np.array([1.0, 10.0, 100.0])) == 10


def test_the_noise_is_the_residual_for_its_degrees_of_freedom(path):
    left = np.exp(-2 * EIGENVALUES)
    residual = (left**2 * LABELS**2).sum() / (6 - (1 - left**2).sum())
    assert noise_level(path, 2.0) == pytest.approx(math.sqrt(residual), rel=1e-9)
    # Nothing is fitted at time 0: the noise is the size of the labels.
    assert noise_level(path, 0.0) == pytest.approx(np.sqrt((LABELS**2).mean()), rel=1e-9)


@pytest.mark.parametrize(("noise", "norm", "bound"), [(0.05, 1.0, 8.0), (0.2, 3.0, 8.0)])
def test_the_spectral_rule_stops_where_its_inequality_turns(path, noise, norm, bound):
    """For the kernel over its bound and labels over norm sqrt(bound): time counts with the loss's mean over 6 rows."""

    def holds(tau):
        t, l = 6 * tau * bound, EIGENVALUES / 6 / bound  # noqa: E741
        width = math.sqrt(np.minimum(t**2 * l, t).sum() / 6)
        return width <= 1 / (2 * math.e * noise / (norm * math.sqrt(bound)))

    tau = stop_by_spectrum(path, noise=noise, norm=norm, bound=bound)
    assert holds(0.99 * tau)
    assert not holds(1.01 * tau)


def test_the_cutoff_falls_between_information_and_noise(path):
    """Three directions hold more than twice the energy of the noise: Gamma/l_3 with the two parts equal then."""
    gamma = math.log(math.sqrt(77 / 0.06))
    assert stop_by_cutoff(path, noise=0.15) == pytest.approx(gamma / 2, rel=1e-9)
    assert stop_by_cutoff(path, noise=100.0) == math.inf
    assert stop_by_cutoff(path, noise=1e-3) == math.inf


def test_the_rules_do_not_depend_on_the_units(path):
    times = stopping_times(path, 1.0)
    scaled = spectral_fit(
        lambda x, y=None: 100 * linear(x, y), path.inputs, 7 * jnp.asarray(path.labels), solver=Dense()
    )
    for rule, tau in stopping_times(scaled, 0.01).items():
        assert tau == pytest.approx(times[rule] / 100, rel=1e-3), rule
