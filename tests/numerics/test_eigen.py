"""Extreme eigenvalues against matrices whose eigenvalues are known in closed form."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from softntk.failures import BadInput
from softntk.numerics.eigen import dense_extremes, lanczos_extremes, weyl_start

N = 40
# -1, 2, -1 along the diagonals: eigenvalues 2 - 2 cos(pi j / (N + 1)).
CHAIN = 2 * jnp.eye(N) - jnp.eye(N, k=1) - jnp.eye(N, k=-1)
SMALLEST, LARGEST = 2 - 2 * np.cos(np.pi * np.array([1, N]) / (N + 1))


@partial(jax.jit, static_argnums=1)
def lanczos(matrix, steps):
    return lanczos_extremes(lambda v: matrix @ v, weyl_start(len(matrix), matrix.dtype), steps=steps)


def test_dense_radii_hold_and_are_small():
    found = dense_extremes(CHAIN)
    assert abs(found.smallest - SMALLEST) <= found.smallest_radius <= 1e-13
    assert abs(found.largest - LARGEST) <= found.largest_radius <= 1e-13


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_lanczos_with_all_steps_is_exact(dtype):
    found = lanczos(CHAIN.astype(dtype), 64)
    small = 1000 * float(jnp.finfo(dtype).eps)
    assert abs(float(found.smallest) - SMALLEST) <= float(found.smallest_radius) <= small
    assert abs(float(found.largest) - LARGEST) <= float(found.largest_radius) <= small


@pytest.mark.parametrize("steps", [1, 5])
def test_few_steps_stay_inside_the_spectrum_and_near_an_eigenvalue(steps):
    found = lanczos(CHAIN, steps)
    values = np.linalg.eigvalsh(CHAIN)
    assert SMALLEST <= found.smallest <= found.largest <= LARGEST
    assert np.abs(values - found.smallest).min() <= found.smallest_radius
    assert np.abs(values - found.largest).min() <= found.largest_radius
    # Too few to be sharp, and the radius says so.
    assert found.largest_radius > 1e-3


@pytest.mark.parametrize(
    ("matrix", "smallest", "largest"),
    [
        (jnp.eye(N), 1.0, 1.0),
        (jnp.ones((N, N)), 0.0, float(N)),
        (jnp.zeros((N, N)), 0.0, 0.0),
        (jnp.diag(jnp.array([1.0, 5.0] * (N // 2))), 1.0, 5.0),
        (jnp.array([[7.0]]), 7.0, 7.0),
        (-CHAIN, -LARGEST, -SMALLEST),
    ],
    ids=["identity", "rank one", "zero", "two values", "one entry", "negative"],
)
def test_lanczos_where_the_krylov_space_ends_early(matrix, smallest, largest):
    found = lanczos(matrix, 64)
    assert abs(found.smallest - smallest) <= found.smallest_radius <= 1e-11
    assert abs(found.largest - largest) <= found.largest_radius <= 1e-11


def test_no_steps_are_refused():
    with pytest.raises(BadInput, match="steps=64"):
        lanczos(CHAIN, 0)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_start_is_fixed_and_without_structure(dtype):
    start = weyl_start(1000, dtype)
    assert start.dtype == dtype
    np.testing.assert_array_equal(start, weyl_start(1000, dtype))
    assert len(np.unique(start)) == 1000
    # Equidistributed in [-1/2, 1/2): mean 0 and variance 1/12, far better than random.
    assert abs(start.mean()) < 1e-3
    assert start.var() == pytest.approx(1 / 12, rel=1e-2)
    # Not orthogonal to smooth, alternating or constant vectors.
    waves = np.sin(np.pi * np.arange(1, 1001)[:, None] * np.array([1, 2, 500, 999, 1000])[None] / 1001)
    assert np.abs(np.asarray(start) @ waves).min() > 1e-4
