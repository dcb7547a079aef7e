"""Stopping rules against brute force and closed forms, the cutoff theorem on a simulated run."""

import math

import numpy as np
import pytest

from softntk.theorems import approximation_error, critical_radius, guarantee_named, local_complexity, stopping_time
from softntk.verdicts import Answer


def brute_force(values, noise, step, most=20_000):
    """The rule as it is written, one step after the other."""
    last = 0
    for t in range(1, most):
        s = t * step
        if np.sqrt(np.mean(np.minimum(values, 1 / s))) > 1 / (2 * math.e * noise * s):
            return last
        last = t
    return math.inf


class TestStopping:
    @pytest.mark.parametrize("noise", [0.01, 0.1, 1.0])
    @pytest.mark.parametrize("step", [0.1, 1.0])
    def test_against_brute_force(self, noise, step):
        values = 1.0 / np.arange(1, 40) ** 2
        found = stopping_time(list(values), noise=noise, step=step)
        assert found == brute_force(values, noise, step)

    def test_one_level_has_a_closed_form(self):
        # All eigenvalues v and s < 1/v: s sqrt(v) <= 1/(2 e noise).
        v, noise, step = 1e-4, 0.5, 0.01
        expected = math.floor(1 / (2 * math.e * noise * math.sqrt(v)) / step)
        assert stopping_time([v] * 5, noise=noise, step=step) == expected

    def test_extremes(self):
        assert stopping_time([1.0, 0.5], noise=0.0, step=1.0) == math.inf
        assert stopping_time([0.0, -1e-18], noise=1.0, step=1.0) == math.inf
        assert stopping_time([1.0], noise=100.0, step=1.0) == 0
        assert math.isnan(stopping_time([1.0, math.nan], noise=1.0, step=1.0))
        assert math.isnan(stopping_time([1.0], noise=math.nan, step=1.0))
        assert math.isnan(stopping_time([1.0], noise=1.0, step=0.0))

    def test_critical_radius_solves_its_equation(self):
        values = [1.0 / i**4 for i in range(1, 60)]
        for noise in (1e-3, 0.2, 5.0):
            eps = critical_radius(values, noise=noise)
            assert local_complexity(values, eps) == pytest.approx(eps**2 / (2 * math.e * noise), rel=1e-9)
        assert critical_radius(values, noise=0.0) == 0
        assert math.isnan(critical_radius([math.nan], noise=1.0))

    def test_radius_and_time_are_two_faces_of_one_point(self):
        """At the last step 1/sqrt(t eta') is just above the critical radius."""
        values, noise, step = [1.0 / i**2 for i in range(1, 60)], 0.05, 0.01
        t, eps = stopping_time(values, noise=noise, step=step), critical_radius(values, noise=noise)
        assert 1 / math.sqrt((t + 1) * step) < eps <= 1 / math.sqrt(t * step)

    def test_heteroscedastic_noise_does_not_apply(self):
        theorem = guarantee_named("early-stopping")
        numbers = {"eigenvalues": [0.5, 0.1], "noise": 0.1, "step": 0.5}
        assert theorem.evaluate(**numbers).verdict().answer is Answer.ORDER_ONLY
        found = theorem.evaluate(**numbers, largest_noise=2.0, smallest_noise=0.1)
        assert found.verdict().answer is Answer.DOES_NOT_APPLY
        assert "one level" in found.verdict().reason
        assert found.promised["stopping_time"] > 0  # the rule is still usable
        assert theorem.evaluate(**numbers | {"step": 3.0}).verdict().answer is Answer.DOES_NOT_APPLY


class TestCutoff:
    def test_holds_on_a_curved_run_and_says_something(self):
        rng = np.random.default_rng(7)
        left, right = (np.linalg.qr(rng.normal(size=(6, 6)))[0] for _ in range(2))
        values = np.array([4.0, 3.0, 2.0, 0.1, 0.05, 0.01])
        J0, r0, curvature = left @ np.diag(values) @ right, left @ np.array([0.5, 0.3, 0.4, 0.1, 0.1, 0.1]), 2e-5
        numbers = {
            "gamma": 3.0,
            "cutoff": 2.0,
            "beta": 4.2,
            "delta": 0.1,
            "eta": 1 / 4.2**2,
            "information": float(np.linalg.norm((left.T @ r0)[:3])),
            "nuisance": float(np.linalg.norm((left.T @ r0)[3:])),
            "residual": float(np.linalg.norm(r0)),
        }
        theorem = guarantee_named("early-stopping-cutoff")
        promised = theorem.evaluate(**numbers).promised
        theta, path = np.zeros(6), 0.0
        for _ in range(int(promised["steps"])):
            residual = r0 + J0 @ theta + curvature * theta**2 / 2
            move = numbers["eta"] * (J0 + curvature * np.diag(theta)).T @ residual
            theta, path = theta - move, path + np.linalg.norm(move)
        change = curvature * promised["radius"]
        evaluation = theorem.evaluate(**numbers, jacobian_change=change)
        assert evaluation.applies
        last = float(np.linalg.norm(r0 + J0 @ theta + curvature * theta**2 / 2))
        assert evaluation.verdict(last).answer is Answer.HOLDS
        assert promised["residual"] < 2 * last
        assert np.linalg.norm(theta) <= promised["radius"] < 10 * np.linalg.norm(theta)
        assert theorem.evaluate(**numbers, jacobian_change=1.0).verdict(last).answer is Answer.DOES_NOT_APPLY


SCORE_NUMBERS = {
    "n": 400,
    "d": 2,
    "lambda_min": 0.1,
    "stopping_error": 0.03,
    "target_norm_squared": 16.0,
    "lipschitz": 1.0,
    "mismatch": 0.2,
}


class TestScore:
    def test_is_the_sum_of_its_terms(self):
        promised = guarantee_named("score-estimation").evaluate(**SCORE_NUMBERS).promised
        A = math.log(4) / 4  # c1 L (4)^(-2/2) log 4
        assert approximation_error(target_norm_squared=16.0, lipschitz=1.0, d=2) == pytest.approx(A)
        assert promised["coupling"] == pytest.approx(0.5)
        assert promised["approximation"] == pytest.approx(2 * A**2 + 2 * A)
        assert promised["mismatch"] == pytest.approx(math.sqrt(2 * A * 0.2) + 0.2)
        assert promised["error"] == pytest.approx(sum(value for name, value in promised.items() if name != "error"))

    def test_unbounded_inputs_do_not_apply(self):
        found = guarantee_named("score-estimation").evaluate(**SCORE_NUMBERS, largest_input=3.7)
        assert found.verdict(0.1).answer is Answer.DOES_NOT_APPLY
        assert "3.7" in found.verdict().reason

    def test_numbers_that_make_no_sense(self):
        assert math.isnan(approximation_error(target_norm_squared=-1.0, lipschitz=1.0, d=2))
