"""The scalar side of the perturbation bounds; the checks on networks are in tests/certificates."""

import math

import numpy as np
import pytest

from softntk.theorems import OPTIMISTIC, PAPER, exponential_bracket, guarantee_named, softmax_bracket
from softntk.verdicts import Answer


class TestBrackets:
    def test_sharp_against_the_paper(self):
        assert softmax_bracket(radius=0.01, largest_input=1, largest_mean=0) == pytest.approx(0.0617, abs=1e-4)
        for constants in (OPTIMISTIC, PAPER):  # B is at least 1
            bound = guarantee_named("softmax-kernel-perturbation").evaluate(
                n=1, k=1, delta=0.99, sigma=1e-9, radius=0.01, constants=constants
            )
            assert 10 ** bound.promised["log10_change"] >= 220

    @pytest.mark.parametrize("mean", [0.0, 0.3, 1.0])
    @pytest.mark.parametrize("t", [1e-9, 0.01, 1.0])
    def test_one_neuron_can_use_up_the_linear_part(self, t, mean):
        """To first order in t the derivative m S (a - u) moves by at most (2 c0 + 1) t: tilt the weights and see."""
        rng = np.random.default_rng(1)
        weights = rng.dirichlet(np.ones(50))
        signs = np.where(np.arange(50) < 25 * (1 + mean), 1.0, -1.0)
        c0 = 1 + abs(weights @ signs)
        before = weights * (signs - weights @ signs)
        worst = 0.0
        for flips in range(50):
            tilt = np.where(np.arange(50) <= flips, t, -t)
            moved = weights * np.exp(tilt)
            moved /= moved.sum()
            change = moved * (signs - moved @ signs) - before
            worst = max(worst, float((np.abs(change) / weights).max()))
        g = (math.expm1(2 * t)) * c0 + 2 * math.exp(2 * t) * math.tanh(t / 2)
        assert worst <= g
        assert softmax_bracket(radius=t, largest_input=1.0, largest_mean=c0 - 1) == pytest.approx(
            2 * c0 * g + g * g, rel=1e-12
        )

    def test_extremes(self):
        assert softmax_bracket(radius=0.0, largest_input=1, largest_mean=0.5) == 0
        assert exponential_bracket(radius=0.0, largest_input=1) == 0
        assert softmax_bracket(radius=1e3, largest_input=1, largest_mean=0.5) == math.inf
        assert exponential_bracket(radius=1e3, largest_input=1) == math.inf
        assert math.isnan(softmax_bracket(radius=math.nan, largest_input=1, largest_mean=0.5))
        assert math.isnan(exponential_bracket(radius=math.nan, largest_input=1))


class TestHypotheses:
    def test_the_papers_bound_wants_a_small_move(self):
        bound = guarantee_named("softmax-kernel-perturbation")
        numbers = {"n": 10, "k": 1, "delta": 0.01, "sigma": 1}
        assert bound.evaluate(radius=0.02, **numbers).verdict(1.0).answer is Answer.DOES_NOT_APPLY
        assert bound.evaluate(radius=0.009, **numbers).verdict(1.0).answer is Answer.HOLDS
        verdict = bound.evaluate(radius=0.009, largest_preactivation=99.0, **numbers).verdict(1.0)
        assert verdict.answer is Answer.DOES_NOT_APPLY
        assert "B" in verdict.reason

    def test_relu_wants_a_probability_that_says_something(self):
        bound = guarantee_named("relu-kernel-perturbation")
        few = bound.evaluate(n=100, radius=0.005, independent_neurons=100)
        assert few.verdict(-1.0).answer is Answer.DOES_NOT_APPLY
        many = bound.evaluate(n=100, radius=0.005, independent_neurons=10**5)
        assert many.promised == {"log10_change": 0.0, "failure_probability": pytest.approx(1e4 * math.exp(-50))}
        assert many.verdict(-1.0).answer is Answer.HOLDS
        assert bound.evaluate(n=100, k=2, radius=0.005, independent_neurons=10**5).applies is False

    def test_preactivations_union_bound(self):
        """Against the exact Gaussian tail: the union bound is above it, and by no more than the Mills ratio."""
        found = guarantee_named("preactivations").evaluate(n=20, m=50, k=1, delta=1e-6, sigma=2, constants=OPTIMISTIC)
        B = found.promised["B"]
        exact = 20 * 50 * math.erfc(B / 2 / math.sqrt(2))
        assert pytest.approx(2 * math.sqrt(math.log(2e7))) == B
        assert exact <= found.promised["failure_probability"] <= min(1, 2 * B * exact)
        safe = guarantee_named("preactivations").evaluate(n=20, m=50, k=1, delta=0.01, sigma=2)
        assert safe.promised["failure_probability"] < 1e-100
