"""Bounds on the kernel's change against random moves and against moves that an adversary chose."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from softntk.failures import BadInput
from softntk.kernels import empirical_ntk
from softntk.lemmas import (
    bounded_preactivations,
    bounded_softmax_change,
    bounded_softmax_weights,
    kernel_perturbation,
    neuron_distance,
    sharp_bound,
    sharp_perturbation,
)
from softntk.networks import Exponential, ReLU, Softmax, TwoLayer, antisymmetric, features_named
from softntk.theorems import OPTIMISTIC
from softntk.verdicts import Answer

NAMES = ("softmax", "exponential", "relu")
n, d, m = 6, 5, 256


def unit_inputs(key, rows=n):
    x = jax.random.normal(key, (rows, d))
    return x / jnp.linalg.norm(x, axis=1, keepdims=True)


def network_of(key, name, k=1, width=m):
    return antisymmetric(key, input_size=d, output_size=k, width=width, features=features_named(name))


def moved_by(network, directions, radius):
    """Every neuron moves by exactly `radius` along its column."""
    return network.moved_to(network.hidden + radius * directions / jnp.linalg.norm(directions, axis=0, keepdims=True))


def adversary(network, inputs, entry, radius, sign):
    """Push one diagonal entry of the kernel up or down, each neuron along its own gradient, by the definition of H."""
    i, label = entry

    def value(hidden):
        single = empirical_ntk(lambda w, x: network.moved_to(w)(x), inputs[i : i + 1], parameters=hidden)
        return sign * single[0, label, 0, label] / network.width

    slope, hidden = jax.jit(jax.grad(value)), network.hidden
    for _ in range(5):
        direction = slope(hidden)
        length = jnp.linalg.norm(direction, axis=0, keepdims=True)
        hidden = network.hidden + radius * direction / jnp.where(length > 0, length, 1)
    return network.moved_to(hidden)


class TestSharpBound:
    @pytest.mark.parametrize("radius", [1e-7, 0.01, 0.5])
    @pytest.mark.parametrize("name", NAMES)
    def test_holds_for_random_moves(self, key, name, radius):
        inputs, network = 2 * unit_inputs(key), network_of(key, name, k=2)
        for seed in range(3):
            moved = moved_by(network, jax.random.normal(jax.random.key(seed), (d, m)), radius)
            assert sharp_perturbation(network, moved, inputs).verdict.answer is Answer.HOLDS

    @pytest.mark.parametrize("radius", [1e-5, 0.05])
    @pytest.mark.parametrize(("name", "least"), [("softmax", 0.15), ("exponential", 0.9)])
    def test_an_adversary_comes_near_but_not_over(self, key, name, least, radius):
        inputs, network = unit_inputs(key), network_of(key, name, k=2)
        bound = sharp_bound(network, inputs, radius)
        for sign in (1, -1):
            moved = adversary(network, inputs, (2, 1), radius, sign)
            assert neuron_distance(network, moved) == pytest.approx(radius, rel=1e-9)
            assert sharp_perturbation(network, moved, inputs).verdict.answer is Answer.HOLDS
            change = jnp.abs(empirical_ntk(moved, inputs) - empirical_ntk(network, inputs))
            assert float(change[2, 1, 2, 1] / bound[2, 1, 2, 1]) > least

    @pytest.mark.parametrize("radius", [1e-3, 0.1])
    def test_relu_is_attained_by_flipping_whatever_can_flip(self, key, radius):
        inputs, network = unit_inputs(key), network_of(key, "relu", width=4096)
        bound = sharp_bound(network, inputs, radius)[2, 0, 2, 0]
        worst = 0.0
        for sign in (1, -1):
            # The outward nudge decides what lies exactly on the edge.
            moved = moved_by(network, jnp.outer(inputs[2], sign * jnp.ones(4096)), radius)
            assert sharp_perturbation(network, moved, inputs).verdict.answer is Answer.HOLDS
            worst = max(
                worst, float(jnp.abs(empirical_ntk(moved, inputs) - empirical_ntk(network, inputs))[2, 0, 2, 0])
            )
        assert worst == pytest.approx(float(bound), rel=1e-9)
        assert worst > 0

    def test_softmax_comes_near_two_thirds(self):
        """A few neurons of little total weight carry the sum of squares; they move up, all others down."""
        heavy, light, t = 2, 100_000, 1e-4
        scores = np.concatenate([np.full(heavy, math.log(light / heavy / 50)), np.zeros(light)])
        signs = np.where(np.arange(heavy + light) % 2, 1.0, -1.0)
        network = TwoLayer(jnp.asarray(scores[None]), jnp.asarray(signs[None]), Softmax())
        tilt = np.where(np.arange(heavy + light) < heavy, t, -t)
        moved = network.moved_to(network.hidden + jnp.asarray(tilt[None]))
        finding = sharp_perturbation(network, moved, jnp.ones((1, 1)))
        assert finding.verdict.answer is Answer.HOLDS
        assert 10 ** (finding.measured - finding.promised) > 0.6

    def test_a_kernel_that_moves_too_far_fails(self, key):
        """The bound is for hidden weights: a change of the output weights is none that it allows."""
        inputs, network = unit_inputs(key), network_of(key, "softmax")
        other = TwoLayer(network.hidden, -network.output.at[0, : m // 4].set(3.0), network.features)
        assert sharp_perturbation(network, other, inputs).verdict.answer is Answer.FAILS

    def test_no_move_no_change(self, key):
        inputs, network = unit_inputs(key), network_of(key, "softmax")
        finding = sharp_perturbation(network, network, inputs)
        assert finding.measured == finding.promised == -math.inf
        assert finding.verdict.answer is Answer.HOLDS

    def test_bad_radius(self, key):
        inputs, network = unit_inputs(key), network_of(key, "softmax")
        for radius in (-1.0, math.nan):
            with pytest.raises(BadInput, match="radius"):
                sharp_bound(network, inputs, radius)


class TestTheLiteraturesBound:
    def test_softmax_holds_and_is_astronomically_loose(self, key):
        inputs, network = unit_inputs(key), network_of(key, "softmax")
        moved = adversary(network, inputs, (0, 0), 0.009, 1)
        finding = kernel_perturbation(network, moved, inputs, scale=1.0, antisymmetric=True)
        sharp = sharp_perturbation(network, moved, inputs)
        assert finding.verdict.answer is Answer.HOLDS
        assert sharp.promised - sharp.measured < 2.5  # decimal digits
        assert finding.promised - sharp.promised > 100
        assert kernel_perturbation(
            network, moved, inputs, scale=1.0, antisymmetric=True, constants=OPTIMISTIC
        ).promised == pytest.approx(math.log10(0.009 * n) + (finding.promised - math.log10(0.009 * n)) / 10, rel=1e-9)

    def test_softmax_wants_small_moves(self, key):
        inputs, network = unit_inputs(key), network_of(key, "softmax")
        moved = moved_by(network, jnp.ones((d, m)), 0.02)
        finding = kernel_perturbation(network, moved, inputs, scale=1.0, antisymmetric=True)
        assert finding.verdict.answer is Answer.DOES_NOT_APPLY
        assert "0.02 is not below 0.01" in finding.verdict.reason

    def test_relu_holds_with_its_probability_and_says_something(self, key):
        inputs, network = unit_inputs(key), network_of(key, "relu", width=8192)
        moved = moved_by(network, jnp.outer(inputs[0], jnp.ones(8192)), 0.05)
        finding = kernel_perturbation(network, moved, inputs, scale=1.0, antisymmetric=True)
        assert finding.verdict.answer is Answer.HOLDS
        assert finding.promised - finding.measured < 2
        few = network_of(key, "relu")
        moved = moved_by(few, jnp.ones((d, m)), 0.05)
        finding = kernel_perturbation(few, moved, inputs, scale=1.0, antisymmetric=True)
        assert finding.verdict.answer is Answer.DOES_NOT_APPLY

    def test_exponential_is_order_only(self, key):
        inputs, network = unit_inputs(key), network_of(key, "exponential")
        moved = moved_by(network, jnp.ones((d, m)), 0.001)
        finding = kernel_perturbation(network, moved, inputs, scale=1.0, antisymmetric=True)
        assert finding.verdict.answer is Answer.ORDER_ONLY
        assert finding.promised == pytest.approx(math.log10(3 * 0.001 * n))

    def test_measured_is_the_change_of_the_kernel(self, key):
        inputs, network = unit_inputs(key), network_of(key, "exponential")
        moved = moved_by(network, jnp.ones((d, m)), 0.01)

        def outputs(weights, x):
            return network.moved_to(weights)(x)

        kernels = [empirical_ntk(outputs, inputs, parameters=w.hidden) / m for w in (network, moved)]
        finding = kernel_perturbation(network, moved, inputs, scale=1.0, antisymmetric=True)
        assert 10**finding.measured == pytest.approx(float(jnp.linalg.norm(kernels[1] - kernels[0])), rel=1e-10)


class TestBasicBounds:
    def test_hold_at_the_start(self, key):
        inputs, network = unit_inputs(key), network_of(key, "softmax")
        moved = moved_by(network, jnp.ones((d, m)), 0.01)
        for constants in (OPTIMISTIC, None):
            options = {"scale": 1.0} | ({} if constants is None else {"constants": constants})
            if constants is None:
                assert bounded_preactivations(network, inputs, **options).verdict.answer is Answer.HOLDS
            shrunk = network.moved_to(0.5 * network.hidden)
            assert bounded_softmax_weights(shrunk, inputs, **options).verdict.answer is Answer.HOLDS
            assert (
                bounded_softmax_change(shrunk, moved.moved_to(shrunk.hidden + 0.01), inputs, **options).verdict.answer
                is Answer.HOLDS
            )

    def test_a_violation_is_undecided_for_it_has_a_probability(self, key):
        inputs, network = unit_inputs(key), network_of(key, "softmax")
        large = network.moved_to(10 * network.hidden)
        finding = bounded_preactivations(large, inputs, scale=1.0, constants=OPTIMISTIC)
        assert finding.verdict.answer is Answer.UNDECIDED
        assert finding.measured == pytest.approx(float(jnp.abs(inputs @ large.hidden).max()))
        for check in (
            bounded_softmax_weights(large, inputs, scale=1.0, constants=OPTIMISTIC),
            bounded_softmax_change(large, network, inputs, scale=1.0, constants=OPTIMISTIC),
        ):
            assert check.verdict.answer is Answer.DOES_NOT_APPLY

    def test_the_bound_on_softmax_weights_is_nearly_attained(self):
        """One neuron at +B, all others at -B."""
        hidden = jnp.full((1, 4096), -1.0).at[0, 0].set(1.0)
        network = TwoLayer(hidden, jnp.ones((1, 4096)), Softmax())
        finding = bounded_softmax_weights(network, jnp.ones((1, 1)), scale=1e-3, constants=OPTIMISTIC)  # B = 1
        assert finding.verdict.answer is Answer.HOLDS
        assert finding.promised - finding.measured < 1e-3

    def test_softmax_change_is_measured_without_cancellation(self, key):
        inputs, network = unit_inputs(key), network_of(key, "softmax")
        moved = network.moved_to(network.hidden.at[:, 0].add(1e-13 * inputs[0]))
        # To first order dS_0 = S_0 (1 - S_0) dz_0.
        share = jax.nn.softmax(inputs @ network.hidden, axis=1)[:, 0]
        shift = (inputs @ (moved.hidden - network.hidden))[:, 0]
        expected = float(jnp.abs(share * (1 - share) * shift).max())
        finding = bounded_softmax_change(network, moved, inputs, scale=1.0)
        # The move itself is rounded to the weights' last digits: 1e-16 of 1e-13.
        assert 10**finding.measured == pytest.approx(expected, rel=2e-2)


@pytest.mark.parametrize("features", [Softmax(), Exponential(), ReLU()])
def test_zero_rows_and_single_samples_are_correct_inputs(key, features):
    inputs = jnp.zeros((1, d))
    network = antisymmetric(key, input_size=d, output_size=1, width=16, features=features)
    moved = moved_by(network, jnp.ones((d, 16)), 0.005)
    finding = sharp_perturbation(network, moved, inputs)
    assert finding.measured == -math.inf
    assert finding.verdict.answer is Answer.HOLDS
