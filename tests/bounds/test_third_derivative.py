"""L3 bounds the third derivative: against autodiff, searched adversarially in all its arguments and in the weights."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from softntk.bounds.curvature import Curvature, derivative_bounds
from softntk.bounds.lipschitz import smoothness
from softntk.failures import BadInput
from softntk.networks import Exponential, ReLU, Softmax, TwoLayer, antisymmetric, independent

STARTS, ROUNDS = 16, 25


def unit(array):
    return array / (jnp.linalg.norm(array) + 1e-300)


@jax.jit
def worst(network: TwoLayer, inputs, radius, key):
    """The largest <u, D^3 F(W)[V, V', V'']> that alternating maximization finds, W within the radius of its start.

    For all but one argument held, the best value of that one is its normalized gradient.
    """

    def form(dual, first, second, third, hidden):
        def value(hidden):
            return jnp.sum(dual * network.moved_to(hidden)(inputs))

        def once(function, direction):
            return lambda point: jax.jvp(function, (point,), (direction,))[1]

        return once(once(once(value, first), second), third)(hidden)

    def search(key):
        keys = jax.random.split(key, 5)
        shape = network.hidden.shape
        dual = unit(jax.random.normal(keys[0], (inputs.shape[0], network.output_size)))
        moves = [unit(jax.random.normal(k, shape)) for k in keys[1:4]]
        hidden = network.hidden + radius * unit(jax.random.normal(keys[4], shape))

        def improve(turn, arguments):
            slopes = [unit(slope) for slope in jax.grad(form, range(5))(*arguments)]
            slopes[4] = network.hidden + radius * slopes[4]
            # One argument at a time, so that the form never falls (but for the last, in which it is not linear).
            return tuple(jnp.where(turn % 5 == i, *pair) for i, pair in enumerate(zip(slopes, arguments, strict=True)))

        arguments = jax.lax.fori_loop(0, 5 * ROUNDS, improve, (dual, *moves, hidden))
        return jnp.abs(form(*arguments))

    return jax.vmap(search)(jax.random.split(key, STARTS)).max()


def problem(key, features, *, n=4, d=3, m=10, k=2, scale=1.0, start=independent):
    keys = jax.random.split(key, 2)
    network = start(keys[0], input_size=d, output_size=k, width=m, features=features, scale=scale)
    return network, jax.random.normal(keys[1], (n, d)) / np.sqrt(d)


@pytest.mark.parametrize("features", [Softmax(), Exponential()], ids=lambda row: row.name)
def test_no_search_exceeds_it(key, features):
    for trial, (scale, radius, start) in enumerate(
        [
            (0.3, 0.1, antisymmetric),
            (1.0, 0.0, antisymmetric),
            (1.0, 0.3, independent),
            (2.0, 0.05, independent),
            (2.0, 1.0, antisymmetric),
        ]
    ):
        keys = jax.random.split(jax.random.fold_in(key, trial), 2)
        network, inputs = problem(keys[0], features, scale=scale, start=start)
        bound = derivative_bounds(smoothness(network, inputs), jnp.asarray([radius]))[1, 0]
        found = worst(network, inputs, radius, keys[1])
        assert found <= bound * (1 + 1e-9)
        assert found >= bound / 200  # the search found something, and the bound is not absurd


def test_it_is_attained_by_one_sample_of_the_exponential_network(key):
    network, inputs = problem(key, Exponential(), n=1, k=1)
    bound = derivative_bounds(smoothness(network, inputs), jnp.zeros(1))[1, 0]
    np.testing.assert_allclose(worst(network, inputs, 0.0, key), bound, rtol=1e-6)


def test_it_is_nearly_attained_by_one_sample_of_a_wide_softmax_network(key):
    network, inputs = problem(key, Softmax(), n=1, k=1, m=400)
    bound = derivative_bounds(smoothness(network, inputs), jnp.zeros(1))[1, 0]
    assert bound / 2 <= worst(network, inputs, 0.0, key) <= bound


def test_the_fourth_cumulant_is_the_third_derivative(key):
    """D^3 F_il = m times the fourth joint cumulant of (a_l, V x_i, V' x_i, V'' x_i) under S_i: the proof's start."""
    network, inputs = problem(key, Softmax(), n=1, k=1)
    moves = jax.random.normal(key, (3, *network.hidden.shape))

    def value(hidden):
        return network.moved_to(hidden)(inputs)[0, 0]

    def along(function, move):
        return lambda hidden: jax.jvp(function, (hidden,), (move,))[1]

    derivative = jax.jit(along(along(along(value, moves[0]), moves[1]), moves[2]))(network.hidden)
    share = np.asarray(jax.nn.softmax(inputs @ network.hidden, axis=1)[0])
    rows = [np.asarray(network.output[0]), *(np.asarray(inputs[0] @ move) for move in moves)]
    a, u, v, w = (row - share @ row for row in rows)
    mean = lambda *factors: share @ np.prod(factors, axis=0)  # noqa: E731
    cumulant = mean(a, u, v, w) - mean(a, u) * mean(v, w) - mean(a, v) * mean(u, w) - mean(a, w) * mean(u, v)
    np.testing.assert_allclose(derivative, network.width * cumulant, rtol=1e-9)


def test_radii_are_rounded_up(key):
    network, inputs = problem(key, Softmax())
    curvature = Curvature(network, inputs, inputs[:2])
    smooth = smoothness(network, inputs)
    for radius in (0.0, 1e-7, 0.01, 0.011, 0.5, 3.0):
        exact = np.asarray(derivative_bounds(smooth, jnp.asarray([radius])))[:, 0]
        larger = np.asarray(derivative_bounds(smooth, jnp.asarray([max(radius, 1e-6) * 1.06])))[:, 0]
        assert (np.asarray(curvature.at(radius)) >= exact).all()
        assert (np.asarray(curvature.at(radius)) <= larger).all()
        alone = derivative_bounds(smoothness(network, inputs[:1]), jnp.asarray([radius]))[:, 0]
        assert (curvature.at_others(radius)[:, 0] >= np.asarray(alone) * (1 - 1e-12)).all()
    assert curvature.at(1e4) == (np.inf, np.inf)
    assert np.isinf(curvature.at_others(float("nan"))).all()


def test_relu_is_refused(key):
    network, inputs = problem(key, ReLU())
    with pytest.raises(BadInput, match="relu"):
        derivative_bounds(smoothness(network, inputs), jnp.zeros(1))
