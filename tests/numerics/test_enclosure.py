"""Enclosures contain the truth, computed by mpmath at 60 digits, and are narrow."""

import math

import mpmath
import numpy as np
import pytest
from flint import arb, ctx
from hypothesis import given
from hypothesis import strategies as st

from softntk.failures import BadInput
from softntk.numerics.enclosure import (
    PRECISION,
    balls,
    frobenius_upper,
    lambda_max_upper,
    lambda_min_lower,
    lower,
    lowers,
    perron_upper,
    product,
    softmax,
    upper,
    uppers,
    working_precision,
)


@pytest.fixture(autouse=True)
def _precise():
    with working_precision(), mpmath.workdps(60):
        yield


def contains(ball: arb, truth: mpmath.mpf) -> bool:
    """Whether mpmath's number is in the ball, to mpmath's own 60 digits."""
    return bool(ball.overlaps(arb(mpmath.nstr(truth, 60))))


def test_the_precision_is_put_back():
    before = ctx.prec
    with working_precision(200):
        assert ctx.prec == 200
    assert ctx.prec == before == PRECISION


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_conversion_is_exact_both_ways(value):
    (ball,) = balls(np.array([value]))
    assert ball.is_exact()
    assert lower(ball) == upper(ball) == value


@given(
    st.floats(min_value=-1e300, max_value=1e300),
    st.floats(min_value=0, max_value=1e300),
    st.sampled_from([20, 53, PRECISION, 300]),
)
def test_bounds_are_outside_the_ball_and_the_next_number_inward_is_not(middle, radius, bits):
    with working_precision(bits):
        ball = arb(middle, radius)
        low, high = lower(ball), upper(ball)
    with working_precision(3000):
        # The ends of a ball, exactly: both are binary fractions.
        left, right = ball.mid() - ball.rad(), ball.mid() + ball.rad()
        assert arb(low) <= left
        assert arb(high) >= right
        if bits >= 53:
            # Arb's radius has 30 bits and lower() rounds to `bits`, hence a few units in the last place.
            slack = 4 * (np.spacing(abs(low)) + np.spacing(abs(high)))
            assert not arb(low) + arb(slack) < left
            assert not arb(high) - arb(slack) > right


def test_bounds_of_numbers_outside_the_range_of_floats():
    huge, tiny = arb(10) ** 400, arb(10) ** -400
    assert (lower(huge), upper(huge)) == (np.finfo(float).max, math.inf)
    assert (lower(-huge), upper(-huge)) == (-math.inf, -np.finfo(float).max)
    assert (lower(tiny), upper(tiny)) == (0.0, 5e-324)
    assert (lower(arb("[+/- inf]")), upper(arb("[+/- inf]"))) == (-math.inf, math.inf)


def test_nan_stays_nan():
    assert math.isnan(lower(arb("nan")))
    assert math.isnan(upper(arb(-1).sqrt()))
    assert np.isnan(uppers(np.array([[arb(1), arb("nan")]], dtype=object)).max())
    assert math.isnan(frobenius_upper(np.array([arb("nan"), arb(1)], dtype=object)))


@pytest.mark.parametrize("bad", [np.array([1, 2]), np.array([1.0, np.nan]), np.array([np.inf]), np.ones(2, np.float32)])
def test_only_finite_float64_arrays_become_balls(bad):
    with pytest.raises(BadInput, match="finite float64"):
        balls(bad)


def test_products_contain_the_truth():
    rng = np.random.default_rng(1)
    left, right = rng.standard_normal((4, 7)) * 10.0 ** rng.integers(-9, 9, (4, 7)), rng.standard_normal((7, 3))
    found = product(balls(left), balls(right))
    for i, j in np.ndindex(4, 3):
        truth = mpmath.fsum(
            mpmath.mpf(float(x)) * mpmath.mpf(float(y)) for x, y in zip(left[i], right[:, j], strict=True)
        )
        assert contains(found[i, j], truth)
        assert found[i, j].rad() < 1e-30 * (1e9 + abs(found[i, j].mid()))


def test_softmax_contains_the_truth_also_for_huge_scores():
    scores = np.array([[0.1, -0.3, 2.0], [1e4, 1e4 - 1, -1e4], [3e305, 2e305, -1e305]])
    found = softmax(balls(scores))
    for row, weights in zip(scores, found, strict=True):
        exponentials = [mpmath.exp(mpmath.mpf(float(z)) - mpmath.mpf(float(row.max()))) for z in row]
        for each, ball in zip(exponentials, weights, strict=True):
            # mpmath's exponent is unbounded as well: exp(-1e305) is a number.
            truth = each / mpmath.fsum(exponentials)
            assert contains(ball, truth) if truth > 1e-1000 else lower(ball) == 0 and upper(ball) == 5e-324
    assert uppers(found).dtype == lowers(found).dtype == np.float64


def test_frobenius_norm():
    entries = balls(np.array([[3.0, -4.0], [0.0, 12.0]]))
    assert frobenius_upper(entries) == 13.0
    around_zero = np.array([arb(0, 1e-3)] * 4, dtype=object)
    assert 2e-3 <= frobenius_upper(around_zero) <= 2.0001e-3


@pytest.mark.parametrize("condition", [1.0, 1e4, 1e10])
def test_eigenvalues_bound_the_truth(condition):
    rng = np.random.default_rng(3)
    size = 12
    vectors = np.linalg.qr(rng.standard_normal((size, size)))[0]
    matrix = (vectors * np.geomspace(1.0, condition, size)) @ vectors.T
    matrix = (matrix + matrix.T) / 2
    values = mpmath.eigsy(mpmath.matrix(matrix.tolist()), eigvals_only=True)
    low, high = lambda_min_lower(balls(matrix)), lambda_max_upper(balls(matrix))
    assert mpmath.mpf(low) <= min(values)
    assert mpmath.mpf(high) >= max(values)
    error = 4 * size * np.finfo(float).eps * condition
    assert float(min(values) - low) <= error
    assert float(high - max(values)) <= error


def test_an_eigenvalue_bound_holds_for_every_matrix_in_the_balls():
    rng = np.random.default_rng(4)
    middle = rng.standard_normal((8, 8))
    middle = middle @ middle.T
    radius = 0.1
    matrix = np.array([[arb(value, radius) for value in row] for row in middle], dtype=object)
    low, high = lambda_min_lower(matrix), lambda_max_upper(matrix)
    for _ in range(50):
        shift = rng.choice([-radius, radius], (8, 8))
        shift = np.tril(shift) + np.tril(shift, -1).T
        values = np.linalg.eigvalsh(middle + shift)
        assert low <= values[0]
        assert values[-1] <= high
    # The worst shift of all moves an eigenvalue by N radius: the bound says no more than that.
    assert low >= np.linalg.eigvalsh(middle)[0] - 8 * radius * 1.001


def test_a_singular_matrix_has_no_positive_bound():
    row = np.array([[1.0, 2.0, 3.0]])
    assert lambda_min_lower(balls(row.T @ row)) <= 0.0
    assert lambda_min_lower(balls(np.zeros((2, 2)))) == 0.0
    # Two equal rows, the case of a data set with a duplicate: exactly singular, and never called positive.
    twice = np.array([[0.3, 0.7], [0.3, 0.7], [1.0, -0.2]])
    assert lambda_min_lower(product(balls(twice), balls(twice.T.copy()))) <= 0.0


def test_unbounded_balls_bound_nothing():
    matrix = np.array([[arb("[+/- inf]"), arb(0)], [arb(0), arb(1)]], dtype=object)
    assert not lambda_min_lower(matrix) > -math.inf
    matrix[0, 0] = arb("nan")
    assert not lambda_min_lower(matrix) > -math.inf


@pytest.mark.parametrize("kind", ["random", "zeros", "orthogonal", "parallel", "huge"])
def test_perron_bound_holds_and_is_tight(kind):
    rng = np.random.default_rng(5)
    inputs = {"orthogonal": np.eye(6), "parallel": np.ones((6, 2))}.get(kind, rng.standard_normal((6, 4)))
    if kind == "zeros":
        inputs[2] = 0.0
    gram = (inputs @ inputs.T) ** 2
    weights = rng.exponential(size=(6, 9)) * (1e150 if kind == "huge" else 1.0)
    weights[:, 3] = 0.0
    scaled = weights / weights.max()
    truth = np.array([np.linalg.eigvalsh(c[:, None] * gram * c).max() for c in scaled.T]) * weights.max() ** 2
    bounds = perron_upper(weights, balls(gram), rounds=1000)
    rounding = 1e-13 * truth.max()
    assert (truth - rounding <= bounds).all()
    assert (bounds <= truth * (1 + 1e-11) + rounding).all()
    # Any positive vectors give a bound, spent or not on iterations.
    assert (perron_upper(weights, balls(gram), rounds=0) >= truth - rounding).all()


def test_perron_bound_of_what_is_not_finite_is_infinite():
    gram, weights = balls(np.ones((2, 2))), np.array([[1.0, np.inf, np.nan], [1.0, 1.0, 1.0]])
    assert perron_upper(weights, gram, rounds=4).tolist() == pytest.approx([2.0, np.inf, np.inf], rel=1e-15)
    gram[0, 0] = arb(10) ** 400
    assert (perron_upper(weights, gram, rounds=4) == np.inf).all()
