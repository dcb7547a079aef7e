"""Output weights [B, -B] halve two products and change no number; descent notices them, and only them."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from softntk.dynamics import descent, ensemble, gradient_descent
from softntk.networks import FEATURES, TwoLayer, antisymmetric, features_named, independent
from softntk.networks.two_layer import opposed


@pytest.fixture
def moved(key):
    """A function of the feature's name: a network with output weights [B, -B], no two columns alike; inputs, labels."""

    def build(name: str, *, scale: float = 1.0):
        keys = jax.random.split(key, 4)
        half = jax.random.normal(keys[0], (2, 4))
        hidden, output = jax.random.normal(keys[1], (3, 8)), jnp.concatenate([half, -half], axis=1)
        network = TwoLayer(hidden, output, features_named(name))
        return network, scale * jax.random.normal(keys[2], (23, 3)), jax.random.normal(keys[3], (23, 2))

    return build


@pytest.mark.parametrize("block", [2**25, 1])
@pytest.mark.parametrize("name", FEATURES)
def test_halved_is_whole(moved, monkeypatch, name, block):
    monkeypatch.setattr("softntk.networks.two_layer._BLOCK_BYTES", block)
    network, inputs, labels = moved(name)
    whole, halved = (network.evaluate(inputs, labels, halved=halved) for halved in (False, True))
    for part, truth in zip(halved, whole, strict=True):
        np.testing.assert_allclose(part, truth, rtol=1e-12, atol=1e-13 * np.abs(truth).max())


def test_halves_share_one_shift(moved):
    """Scores of 1e4: a shift for each half on its own would be finite, and wrong."""
    network, inputs, labels = moved("softmax", scale=1e4)
    whole, halved = (network.evaluate(inputs, labels, halved=halved) for halved in (False, True))
    assert np.isfinite(halved.gradient).all()
    np.testing.assert_allclose(halved.outputs, whole.outputs, rtol=0, atol=1e-12 * np.abs(whole.outputs).max())


def test_opposed(key):
    shape = {"input_size": 3, "output_size": 2, "width": 8, "features": FEATURES["relu"]}
    output = antisymmetric(key, **shape).output
    assert opposed(output)
    assert opposed(jnp.stack([output, 2 * output]))
    assert not opposed(jnp.stack([output, jnp.abs(output)]))
    assert not opposed(output.at[1, 7].multiply(1 + 1e-15))
    assert not opposed(output[:, :7])
    assert not opposed(jnp.full((1, 2), jnp.nan))
    assert not opposed(independent(key, **shape).output)


@pytest.mark.parametrize("name", FEATURES)
def test_descent_is_the_same_in_any_order_of_the_neurons(moved, name):
    """Another order hides the pairs, so that the run goes the general way."""
    network, inputs, labels = moved(name)
    order = np.array([0, 4, 1, 5, 2, 6, 3, 7])
    mixed = TwoLayer(network.hidden[:, order], network.output[:, order], network.features)
    assert opposed(network.output)
    assert not opposed(mixed.output)
    (end, trace), (mixed_end, mixed_trace) = (
        gradient_descent(each, inputs, labels, step_size=1e-3, steps=20) for each in (network, mixed)
    )
    np.testing.assert_allclose(end.hidden[:, order], mixed_end.hidden, rtol=1e-11, atol=1e-12)
    np.testing.assert_allclose(trace.loss, mixed_trace.loss, rtol=1e-11)
    stack = jax.tree.map(lambda *leaves: jnp.stack(leaves), network, network)
    ends, _ = ensemble(stack, inputs, labels, step_size=1e-3, steps=20)
    np.testing.assert_allclose(ends.hidden[1], end.hidden, rtol=1e-11, atol=1e-12)


def test_descent_tells_whether_it_may_halve(moved, monkeypatch):
    told = []

    def spy(*arguments, **options):
        told.append(problem(*arguments, **options))
        return told[-1]

    problem = descent.Problem
    monkeypatch.setattr(descent, "Problem", spy)
    network, inputs, labels = moved("softmax")
    odd = TwoLayer(network.hidden[:, :7], network.output[:, :7], network.features)
    for each in (network, odd):
        gradient_descent(each, inputs, labels, step_size=1e-3, steps=1)
    assert [each.halved for each in told] == [True, False]
