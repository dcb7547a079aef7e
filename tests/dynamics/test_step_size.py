"""Step sizes by name, against their formulas written out once more."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from softntk.dynamics import gradient_descent, largest_stable_step
from softntk.failures import BadInput
from softntk.kernels import empirical_ntk
from softntk.networks import Softmax, antisymmetric


@pytest.fixture
def small(key):
    """Weights so small that the theorem's exponentials stay within floating point."""
    network = antisymmetric(key, input_size=3, output_size=1, width=20, features=Softmax(), scale=0.05)
    return network, jnp.eye(3), jnp.ones((3, 1))


def eigenvalues(network, inputs):
    size = inputs.shape[0] * network.output_size
    return np.linalg.eigvalsh(empirical_ntk(network, inputs).reshape(size, size))


def test_largest_stable_step(problem):
    stable = largest_stable_step(*problem[:2])
    truth = 2 / (6 * eigenvalues(*problem[:2])[-1])
    assert float(stable) == pytest.approx(truth, rel=1e-13)
    assert stable <= truth * (1 + 1e-15)  # from above lambda_max, so that it is stable in exact arithmetic


def test_largest_stable_step_without_the_matrix(problem, monkeypatch):
    dense = largest_stable_step(*problem[:2])
    monkeypatch.setattr("softntk.dynamics.step_size._DENSE_ROWS", 1)
    assert float(largest_stable_step(*problem[:2])) == pytest.approx(float(dense), rel=1e-12)


def test_step_of_the_theorem(small):
    """eta = 0.1 lambda / (m n^2 k^2 exp(16 B)), B = max(10 sigma sqrt(log(nk / 0.01)), 1)."""
    network, inputs, labels = small
    n, k, m, sigma = 3, 1, 20, float(np.std(np.asarray(network.hidden)))
    B = max(10 * sigma * math.sqrt(math.log(n * k / 0.01)), 1)
    truth = 0.1 * eigenvalues(network, inputs)[0] / (m * n**2 * k**2 * math.exp(16 * B))
    _, trace = gradient_descent(network, inputs, labels, step_size="theorem", steps=1)
    assert float(trace.step_size) == pytest.approx(truth, rel=1e-12)
    assert 0 < truth < 1e-9


def test_step_of_the_theorem_is_refused_where_the_theorem_says_nothing(problem, small, key):
    network, inputs, labels = small
    if problem.name != "softmax":
        with pytest.raises(BadInput, match=f"'theorem' for {problem.name}"):
            gradient_descent(*problem[:3], step_size="theorem", steps=1)
        return
    repeated = jnp.concatenate([inputs, inputs[:1]])
    with pytest.raises(BadInput, match="numerical error"):
        gradient_descent(network, repeated, jnp.ones((4, 1)), step_size="theorem", steps=1)
    usual = antisymmetric(key, input_size=3, output_size=1, width=20, features=Softmax(), dtype="float32")
    with pytest.raises(BadInput, match=r"the theorem's 10\^-\d+"):
        gradient_descent(usual, inputs, labels, step_size="theorem", steps=1)


def test_a_number_is_taken_as_it_is(small):
    for number in (1e-3, np.float64(1e-3), jnp.array(1e-3), 1):
        _, trace = gradient_descent(*small, step_size=number, steps=1)
        assert trace.step_size == float(number)
        assert isinstance(trace.step_size, jax.Array)
