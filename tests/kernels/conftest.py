"""One small network with its data for every feature, as JAX arrays and as the oracles want it."""

from functools import cache
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from softntk.networks import FEATURES, TwoLayer, features_named


class Case(NamedTuple):
    """A network with d = 3, m = 10, k = 2, five inputs and four others."""

    network: TwoLayer
    inputs: jax.Array
    others: jax.Array

    @property
    def name(self) -> str:
        return self.network.features.name

    @property
    def oracle_arguments(self) -> tuple[str, np.ndarray, np.ndarray]:
        return self.name, np.asarray(self.network.hidden), np.asarray(self.network.output)


@cache
def draw(name: str) -> Case:
    rng = np.random.default_rng(11)
    hidden, inputs, others = (jnp.asarray(rng.standard_normal(shape)) for shape in ((3, 10), (5, 3), (4, 3)))
    output = jnp.asarray(rng.choice([-1.0, 1.0], (2, 10)))
    return Case(TwoLayer(hidden, output, features_named(name)), inputs, others)


@pytest.fixture(params=FEATURES)
def case(request) -> Case:
    return draw(request.param)


@pytest.fixture
def softmax_case() -> Case:
    return draw("softmax")


@pytest.fixture
def close():
    """Equal up to `rtol` times the largest entry, since single entries may cancel."""

    def compare(got, truth, rtol=1e-12):
        np.testing.assert_allclose(got, truth, rtol=0, atol=rtol * np.abs(truth).max())

    return compare
