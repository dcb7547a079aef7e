"""Marginal likelihood of labels under f ~ GP(0, K) with noise variance r, and its gradient.

    log p(Y) = -1/2 [ tr Y^T M^-1 Y + k log det M + n k log 2 pi ],    M = K + r I,

for k independent outputs. With A = M^-1 Y its derivative along dM is 1/2 <A A^T - k M^-1, dM>: so one Cholesky
factorization and one inverse give the gradient in the ridge and, by one backward pass through the kernel, in every
array that the kernel holds (the scale of a `LimitKernel`). Cost n^3, memory 4 n^2: for dense sizes.

Reference: Rasmussen and Williams (2006), equations 2.30 and 5.9.
"""

import math
from typing import Any, NamedTuple

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import scipy.linalg
import scipy.optimize
from jaxtyping import Array, Float

from softntk.failures import BadInput
from softntk.kernels.limit import Kernel, LimitKernel
from softntk.numerics.arrays import finite_matrix, require_float64
from softntk.regression.dense import assembled

__all__ = ["Fitted", "Likelihood", "fit_by_likelihood", "marginal_likelihood"]


class Likelihood(NamedTuple):
    """log p(Y), its derivative in the ridge, and its gradient in the arrays of the kernel (a kernel-shaped value)."""

    value: float
    ridge: float
    kernel: Any


class Fitted(NamedTuple):
    """The kernel and the ridge of the largest marginal likelihood that was found, and its logarithm."""

    kernel: LimitKernel
    ridge: float
    value: float


def marginal_likelihood(
    kernel: Kernel, inputs: Float[Array, "n d"], labels: Float[Array, "n k"], *, ridge: float
) -> Likelihood:
    """Log marginal likelihood and its gradient.

    Raises:
        BadInput: wrong shapes, NaN, float32, or K + ridge I is not positive definite in float64.
        TooLarge: the kernel does not fit into memory.
    """
    inputs = finite_matrix("inputs", inputs)
    require_float64("inputs", inputs)
    labels = finite_matrix("labels", labels, rows=inputs.shape[0], dtype=inputs.dtype)
    targets = np.asarray(labels)
    n, k = targets.shape
    matrix = assembled(kernel, inputs, copies=4)
    matrix[np.diag_indices(n)] += ridge
    try:
        factor = scipy.linalg.cho_factor(matrix.T, lower=True, overwrite_a=True, check_finite=False)
    except np.linalg.LinAlgError:
        raise BadInput(
            "ridge",
            required="make K + ridge I positive definite in float64",
            got=f"{ridge:g}",
            advice=f"Type ridge={max(10 * ridge, 1e-12 * n):.1g}.",
        ) from None
    solved = scipy.linalg.cho_solve(factor, targets, check_finite=False)
    determinant = 2 * float(np.sum(np.log(np.diagonal(factor[0]))))
    value = -0.5 * (float(np.sum(targets * solved)) + k * determinant + n * k * math.log(2 * math.pi))
    inverse, _ = scipy.linalg.lapack.dpotri(factor[0], lower=1, overwrite_c=1)  # pyright: ignore[reportAttributeAccessIssue]
    lower = np.tril(inverse, -1)
    inverse = lower + lower.T + np.diag(np.diagonal(inverse))
    slope = 0.5 * (solved @ solved.T - k * inverse)
    return Likelihood(value, float(np.trace(slope)), _pulled_back(kernel, inputs, jnp.asarray(slope)))


@eqx.filter_jit
def _pulled_back(kernel: Kernel, inputs: Float[Array, "n d"], slope: Float[Array, "n n"]) -> Any:
    return eqx.filter_grad(lambda each: jnp.sum(slope * each(inputs, inputs)))(kernel)


def fit_by_likelihood(
    kernel: LimitKernel, inputs: Float[Array, "n d"], labels: Float[Array, "n k"], *, ridge: float, most: int = 50
) -> Fitted:
    """Scale and ridge of the largest marginal likelihood, by L-BFGS on their logarithms from the given start.

    Scales stay within a factor 10, ridges within 10^4 of the start. Raises as `marginal_likelihood`.
    """
    if not (float(kernel.scale) > 0 and ridge > 0):
        raise BadInput("ridge", required="be positive, as the scale", got=f"{ridge:g}", advice="Type ridge=1e-2.")
    start = np.log([float(kernel.scale), ridge])

    def loss(logs: np.ndarray) -> tuple[float, np.ndarray]:
        scale, noise = np.exp(logs)
        found = marginal_likelihood(
            LimitKernel(kernel.features, float(scale), kernel.trained), inputs, labels, ridge=noise
        )
        return -found.value, -np.array([scale * float(found.kernel.scale), noise * found.ridge])

    bounds = [(start[0] - math.log(10), start[0] + math.log(10)), (start[1] - math.log(1e4), start[1] + math.log(1e4))]
    options = {"maxiter": most}
    found: Any = scipy.optimize.minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options=options)
    scale, noise = (float(each) for each in np.exp(found.x))
    return Fitted(LimitKernel(kernel.features, scale, kernel.trained), noise, -float(found.fun))
