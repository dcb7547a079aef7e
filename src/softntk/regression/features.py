"""Work on features instead of kernel entries: linear in n.

With Phi (n, p) the features, everything needed is Phi^T Phi (p, p) and Phi^T Y (p, k), added up over blocks of inputs:
cost n p^2, memory p^2.
"""

from typing import Any, Protocol, runtime_checkable

import jax
import jax.numpy as jnp
import numpy as np
import scipy.linalg
from jaxtyping import Array, Float

from softntk.failures import BadInput
from softntk.numerics.blocks import even_rows

__all__ = ["BLOCK_ENTRIES", "FeatureMap", "gram"]

#: Numbers in one block of features: 32 MB in float64.
BLOCK_ENTRIES = 2**22


@runtime_checkable
class FeatureMap(Protocol):
    """Explicit features phi with K = phi phi^T: called with (n, d) it gives (n, rank); `columns` the transpose."""

    @property
    def rank(self) -> int:
        """Number of features."""
        ...

    def columns(self, inputs: Float[Array, "n d"]) -> Any:
        """Features (p, n), one input a column."""
        ...

    def __call__(self, inputs: Float[Array, "n d"]) -> Float[Array, "n p"]:
        """Features, one input a row."""
        ...


def gram(
    features: FeatureMap,
    inputs: Float[Array, "n d"],
    labels: Float[np.ndarray, "n k"],
    roots: Float[np.ndarray, " n"] | None = None,
) -> tuple[Float[np.ndarray, "p p"], Float[np.ndarray, "p k"]]:
    """Phi^T Phi (its lower triangle) and Phi^T Y, with rows of Phi times the roots of their weights.

    Raises:
        BadInput: a feature is not finite.
    """
    n, p = inputs.shape[0], features.rank
    rows = even_rows(n, min(max(BLOCK_ENTRIES // p, 64), n))
    moment, total = np.zeros((p, labels.shape[1])), np.zeros((p, p), order="F")
    for first in range(0, n, rows):
        chunk = slice(first, first + rows)
        given = inputs[chunk]
        short = rows - given.shape[0]
        # Rows of zeros keep the shape, so nothing is compiled twice; their features are cut off.
        block = np.asarray(jax.block_until_ready(features.columns(jnp.pad(given, ((0, short), (0, 0))))), np.float64)
        block = block[:, : rows - short]
        if roots is not None:
            block = block * roots[None, chunk]
        moment += block @ labels[chunk]
        total = scipy.linalg.blas.dsyrk(1.0, block.T, beta=1.0, c=total, trans=1, lower=1, overwrite_c=1)  # pyright: ignore[reportAttributeAccessIssue]
    if not (np.isfinite(moment).all() and np.isfinite(np.diagonal(total)).all()):
        raise BadInput(
            "inputs", required="give finite features", got="infinity or NaN", advice="Scale the inputs down."
        )
    return total, moment
