"""Ranks at small sizes, where the bounds are attained."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from softntk.kernels import empirical_ntk, extremes
from softntk.lemmas import is_antisymmetric, jacobian_rank, numerical_rank, output_rank
from softntk.networks import TwoLayer, antisymmetric, features_named, independent
from softntk.verdicts import Answer

NAMES = ("softmax", "exponential")


def network(name, output, d=8, seed=0):
    hidden = jax.random.normal(jax.random.key(seed), (d, len(output[0])))
    return TwoLayer(hidden, jnp.asarray(output, float), features_named(name))


@pytest.mark.parametrize(
    ("name", "start", "expected"),
    [
        ("softmax", antisymmetric, 6),
        ("exponential", antisymmetric, 6),
        ("softmax", independent, 9),
        ("exponential", independent, 12),
    ],
)
def test_symmetry_costs_rank_and_nothing_else_does(key, name, start, expected):
    """d = 3, m = 4, n k = 40 rows: the rank is d m / 2, d (m - 1), d m: each bound is attained."""
    made = start(key, input_size=3, output_size=2, width=4, features=features_named(name))
    inputs = jax.random.normal(jax.random.key(1), (20, 3))
    # A full set of signs: the outputs of the four neurons differ.
    signs = (
        jnp.array([[1.0, 1.0], [1.0, -1.0]])
        if start is antisymmetric
        else jnp.array([[1.0, 1, -1, -1], [1, -1, 1, -1]])
    )
    output = jnp.concatenate([signs, -signs], axis=1) if start is antisymmetric else signs
    made = TwoLayer(made.hidden, output, made.features)
    assert is_antisymmetric(made) is (start is antisymmetric)
    finding = jacobian_rank(made, inputs)
    assert finding.verdict.answer is Answer.HOLDS
    assert finding.measured == finding.promised == expected


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("output", "softmax_rank", "other_rank"),
    [
        ([[1, 1, -1], [1, 1, -1]], 3, 3),  # equal outputs
        ([[1, 1, 1], [1, -1, 1]], 3, 6),  # a constant output: softmax cannot train it
        ([[1, 1, -1], [1, -1, 1]], 6, 6),  # independent, no combination of them is constant
    ],
)
def test_outputs_that_repeat_cost_rank(name, output, softmax_rank, other_rank):
    inputs = jax.random.normal(jax.random.key(1), (3, 8))
    made = network(name, output)
    finding = output_rank(made, inputs)
    expected = softmax_rank if name == "softmax" else other_rank
    assert finding.verdict.answer is Answer.HOLDS
    assert finding.measured == finding.promised == expected
    found = extremes(empirical_ntk(made, inputs))
    assert (float(found.smallest) > float(found.smallest_radius)) is (expected == 6)


def test_antisymmetric_outputs_have_at_most_half_the_rank(key):
    """m = 4 gives A two independent columns, so the third output cannot be trained on its own."""
    made = antisymmetric(key, input_size=8, output_size=3, width=4, features=features_named("softmax"))
    inputs = jax.random.normal(jax.random.key(1), (3, 8))
    finding = output_rank(made, inputs)
    assert finding.verdict.answer is Answer.HOLDS
    assert finding.measured == finding.promised == 3 * np.linalg.matrix_rank(np.asarray(made.output))


def test_numerical_rank_is_that_of_the_jacobian(key):
    made = independent(key, input_size=3, output_size=2, width=5, features=features_named("softmax"))
    inputs = jax.random.normal(jax.random.key(1), (4, 3))
    jacobian = jax.jacrev(lambda w: made.moved_to(w)(inputs))(made.hidden).reshape(8, 15)
    assert numerical_rank(made, inputs) == np.linalg.matrix_rank(np.asarray(jacobian))
    doubled = jnp.concatenate([inputs, inputs[:2]])
    assert numerical_rank(made, doubled) == numerical_rank(made, inputs)
    assert numerical_rank(made, jnp.zeros((2, 3))) == 0


def test_a_moved_pair_is_no_pair(key):
    made = antisymmetric(key, input_size=3, output_size=1, width=6, features=features_named("relu"))
    assert is_antisymmetric(made)
    assert not is_antisymmetric(made.moved_to(made.hidden.at[0, 0].add(1e-15)))
    assert not is_antisymmetric(independent(key, input_size=3, output_size=1, width=5, features=features_named("relu")))
