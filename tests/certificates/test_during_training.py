"""Certify as you go: a network too narrow at the start is certified on the way, and the rest is as promised."""

import jax.numpy as jnp
import numpy as np
import pytest

from jacobians import draw
from softntk.certificates.during_training import certify_during_training, margin
from softntk.dynamics.descent import gradient_descent
from softntk.failures import BadInput


@pytest.fixture(scope="module")
def narrow():
    network, inputs = draw("softmax", n=4, d=6, m=24, k=1, seed=2, start="antisymmetric")
    return network, inputs, jnp.asarray([[1.0], [-1.0], [1.0], [1.0]])


def test_a_narrow_network_is_certified_on_the_way(narrow):
    network, inputs, labels = narrow
    found = certify_during_training(network, inputs, labels, steps=2000, record_every=25)
    assert found.first is not None
    assert found.first > 0
    margins = np.asarray(found.trace.probes["margin"])
    assert (margins[:-1] <= 0).all()
    assert margins[-1] > 0
    assert found.certificate.established
    eta = found.certificate.step_size
    assert eta == float(found.trace.step_size)
    assert 0.5 - found.certificate.h == pytest.approx(float(margins[-1]), rel=1e-6)
    # The rest of the run keeps the promise.
    _, rest = gradient_descent(found.network, inputs, labels, step_size=eta, steps=50, record_every=1)
    norms = np.sqrt(2 * np.asarray(rest.loss))
    assert (norms[1:] <= found.certificate.contraction * norms[:-1] * (1 + 1e-12) + 1e-14).all()
    assert found.steps_to(1e-6) == found.first + found.certificate.steps_to(1e-6)


def test_a_run_that_is_never_certified_says_so(narrow):
    network, inputs, labels = narrow
    found = certify_during_training(network, inputs, 50 * labels, steps=25, record_every=25)
    assert found.first is None
    assert found.steps_to(1e-3) == float("inf")


def test_the_margin_knows_the_step_size(narrow):
    network, inputs, labels = narrow
    close = network(inputs) + 1e-3 * labels
    assert float(margin(inputs, close, step_size=1e-4)(network)) > 0
    assert not float(margin(inputs, close, step_size=10.0)(network)) > 0


def test_an_unknown_eigenvalue_gives_no_margin(narrow):
    network, inputs, labels = narrow
    assert np.isnan(float(margin(inputs.at[1].set(inputs[0]), labels, step_size=1e-4)(network)))


def test_refuses_float32(narrow):
    _, inputs, labels = narrow
    with pytest.raises(BadInput, match="float64"):
        margin(inputs.astype("float32"), labels)
