"""Dense work, by LAPACK in place: one matrix n x n in memory, nothing more.

Cholesky writes its factor into one triangle; the other still holds the kernel, so the true residual Y - (K + r I) a
costs no second assembly, and a step of refinement is nearly free.
"""

import numpy as np
import scipy.linalg
from jaxtyping import Array, Float

from softntk.failures import BadInput
from softntk.kernels.limit import Kernel
from softntk.kernels.operator import KernelOperator, diagonal
from softntk.numerics.memory import announce

__all__ = ["EPSILON", "assembled", "cholesky_solution", "decomposed", "refuse_infinite", "rounding"]

#: Rounding of float64.
EPSILON = float(np.finfo(np.float64).eps)


def assembled(kernel: Kernel, inputs: Float[Array, "n d"], *, copies: float = 1.0) -> Float[np.ndarray, "n n"]:
    """The kernel matrix as a NumPy array that may be overwritten.

    Arguments:
        copies: how many arrays of its size the work to come needs, this one included.

    Raises:
        BadInput: the kernel is not finite at these inputs.
        TooLarge: there is not enough memory.
    """
    n = inputs.shape[0]
    announce(
        8 * (copies * n * n + 100 * n),
        what=f"dense work on a kernel of {n:,} x {n:,}",
        argument="solver",
        advice="Type solver=ConjugateGradients(), or solver=Nystrom().",
    )
    refuse_infinite(diagonal(kernel, inputs))
    matrix = KernelOperator(kernel, inputs).matrix()
    # Row sums are infinite or NaN where an entry is.
    refuse_infinite(matrix.sum(axis=1))
    return matrix


def refuse_infinite(numbers: Float[np.ndarray, " n"]) -> None:
    """Raise BadInput if the kernel overflows at an input."""
    if not np.isfinite(numbers).all():
        row = int(np.flatnonzero(~np.isfinite(numbers))[0])
        raise BadInput(
            "inputs",
            required="give a finite kernel",
            got=f"infinity or NaN at row {row}",
            advice="Scale the inputs down, or take Softmax() in place of Exponential().",
        )


def cholesky_solution(
    kernel: Kernel, inputs: Float[Array, "n d"], labels: Float[np.ndarray, "n k"], *, ridge: float, accuracy: float
) -> tuple[Float[np.ndarray, "n k"], Float[np.ndarray, " k"], int]:
    """a with (K + ridge I) a = Y by Cholesky, the true relative residual by column, and the refinements it took.

    Raises:
        BadInput: K + ridge I is not positive definite in float64.
        TooLarge: there is not enough memory.
    """
    matrix = assembled(kernel, inputs, copies=1.1)
    diagonal = np.diagonal(matrix).copy()
    matrix[np.diag_indices_from(matrix)] += ridge
    view = matrix.T  # Fortran's order, without a copy
    try:
        factor = scipy.linalg.cho_factor(view, lower=True, overwrite_a=True, check_finite=False)
    except np.linalg.LinAlgError:
        least = len(matrix) * np.finfo(float).eps * float(diagonal.sum())
        raise BadInput(
            "ridge",
            required="make K + ridge I positive definite in float64",
            got=f"{ridge:g}",
            advice=f"Type ridge={least:.1g}, or drop equal rows.",
        ) from None
    own = (diagonal + ridge - np.diagonal(matrix))[:, None]

    def residual(solution: Float[np.ndarray, "n k"]) -> Float[np.ndarray, "n k"]:
        return labels - scipy.linalg.blas.dsymm(1.0, view, solution, lower=0) - own * solution  # pyright: ignore[reportAttributeAccessIssue]

    size = np.linalg.norm(labels, axis=0)
    size = np.where(size > 0, size, 1)
    solution = scipy.linalg.cho_solve(factor, labels, check_finite=False)
    left, refinements = residual(solution), 0
    while np.max(np.linalg.norm(left, axis=0) / size) > accuracy and refinements < 3:
        solution = solution + scipy.linalg.cho_solve(factor, left, check_finite=False)
        left, refinements = residual(solution), refinements + 1
    return solution, np.linalg.norm(left, axis=0) / size, refinements


def decomposed(
    matrix: Float[np.ndarray, "n n"], epsilon: float = EPSILON
) -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, "n n"]]:
    """Eigenvalues (ascending, those below zero set to zero) and eigenvectors in columns; the matrix is destroyed.

    Raises:
        BadInput: an eigenvalue is negative beyond rounding, so the kernel is not positive semi-definite.
    """
    view = matrix if matrix.flags.f_contiguous else matrix.T
    values, vectors = scipy.linalg.eigh(view, driver="evd", overwrite_a=True, check_finite=False)
    radius = rounding(values, epsilon)
    if values[0] < -radius:
        raise BadInput(
            "kernel",
            required="be positive semi-definite",
            got=f"a smallest eigenvalue of {values[0]:.3g}, beyond the rounding error {radius:.1g}",
            advice="Check the kernel; those of LimitKernel are.",
        )
    return np.maximum(values, 0), vectors


def rounding(values: Float[np.ndarray, " n"], epsilon: float = EPSILON) -> float:
    """n eps ||K||: the radius of the error of computed eigenvalues."""
    return float(len(values) * epsilon * np.abs(values).max())
