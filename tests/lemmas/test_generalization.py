"""Test error of interpolants against the bounds; the distance moved against the linearization."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from softntk.dynamics import gradient_descent, linearize
from softntk.kernels import LimitKernel
from softntk.lemmas import clipped_loss, distance_moved, explicit_generalization, generalization, interpolant_norm
from softntk.networks import Softmax, antisymmetric
from softntk.verdicts import Answer

n, d = 400, 3


@pytest.fixture(scope="module")
def fitted():
    """A linear target on the sphere, fitted by the softmax kernel plus a white part that conditions it well."""
    a, b = jax.random.split(jax.random.key(3))
    sets = []
    for seed, rows in ((a, n), (b, n)):
        x = jax.random.normal(seed, (rows, d))
        sets.append(x / jnp.linalg.norm(x, axis=1, keepdims=True))
    kernel = LimitKernel(Softmax())(sets[0]) + 0.5 * jnp.eye(n)
    labels, fresh = (x @ jnp.array([0.6, 0.0, 0.8]) for x in sets)
    outputs = LimitKernel(Softmax())(sets[1], sets[0]) @ jnp.linalg.solve(kernel, labels)
    return kernel, labels, outputs, fresh


class TestGeneralization:
    def test_explicit_bound_holds_for_the_interpolant(self, fitted):
        kernel, labels, outputs, fresh = fitted
        test = clipped_loss(outputs, fresh)
        finding = explicit_generalization(kernel, labels, test, largest_diagonal=math.e + 0.5)
        assert finding.verdict.answer is Answer.HOLDS
        # Predicting 0 costs E|y| = 1/2.
        assert finding.promised < 0.6
        too_small = explicit_generalization(kernel, labels, test, largest_diagonal=1.0)
        assert too_small.verdict.answer is Answer.DOES_NOT_APPLY

    def test_complexity_is_order_only_and_scale_free(self, fitted):
        kernel, labels, outputs, fresh = fitted
        test = clipped_loss(outputs, fresh)
        finding, scaled = (generalization(c * kernel, labels, test) for c in (1.0, 7.0))
        assert finding.verdict.answer is scaled.verdict.answer is Answer.ORDER_ONLY
        assert finding.promised == pytest.approx(scaled.promised, rel=1e-12)
        K, y = np.asarray(kernel), np.asarray(labels)
        assert finding.promised == pytest.approx(2 * math.sqrt(np.trace(K) * (y @ np.linalg.solve(K, y))) / n, rel=1e-9)
        assert finding.measured == test.mean

    def test_a_kernel_that_is_not_positive_definite(self, fitted):
        _, labels, outputs, fresh = fitted
        test = clipped_loss(outputs, fresh)
        singular = jnp.ones((n, n))
        assert interpolant_norm(singular, labels)["norm_squared"] == math.inf
        assert not explicit_generalization(singular, labels, test, largest_diagonal=1.0).verdict.established
        assert generalization(singular, labels, test).verdict.answer in (Answer.UNDECIDED, Answer.DOES_NOT_APPLY)

    def test_labels_out_of_range(self, fitted):
        kernel, labels, outputs, fresh = fitted
        finding = generalization(kernel, 3 * labels, clipped_loss(outputs, fresh))
        assert finding.verdict.answer is Answer.DOES_NOT_APPLY

    def test_clipped_loss(self):
        test = clipped_loss(jnp.array([0.0, 2.0, -1.5, 1.0]), jnp.array([0.25, -1.0, -1.0, 1.0]))
        losses = np.array([0.25, 1.0, 0.5, 0.0])
        assert test.mean == losses.mean()
        assert test.standard_error == pytest.approx(losses.std(ddof=1) / 2)
        single = clipped_loss(jnp.array([0.5]), jnp.array([0.0]))
        assert math.isnan(single.standard_error)  # one sample says nothing of the error


@pytest.fixture(scope="module")
def run():
    key = jax.random.key(5)
    inputs = jnp.eye(5)[:4] + 0.1
    labels = 0.5 * jnp.sign(jax.random.normal(key, (4, 1)))
    network = antisymmetric(key, input_size=5, output_size=1, width=8192, features=Softmax())
    _, trace = gradient_descent(network, inputs, labels, step_size="stable", steps=60, record_every=60)
    return trace, network, inputs, labels


class TestDistance:
    def test_promised_is_that_of_the_linearized_run(self, run):
        trace, network, inputs, labels = run
        finding = distance_moved(*run)
        expected = linearize(network, inputs, labels, step_size=float(trace.step_size)).distance(60)
        assert finding.promised == pytest.approx(float(expected), rel=1e-10)
        assert finding.measured == pytest.approx(finding.promised, rel=0.02)

    def test_decides_only_with_a_bound_on_the_difference(self, run):
        finding = distance_moved(*run)
        assert finding.verdict.answer is Answer.UNDECIDED
        assert "ratio" in finding.verdict.reason
        gap = abs(finding.measured - finding.promised)
        assert gap > 0
        assert distance_moved(*run, error=2 * gap).verdict.answer is Answer.HOLDS
        assert distance_moved(*run, error=gap / 2).verdict.answer is Answer.FAILS
