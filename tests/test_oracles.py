"""The truths that the other tests trust, held against each other and against numbers known by hand."""

import math

import numpy as np
import pytest

import oracles

ROWS = np.array([[1.0, 0.0], [0.6, 0.8]])


def test_limits_at_the_check_values():
    softmax = [[oracles.infinite_kernel("softmax", x, y) for y in ROWS] for x in ROWS]
    np.testing.assert_allclose(softmax, [[math.e, 0.6 * math.exp(0.6)], [0.6 * math.exp(0.6), math.e]], rtol=1e-12)
    angle = math.acos(0.6)
    relu = oracles.infinite_kernel("relu", *ROWS)
    assert relu == pytest.approx(0.6 * (math.pi - angle) / (2 * math.pi), rel=1e-9)
    relu = oracles.infinite_kernel("relu", *ROWS, trained="output", scale=2.0)
    assert relu == pytest.approx(4 * (0.8 + (math.pi - angle) * 0.6) / (2 * math.pi), rel=1e-9)


@pytest.mark.parametrize("name", ["exponential", "relu"])
def test_quadrature_agrees_with_sampling(name):
    mean, error = oracles.sampled_kernel(name, *ROWS, draws=200_000, seed=1, scale=0.5)
    assert abs(mean - oracles.infinite_kernel(name, *ROWS, scale=0.5)) <= 4 * error
    assert error < 0.02 * mean


@pytest.mark.parametrize("name", oracles.NAMES)
def test_gradient_agrees_with_differences(name):
    rng = np.random.default_rng(2)
    hidden, output = rng.standard_normal((3, 4)), rng.choice([-1.0, 1.0], (2, 4))
    inputs, labels = rng.standard_normal((3, 3)), rng.standard_normal((3, 2))
    gradient = oracles.gradient(name, hidden, output, inputs, labels)
    direction, step = rng.standard_normal(hidden.shape), 1e-6
    ahead, behind = (oracles.loss(name, hidden + s * direction, output, inputs, labels) for s in (step, -step))
    assert np.sum(gradient * direction) == pytest.approx((ahead - behind) / (2 * step), rel=1e-7)
