"""Enclosures: numbers known to lie in a ball, so that an inequality read off them is proved.

An array of balls is a NumPy array of `flint.arb` objects (dtype object). NumPy then does +, -, *, /, `np.exp` and
`np.sqrt` entry by entry through Arb, each about 0.2 microseconds, and `product` multiplies matrices by Arb's blocks.
At `PRECISION` = 128 bits a mantissa fits into the object itself: nothing is faster below, and roundings stay 20
decimal digits under float64's, so that the width of a final ball is set by the few float64 steps named here.

    eigenvalues     H = cI + V diag(t) V^T + E, t >= 0      =>  lambda_min(H) >= c - ||E||_F
                    H = cI - V diag(t) V^T + E, t >= 0      =>  lambda_max(H) <= c + ||E||_F
                    c, V, t are floating-point numbers (LAPACK's eigendecomposition): right or wrong, they are
                    exact as given, V diag(t) V^T is positive semi-definite for *every* V, and E is enclosed.
    nonnegative M   lambda_max(M) <= max_i (M v)_i / v_i for every v > 0 (Collatz 1942, Wielandt 1950); v comes from
                    power iteration in floating point, and its only effect is how tight the bound is.

What is trusted: Arb's arithmetic (python-flint), the arrays as given (IEEE-754 numbers, taken exactly), and the
comparison of float64 numbers. No rounding of LAPACK, BLAS, NumPy or the processor is trusted.

Reference: F. Johansson, Arb: efficient arbitrary-precision midpoint-radius interval arithmetic, arXiv 1611.02831.
"""

import math
from contextlib import AbstractContextManager

import numpy as np
from flint import arb, arb_mat, ctx
from jaxtyping import ArrayLike, Float, Shaped

from softntk.failures import BadInput

__all__ = [
    "PRECISION",
    "balls",
    "frobenius_upper",
    "lambda_max_upper",
    "lambda_min_lower",
    "lower",
    "lowers",
    "perron_upper",
    "product",
    "softmax",
    "upper",
    "uppers",
    "working_precision",
]

#: Bits of the midpoint of a ball: two machine words, stored in the object itself.
PRECISION = 128

_to_ball = np.frompyfunc(arb, 1, 1)


def working_precision(bits: int = PRECISION) -> AbstractContextManager:
    """Do the enclosed block with balls of `bits` bits; the precision from before comes back at its end."""
    return ctx.workprec(bits)


def balls(array: ArrayLike) -> Shaped[np.ndarray, "..."]:
    """Balls of radius zero at the entries of a float64 array: exact.

    Raises:
        BadInput: the array is not float64 or has an entry that is NaN or infinite.
    """
    array = np.asarray(array)
    if array.dtype != np.float64 or not np.isfinite(array).all():
        got = f"dtype {array.dtype}" if array.dtype != np.float64 else "NaN or infinite entries"
        raise BadInput("array", required="hold finite float64 numbers", got=got, advice="Type array.astype(float).")
    return np.asarray(_to_ball(array), dtype=object)


def lower(ball: arb) -> float:
    """The largest float64 number found that is certainly at most every number in the ball.

    NaN if the ball is NaN, minus infinity if it is not bounded.
    """
    if not ball.is_finite():
        return math.nan if ball.is_nan() else -math.inf
    # The first guess is off by a rounding or two; the comparison, which Arb decides exactly, makes it a bound.
    found = float(ball.lower())
    while not arb(found) <= ball:
        found = math.nextafter(found, -math.inf)
    return found


def upper(ball: arb) -> float:
    """The smallest float64 number found that is certainly at least every number in the ball; see `lower`."""
    return -lower(-ball)


def lowers(array: Shaped[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
    """`lower` of every entry."""
    return -uppers(-array)


def uppers(array: Shaped[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
    """`upper` of every entry, at most one unit in the last place above it, and much faster."""
    flat = array.ravel()
    guess = np.nextafter(_middle(flat), np.inf)
    proved = (_to_ball(guess) >= flat).astype(bool)
    guess[~proved] = [upper(ball) for ball in flat[~proved]]
    return guess.reshape(array.shape)


def product(left: Shaped[np.ndarray, "n d"], right: Shaped[np.ndarray, "d m"]) -> Shaped[np.ndarray, "n m"]:
    """Matrix product of two matrices of balls."""
    return _array(_matrix(left) * _matrix(right))


def softmax(scores: Shaped[np.ndarray, "n m"]) -> Shaped[np.ndarray, "n m"]:
    """Softmax of each row; nothing overflows."""
    # Any shift is right; one near the maximum keeps the exponents of balls, which have no bounds, short.
    shifts = _to_ball(_middle(scores).max(axis=1, keepdims=True))
    exponentials = np.exp(scores - shifts)
    return exponentials / exponentials.sum(axis=1)[:, None]


def frobenius_upper(array: Shaped[np.ndarray, "..."]) -> float:
    """Upper bound on the square root of the sum of squares of all entries."""
    # Magnitudes first: the square of a ball around zero would reach below zero, and its root be NaN.
    magnitudes = [ball.abs_upper() for ball in array.ravel()]
    return upper(sum((size * size for size in magnitudes), arb(0)).sqrt())


def lambda_min_lower(matrix: Shaped[np.ndarray, "N N"]) -> float:
    """Lower bound on the smallest eigenvalue of a symmetric matrix of balls.

    Within about N eps ||M|| + (the balls' widths) of it; minus infinity or NaN if the balls are not bounded.
    """
    middle = _middle(matrix)
    if not np.isfinite(middle).all():
        return -math.inf
    values, vectors = np.linalg.eigh(middle)
    shift = values[0]
    return lower(arb(shift) - _distance(matrix, shift, np.maximum(values - shift, 0.0), vectors))


def lambda_max_upper(matrix: Shaped[np.ndarray, "N N"]) -> float:
    """Upper bound on the largest eigenvalue of a symmetric matrix of balls; see `lambda_min_lower`."""
    return -lambda_min_lower(-matrix)


def perron_upper(
    weights: Float[np.ndarray, "n m"], matrix: Shaped[np.ndarray, "n n"], *, rounds: int
) -> Float[np.ndarray, " m"]:
    """Upper bounds on lambda_max(diag(c_r) M diag(c_r)), M >= 0 in balls, for every column c_r >= 0 of weights.

    Arguments:
        rounds: products to spend on the test vectors, in floating point; fewer make the bounds looser.

    Infinite where the weights or the matrix are not finite.
    """
    found, middle = np.full(weights.shape[1], np.inf), _middle(matrix)
    finite = np.isfinite(weights).all(axis=0) & np.isfinite(middle).all()
    if finite.any():
        vectors = balls(_perron_vectors(weights[:, finite], np.maximum(middle, 0.0), rounds))
        exact = balls(weights[:, finite])
        found[finite] = uppers(exact * product(matrix, exact * vectors) / vectors).max(axis=0)
    return found


def _perron_vectors(
    weights: Float[np.ndarray, "n m"], matrix: Float[np.ndarray, "n n"], rounds: int
) -> Float[np.ndarray, "n m"]:
    """Positive vectors near the Perron vectors, by the power method from 1."""
    # Scales do not matter: every column and the matrix are brought to 1, so that nothing overflows.
    weights = weights / np.maximum(weights.max(axis=0, initial=0.0), np.finfo(np.float64).tiny)
    matrix = matrix / max(matrix.max(), np.finfo(np.float64).tiny)
    vectors = np.ones_like(weights)
    for _ in range(rounds):
        vectors = weights * (matrix @ (weights * vectors))
        vectors = np.maximum(vectors / np.maximum(vectors.max(axis=0, initial=0.0), np.finfo(np.float64).tiny), 1e-12)
    return vectors


def _distance(
    matrix: Shaped[np.ndarray, "N N"], shift: float, values: Float[np.ndarray, " N"], vectors: Float[np.ndarray, "N N"]
) -> arb:
    """||M - shift I - V diag(values) V^T||_F, from above."""
    vectors = balls(vectors)
    remainder = matrix - product(vectors * balls(values), vectors.T)
    remainder[np.diag_indices(len(remainder))] -= arb(shift)
    return arb(frobenius_upper(remainder))


def _middle(array: Shaped[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
    return np.array([float(ball) for ball in array.ravel()], dtype=np.float64).reshape(array.shape)


def _matrix(array: Shaped[np.ndarray, "n m"]) -> arb_mat:
    rows, columns = array.shape
    return arb_mat(rows, columns, array.ravel().tolist())


def _array(matrix: arb_mat) -> Shaped[np.ndarray, "n m"]:
    # Filled rather than converted: NumPy would look for a sequence in every ball.
    array = np.empty(matrix.nrows() * matrix.ncols(), dtype=object)
    array[:] = matrix.entries()
    return array.reshape(matrix.nrows(), matrix.ncols())
