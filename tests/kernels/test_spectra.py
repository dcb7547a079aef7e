"""Eigenvalues of kernels: dense, matrix-free, and what is no kernel."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from softntk.failures import BadInput
from softntk.kernels import LimitKernel, as_matrix, empirical_ntk, extremes, extremes_by_products, spectrum
from softntk.networks import Softmax


@pytest.fixture
def kernel(softmax_case):
    return empirical_ntk(*softmax_case[:2])


def test_extremes_are_those_of_another_library(kernel):
    values = np.linalg.eigvalsh(np.asarray(kernel).reshape(10, 10))
    found = extremes(kernel)
    assert abs(found.smallest - values[0]) <= 2 * found.smallest_radius
    assert abs(found.largest - values[-1]) <= 2 * found.largest_radius
    assert found.largest_radius <= 1e-14 * found.largest


def test_spectrum_rebuilds_the_kernel(kernel, close):
    found = spectrum(kernel)
    assert bool((jnp.diff(found.values) >= 0).all())
    close((found.vectors * found.values[None]) @ found.vectors.T, as_matrix(kernel), rtol=1e-13)
    close(found.vectors.T @ found.vectors, np.eye(10), rtol=1e-13)


def test_products_find_the_same_extremes(case):
    layer = {"softmax": "hidden", "exponential": "both", "relu": "output"}[case.name]
    dense = extremes(empirical_ntk(case.network, case.inputs, trained=layer))
    found = extremes_by_products(case.network, case.inputs, trained=layer)
    for one, two, radius in (
        (found.smallest, dense.smallest, found.smallest_radius + dense.smallest_radius),
        (found.largest, dense.largest, found.largest_radius + dense.largest_radius),
    ):
        assert abs(one - two) <= radius
        assert radius <= 1e-12 * dense.largest


def test_repeated_rows_make_the_smallest_eigenvalue_a_numerical_zero(softmax_case):
    network, inputs, _ = softmax_case
    repeated = jnp.concatenate([inputs, inputs[:2]])
    limit = extremes(LimitKernel(Softmax())(repeated))
    for found in (extremes(empirical_ntk(network, repeated)), extremes_by_products(network, repeated), limit):
        assert abs(found.smallest) <= found.smallest_radius
        assert found.smallest_radius <= 1e-12 * found.largest


def test_one_entry():
    found = extremes(jnp.array([[3.0]]))
    assert found.smallest == found.largest == 3.0


@pytest.mark.parametrize(
    "bad",
    [jnp.ones((2, 3)), jnp.ones((2, 1, 3, 1)), jnp.ones(4), jnp.full((2, 2), jnp.nan)],
    ids=["oblong", "cross", "vector", "nan"],
)
def test_what_is_no_kernel_is_refused(bad):
    for read in (as_matrix, extremes, spectrum):
        with pytest.raises(BadInput) as failure:
            read(bad)
        assert failure.value.argument == "kernel"


def test_products_with_bad_input_are_refused(softmax_case):
    with pytest.raises(BadInput, match="finite"):
        extremes_by_products(softmax_case.network, softmax_case.inputs * jnp.nan)
    with pytest.raises(BadInput, match="steps"):
        extremes_by_products(*softmax_case[:2], steps=0)


def test_many_kernels_at_once(kernel):
    stack = jnp.stack([kernel, 2 * kernel])
    found = jax.vmap(extremes)(stack)
    np.testing.assert_allclose(found.largest, [1, 2] * np.asarray(extremes(kernel).largest), rtol=1e-13)
