"""Dense work, by LAPACK in place: one matrix n x n in memory, nothing more.

The kernel is assembled a block of rows at a time into one array. Cholesky writes its factor into one triangle; the
other still holds the kernel, so that the true residual K a - Y costs no second assembly, and gives one step of
refinement for free.
"""

import equinox as eqx
import numpy as np
import scipy.linalg
from jaxtyping import Array, Float

from softntk.failures import BadInput
from softntk.kernels.limit import Kernel
from softntk.numerics.memory import announce

__all__ = ["assembled", "decomposed"]

_BLOCK_ROWS = 512


def assembled(kernel: Kernel, inputs: Float[Array, "n d"], *, copies: float = 1.0) -> Float[np.ndarray, "n n"]:
    """The kernel matrix, symmetric to the last digit, as a NumPy array that may be overwritten.

    Arguments:
        copies: how many arrays of its size the work to come needs, this one included.

    Raises:
        BadInput: the kernel is not finite at these inputs.
        TooLarge: there is not enough memory.
    """
    n = inputs.shape[0]
    announce(
        8 * (copies * n * n + 3 * _BLOCK_ROWS * n), what=f"dense work on a kernel of {n:,} x {n:,}", argument="rung",
        advice='Type rung="auto", or solve(...) with rung="iterative" or rung="landmarks".',
    )  # fmt: skip
    matrix = np.empty((n, n))
    for first in range(0, n, _BLOCK_ROWS):
        # The last block begins earlier instead of being shorter: one shape, one compilation.
        first = max(min(first, n - _BLOCK_ROWS), 0)
        last = min(first + _BLOCK_ROWS, n)
        rows = np.asarray(_rows(kernel, inputs[first:last], inputs))
        if not np.isfinite(rows).all():
            raise BadInput(
                "inputs", required="give a finite kernel", got="infinity or NaN",
                advice="Scale the inputs down, or take Limit(Softmax()) in place of Exponential().",
            )  # fmt: skip
        matrix[first:last] = rows
    return symmetric(matrix)


@eqx.filter_jit
def _rows(kernel: Kernel, rows: Float[Array, "b d"], inputs: Float[Array, "n d"]) -> Float[Array, "b n"]:
    return kernel(rows, inputs)


def symmetric(matrix: Float[np.ndarray, "n n"]) -> Float[np.ndarray, "n n"]:
    """Copy the lower triangle to the upper one, in place."""
    n = len(matrix)
    for first in range(0, n, _BLOCK_ROWS):
        last = min(first + _BLOCK_ROWS, n)
        matrix[first:last, last:] = matrix[last:, first:last].T
        corner = matrix[first:last, first:last]
        upper = np.triu_indices(last - first, 1)
        corner[upper] = corner.T[upper]
    return matrix


def decomposed(matrix: Float[np.ndarray, "n n"]) -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, "n n"]]:
    """Eigenvalues (ascending, those below zero set to zero) and eigenvectors in columns; the matrix is destroyed.

    Raises:
        BadInput: an eigenvalue is negative beyond rounding, so the kernel is not positive semi-definite.
    """
    values, vectors = scipy.linalg.eigh(matrix, driver="evd", overwrite_a=True, check_finite=False)
    radius = rounding(values)
    if values[0] < -radius:
        raise BadInput(
            "kernel", required="be positive semi-definite",
            got=f"a smallest eigenvalue of {values[0]:.3g}, beyond the rounding error {radius:.1g}",
            advice="Check the kernel; those of Limit are.",
        )  # fmt: skip
    return np.maximum(values, 0), vectors


def rounding(values: Float[np.ndarray, " n"]) -> float:
    """n eps ||K||: the radius of the error of computed eigenvalues."""
    return float(len(values) * np.finfo(np.float64).eps * np.abs(values).max())
