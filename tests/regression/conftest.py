"""One small problem: the same shapes in every test, so that little is compiled."""

import jax.numpy as jnp
import numpy as np
import pytest

from softntk.kernels import LimitKernel
from softntk.networks import Softmax


@pytest.fixture(scope="session")
def kernel():
    return LimitKernel(Softmax(), 1.2)


@pytest.fixture(scope="session")
def problem():
    """Inputs (150, 3) in the unit ball, labels (150, 2)."""
    rng = np.random.default_rng(5)
    x = rng.normal(size=(150, 3))
    x /= np.linalg.norm(x, axis=1).max()
    y = np.column_stack([np.sin(4 * x[:, 0]), x[:, 1] * x[:, 2]]) + 0.1 * rng.normal(size=(150, 2))
    return jnp.asarray(x), jnp.asarray(y)


@pytest.fixture(scope="session")
def matrix(kernel, problem):
    return np.asarray(kernel(problem[0]))


@pytest.fixture(scope="session")
def new():
    return jnp.asarray(np.random.default_rng(6).normal(size=(11, 3)) / 4)
