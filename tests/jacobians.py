"""Small networks with data, and their Jacobians by automatic differentiation: witnesses for the certificates."""

import jax
import jax.numpy as jnp
import numpy as np

from softntk.networks.features import FEATURES
from softntk.networks.two_layer import TwoLayer


def draw(name, *, n=4, d=3, m=6, k=2, seed=0, scale=1.0, start="independent", norms=(1.0, 1.0)):
    """A network and inputs whose norms are spread between the two given."""
    rng = np.random.default_rng(seed)
    inputs = rng.standard_normal((n, d))
    inputs *= np.linspace(*norms, n)[:, None] / np.linalg.norm(inputs, axis=1, keepdims=True)
    half = m // 2 if start == "antisymmetric" else m
    hidden, output = scale * rng.standard_normal((d, half)), rng.choice([-1.0, 1.0], (k, half))
    if start == "antisymmetric":
        hidden, output = np.hstack([hidden, hidden]), np.hstack([output, -output])
    return TwoLayer(jnp.asarray(hidden), jnp.asarray(output), FEATURES[name]), jnp.asarray(inputs)


@jax.jit
def jacobian(network, inputs):
    """J (nk, dm)."""
    rows = jax.jacrev(lambda hidden: network.moved_to(hidden)(inputs).reshape(-1))(network.hidden)
    return rows.reshape(rows.shape[0], -1)


def norm(matrix):
    return float(np.linalg.norm(np.asarray(matrix), 2))


def sigma_min(matrix):
    return float(np.linalg.svd(np.asarray(matrix), compute_uv=False)[-1])


def moves(network, inputs, radius, *, count=4, seed=0):
    """Displacements of one length: random ones, and single neurons along or against an input."""
    rng = np.random.default_rng(seed)
    found = [rng.standard_normal(network.hidden.shape) for _ in range(count)]
    for neuron in range(min(network.width, 4)):
        for sign in (-1, 1):
            one = np.zeros(network.hidden.shape)
            one[:, neuron] = sign * np.asarray(inputs[neuron % len(inputs)])
            found.append(one)
    return [jnp.asarray(radius * move / np.linalg.norm(move)) for move in found if move.any()]
