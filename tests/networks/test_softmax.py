"""What only the softmax network keeps: invariance under a common shift, finite at any size, attention."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from softntk.networks import Softmax, TwoLayer, attend, independent

ATOL = {"float32": 1e-5, "float64": 1e-14}


@pytest.fixture
def network(key) -> TwoLayer:
    return independent(key, input_size=3, output_size=2, width=8, features=Softmax())


@pytest.fixture
def inputs(key):
    return jax.random.normal(jax.random.fold_in(key, 1), (5, 3))


def test_common_shift_of_all_neurons_changes_nothing(key, network, inputs):
    labels = jnp.ones((5, 2))
    shifted = network.moved_to(network.hidden + jax.random.normal(key, (3, 1)) @ jnp.ones((1, 8)))
    np.testing.assert_allclose(shifted(inputs), network(inputs), rtol=0, atol=1e-12 * 8)
    # So the gradient is orthogonal to common shifts: its sum over the neurons is zero.
    gradient = network.gradient(inputs, labels)
    assert jnp.abs(gradient.sum(axis=1)).max() <= 1e-13 * jnp.abs(gradient).sum()


@pytest.mark.parametrize("sizes", [(3, 2), (2, 3)], ids=str)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_equals_attention(key, sizes, dtype):
    d, k = sizes
    network = independent(key, input_size=d, output_size=k, width=8, features=Softmax(), dtype=dtype)
    inputs = jax.random.normal(key, (5, d), dtype)
    queries, keys, values = inputs, network.hidden.T, 8 * network.output.T
    np.testing.assert_allclose(
        jax.nn.softmax(queries @ keys.T, axis=1) @ values, network(inputs), rtol=0, atol=ATOL[dtype]
    )
    attended = attend(network, inputs)
    np.testing.assert_allclose(attended, network(inputs), rtol=0, atol=ATOL["float32"])
    assert attended.dtype == dtype


@pytest.mark.parametrize(("dtype", "sizes"), [("float64", (1e4, 1e150, 1e308)), ("float32", (1e4, 1e20, 3e38))])
def test_finite_and_right_at_any_size(key, dtype, sizes):
    network = independent(key, input_size=3, output_size=2, width=8, features=Softmax(), dtype=dtype)
    direction = jnp.array([[0.5, -1.0, 0.25]], dtype)
    inputs = jnp.concatenate([size * direction for size in sizes] + [direction])
    outputs = network(inputs)
    # Far out the softmax has one winner, neuron r with the largest score: F = m a_r.
    winner = int((direction @ network.hidden)[0].argmax())
    truth = jnp.broadcast_to(8 * network.output[:, winner], (len(sizes), 2))
    np.testing.assert_allclose(outputs[:-1], truth, rtol=1e-6)
    # Huge rows leave an ordinary one alone.
    np.testing.assert_allclose(outputs[-1:], network(direction), rtol=0, atol=ATOL[dtype])


def test_training_is_finite_far_out(network, inputs):
    evaluation = network.evaluate(1e4 * inputs, jnp.ones((5, 2)))
    assert all(bool(jnp.isfinite(part).all()) for part in evaluation)


def test_derivative_of_the_outputs_is_exact_where_scores_tie(network):
    # With equal scores max() has no unique derivative; the shift by it must not leak into autodiff.
    level = TwoLayer(jnp.zeros((3, 8)), network.output, Softmax())
    inputs, labels = jnp.ones((2, 3)), jnp.zeros((2, 2))
    autodiff = jax.grad(lambda hidden: level.moved_to(hidden).loss(inputs, labels))(level.hidden)
    np.testing.assert_allclose(autodiff, level.gradient(inputs, labels), rtol=1e-12, atol=1e-14)
