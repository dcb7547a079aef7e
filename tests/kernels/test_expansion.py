"""Explicit features of limit kernels: wrong by what the bound says, and no more."""

import math

import jax.numpy as jnp
import numpy as np
import pytest

from softntk.failures import BadInput
from softntk.kernels import LimitKernel, expand
from softntk.kernels.expansion import degree_for, rank
from softntk.networks import Exponential, ReLU, Softmax

KERNELS = [LimitKernel(f, 1.3, t) for f in (Softmax(), Exponential()) for t in ("hidden", "output", "both")]


def name(kernel):
    return f"{kernel.features.name}-{kernel.trained}"


@pytest.fixture(scope="module")
def inputs():
    x = np.random.default_rng(1).normal(size=(30, 3))
    return jnp.asarray(x / np.linalg.norm(x, axis=1).max())


@pytest.mark.parametrize("kernel", KERNELS, ids=name)
def test_features_leave_out_what_the_bound_says(kernel, inputs):
    for degree in (1, 2, 4):
        features = expand(kernel, inputs, degree=degree)
        phi = features(inputs)
        assert phi.shape == (30, features.rank)
        assert features.rank == math.comb(3 + degree, degree) - (kernel.trained == "hidden")
        left_out = np.asarray(kernel(inputs) - phi @ phi.T)
        # Attained where an input has the largest norm; one does.
        assert abs(left_out).max() == pytest.approx(features.bound, rel=1e-9)
        np.testing.assert_allclose(np.diagonal(left_out), features.remainder(inputs), atol=1e-13)
        operator_norm = np.linalg.norm(left_out, 2)
        trace = features.remainder(inputs).sum()
        assert trace / 30 <= operator_norm <= trace * (1 + 1e-12)


def test_degree_is_the_smallest_that_will_do(inputs):
    kernel = LimitKernel(Softmax())
    features = expand(kernel, inputs, accuracy=1e-10)
    phi = features(inputs)
    assert float(jnp.abs(phi @ phi.T - kernel(inputs)).max()) <= 1e-10 * math.e
    worse = expand(kernel, inputs, degree=features.degree - 1)
    assert worse.bound > 1e-10 * math.e


def test_bound_against_the_series():
    # sum_{q > 3} s^(q-1) R^(2q) / (q-1)! by summing it, with s = 4 and R = 1.5.
    kernel = LimitKernel(Softmax(), 2.0)
    features = expand(kernel, jnp.full((1, 1), 1.5), degree=3)
    series = math.fsum(4.0 ** (q - 1) * 1.5 ** (2 * q) / math.factorial(q - 1) for q in range(4, 120))
    assert features.bound == pytest.approx(series, rel=1e-13)


def test_features_refuse(inputs):
    with pytest.raises(BadInput, match="limit kernel of softmax or exponential"):
        expand(LimitKernel(ReLU()), inputs)
    with pytest.raises(BadInput, match="150"):
        degree_for(LimitKernel(Softmax(), 30.0), 1.0, 1e-3)
    with pytest.raises(BadInput, match="accuracy"):
        expand(LimitKernel(Softmax()), inputs, accuracy=0.0)
    assert rank(LimitKernel(Softmax()), 16, 2) == 152
