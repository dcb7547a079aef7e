"""Residuals of the training rows and what they lean on themselves: the numbers to choose a ridge or a time by.

With the smoother S = U l g(l) U^T, h = diag S: generalized cross-validation n |Y - S Y|^2 / (n - tr S)^2 and
leave-one-out residuals (y_i - f_i) / (1 - h_i), exact for ridge, an approximation for flow. With q = 1 - l g, that is
r/(l + r) or exp(-tau l), the residuals are U q C and 1 - h_i = sum_j U_ij^2 q_j: written so, nothing cancels where the
ridge is small. Where U is not a whole basis, n p numbers of it are made a block of rows at a time.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from softntk.regression.features import BLOCK_ENTRIES
from softntk.regression.filters import Filters
from softntk.regression.predictor import in_blocks

__all__ = ["Rows", "side_by_side"]


@dataclass(frozen=True)
class Rows:
    """The training rows of a `SpectralFit`, under the names that it has for them."""

    basis: Callable[[Float[Array, "n2 d"]], Float[Array, "n2 b"]]
    inputs: Float[Array, "n d"]
    labels: Float[np.ndarray, "n k"]
    weights: Float[np.ndarray, " n"] | None
    eigenvalues: Float[np.ndarray, " p"]
    vectors: Float[np.ndarray, "b p"]
    coordinates: Float[np.ndarray, "p k"]
    left: Float[np.ndarray, "n p"] | None

    def residuals(
        self, filters: Filters
    ) -> Iterator[tuple[Float[np.ndarray, "b c k"], Float[np.ndarray, "b c k"], Float[np.ndarray, "b c"]]]:
        """Blocks of rows: residual, fitted value (both times the root of the weight) and 1 - h, for every filter."""
        count, k = len(filters.rest), self.labels.shape[1]
        shares = side_by_side(filters.share, self.coordinates)
        if self.left is not None:
            rests = side_by_side(filters.rest, self.coordinates)
            both = [(self.left @ each).reshape(-1, count, k) for each in (rests, shares)]
            yield both[0], both[1], self.left**2 @ filters.rest.T
            return
        for rows, left in self.eigenvectors():
            labels = self.labels[rows]
            if self.weights is not None:
                labels = np.sqrt(self.weights[rows])[:, None] * labels
            fitted = (left @ shares).reshape(-1, count, k)
            yield labels[:, None, :] - fitted, fitted, 1 - left**2 @ filters.share.T

    def eigenvectors(self) -> Iterator[tuple[slice, Float[np.ndarray, "b p"]]]:
        """Blocks of rows of U, and which rows."""
        if self.left is not None:
            yield slice(None), self.left
            return
        over = jnp.asarray(
            self.vectors / np.where(self.eigenvalues > 0, self.eigenvalues, np.inf)[None, :], self.inputs.dtype
        )
        step = max(BLOCK_ENTRIES // len(self.eigenvalues), 64)
        for first in range(0, len(self.labels), step):
            rows = slice(first, first + step)
            left = np.asarray(in_blocks(self.basis, self.inputs[rows], over))
            yield rows, left if self.weights is None else np.sqrt(self.weights[rows])[:, None] * left


def side_by_side(filters: Float[np.ndarray, "c p"], coordinates: Float[np.ndarray, "p k"]) -> np.ndarray:
    """diag(each filter) C in the columns of one matrix (p, c k)."""
    return (filters.T[:, :, None] * coordinates[:, None, :]).reshape(len(coordinates), -1)
