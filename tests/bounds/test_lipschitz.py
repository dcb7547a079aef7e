"""Lemmas S and E: no Jacobian changes faster, and some change almost that fast."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jacobians import draw, jacobian, moves, norm
from softntk.bounds.lipschitz import largest_by_neuron, smoothness
from softntk.failures import BadInput

SMOOTH = ("softmax", "exponential")


@pytest.mark.parametrize("name", SMOOTH)
@pytest.mark.parametrize("scale", [0.5, 2.0])
def test_no_jacobian_on_the_ball_changes_faster(name, scale):
    network, inputs = draw(name, scale=scale, norms=(0.3, 1.0))
    smooth, radius = smoothness(network, inputs), 0.7
    bound, start = float(smooth.lipschitz(radius)), jacobian(network, inputs)
    for move in moves(network, inputs, radius):
        end = jacobian(network.moved_to(network.hidden + move), inputs)
        near = jacobian(network.moved_to(network.hidden + 0.99 * move), inputs)
        assert norm(end - start) <= bound * radius
        assert norm(end - near) <= bound * 0.01 * radius
        assert norm(end - start) <= float(smooth.change(radius))


def second_derivative(network, inputs, left, right):
    """D^2 F[V, V'] (n, k) in NumPy: a third cumulant for softmax, a sum over neurons for exp."""
    shares = np.exp(np.asarray(inputs @ network.hidden))
    signs, v, w = np.asarray(network.output), np.asarray(inputs) @ left, np.asarray(inputs) @ right
    if network.features.name == "exponential":
        return (shares * v * w) @ signs.T
    shares /= shares.sum(axis=1, keepdims=True)
    v, w = (part - (shares * part).sum(axis=1, keepdims=True) for part in (v, w))
    centered = signs[None] - (shares @ signs.T)[:, :, None]
    return network.width * np.einsum("ir,ilr,ir,ir->il", shares, centered, v, w)


@pytest.mark.parametrize(("name", "attained"), [("softmax", 0.6), ("exponential", 0.9)])
def test_the_bound_is_nearly_attained_at_the_center(name, attained):
    """The largest u . D^2 F[V, V'] over unit vectors, by maximizing over each in turn."""
    network, inputs = draw(name, k=1, m=12, seed=3, scale=0.7)
    bound = float(smoothness(network, inputs).lipschitz(0.0))
    rng, shape = np.random.default_rng(0), network.hidden.shape
    basis, best = np.eye(shape[0] * shape[1]).reshape(-1, *shape), 0.0
    for _ in range(3):
        left = rng.standard_normal(shape)
        for _ in range(30):
            rows = np.array([second_derivative(network, inputs, left / np.linalg.norm(left), e).ravel() for e in basis])
            direction, sizes, _ = np.linalg.svd(rows)  # the best V' for this V, and with it the best u
            left = direction[:, 0].reshape(shape)
        best = max(best, sizes[0])
    assert attained * bound <= best <= bound * (1 + 1e-12)


def test_one_exponential_neuron_attains_it_on_the_ball():
    network, inputs = draw("exponential", n=1, d=2, m=1, k=3, norms=(0.7, 0.7))
    smooth, radius, step = smoothness(network, inputs), 0.8, 1e-5
    along = inputs.T / jnp.linalg.norm(inputs)
    end, near = (jacobian(network.moved_to(network.hidden + u * along), inputs) for u in (radius, radius - step))
    assert norm(end - near) / step == pytest.approx(float(smooth.lipschitz(radius)), rel=1e-4)


def test_weights_bound_the_softmax_on_the_ball():
    network, inputs = draw("softmax", m=4, k=1, scale=2.0)
    bound = np.asarray(smoothness(network, inputs).weights(0.9))
    ratios = []
    for move in moves(network, inputs, 0.9, count=20):
        shares = jax.nn.softmax(inputs @ (network.hidden + move), axis=1)
        ratios.append(np.asarray(4 * shares) / bound)
    assert 0.9 < np.max(ratios) <= 1


def test_one_neuron_that_takes_all_weight_is_finite():
    network, inputs = draw("softmax", n=1, d=1, m=3, k=1)
    network = network.moved_to(jnp.asarray([[800.0, 0.0, 0.0]]) * jnp.sign(inputs[0, 0]))
    smooth = smoothness(network, inputs)
    assert np.isfinite(np.asarray(smooth.weights(0.5))).all()
    assert np.isfinite(float(smooth.lipschitz(0.5)))


@pytest.mark.parametrize("name", SMOOTH)
def test_only_the_highest_neurons_matter(name):
    """With more neurons than are computed again, against the formula with eigenvalues for all of them."""
    network, inputs = draw(name, n=5, d=4, m=150, k=1, norms=(0.5, 1.0))
    smooth, radius = smoothness(network, inputs), 0.4
    weights, gram = np.asarray(smooth.weights(radius)), np.asarray(inputs @ inputs.T)
    heights = [np.linalg.eigvalsh(c[:, None] * gram**2 * c[None, :])[-1] for c in weights.T]
    height = np.sqrt(np.max(heights))
    alpha = 1.0
    if name == "softmax":
        shares = np.asarray(jax.nn.softmax(inputs @ network.hidden, axis=1))
        mean = np.abs(shares @ np.asarray(network.output).T).max()
        alpha = 1 + mean + radius * np.sqrt(weights.max() / 150)
    assert alpha * height <= float(smooth.lipschitz(radius)) <= 1.1 * alpha * height


def test_collatz_and_wielandt_bound_from_above():
    rng = np.random.default_rng(1)
    matrix, weights = rng.random((6, 6)), rng.lognormal(0, 2, (6, 9))
    matrix = matrix @ matrix.T
    exact = [np.linalg.eigvalsh(c[:, None] * matrix * c[None, :])[-1] for c in weights.T]
    found = np.asarray(largest_by_neuron(jnp.asarray(matrix), jnp.asarray(weights), steps=6))
    assert (found >= np.array(exact) * (1 - 1e-12)).all()
    assert (found <= np.array(exact) * 1.02).all()


def test_refuses_what_it_cannot_bound():
    network, inputs = draw("relu")
    with pytest.raises(BadInput, match="jumps"):
        smoothness(network, inputs).lipschitz(0.1)
    network, inputs = draw("softmax")
    with pytest.raises(BadInput, match="float64"):
        smoothness(network, inputs.astype("float32"))
