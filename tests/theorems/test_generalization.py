"""Bounds on test error and distance against numpy: direct solves, simulated runs, fresh test samples."""

import math

import numpy as np
import pytest

from softntk.failures import BadInput
from softntk.theorems import complexity, guarantee_named, linearized_distance
from softntk.verdicts import Answer


def on_sphere(rng, n, d):
    x = rng.normal(size=(n, d))
    return x / np.linalg.norm(x, axis=1, keepdims=True)


class TestComplexity:
    def test_scale_free(self):
        one = complexity(n=30, trace=7.0, norm_squared=11.0)
        assert complexity(n=30, trace=7.0 * 5, norm_squared=11.0 / 5) == pytest.approx(one, rel=1e-14)

    def test_equals_the_published_form_on_the_unit_sphere(self):
        assert complexity(n=30, trace=15, norm_squared=11.0) == pytest.approx(math.sqrt(2 * 11.0 / 30), rel=1e-14)
        published = guarantee_named("generalization-published")
        assert published.evaluate(n=30, norm_squared=11.0, trace=15.0).verdict().answer is Answer.ORDER_ONLY
        assert published.evaluate(n=30, norm_squared=11.0, trace=16.0).verdict().answer is Answer.DOES_NOT_APPLY

    def test_makes_no_sense_below_zero(self):
        assert math.isnan(complexity(n=30, trace=-1.0, norm_squared=1.0))


class TestExplicitBound:
    def test_holds_on_fresh_samples_and_says_something(self):
        rng = np.random.default_rng(3)
        n, delta = 800, 0.01
        x, fresh = on_sphere(rng, n, 3), on_sphere(rng, 4000, 3)
        direction = np.array([0.6, 0.0, 0.8])

        def kernel(a, b):
            return (a @ b.T) * np.exp(a @ b.T) + 0.01 * (a @ b.T == 2)

        # A kernel with a white part is positive definite in floating point; its interpolant is still in the ball.
        K = kernel(x, x) + 0.5 * np.eye(n)
        y = x @ direction
        solved = np.linalg.solve(K, y)
        loss = np.minimum(1, np.abs(kernel(fresh, x) @ solved - fresh @ direction))
        found = guarantee_named("generalization-explicit").evaluate(
            n=n,
            trace=float(np.trace(K)),
            norm_squared=float(y @ solved),
            largest_diagonal=math.e + 0.5,
            delta=delta,
            largest_label=float(np.abs(y).max()),
            lambda_min=float(np.linalg.eigvalsh(K)[0]),
        )
        standard_error = float(loss.std() / math.sqrt(loss.size))
        assert found.verdict(float(loss.mean()), error=4 * standard_error).answer is Answer.HOLDS
        # Predicting 0 costs E|y| = 1/2; the bound knows that the kernel does better.
        assert found.promised["test_error"] < 0.4

    def test_random_labels_get_no_promise(self):
        rng = np.random.default_rng(4)
        n = 200
        x = on_sphere(rng, n, 20)
        K = (x @ x.T) * np.exp(x @ x.T)
        y = rng.choice([-1.0, 1.0], n)
        found = guarantee_named("generalization-explicit").evaluate(
            n=n,
            trace=float(np.trace(K)),
            norm_squared=float(y @ np.linalg.solve(K, y)),
            largest_diagonal=math.e,
            delta=0.01,
        )
        assert found.promised["test_error"] > 1

    def test_the_ball_is_the_least_that_holds_the_interpolant(self):
        theorem = guarantee_named("generalization-explicit")
        numbers = {"n": 100, "trace": 100.0, "largest_diagonal": 1.0, "delta": 0.5}
        for norm_squared, j in ((0.0, 1), (1.0, 1), (1.1, 2), (4.0, 2), (8.9, 3)):
            expected = 2 * j / 10 + 3 * math.sqrt(math.log(4 * j * (j + 1)) / 200)
            found = theorem.evaluate(norm_squared=norm_squared, **numbers).promised["test_error"]
            assert found == pytest.approx(expected, rel=1e-14)
        assert theorem.evaluate(norm_squared=math.inf, **numbers).promised["test_error"] == math.inf


class TestLinearizedDistance:
    @pytest.mark.parametrize("eta", [0.001, 0.01, 0.03])
    def test_against_gradient_descent_on_a_linear_model(self, eta):
        rng = np.random.default_rng(5)
        m = 4
        J, r = rng.normal(size=(3, 8)), rng.normal(size=3)
        values, vectors = np.linalg.eigh(J @ J.T / m)
        theta = np.zeros(8)
        for t in range(1, 61):
            theta = theta - eta * J.T @ (r + J @ theta)
            if t in (1, 10, 60):
                found = linearized_distance(
                    eigenvalues=list(values), coefficients=list(vectors.T @ r), m=m, eta=eta, t=t
                )
                assert found == pytest.approx(np.linalg.norm(theta), rel=1e-10)

    def test_limit(self):
        rng = np.random.default_rng(6)
        J, r = rng.normal(size=(3, 8)), rng.normal(size=3)
        values, vectors = np.linalg.eigh(J @ J.T / 4)
        numbers = {"eigenvalues": list(values), "coefficients": list(vectors.T @ r), "m": 4, "eta": 1e-3, "t": math.inf}
        expected = np.linalg.norm(np.linalg.pinv(J) @ r)
        assert linearized_distance(**numbers) == pytest.approx(expected, rel=1e-10)
        limit = guarantee_named("linearized-distance-limit")
        norm_squared = float(r @ np.linalg.solve(J @ J.T / 4, r))
        assert limit.evaluate(norm_squared=norm_squared, m=4).promised["distance"] == pytest.approx(expected)

    def test_special_rates(self):
        def at(eta, t, value=1.0):
            return linearized_distance(eigenvalues=[value], coefficients=[2.0], m=1, eta=eta, t=t)

        assert at(0.5, 0) == 0
        assert at(1.0, 7) == 2  # fitted in one step
        assert at(1.5, 3) == pytest.approx(2 * (1 + 0.125))
        assert at(2.5, 10**6) == math.inf  # beyond the stable step
        assert at(0.5, 5, value=0.0) == 0
        assert at(0.5, math.inf, value=0.0) == math.inf
        assert math.isnan(at(0.5, 5, value=-1.0))

    def test_lengths_must_agree(self):
        with pytest.raises(BadInput, match="one entry for each eigenvalue"):
            linearized_distance(eigenvalues=[1.0], coefficients=[1.0, 2.0], m=1, eta=0.1, t=1)
