"""Theorem A with inexact steps: real float runs, steps with errors put in, and what rounding can do to one step."""

import jax.numpy as jnp
import numpy as np
import pytest

from jacobians import draw
from softntk.bounds.inexact_step import step_error
from softntk.bounds.lipschitz import smoothness
from softntk.certificates.convergence import certify
from softntk.certificates.inexact import certify_inexact
from softntk.failures import BadInput
from softntk.verdicts import Answer

pytestmark = pytest.mark.optimized


def problem(name, size=1.0):
    network, inputs = draw(name, n=4, d=6, m=512 if name == "relu" else 128, k=1, start="antisymmetric")
    return network, inputs, size * jnp.asarray([[0.5], [-0.5], [0.5], [0.5]])


def step(network, inputs, labels, eta, extra=0.0):
    return network.moved_to(network.hidden - eta * network.gradient(inputs, labels) + extra)


@pytest.mark.parametrize("name", ["softmax", "exponential"])
def test_the_float_run_itself_is_covered(name):
    network, inputs, labels = problem(name)
    eta = 0.95 * certify(network, inputs, labels).step_size
    found = certify_inexact(network, inputs, labels, step_size=eta, steps=10_000)
    assert found.verdict.answer is Answer.HOLDS
    assert 0 < found.floor < 1e-7
    for count in range(400):
        assert float(jnp.linalg.norm(network(inputs) - labels)) <= found.residual_after(count)
        network = step(network, inputs, labels, eta)
    assert float(jnp.linalg.norm(network(inputs) - labels)) < 1e-3 * found.residual


@pytest.mark.parametrize("name", ["softmax", "relu"])
def test_errors_put_in_on_purpose_stay_below_the_floor(name):
    """Errors that push the residual up by as much as they can, every step."""
    network, inputs, labels = problem(name, size=0.3 if name == "relu" else 1.0)
    eta, error = 0.9 * certify(network, inputs, labels).step_size, 1e-6
    found = certify_inexact(network, inputs, labels, step_size=eta, steps=150, error=error)
    assert found.established
    for _ in range(150):
        gradient = network.gradient(inputs, labels)
        network = step(network, inputs, labels, eta, error * gradient / jnp.linalg.norm(gradient))
    left = float(jnp.linalg.norm(network(inputs) - labels))
    assert left <= found.residual_after(150)
    assert found.floor > 10 * error


def test_too_large_errors_are_not_covered():
    network, inputs, labels = problem("softmax")
    eta = 0.95 * certify(network, inputs, labels).step_size
    found = certify_inexact(network, inputs, labels, step_size=eta, steps=1000, error=1.0)
    assert found.verdict.answer is Answer.DOES_NOT_APPLY
    assert "errors" in found.verdict.reason
    assert not found.established


def test_where_the_exact_theorem_does_not_apply_neither_does_this():
    network, inputs, labels = problem("softmax", size=100.0)
    found = certify_inexact(network, inputs, labels, step_size=1e-4, steps=10)
    assert found.verdict.answer is Answer.DOES_NOT_APPLY


@pytest.mark.parametrize("name", ["softmax", "exponential"])
def test_one_step_is_off_by_less_than_promised(name):
    """Against the same step in 80-bit arithmetic."""
    network, inputs, labels = problem(name)
    eta = 1e-3
    promised = step_error(
        network, inputs, smoothness(network, inputs), step_size=eta, radius=0.1, residual=1.0, beta=100.0
    )
    x, w, a, y = (np.asarray(v).astype(np.longdouble) for v in (inputs, network.hidden, network.output, labels))
    z = x @ w
    phi = np.exp(z) if name == "exponential" else 128 * np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    outputs = phi @ a.T
    residual = outputs - y
    spread = residual @ a
    if name == "softmax":
        spread = spread - (residual * outputs).sum(axis=1, keepdims=True) / 128
    exact = w - np.longdouble(eta) * (x.T @ (phi * spread))
    taken = np.asarray(step(network, inputs, labels, eta).hidden).astype(np.longdouble)
    error = float(np.linalg.norm(taken - exact))
    assert 0 < error <= promised < 1e-9


def test_refuses_numbers_out_of_range():
    network, inputs, labels = problem("relu", size=0.3)
    with pytest.raises(BadInput, match="steps"):
        certify_inexact(network, inputs, labels, step_size=1e-3, steps=0)
    with pytest.raises(BadInput, match="error"):
        certify_inexact(network, inputs, labels, step_size=1e-3, steps=1, error=-1.0)
    eta = 0.9 * certify(network, inputs, labels).step_size
    with pytest.raises(BadInput, match="relu"):
        certify_inexact(network, inputs, labels, step_size=eta, steps=10)
    found = certify_inexact(network, inputs, labels, step_size=eta, steps=10, error=0.0)
    with pytest.raises(BadInput, match="covered"):
        found.residual_after(11)
