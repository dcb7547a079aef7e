"""Kernel regression on many pairs by landmarks, every stopping time and every ridge from one decomposition.

Landmarks c_1, ..., c_q are some of the inputs, drawn by randomly pivoted Cholesky. With K_cc = U diag(s) U^T, their
kernel matrix,

    Phi(u) = s^(-1/2) U^T K(c, u)    (directions with s > 1e-12 s_max),    Phi(u) . Phi(u') <= K(u, u') as kernels

with equality at the landmarks. The trace of K - Phi Phi^T over the pairs says what is lost. Analytic kernels in few
dimensions have so small a numerical rank that nothing is: then this is the kernel's regression itself, in a time
linear in the number of pairs N.

With Phi^T Phi / N = V diag(l) V^T and b = V^T Phi^T Y / N, for the loss |F - Y|^2 / (2 N),

    flow    F_tau = Phi V diag((1 - exp(-tau l))/l) b    gradient flow from 0, the limit of wide networks, at time tau
    ridge   F_r   = Phi V diag(1/(l + r)) b              minimizer of |F - Y|^2/N + r |F|_H^2

The l_i are the eigenvalues of K/N; tau counts in the units of the loss with 1/N.
"""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from softntk.kernels.limit import LimitKernel
from softntk.kernels.nystrom import pivots
from softntk.numerics.arrays import finite_matrix
from softntk.numerics.blocks import row_blocks, rows_of_blocks

__all__ = ["Bounded", "KernelPath", "Landmarks", "Predictor", "draw_landmarks", "kernel_path"]

# Rows of a kernel block that is made at a time.
_ROWS = 4096

# Landmarks are drawn from at most this many times as many inputs: what pivoting needs is linear in them.
_POOL = 10


class Bounded(eqx.Module):
    """A limit kernel divided by its value at unit inputs: bounded by 1 on the ball, and 1 on the sphere's diagonal."""

    kernel: LimitKernel

    def __call__(self, inputs: Float[Array, "n d"], others: Float[Array, "n2 d"] | None = None) -> Float[Array, "n n2"]:
        unit = jnp.zeros_like(inputs[:1]).at[0, 0].set(1)
        return self.kernel(inputs, others) / self.kernel.diagonal(unit)[:, None]


class Landmarks(eqx.Module):
    """Phi: call it with inputs (n, d) for features (n, rank). `kernel(inputs, others)` is (n, n')."""

    kernel: Any
    centers: Float[Array, "q d"]
    whitening: Float[Array, "q rank"]

    @property
    def rank(self) -> int:
        """Number of features."""
        return self.whitening.shape[1]

    def __call__(self, inputs: Float[Array, "n d"]) -> Float[Array, "n rank"]:
        return _features(self, inputs)


@eqx.filter_jit
def _features(phi: Landmarks, inputs: Float[Array, "n d"]) -> Float[Array, "n rank"]:
    def block(rows: Float[Array, "b d"]) -> Float[Array, "b rank"]:
        return phi.kernel(rows, phi.centers) @ phi.whitening

    count = inputs.shape[0]
    if count <= _ROWS:
        return block(inputs)
    return rows_of_blocks(jax.lax.map(block, row_blocks(inputs, _ROWS)), count)


def draw_landmarks(key: Array, kernel: Any, inputs: Float[Array, "n d"], *, count: int) -> Landmarks:
    """`count` of the inputs as landmarks; all of them if there are no more."""
    inputs = finite_matrix("inputs", inputs)
    if inputs.shape[0] > count:
        pool_key, pivot_key = jax.random.split(key)
        pool = inputs[jax.random.permutation(pool_key, inputs.shape[0])[: _POOL * count]]
        bare = kernel.kernel if isinstance(kernel, Bounded) else kernel  # a factor changes no pivot
        chosen = pivots(bare, pool, rank=count, key=pivot_key)
        # An exhausted kernel has fewer pivots; any others keep the shapes, which depend on `count` alone.
        others = np.setdiff1d(np.arange(pool.shape[0]), chosen)[: count - len(chosen)]
        inputs = pool[np.concatenate([chosen, others])]
    values, vectors = _eigh(kernel, inputs)
    kept = values > 1e-12 * values[-1]
    # Directions without weight stay, as columns of zeros: all shapes depend on `count` alone.
    return Landmarks(kernel, inputs, vectors * jnp.where(kept, 1 / jnp.sqrt(jnp.where(kept, values, 1)), 0)[None])


@eqx.filter_jit
def _eigh(kernel: Any, inputs: Float[Array, "q d"]) -> tuple[Float[Array, " q"], Float[Array, "q q"]]:
    return jnp.linalg.eigh(kernel(inputs, None))


class Predictor(eqx.Module):
    """F = Phi w: inputs (n, d) -> outputs (n, k)."""

    features: Landmarks
    weights: Float[Array, "rank k"]

    def __call__(self, inputs: Float[Array, "n d"]) -> Float[Array, "n k"]:
        return self.features(inputs) @ self.weights


class KernelPath(eqx.Module):
    """Every stopping time and every ridge; `lost` is the share of the kernel's trace that the landmarks miss."""

    features: Landmarks
    values: Float[Array, " rank"]
    vectors: Float[Array, "rank rank"]
    coefficients: Float[Array, "rank k"]
    energy: Float[Array, ""]
    count: int = eqx.field(static=True)
    lost: Float[Array, ""]

    def flow_factors(self, taus: Float[Array, " f"]) -> Float[Array, "f rank"]:
        """(1 - exp(-tau l))/l for every tau."""
        x = taus[:, None] * self.values[None]
        tiny = x < 1e-8
        return taus[:, None] * jnp.where(tiny, 1 - x / 2, -jnp.expm1(-x) / jnp.where(tiny, 1.0, x))

    def ridge_factors(self, ridges: Float[Array, " f"]) -> Float[Array, "f rank"]:
        """1/(l + r) for every r."""
        return 1 / (self.values[None] + ridges[:, None])

    def predictor(self, factors: Float[Array, " rank"]) -> Predictor:
        """F with these factors."""
        return Predictor(self.features, self.vectors @ (factors[:, None] * self.coefficients))

    def flow(self, tau: float | Float[Array, ""]) -> Predictor:
        """Gradient flow from zero, stopped at `tau`."""
        return self.predictor(self.flow_factors(jnp.asarray([tau], self.values.dtype))[0])

    def ridge(self, r: float | Float[Array, ""]) -> Predictor:
        """Kernel ridge regression."""
        return self.predictor(self.ridge_factors(jnp.asarray([r], self.values.dtype))[0])

    def norm(self, factors: Float[Array, " rank"]) -> Float[Array, ""]:
        """|F|_H: the root of the sum of the squares of the weights, over all outputs."""
        return jnp.sqrt(jnp.sum((factors[:, None] * self.coefficients) ** 2))

    def outputs(self, inputs: Float[Array, "n d"], factors: Float[Array, "f rank"]) -> Float[Array, "f n k"]:
        """Outputs at new inputs for many sets of factors."""
        rotated = self.features(inputs) @ self.vectors
        return _mixed(rotated, self.coefficients, factors)


@jax.jit
def _mixed(rotated: Float[Array, "n rank"], b: Float[Array, "rank k"], factors: Float[Array, "f rank"]):
    return jax.lax.map(lambda each: rotated @ (each[:, None] * b), factors)


def kernel_path(features: Landmarks, inputs: Float[Array, "n d"], labels: Float[Array, "n k"]) -> KernelPath:
    """Decompose the regression of the labels on the features."""
    inputs = finite_matrix("inputs", inputs)
    labels = finite_matrix("labels", labels, rows=inputs.shape[0])
    moments, cross, seen, total = _moments(features, inputs, labels)
    values, vectors = jnp.linalg.eigh(moments)
    # What rounding makes of a zero eigenvalue is nothing to learn from.
    values = jnp.where(values > 1e-15 * values[-1], values, 0.0)
    return KernelPath(
        features,
        values,
        vectors,
        vectors.T @ cross,
        (labels**2).sum() / inputs.shape[0],
        inputs.shape[0],
        jnp.maximum(1 - seen / total, 0.0),
    )


@eqx.filter_jit
def _moments(features: Landmarks, inputs: Float[Array, "n d"], labels: Float[Array, "n k"]):
    """Phi^T Phi / N, Phi^T Y / N, and the traces of Phi Phi^T and of K."""
    count, rank = inputs.shape[0], features.whitening.shape[1]
    rows = min(_ROWS, count)
    real = jnp.ones((count, 1), labels.dtype)
    blocks = tuple(row_blocks(array, rows) for array in (inputs, labels, real))

    def add(state, block):
        u, y, mask = block
        phi = mask * (features.kernel(u, features.centers) @ features.whitening)
        return (state[0] + phi.T @ phi, state[1] + phi.T @ y, state[2] + (phi**2).sum()), None

    start = (
        jnp.zeros((rank, rank), inputs.dtype),
        jnp.zeros((rank, labels.shape[1]), inputs.dtype),
        jnp.zeros((), inputs.dtype),
    )
    (moments, cross, trace), _ = jax.lax.scan(add, start, blocks)
    total = jax.vmap(lambda u: features.kernel(u[None], u[None])[0, 0])(inputs).sum()
    return moments / count, cross / count, trace, total
