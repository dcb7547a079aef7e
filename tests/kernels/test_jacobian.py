"""Products with the Jacobian against the Jacobian itself."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from softntk.kernels import jvp, vjp


@pytest.fixture
def jacobian(case):
    return jax.jacrev(lambda hidden: case.network.moved_to(hidden)(case.inputs))(case.network.hidden)


def test_products_are_those_with_the_matrix(key, case, close, jacobian):
    vector, direction = jax.random.normal(key, (5, 2)), jax.random.normal(key, (3, 10))
    close(vjp(case.network, case.inputs, vector), np.einsum("ildm,il->dm", jacobian, vector))
    close(jvp(case.network, case.inputs, direction), np.einsum("ildm,dm->il", jacobian, direction))


@pytest.mark.parametrize("tile", [1, 2, 100])
def test_any_tile_gives_the_same_products(softmax_case, close, tile):
    network, inputs, _ = softmax_case
    vector, direction = jnp.ones((5, 2)), jnp.arange(30.0).reshape(3, 10)
    close(vjp(network, inputs, vector, tile=tile), vjp(network, inputs, vector))
    close(jvp(network, inputs, direction, tile=tile), jvp(network, inputs, direction))


def test_gradient_of_the_loss_is_a_pull_back(case, close):
    labels = jnp.ones((5, 2))
    evaluation = case.network.evaluate(case.inputs, labels)
    close(vjp(case.network, case.inputs, evaluation.outputs - labels), evaluation.gradient)
