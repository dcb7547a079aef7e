"""The network as a value: sizes, a frozen pytree, what it refuses."""

import dataclasses

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from softntk.failures import BadInput
from softntk.networks import Features, ReLU, Softmax, TwoLayer, independent


@pytest.fixture
def network(key) -> TwoLayer:
    return independent(key, input_size=3, output_size=2, width=8, features=Softmax())


def test_sizes(network):
    assert (network.input_size, network.width, network.output_size) == (3, 8, 2)


def test_it_is_a_frozen_pytree_of_two_arrays(network):
    leaves, structure = jax.tree.flatten(network)
    assert [leaf.shape for leaf in leaves] == [(3, 8), (2, 8)]
    assert eqx.tree_equal(jax.tree.unflatten(structure, leaves), network)
    with pytest.raises(dataclasses.FrozenInstanceError):
        network.hidden = network.hidden


def test_moving_changes_the_hidden_weights_only(network):
    moved = network.moved_to(network.hidden + 1.0)
    np.testing.assert_array_equal(moved.hidden, network.hidden + 1.0)
    assert moved.output is network.output
    assert moved.features is network.features


def test_layers_of_different_width_are_refused(unchecked):
    with pytest.raises(BadInput, match=r"hidden \(3, 8\) and output \(2, 7\)"):
        TwoLayer(jnp.ones((3, 8)), jnp.ones((2, 7)), ReLU())


def test_a_feature_that_lacks_an_entry_is_refused():
    class Unnamed(Features):
        def parts(self, preactivations):
            return preactivations, preactivations

        def slope(self, exponentials):
            return exponentials

    with pytest.raises(TypeError, match="centered"):
        Unnamed()
