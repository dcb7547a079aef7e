"""Spectrum of a kernel matrix that is never formed: extreme eigenvalues, trace, log-determinant, effective dimension.

Stochastic Lanczos quadrature. From a random start v with entries +1 or -1, q steps of Lanczos give a tridiagonal T with
eigenpairs (theta_j, u_j), and v^T f(K) v = n sum_j u_1j^2 f(theta_j) up to an error that vanishes for polynomials of
degree 2 q - 1. Since E v v^T = I, the mean over starts estimates tr f(K), with a standard error over the starts:

    log det (K + r I):  f = log(l + r)          effective dimension tr K (K + r I)^-1:  f = l / (l + r).

All starts share each product with K, and full reorthogonalization keeps the bases orthogonal. An extreme Ritz value
theta has an eigenvalue within beta |u_qj| of it (beta the next off-diagonal entry) and lies inside the spectrum; that
radius, with n eps ||K|| for rounding, is reported. The trace is the sum of the diagonal: exact.

Reference: Ubaru, Chen, Saad (2017).
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import equinox as eqx
import jax
import numpy as np
from jaxtyping import Array, Float

from softntk.failures import BadInput
from softntk.kernels.limit import Kernel
from softntk.kernels.operator import KernelOperator
from softntk.numerics.arrays import finite_matrix, require_float64
from softntk.numerics.eigen import Extremes
from softntk.numerics.memory import announce
from softntk.regression.dense import refuse_infinite

__all__ = ["Estimate", "Quadrature", "quadrature"]


class Estimate(NamedTuple):
    """A sampled number and its standard error (of the starts; the quadrature has an error of its own)."""

    value: float
    standard_error: float


class Quadrature(eqx.Module):
    """Nodes and weights (starts, steps) of tr f(K) = n mean over starts of sum_j w_j f(theta_j)."""

    nodes: Float[np.ndarray, "starts steps"]
    weights: Float[np.ndarray, "starts steps"]
    size: int = eqx.field(static=True)
    trace: float
    extremes: Extremes

    def integral(self, function: Callable[[np.ndarray], np.ndarray]) -> Estimate:
        """tr f(K) with its standard error."""
        # Ritz values are inside the spectrum; rounding alone puts one below zero.
        values = self.size * np.sum(self.weights * function(np.maximum(self.nodes, 0)), axis=1)
        return Estimate(float(values.mean()), float(values.std(ddof=1)) / math.sqrt(len(values)))

    def log_determinant(self, ridge: float) -> Estimate:
        """log det (K + ridge I).

        Raises:
            BadInput: the ridge is not positive.
        """
        return self.integral(lambda values: np.log(values + _positive(ridge)))

    def effective_dimension(self, ridge: float) -> Estimate:
        """tr K (K + ridge I)^-1. Raises as `log_determinant`."""
        return self.integral(lambda values: values / (values + _positive(ridge)))


def quadrature(
    kernel: Kernel, inputs: Float[Array, "n d"], *, key: jax.Array, starts: int = 8, steps: int = 40
) -> Quadrature:
    """Run Lanczos from random starts, all at once: `steps` products with `starts` vectors.

    Raises:
        BadInput: wrong shapes, NaN, float32, fewer than 2 starts or steps.
        TooLarge: the starts n steps numbers of the bases do not fit into memory.
    """
    inputs = finite_matrix("inputs", inputs)
    require_float64("inputs", inputs)
    n = inputs.shape[0]
    if starts < 2 or steps < 2:
        raise BadInput(
            "starts", required="be at least 2, and steps too", got=f"{starts}, {steps}", advice="Type 8, 40."
        )
    steps = min(steps, n)
    announce(
        8.0 * n * starts * (steps + 6),
        what=f"{starts} Lanczos bases of {steps} vectors",
        argument="steps",
        advice="Take fewer starts or steps.",
    )
    operator = KernelOperator(kernel, inputs)
    diagonal = operator.diagonal()
    refuse_infinite(diagonal)
    start = np.asarray(jax.random.rademacher(key, (n, starts), float))
    nodes, weights, next_couplings, last = _lanczos(operator.product, start, steps)
    rounding = n * np.finfo(float).eps * float(np.abs(nodes).max())
    low, high = int(np.argmin(nodes[:, 0])), int(np.argmax(nodes[:, -1]))
    found = Extremes(
        *(
            jax.numpy.asarray(np.float64(each))
            for each in (
                nodes[low, 0],
                nodes[high, -1],
                next_couplings[low] * abs(last[low, 0]) + rounding,
                next_couplings[high] * abs(last[high, -1]) + rounding,
            )
        )
    )
    return Quadrature(nodes, weights, n, float(diagonal.sum()), found)


def _lanczos(
    product: Callable[[np.ndarray], np.ndarray], start: Float[np.ndarray, "n s"], steps: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Ritz values, squared first and last components of their vectors, and the next off-diagonal entry, by start."""
    n, starts = start.shape
    basis = np.zeros((starts, steps, n))
    current = start / np.linalg.norm(start, axis=0)[None, :]
    diagonal, coupling = np.zeros((starts, steps)), np.zeros((starts, steps))
    for step in range(steps):
        basis[:, step] = current.T
        image = product(current).T
        diagonal[:, step] = np.sum(image * current.T, axis=1)
        for s in range(starts):
            held = basis[s, : step + 1]
            for _ in range(2):  # twice is enough
                image[s] -= held.T @ (held @ image[s])
        size = np.linalg.norm(image, axis=1)
        # An exhausted Krylov space: what is left is rounding, and the rest of the basis is decoupled.
        alive = size > 1e-13 * np.abs(diagonal).max(axis=1)
        coupling[:, step] = np.where(alive, size, 0)
        current = np.where(alive[:, None], image / np.where(alive, size, 1)[:, None], 0).T
    nodes, first, last = np.zeros((starts, steps)), np.zeros((starts, steps)), np.zeros((starts, steps))
    for s in range(starts):
        count = int(np.argmin(np.append(coupling[s, :-1] > 0, False))) + 1
        tridiagonal = np.diag(diagonal[s, :count])
        tridiagonal += np.diag(coupling[s, : count - 1], 1) + np.diag(coupling[s, : count - 1], -1)
        values, vectors = np.linalg.eigh(tridiagonal)
        # What was not reached repeats the largest value with weight zero.
        nodes[s] = np.append(values, np.full(steps - count, values[-1]))
        first[s, :count], last[s, :count] = vectors[0] ** 2, vectors[-1]
    return nodes, first, coupling[:, -1], last


def _positive(ridge: float) -> float:
    if not 0 < ridge < math.inf:
        raise BadInput("ridge", required="be positive and finite", got=repr(ridge), advice="Type ridge=1e-3.")
    return ridge
