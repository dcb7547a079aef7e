"""Laws that every feature keeps, in both precisions. A new feature is one more row of FEATURES and of the oracles."""

from functools import cache
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import oracles
from softntk.networks import FEATURES, TwoLayer, antisymmetric, features_named

N, D, M, K = 5, 3, 8, 2
ROUNDING = {"float32": 3e-6, "float64": 1e-14}  # about thirty roundings


class Member(NamedTuple):
    """One row of the table: a network, a data set, and how exact to be."""

    network: TwoLayer
    inputs: np.ndarray
    labels: np.ndarray
    rounding: float

    @property
    def name(self) -> str:
        return self.network.features.name

    @property
    def oracle_arguments(self) -> tuple[str, np.ndarray, np.ndarray, np.ndarray]:
        arrays = (self.network.hidden, self.network.output, self.inputs)
        return (self.name, *(np.asarray(array, float) for array in arrays))


class Measured(NamedTuple):
    """Everything the network says of a data set: by calling it, by its closed forms, by autodiff."""

    value: jax.Array
    outputs: jax.Array
    loss: jax.Array
    autodiff: jax.Array
    closed_outputs: jax.Array
    closed_loss: jax.Array
    gradient: jax.Array


@eqx.filter_jit
def measure(network: TwoLayer, inputs: jax.Array, labels: jax.Array) -> Measured:
    loss, autodiff = jax.value_and_grad(lambda hidden: network.moved_to(hidden).loss(inputs, labels))(network.hidden)
    value = network.features.value(inputs @ network.hidden)
    return Measured(value, network(inputs), loss, autodiff, *network.evaluate(inputs, labels))


@cache
def draw(name: str, dtype: str) -> Member:
    rng = np.random.default_rng(7)
    hidden, inputs, labels = (rng.standard_normal(shape).astype(dtype) for shape in ((D, M), (N, D), (N, K)))
    output = rng.choice([-1, 1], (K, M)).astype(dtype)
    network = TwoLayer(jnp.asarray(hidden), jnp.asarray(output), features_named(name))
    return Member(network, inputs, labels, ROUNDING[dtype])


@pytest.fixture(params=[(name, dtype) for name in FEATURES for dtype in ROUNDING], ids="-".join)
def member(request) -> Member:
    return draw(*request.param)


def close(got, truth, tolerance):
    """Equal up to `tolerance` times the largest entry, since single entries may cancel."""
    np.testing.assert_allclose(got, truth, rtol=0, atol=tolerance * np.abs(truth).max())


def test_every_feature_has_an_oracle():
    assert set(FEATURES) == set(oracles.NAMES)
    assert all(features_named(name).name == name for name in FEATURES)


def test_feature_is_its_definition(member):
    scores = np.asarray(member.inputs, float) @ np.asarray(member.network.hidden, float)
    truth = np.array([oracles.features(member.name, row) for row in scores])
    close(measure(*member[:3]).value, truth, 10 * member.rounding)


def test_outputs_are_the_definition(member):
    measured, truth = measure(*member[:3]), oracles.outputs(*member.oracle_arguments)
    close(measured.outputs, truth, 10 * member.rounding)
    close(measured.closed_outputs, truth, 10 * member.rounding)


def test_loss_and_gradient_are_the_definition(member):
    measured, labels = measure(*member[:3]), np.asarray(member.labels, float)
    close(measured.gradient, oracles.gradient(*member.oracle_arguments, labels), 10 * member.rounding)
    close(measured.loss, oracles.loss(*member.oracle_arguments, labels), 10 * member.rounding)
    close(measured.closed_loss, measured.loss, member.rounding)


def test_closed_gradient_is_that_of_autodiff(member):
    measured = measure(*member[:3])
    close(measured.gradient, measured.autodiff, {np.float32: 1e-5, np.float64: 1e-12}[member.inputs.dtype.type])


def test_precision_is_kept(member):
    assert {part.dtype for part in measure(*member[:3])} == {member.inputs.dtype}


def test_order_of_the_neurons_does_not_matter(member):
    order = np.array([3, 1, 0, 7, 6, 5, 4, 2])
    network = TwoLayer(member.network.hidden[:, order], member.network.output[:, order], member.network.features)
    shuffled, plain = measure(network, member.inputs, member.labels), measure(*member[:3])
    close(shuffled.outputs, plain.outputs, member.rounding)
    close(shuffled.gradient, plain.gradient[:, order], member.rounding)


def test_every_row_is_on_its_own(member):
    """Replacing the other rows leaves a row's output; rows add up in loss and gradient."""
    plain = measure(*member[:3])
    alone = [
        measure(member.network, np.broadcast_to(x, (N, D)), np.broadcast_to(y, (N, K)))
        for x, y in zip(member.inputs, member.labels, strict=True)
    ]
    close(np.stack([one.outputs[0] for one in alone]), plain.outputs, member.rounding)
    close(sum(one.gradient for one in alone) / N, plain.gradient, 3 * member.rounding)
    close(sum(one.loss for one in alone) / N, plain.loss, member.rounding)


def test_antisymmetric_neurons_cancel(member):
    hidden, output = member.network.hidden[:, : M // 2], member.network.output[:, : M // 2]
    features = member.network.features
    start = TwoLayer(jnp.concatenate([hidden] * 2, axis=1), jnp.concatenate([output, -output], axis=1), features)
    measured = measure(start, member.inputs, member.labels)
    assert np.abs(measured.outputs).max() <= member.rounding * np.abs(measured.value).max()
    close(measured.loss, np.sum(member.labels**2) / 2, member.rounding)


def test_zero_rows_are_correct_inputs(member):
    measured = measure(member.network, 0 * member.inputs, member.labels)
    np.testing.assert_array_equal(measured.gradient, 0.0)
    np.testing.assert_array_equal(measured.autodiff, 0.0)
    phi = 0.0 if member.name == "relu" else 1.0
    truth = phi * np.asarray(member.network.output).sum(axis=1)
    np.testing.assert_allclose(measured.outputs, np.broadcast_to(truth, (N, K)), rtol=member.rounding)


def test_many_networks_at_once(member):
    inputs, labels = jnp.asarray(member.inputs), jnp.asarray(member.labels)
    hidden = jnp.stack([member.network.hidden, -member.network.hidden])
    many = jax.jit(jax.vmap(lambda weights: member.network.moved_to(weights).evaluate(inputs, labels)))(hidden)
    for index in range(2):
        one = measure(member.network.moved_to(hidden[index]), member.inputs, member.labels)
        close(many.gradient[index], one.gradient, 10 * member.rounding)


@pytest.mark.parametrize("name", FEATURES)
def test_one_sample_one_input_one_output_two_neurons(key, name):
    tiny = antisymmetric(key, input_size=1, output_size=1, width=2, features=features_named(name))
    measured = measure(tiny, np.ones((1, 1)), np.ones((1, 1)))
    assert measured.outputs.shape == (1, 1)
    assert measured.loss == pytest.approx(0.5, rel=1e-12)
    close(measured.gradient, measured.autodiff, 1e-12)


@pytest.mark.parametrize("name", FEATURES)
def test_nothing_larger_than_the_preactivations_is_formed(name):
    n, d, m, k = 7, 3, 64, 5
    network = TwoLayer(jnp.ones((d, m)), jnp.ones((k, m)), features_named(name))
    program = jax.make_jaxpr(network.evaluate)(np.ones((n, d)), np.ones((n, k)))
    sizes = [variable.aval.size for equation in program.jaxpr.eqns for variable in equation.outvars]
    assert max(sizes) == n * m
