"""Eigenvalues of a (weighted) kernel matrix, and how to predict from them.

Rows have weights w; with D = diag(sqrt w) the matrix is D K D = U diag(l) U^T, and

    f(x) = B(x) V g(l) C,      C = U^T D Y

    of the matrix      B = K(x, X), V = D U                                cost about 9 n^3
    of few features    D Phi has the Gram matrix Z l Z^T (p, p):
                       B = phi, V = Z sqrt(l), C = Z^T Phi^T D^2 Y / sqrt(l)    cost n p^2 + 9 p^3
    of many features   D Phi = U sqrt(l) Z^T by singular values:
                       B = phi, V = Z sqrt(l)                              cost n^2 p

Few means p < n: then U is not all of an orthonormal basis, and is not formed.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import scipy.linalg
from jaxtyping import Array, Float

from softntk.kernels.limit import Kernel
from softntk.regression.dense import assembled, decomposed, rounding
from softntk.regression.features import FeatureMap, gram
from softntk.regression.predictor import Sections

__all__ = ["Decomposition", "of_features", "of_matrix"]


class Decomposition(NamedTuple):
    """B, l (ascending), V, C; U if it is a whole basis; the rounding error of l; what B leaves out of K, and tr K."""

    basis: Callable[[Float[Array, "n2 d"]], Float[Array, "n2 b"]]
    values: Float[np.ndarray, " p"]
    vectors: Float[np.ndarray, "b p"]
    coordinates: Float[np.ndarray, "p k"]
    left: Float[np.ndarray, "n p"] | None
    radius: float
    left_out: float
    trace: float


def of_matrix(
    kernel: Kernel,
    inputs: Float[Array, "n d"],
    labels: Float[np.ndarray, "n k"],
    roots: Float[np.ndarray, " n"] | None,
    epsilon: float,
) -> Decomposition:
    """Decompose K itself; `roots` are those of the weights, `epsilon` the rounding of an entry."""
    matrix = assembled(kernel, inputs, copies=3)
    if roots is not None:
        matrix *= roots[:, None]
        matrix *= roots[None, :]
        labels = roots[:, None] * labels
    trace = float(np.trace(matrix))
    values, left = decomposed(matrix, epsilon)
    vectors = left if roots is None else roots[:, None] * left
    radius = rounding(values, epsilon)
    return Decomposition(Sections(kernel, inputs), values, vectors, left.T @ labels, left, radius, 0.0, trace)


def of_features(
    features: FeatureMap,
    inputs: Float[Array, "n d"],
    labels: Float[np.ndarray, "n k"],
    roots: Float[np.ndarray, " n"] | None,
    epsilon: float,
) -> Decomposition:
    """Decompose Phi Phi^T; what the features leave out is for the caller to say."""
    weighted = labels if roots is None else roots[:, None] * labels
    if features.rank >= inputs.shape[0]:
        columns = np.asarray(features.columns(inputs), np.float64)
        rows = columns.T if roots is None else roots[:, None] * columns.T
        left, singular, right = scipy.linalg.svd(rows, full_matrices=False, check_finite=False)
        # Ascending, as eigenvalues come.
        left, singular, right = left[:, ::-1], singular[::-1], right[::-1]
        values = singular**2
        found = Decomposition(
            features, values, right.T * singular[None, :], left.T @ weighted, left, rounding(values, epsilon), 0.0, 0.0
        )
    else:
        total, moment = gram(features, inputs, weighted, roots)
        values, turn = decomposed(total, epsilon)
        # Each entry of Phi^T Phi is a sum of n products: n p eps would be the worst case, this its usual size.
        radius = rounding(values, epsilon)
        # What rounding makes of a zero eigenvalue is nothing to learn from.
        values = np.where(values > epsilon * values[-1], values, 0.0)
        roots_of = np.sqrt(values)
        coordinates = (turn.T @ moment) / np.where(values > 0, roots_of, np.inf)[:, None]
        found = Decomposition(features, values, turn * roots_of[None, :], coordinates, None, radius, 0.0, 0.0)
    kept = float(found.values.sum())
    return found._replace(trace=kept)
