"""One small training problem for every feature."""

from functools import cache
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from softntk.networks import FEATURES, TwoLayer, features_named


class Problem(NamedTuple):
    """A network with d = 3, m = 6, k = 2, four inputs, their labels, and a step size that suits all three."""

    network: TwoLayer
    inputs: jax.Array
    labels: jax.Array
    step_size: float = 0.01

    @property
    def name(self) -> str:
        return self.network.features.name


@cache
def draw(name: str) -> Problem:
    rng = np.random.default_rng(13)
    hidden, inputs, labels = (jnp.asarray(rng.standard_normal(shape)) for shape in ((3, 6), (4, 3), (4, 2)))
    inputs = inputs / jnp.linalg.norm(inputs, axis=1, keepdims=True)
    output = jnp.asarray(rng.choice([-1.0, 1.0], (2, 6)))
    return Problem(TwoLayer(hidden, output, features_named(name)), inputs, labels)


@pytest.fixture(params=FEATURES)
def problem(request) -> Problem:
    return draw(request.param)


@pytest.fixture
def softmax_problem() -> Problem:
    return draw("softmax")
