"""Exponentials that do not overflow, against exact sums and at the edge of the range."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import oracles
from softntk.numerics.stable import row_peaks, softmax_parts


@pytest.mark.parametrize("size", [0.0, 1.0, 30.0, 1e300])
def test_parts_are_the_softmax(key, size):
    scores = size * jax.random.normal(key, (4, 6))
    values, weight = softmax_parts(scores)
    np.testing.assert_allclose(weight * values, [6 * oracles.softmax(row) for row in np.asarray(scores)], rtol=2e-13)
    assert float(values.max()) == 1.0
    assert bool(((weight >= 1) & (weight <= 6)).all())


def test_derivative_is_that_of_the_softmax(key):
    scores = jax.random.normal(key, (1, 5))

    def softmax(row):
        values, weight = softmax_parts(row)
        return (weight * values)[0]

    p = oracles.softmax(np.asarray(scores[0]))
    truth = 5 * (np.diag(p) - np.outer(p, p))
    np.testing.assert_allclose(jax.jit(jax.jacobian(softmax))(scores)[:, 0], truth, atol=1e-14)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_row_peaks_are_exact_and_leave_ordinary_rows_alone(dtype):
    largest = float(jnp.finfo(dtype).max)
    inputs = jnp.array([[0.0, 0.0], [1e-30, -1.0], [2.0**39, 1.0], [-largest, 1.0], [1e30, largest]], dtype)
    peaks = row_peaks(inputs)
    np.testing.assert_array_equal(peaks[:3], 1.0)
    np.testing.assert_array_equal(jnp.log2(peaks) % 1, 0.0)
    divided = inputs / peaks
    assert float(jnp.abs(divided).max()) < 2**40
    np.testing.assert_array_equal((divided * peaks)[:, 0], inputs[:, 0])
    assert peaks.dtype == inputs.dtype
