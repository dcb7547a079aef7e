"""Preconditioners for K + r I: the part of the kernel that carries its large eigenvalues, solved exactly.

With features F (n, p), K = F F^T + E:

    P = F F^T + rho I,      P^-1 v = (v - F (F^T F + rho I)^-1 F^T v) / rho,      rho = r + mean of diag E.

Two kinds of features. *Degree*: the explicit monomials of low degree of a softmax or exponential kernel: on inputs
without low-dimensional structure its largest eigenvalues belong to them, level by level. *Pivoted*: randomly pivoted
Cholesky, for any kernel. Which one, and which rank, changes the number of steps and nothing else.
"""

from typing import NamedTuple

import jax
import numpy as np
import scipy.linalg
from jaxtyping import Array, Float

from softntk.failures import BadInput
from softntk.kernels.expansion import expand, expandable, rank
from softntk.kernels.limit import Kernel
from softntk.kernels.nystrom import nystrom_features
from softntk.regression.solver import needed_key

__all__ = ["PRECONDITIONERS", "Preconditioner", "preconditioner"]

#: Names that `preconditioner` takes.
PRECONDITIONERS = ("auto", "degree", "pivoted", "none")

# Features whose Gram matrix is cheap next to one product with the kernel.
_RANK = 1000


class Preconditioner(NamedTuple):
    """P^-1 as features (p, n) and the Cholesky factor of F^T F + rho I."""

    name: str
    rank: int
    columns: Float[np.ndarray, "p n"]
    factor: Float[np.ndarray, "p p"]
    shift: float

    def __call__(self, vectors: Float[np.ndarray, "n k"]) -> Float[np.ndarray, "n k"]:
        """P^-1 V (n, k)."""
        if not self.rank:
            return vectors
        inner = scipy.linalg.cho_solve((self.factor, True), self.columns @ vectors, check_finite=False)
        return (vectors - self.columns.T @ inner) / self.shift


def preconditioner(
    kernel: Kernel,
    inputs: Float[Array, "n d"],
    *,
    ridge: float,
    name: str = "auto",
    largest_rank: int = _RANK,
    key: jax.Array | None = None,
) -> Preconditioner:
    """Build a preconditioner of at most the given rank.

    "auto" takes the degree features if the kernel has them and degree 2 fits into the rank, else pivoted ones.

    Raises:
        BadInput: an unknown name, or "pivoted" (chosen by "auto" too) without a key.
    """
    n, d = inputs.shape
    if name not in PRECONDITIONERS:
        choices = ", ".join(PRECONDITIONERS)
        raise BadInput("preconditioner", required=f"be one of {choices}", got=repr(name), advice='Type "auto".')
    if name == "none" or n < 2:
        return Preconditioner("none", 0, np.zeros((0, n)), np.zeros((0, 0)), 1.0)
    largest_rank = min(largest_rank, n)
    if name == "auto":
        name = "degree" if expandable(kernel) and rank(kernel, d, 2) <= largest_rank else "pivoted"
    if name == "degree":
        degree = 1
        while rank(kernel, d, degree + 1) <= largest_rank and degree < 40:  # pyright: ignore[reportArgumentType]
            degree += 1
        features = expand(kernel, inputs, degree=degree)  # pyright: ignore[reportArgumentType]
    else:
        features = nystrom_features(kernel, inputs, rank=largest_rank, key=needed_key(key))
    left_out = float(np.mean(features.remainder(inputs)))
    return _factored(name, np.asarray(features.columns(inputs)), ridge + left_out)


def _factored(name: str, columns: Float[np.ndarray, "p n"], shift: float) -> Preconditioner:
    small = scipy.linalg.blas.dsyrk(1.0, columns.T, trans=1, lower=1) if columns.flags.c_contiguous else None  # pyright: ignore[reportAttributeAccessIssue]
    if small is None:
        small = scipy.linalg.blas.dsyrk(1.0, columns, lower=1)  # pyright: ignore[reportAttributeAccessIssue]
    # Rounding of F^T F must not decide: the shift stays above it.
    shift = max(shift, 1e-14 * float(np.trace(small)))
    small[np.diag_indices_from(small)] += shift
    return Preconditioner(
        name, len(columns), columns, scipy.linalg.cholesky(small, lower=True, overwrite_a=True), shift
    )
