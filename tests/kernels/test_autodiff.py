"""The kernel of any function: against loops, where it is known exactly, and what it says of what is no network."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import oracles
from softntk.failures import BadInput, TooLarge
from softntk.kernels import as_matrix, empirical_ntk
from softntk.networks import Softmax, TwoLayer

INPUTS, OTHERS = jnp.arange(6.0).reshape(2, 3), jnp.arange(12.0).reshape(4, 3) - 5
AFFINE = {"weights": jnp.ones((3, 2)), "bias": (jnp.zeros(2),)}


def affine(parameters, x):
    return x @ parameters["weights"] + parameters["bias"][0][None]


def test_two_layer_networks(case, close):
    kernel = empirical_ntk(
        lambda hidden, x: case.network.moved_to(hidden)(x), case.inputs, parameters=case.network.hidden
    )
    close(kernel / case.network.width, oracles.finite_kernel(*case.oracle_arguments, np.asarray(case.inputs)))


def test_any_function_of_any_parameters():
    """f(x) = x W + b has the kernel (<x, x'> + 1) for equal outputs and 0 for different ones."""
    truth = np.asarray(INPUTS @ OTHERS.T + 1)
    kernel = empirical_ntk(affine, INPUTS, OTHERS, parameters=AFFINE)
    np.testing.assert_allclose(kernel, truth[:, None, :, None] * np.eye(2)[None, :, None, :], atol=1e-13)
    # Outputs (n,): one index for each sample.
    single = empirical_ntk(lambda p, x: affine(p, x)[:, 0], INPUTS, OTHERS, parameters=AFFINE)
    np.testing.assert_allclose(single, truth, atol=1e-13)
    assert as_matrix(empirical_ntk(lambda p, x: affine(p, x)[:, 0], INPUTS, parameters=AFFINE)).shape == (2, 2)
    assert as_matrix(empirical_ntk(affine, INPUTS, parameters=AFFINE)).shape == (4, 4)


def test_a_module_of_another_library(key, close):
    """Equinox's perceptron takes one sample; its kernel is the sum over outputs of products of gradients."""
    model = eqx.nn.MLP(3, 2, 8, 1, key=key)
    weights, rest = eqx.partition(model, eqx.is_inexact_array)
    kernel = jax.jit(
        lambda weights: empirical_ntk(
            lambda p, x: jax.vmap(eqx.combine(p, rest))(x), INPUTS, OTHERS, parameters=weights
        )
    )(weights)

    def gradient(x, output):
        leaves = jax.tree.leaves(jax.grad(lambda p: eqx.combine(p, rest)(x)[output])(weights))
        return np.concatenate([np.ravel(leaf) for leaf in leaves])

    truth = [[gradient(x, i) @ gradient(y, j) for y in OTHERS for j in range(2)] for x in INPUTS for i in range(2)]
    close(kernel.reshape(4, 8), np.array(truth))


NETWORK = TwoLayer(jnp.ones((3, 4)), jnp.ones((1, 4)), Softmax())


@pytest.mark.parametrize(
    ("network", "parameters", "argument", "words"),
    [
        ("network", AFFINE, "network", "a TwoLayer, or a function"),
        (affine, None, "parameters", "floating-point"),
        (affine, {"weights": np.arange(6)}, "parameters", "int"),
        (affine, {"weights": jnp.ones((2, 2))}, "network", "parameters, inputs"),
        (lambda p, x: (x @ p)[0, 0], jnp.ones((3, 2)), "network", r"shape \(\)"),
        (lambda p, x: (x @ p)[:1], jnp.ones((3, 2)), "network", "n = 2 inputs"),
        (lambda p, x: (x @ p, x), jnp.ones((3, 2)), "network", "tuple"),
        (NETWORK.features, jnp.ones(3), "network", "Softmax"),
        (NETWORK, jnp.ones(3), "parameters", "TwoLayer"),
    ],
)
def test_what_is_no_network_is_refused(unchecked, network, parameters, argument, words):
    with pytest.raises(BadInput, match=words) as failure:
        empirical_ntk(network, INPUTS, parameters=parameters)
    assert failure.value.argument == argument
    assert all((failure.value.required, failure.value.got, failure.value.advice))


def test_a_jacobian_that_does_not_fit_is_refused(monkeypatch):
    monkeypatch.setattr("softntk.numerics.memory.free_bytes", lambda: 100)
    with pytest.raises(TooLarge, match="4 outputs in 8 parameters"):
        empirical_ntk(affine, INPUTS, parameters=AFFINE)
