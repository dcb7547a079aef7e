"""The slow kernel against loops, and on a function whose kernel is known exactly."""

import jax.numpy as jnp
import numpy as np

import oracles
from softntk.kernels import ntk_by_autodiff


def test_two_layer_networks(case, close):
    kernel = ntk_by_autodiff(lambda hidden, x: case.network.moved_to(hidden)(x), case.network.hidden, case.inputs)
    close(kernel / case.network.width, oracles.finite_kernel(*case.oracle_arguments, np.asarray(case.inputs)))


def test_any_function_of_any_parameters():
    """f(x) = x W + b has the kernel (<x, x'> + 1) for equal outputs and 0 for different ones."""
    parameters = {"weights": jnp.ones((3, 2)), "bias": (jnp.zeros(2),)}
    inputs, others = jnp.arange(6.0).reshape(2, 3), jnp.arange(12.0).reshape(4, 3) - 5
    kernel = ntk_by_autodiff(lambda p, x: x @ p["weights"] + p["bias"][0][None], parameters, inputs, others)
    truth = (inputs @ others.T + 1)[:, None, :, None] * np.eye(2)[None, :, None, :]
    np.testing.assert_allclose(kernel, truth, rtol=1e-15)
