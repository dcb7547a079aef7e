"""Features of any kernel from a few of its own columns, the columns drawn by randomly pivoted Cholesky.

With landmarks S (q of the inputs) and K(S, S) = U diag(s) U^T, the features

    phi(x) = W^T K(S, x),      W = U diag(s)^(-1/2)      (directions with s > 1e-12 s_max)

give the Nystrom approximation phi(x)^T phi(x') = K(x, S) K(S, S)^-1 K(S, x'), exact at the landmarks. What is left out,
E = K - Phi Phi^T, is positive semi-definite, so ||E|| <= tr E = sum_i K(x_i, x_i) - |phi(x_i)|^2: measured, for any
kernel. Analytic kernels in few dimensions have so small a numerical rank that nothing is left out.

Randomly pivoted Cholesky draws each landmark with probability proportional to the diagonal of what is left out so far.
In blocks: propose many from the present diagonal, go through them in order, and accept one with probability (what is
left of its diagonal) / (its diagonal when the block was proposed). That draws from the same distribution as one by
one, at the speed of matrix products. It holds a row of numbers for each landmark and candidate; so where there are
many inputs, landmarks are drawn in turns, each turn from other candidates, five times as many as landmarks.

Reference: Chen, Epperly, Tropp, Webber (2022), arXiv 2207.06503; blocks by rejection: Epperly, Tropp, Webber (2024).
"""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import scipy.linalg
from jaxtyping import Array, Float, Int

from softntk.failures import BadInput
from softntk.kernels.limit import Kernel
from softntk.kernels.operator import diagonal, entries

__all__ = ["NystromFeatures", "features_at", "nystrom_features", "pivots"]

# What is left of a diagonal below this share of it is rounding.
_EXHAUSTED = 1e-13
# Directions of the landmarks' kernel matrix below this share of the largest are rounding.
_NULL = 1e-12
# Candidates held at a time, for each landmark, and how often others take their place.
_CANDIDATES = 5
_TURNS = 5


class NystromFeatures(eqx.Module):
    """Call with inputs (n, d) to get features (n, rank)."""

    kernel: Kernel
    points: Float[Array, "q d"]
    whitening: Float[np.ndarray, "q rank"] | Float[Array, "q rank"]

    @property
    def rank(self) -> int:
        """Number of features: landmarks, without the directions that are rounding."""
        return self.whitening.shape[1]

    def __call__(self, inputs: Float[Array, "n d"]) -> Float[Array, "n rank"]:
        """Features (n, rank); runs under `jit`."""
        return self.kernel(inputs, self.points) @ jnp.asarray(self.whitening, inputs.dtype)

    def columns(self, inputs: Float[Array, "n d"]) -> Float[np.ndarray, "rank n"]:
        """Features (rank, n), one input a column, in float64 by BLAS."""
        return np.asarray(self.whitening, np.float64).T @ entries(self.kernel, self.points, inputs)

    def remainder(self, inputs: Float[Array, "n d"]) -> Float[np.ndarray, " n"]:
        """E(x_i, x_i) (n,), rounding below zero cut off."""
        found = diagonal(self.kernel, inputs)
        step = max(2**22 // self.rank, 1)
        for first in range(0, len(found), step):
            rows = slice(first, first + step)
            found[rows] -= np.sum(self.columns(inputs[rows]) ** 2, axis=0)
        return np.maximum(found, 0)


def nystrom_features(
    kernel: Kernel, inputs: Float[Array, "n d"], *, rank: int, key: jax.Array, block: int | None = None
) -> NystromFeatures:
    """Draw `rank` landmarks (fewer if the kernel is exhausted before) by randomly pivoted Cholesky.

    Arguments:
        block: proposals at a time; default about a tenth of the rank.

    Raises:
        BadInput: a rank outside 1 to n.
    """
    return features_at(kernel, inputs[pivots(kernel, inputs, rank=rank, key=key, block=block)])


def features_at(kernel: Kernel, points: Float[Array, "q d"]) -> NystromFeatures:
    """The features of given landmarks."""
    square = entries(kernel, points, points)
    np.fill_diagonal(square, diagonal(kernel, points))
    values, vectors = scipy.linalg.eigh(square, overwrite_a=True, check_finite=False)
    kept = values > _NULL * values[-1]
    return NystromFeatures(kernel, points, vectors[:, kept] / np.sqrt(values[kept])[None, :])


def pivots(
    kernel: Kernel, inputs: Float[Array, "n d"], *, rank: int, key: jax.Array, block: int | None = None
) -> Int[np.ndarray, " q"]:
    """Which rows `nystrom_features` draws, in the order of drawing. Raises as it."""
    n = inputs.shape[0]
    if not 1 <= rank <= n:
        raise BadInput("rank", required=f"lie between 1 and {n}", got=str(rank), advice=f"Type rank={min(n, 500)}.")
    block = block or min(max(rank // 10, 20), rank)
    rng = np.random.default_rng(np.asarray(jax.random.key_data(key)).astype(np.uint64))
    held = min(_CANDIDATES * rank, n)
    order = np.arange(n) if held == n else rng.permutation(n)
    turns = min(-(-n // held), _TURNS)
    factor, chosen, done, largest = np.zeros((rank, rank)), np.zeros(rank, int), 0, 0.0
    for turn in range(turns):
        rows = order[turn * held : (turn + 1) * held]
        candidates, goal = inputs[rows], rank * (turn + 1) // turns
        full = diagonal(kernel, candidates)
        largest, found = max(largest, float(full.max())), np.zeros((goal, len(rows)))
        if done:
            seen = entries(kernel, inputs[chosen[:done]], candidates)
            found[:done] = scipy.linalg.solve_triangular(
                factor[:done, :done], seen, lower=True, overwrite_b=True, check_finite=False
            )
        left = np.maximum(full - np.einsum("pn,pn->n", found, found), 0)
        while done < goal and left.max() > _EXHAUSTED * largest:
            proposed = rng.choice(len(rows), size=block, p=left / left.sum())
            draws = rng.random(block)
            news = entries(kernel, candidates[proposed], candidates) - found[:done, proposed].T @ found[:done]
            accepted, corner = _accepted(news[:, proposed].copy(), left[proposed], proposed, draws, goal - done)
            if not accepted:
                continue
            end, places = done + len(accepted), proposed[accepted]
            factor[done:end, :done], factor[done:end, done:end] = found[:done, places].T, corner
            found[done:end] = scipy.linalg.solve_triangular(corner, news[accepted], lower=True, check_finite=False)
            chosen[done:end] = rows[places]
            left = np.maximum(left - np.sum(found[done:end] ** 2, axis=0), 0)
            left[places] = 0
            done = end
    return chosen[:done]


def _accepted(
    square: np.ndarray, before: np.ndarray, proposed: np.ndarray, draws: np.ndarray, most: int
) -> tuple[list[int], np.ndarray]:
    """Go through the proposals by rejection; the accepted ones and the Cholesky factor of their entries."""
    accepted: list[int] = []
    left, columns, seen = before.copy(), np.zeros((len(proposed), 0)), set()
    for i, point in enumerate(proposed):
        if point in seen or left[i] <= draws[i] * before[i] or left[i] <= _EXHAUSTED * before.max():
            continue
        column = (square[:, i] - columns @ columns[i]) / np.sqrt(left[i])
        columns = np.column_stack([columns, column])
        left = left - column**2
        accepted.append(i)
        seen.add(point)
        if len(accepted) == most:
            break
    return accepted, np.tril(columns[accepted])
