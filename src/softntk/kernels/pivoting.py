"""Features of any kernel from a few of its own columns, the columns drawn by randomly pivoted Cholesky.

With landmarks S (p of the inputs) and K(S, S) = L L^T, the features phi(x) = L^-1 K(S, x) give the Nystrom
approximation phi(x)^T phi(x') = K(x, S) K(S, S)^-1 K(S, x'). What is left out, E = K - Phi Phi^T, is positive
semi-definite, so ||E|| <= tr E = sum_i K(x_i, x_i) - |phi(x_i)|^2: measured, for any kernel.

Randomly pivoted Cholesky draws each landmark with probability proportional to the diagonal of what is left out so far.
In blocks: propose many from the present diagonal, go through them in order, and accept one with probability (what is
left of its diagonal) / (its diagonal when the block was proposed). That draws from the same distribution as one by
one, at the speed of matrix products.

Reference: Chen, Epperly, Tropp, Webber (2022), arXiv 2207.06503; blocks by rejection: Epperly, Tropp, Webber (2024).
"""

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.scipy.linalg
import numpy as np
import scipy.linalg
from jaxtyping import Array, Float, Int

from softntk.failures import BadInput
from softntk.kernels.limit import Kernel
from softntk.kernels.operator import diagonal, entries

__all__ = ["Landmarks", "landmarks", "pivots"]

# What is left of a diagonal below this share of it is rounding.
_EXHAUSTED = 1e-13


class Landmarks(eqx.Module):
    """Nystrom features: call with (n, d) to get (n, rank)."""

    kernel: Kernel
    points: Float[Array, "p d"]
    factor: Float[Array, "p p"]

    @property
    def rank(self) -> int:
        """p."""
        return self.points.shape[0]

    def __call__(self, inputs: Float[Array, "n d"]) -> Float[Array, "n p"]:
        """Features (n, p); runs under `jit`."""
        return jax.scipy.linalg.solve_triangular(self.factor, self.kernel(self.points, inputs), lower=True).T

    def columns(self, inputs: Float[Array, "n d"]) -> Float[np.ndarray, "p n"]:
        """Features (p, n), one input a column, by LAPACK."""
        # The right-hand side of trsm is (n, p) in C order, that is (p, n) in LAPACK's.
        rows = entries(self.kernel, inputs, self.points)
        factor = np.asfortranarray(self.factor)
        return scipy.linalg.blas.dtrsm(1.0, factor, rows.T, lower=1, overwrite_b=1)  # pyright: ignore[reportAttributeAccessIssue]

    def remainder(self, inputs: Float[Array, "n d"]) -> Float[np.ndarray, " n"]:
        """E(x_i, x_i) (n,), rounding below zero cut off."""
        found = diagonal(self.kernel, inputs)
        step = max(2**22 // self.rank, 1)
        for first in range(0, len(found), step):
            part = slice(first, first + step)
            found[part] -= np.sum(self.columns(inputs[part]) ** 2, axis=0)
        return np.maximum(found, 0)


def landmarks(
    kernel: Kernel, inputs: Float[Array, "n d"], *, rank: int, key: jax.Array, block: int | None = None
) -> Landmarks:
    """Draw `rank` landmarks (fewer if the kernel is exhausted before) by randomly pivoted Cholesky.

    Arguments:
        block: proposals at a time; default about a tenth of the rank.

    Raises:
        BadInput: a rank outside 1 to n.
    """
    points = inputs[pivots(kernel, inputs, rank=rank, key=key, block=block)]
    small = entries(kernel, points, points)
    np.fill_diagonal(small, diagonal(kernel, points))
    return Landmarks(kernel, points, jnp.asarray(_cholesky(small)))


def pivots(
    kernel: Kernel, inputs: Float[Array, "n d"], *, rank: int, key: jax.Array, block: int | None = None
) -> Int[np.ndarray, " p"]:
    """Which rows `landmarks` draws, in the order of drawing. Raises as `landmarks`."""
    n = inputs.shape[0]
    if not 1 <= rank <= n:
        raise BadInput("rank", required=f"lie between 1 and {n}", got=str(rank), advice=f"Type rank={min(n, 500)}.")
    block = block or min(max(rank // 10, 20), rank)
    rng = np.random.default_rng(np.asarray(jax.random.key_data(key)).astype(np.uint64))
    full = diagonal(kernel, inputs)
    left, found, chosen = full.copy(), np.zeros((rank, len(full))), np.zeros(rank, int)
    done = 0
    while done < rank and left.max() > _EXHAUSTED * full.max():
        proposed = rng.choice(len(full), size=block, p=left / left.sum())
        draws = rng.random(block)
        rows = entries(kernel, inputs[proposed], inputs) - found[:done, proposed].T @ found[:done]
        accepted, corner = _accepted(rows[:, proposed].copy(), left[proposed], proposed, draws, rank - done)
        if not accepted:
            continue
        new = scipy.linalg.solve_triangular(corner, rows[accepted], lower=True, check_finite=False)
        found[done : done + len(accepted)] = new
        chosen[done : done + len(accepted)] = proposed[accepted]
        done += len(accepted)
        left = np.maximum(left - np.sum(new**2, axis=0), 0)
        left[chosen[:done]] = 0
    return chosen[:done]


def _accepted(
    square: np.ndarray, before: np.ndarray, proposed: np.ndarray, draws: np.ndarray, most: int
) -> tuple[list[int], np.ndarray]:
    """Go through the proposals by rejection; the accepted ones and the Cholesky factor of their entries."""
    kept: list[int] = []
    left, columns, seen = before.copy(), np.zeros((len(proposed), 0)), set()
    for i, point in enumerate(proposed):
        if point in seen or left[i] <= draws[i] * before[i] or left[i] <= _EXHAUSTED * before.max():
            continue
        column = (square[:, i] - columns @ columns[i]) / np.sqrt(left[i])
        columns = np.column_stack([columns, column])
        left = left - column**2
        kept.append(i)
        seen.add(point)
        if len(kept) == most:
            break
    return kept, np.tril(columns[kept])


def _cholesky(matrix: Float[np.ndarray, "p p"]) -> Float[np.ndarray, "p p"]:
    """Lower factor, with the smallest shift of the diagonal that rounding asks for."""
    shift, size = 0.0, float(np.trace(matrix)) / len(matrix)
    while True:
        try:
            return scipy.linalg.cholesky(matrix + shift * np.eye(len(matrix)), lower=True)
        except np.linalg.LinAlgError:
            shift = max(10 * shift, 1e-15 * len(matrix) * size)
