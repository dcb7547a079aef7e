"""Widths and steps against arbitrary-precision arithmetic without logarithms; general theorems on real runs."""

import math

import numpy as np
import pytest
from flint import arb

from softntk.theorems import (
    OPTIMISTIC,
    PAPER,
    SOFTMAX,
    TABLE_ONE,
    Constants,
    guarantee_named,
    hidden_exponent,
    log10_samples_for_exponent,
    preactivation_bound,
)
from softntk.verdicts import Answer

NUMBERS = {"n": 100, "k": 1, "delta": 0.01, "sigma": 1, "lambda_min": 0.1, "epsilon": 0.001}


def log10_of(value: arb) -> float:
    return float(value.log() / arb(10).log())


class TestSoftmaxTheorem:
    def test_the_width_that_the_theorem_asks_for(self):
        widths = [SOFTMAX.evaluate(**NUMBERS, constants=c).promised["log10_width"] for c in (OPTIMISTIC, PAPER)]
        assert round(widths[0]) == 32
        assert round(widths[1]) == 245

    @pytest.mark.parametrize("changes", [{}, {"n": 7, "k": 5}, {"sigma": 0.1}, {"lambda_min": 1e-14, "n": 10**6}])
    def test_against_arithmetic_without_logarithms(self, changes):
        numbers = NUMBERS | changes
        n, k, delta, sigma, lam, eps = (arb(numbers[name]) for name in NUMBERS)
        B = max(3 * sigma * (n * k / delta).log().sqrt(), arb(1))
        m = (n * k / lam) ** 2 * (18 * B).exp() * (n * k / delta).log() ** 2
        eta = lam / (10 * m * (n * k) ** 2 * (16 * B).exp())
        T = (n * k / eps).log() / (m * eta * lam)
        found = SOFTMAX.evaluate(**numbers, constants=Constants(radius=3.0)).promised
        for name, value in (("log10_width", m), ("log10_step", eta), ("log10_steps", T)):
            assert found[name] == pytest.approx(log10_of(value), abs=1e-10)
        assert found["B"] == pytest.approx(float(B), rel=1e-14)

    def test_no_width_suffices_without_a_positive_eigenvalue(self):
        evaluation = SOFTMAX.evaluate(**NUMBERS | {"lambda_min": 0.0})
        assert evaluation.promised["log10_width"] == math.inf
        assert evaluation.promised["log10_steps"] == math.inf
        assert evaluation.verdict(5.0).answer is Answer.DOES_NOT_APPLY

    def test_labels_and_inputs_out_of_range(self):
        for change in ({"largest_input": 1.5}, {"largest_label": 2.0}):
            verdict = SOFTMAX.evaluate(**NUMBERS, **change).verdict()
            assert verdict.answer is Answer.DOES_NOT_APPLY
        assert SOFTMAX.evaluate(**NUMBERS, largest_input=1 + 1e-12).applies

    def test_an_eigenvalue_within_its_error_is_undecided(self):
        assert SOFTMAX.evaluate(**NUMBERS, lambda_radius=0.2).verdict().answer is Answer.UNDECIDED

    def test_constants_can_be_chosen(self):
        halved = SOFTMAX.evaluate(**NUMBERS, constants=Constants(radius=1.0, width_exponent=9.0)).promised
        whole = SOFTMAX.evaluate(**NUMBERS, constants=OPTIMISTIC).promised
        gone = 9 * preactivation_bound(n=100, k=1, delta=0.01, sigma=1, constants=OPTIMISTIC) / math.log(10)
        assert whole["log10_width"] - halved["log10_width"] == pytest.approx(gone, rel=1e-12)


class TestTableOne:
    def test_rows(self):
        numbers = {"n": 1000, "sigma": 1.0, "lambda_min": 0.05, "epsilon": 0.01}
        rows = {name: row.evaluate(**numbers, constants=OPTIMISTIC).promised for name, row in TABLE_ONE.items()}
        leading = 1000**2 / 0.05**2
        assert rows["relu"]["log10_width"] == pytest.approx(math.log10(leading * math.log(1000)))
        assert rows["softmax"]["log10_width"] == pytest.approx(math.log10(leading * math.log(1000) ** 2))
        for row in rows.values():
            assert row["log10_steps"] == pytest.approx(math.log10(leading * math.log(1000 / 0.01)))
        assert rows["exponential"] == rows["softmax"]
        assert rows["relu"]["o_width"] == rows["relu"]["log10_width_factor"] == 0
        assert rows["softmax"]["log10_width_factor"] == pytest.approx(3 * rows["softmax"]["o_width"])

    def test_the_explicit_factor_turns_the_row_into_the_theorem(self):
        row = TABLE_ONE["softmax"].evaluate(n=100, sigma=1, lambda_min=0.1, epsilon=0.001, constants=OPTIMISTIC)
        theorem = SOFTMAX.evaluate(**NUMBERS, constants=OPTIMISTIC).promised["log10_width"]
        logs = 2 * math.log10(math.log(100 / 0.01) / math.log(100))  # the table has log n, the theorem log(n/delta)
        assert row.promised["log10_width"] + row.promised["log10_width_factor"] + logs == pytest.approx(theorem)

    def test_one_sample_asks_for_nothing_by_the_rates(self):
        row = TABLE_ONE["relu"].evaluate(n=1, sigma=1, lambda_min=0.1, epsilon=0.01)
        assert row.promised["log10_width"] == -math.inf
        assert row.verdict(3.0).answer is Answer.ORDER_ONLY


class TestHiddenExponent:
    @pytest.mark.parametrize(("n", "exponent"), [(100, 11.862), (10**4, 7.264), (10**6, 5.592)])
    def test_how_large_the_exponent_is(self, n, exponent):
        found = hidden_exponent(n=n, delta=0.01, sigma=1, exponent=18, constants=OPTIMISTIC)
        assert found == pytest.approx(exponent, abs=5e-4)

    def test_where_it_passes_below_one(self):
        log10_n = log10_samples_for_exponent(1, delta=0.01, sigma=1, exponent=18, constants=OPTIMISTIC)
        assert round(log10_n) == 143
        assert hidden_exponent(
            n=10.0**log10_n, delta=0.01, sigma=1, exponent=18, constants=OPTIMISTIC
        ) == pytest.approx(1, rel=1e-9)
        assert round(log10_samples_for_exponent(1, delta=0.01, sigma=1, exponent=18)) == 14073

    def test_where_the_floor_of_the_bound_decides(self):
        log10_n = log10_samples_for_exponent(2, delta=0.01, sigma=1e-3, exponent=18, constants=OPTIMISTIC)
        n = 10.0**log10_n
        assert hidden_exponent(n=n, delta=0.01, sigma=1e-3, exponent=18, constants=OPTIMISTIC) == pytest.approx(2)

    def test_numbers_that_make_no_sense(self):
        assert math.isnan(log10_samples_for_exponent(0, delta=0.01, sigma=1, exponent=18))
        assert math.isnan(hidden_exponent(n=0.5, delta=0.01, sigma=1, exponent=18))
        assert hidden_exponent(n=1, delta=0.01, sigma=1, exponent=18) == math.inf
        assert math.isnan(preactivation_bound(n=10, k=1, delta=0, sigma=1))


def curved_problem(curvature: float):
    """f(theta) = J0 theta + curvature * theta_i^2 / 2, so that J(theta) = J0 + curvature diag(theta)."""
    rng = np.random.default_rng(0)
    J0 = np.diag([3.0, 2.0, 1.0]) + 0.1 * rng.normal(size=(3, 3))
    y = rng.normal(size=3) * 0.2
    return (
        lambda theta: J0 @ theta + curvature * theta**2 / 2 - y,
        lambda theta: J0 + curvature * np.diag(theta),
        np.linalg.svd(J0, compute_uv=False),
        np.linalg.norm(y),
    )


def descended(residual, jacobian, eta: float, steps: int):
    theta, norms, path = np.zeros(3), [], 0.0
    for _ in range(steps):
        r = residual(theta)
        norms.append(r @ r)
        move = eta * jacobian(theta).T @ r
        theta, path = theta - move, path + np.linalg.norm(move)
    return np.array(norms), path


class TestGeneralTheorems:
    def test_least_squares_contracts_on_a_curved_problem(self):
        curvature = 0.03
        residual, jacobian, values, r0 = curved_problem(curvature)
        alpha = values[-1] / 2
        numbers = {
            "alpha": alpha,
            "beta": values[0] + curvature * 4 * r0 / alpha,
            "lipschitz": curvature,
            "residual": r0,
            "s0": values[-1],
            "b0": values[0],
        }
        theorem = guarantee_named("general-least-squares")
        eta = theorem.evaluate(eta=1.0, **numbers).promised["largest_step"]
        evaluation = theorem.evaluate(eta=eta, **numbers)
        assert evaluation.applies
        norms, path = descended(residual, jacobian, eta, 200)
        worst = float((norms[1:] / norms[:-1]).max())
        assert evaluation.verdict(worst).answer is Answer.HOLDS
        assert evaluation.verdict(float(path), promise="radius").answer is Answer.HOLDS
        # It says something: near the end the run contracts by 2 eta s0^2, the theorem promises eta (s0/2)^2 / 2.
        assert 1 - worst < 16 * (1 - evaluation.promised["contraction"])
        assert theorem.evaluate(eta=2 * eta, **numbers).verdict(worst).answer is Answer.DOES_NOT_APPLY

    def test_pl_star_contracts_on_a_curved_problem(self):
        curvature = 0.03
        residual, jacobian, values, r0 = curved_problem(curvature)
        lipschitz_map = values[0] + 0.1
        mu = (values[-1] - 0.15) ** 2
        numbers = {"mu": mu, "lipschitz_map": lipschitz_map, "smoothness": curvature, "residual": r0, "s0": values[-1]}
        theorem = guarantee_named("local-pl-star")
        eta = theorem.evaluate(eta=1.0, **numbers).promised["largest_step"]
        evaluation = theorem.evaluate(eta=eta, **numbers)
        assert evaluation.applies
        norms, path = descended(residual, jacobian, eta, 200)
        assert evaluation.verdict(float((norms[1:] / norms[:-1]).max())).answer is Answer.HOLDS
        assert evaluation.verdict(float(path), promise="radius").answer is Answer.HOLDS

    def test_a_flat_problem_needs_no_room(self):
        theorem = guarantee_named("general-least-squares")
        found = theorem.evaluate(alpha=1, beta=2, lipschitz=0, residual=1, eta=0.125, s0=1, b0=2)
        assert found.applies
        assert found.promised["largest_step"] == 0.125

    def test_stable_step_is_the_edge(self):
        theorem = guarantee_named("stable-step")
        m, spectrum = 64, np.array([0.01, 0.5, 2.0])
        edge = theorem.evaluate(m=m, lambda_min=0.01, lambda_max=2.0, eta=1.0).promised["largest_step"]
        for factor, shrinks in ((0.999, True), (1.001, False)):
            eta = factor * edge
            slowest = np.abs(1 - eta * m * spectrum).max()
            found = theorem.evaluate(m=m, lambda_min=0.01, lambda_max=2.0, eta=eta)
            assert found.promised["contraction"] == pytest.approx(slowest, rel=1e-14)
            assert bool(slowest < 1) is shrinks
