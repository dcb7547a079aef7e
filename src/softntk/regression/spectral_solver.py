"""Make a `SpectralFit`: merge equal rows, decompose by the solver."""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from softntk.failures import BadInput
from softntk.kernels.limit import Kernel
from softntk.numerics.arrays import finite_matrix, require_float64
from softntk.regression.repeats import distinct
from softntk.regression.solver import SolverChoice
from softntk.regression.solvers import Auto
from softntk.regression.spectral import SpectralFit

__all__ = ["spectral_fit"]


def spectral_fit(
    kernel: Kernel,
    inputs: Float[Array, "n d"],
    labels: Float[Array, "n k"],
    *,
    weights: Float[Array, " n"] | Float[np.ndarray, " n"] | None = None,
    solver: SolverChoice | None = None,
    key: jax.Array | None = None,
    precision: str = "float64",
) -> SpectralFit:
    """Every ridge and every stopping time of one training set, from one eigendecomposition.

    Equal rows are merged: the functions are the same, and leave-one-out leaves all copies of a row out.

    Arguments:
        kernel: a `LimitKernel`, or any function (inputs, others) -> (n, n') with a positive semi-definite matrix.
        weights: of the rows in the sum of squares; default 1. A weight of 3 is three copies.
        solver: `Dense()`, `Expanded()` or `Nystrom()`; default `Auto()`: dense, or expanded where it costs less.
        key: for landmarks, which are drawn.
        precision: "float32" allows inputs of that precision: the algebra is in float64 all the same, eigenvalues are
            trusted to the rounding of float32, and predictors are in float32.

    Raises:
        BadInput: wrong shapes, NaN, another precision, weights that are not positive, or a kernel that is not positive
            semi-definite.
        TooLarge: there is not enough memory.
    """
    inputs = finite_matrix("inputs", inputs)
    if precision != "float32":
        require_float64("inputs", inputs)
    labels = finite_matrix("labels", labels, rows=inputs.shape[0])
    given = None if weights is None else _positive(np.asarray(weights, np.float64), inputs.shape[0])
    merged = distinct(inputs, np.asarray(labels, np.float64), given)
    roots = None if merged.weights is None else np.sqrt(merged.weights)
    epsilon = float(np.finfo(np.dtype(inputs.dtype)).eps)
    rows = jnp.asarray(merged.inputs)
    name, found = (Auto() if solver is None else solver).decompose(
        kernel, rows, merged.labels, roots, epsilon=epsilon, key=key
    )
    return SpectralFit(
        kernel,
        found.basis,
        rows,
        merged.labels,
        merged.weights,
        given,
        merged.places,
        merged.spread,
        found.values,
        found.vectors,
        found.coordinates,
        found.left,
        found.radius,
        found.left_out,
        found.trace,
        name,
    )


def _positive(weights: Float[np.ndarray, " n"], count: int) -> Float[np.ndarray, " n"]:
    if weights.shape != (count,) or not (np.isfinite(weights) & (weights > 0)).all():
        raise BadInput(
            "weights",
            required=f"be {count} finite numbers above 0",
            got=f"shape {weights.shape}, smallest {weights.min(initial=np.inf):g}",
            advice="Drop rows of weight 0.",
        )
    return weights
