"""Products with a kernel matrix that is never formed.

Every limit kernel is zonal up to weights: K(x, x') = w(x) w(x') psi(<u, u'>), where

    softmax      u = x,       w = 1                    psi(g) = g e^(s g)  and  e^(s g)
    exponential  u = x,       w = exp(s |x|^2 / 2)     the same
    ReLU         u = x / |x|, w = |x|                  psi(c) = c (pi - arccos c) / (2 pi)  and
                                                       s (sqrt(1 - c^2) + (pi - arccos c) c) / (2 pi)

with s = scale^2, for the hidden and the output layer. So a tile is one matrix product and one function of its entries,
which stay in the cache until the tile is multiplied with the vectors. A tile off the diagonal serves its mirror image
too: half of the entries are never computed.

Tiles are spread over threads by their number alone, so a product is the same to the last bit each time. In float32
the entries are single, the sums over tiles double. arccos loses half of the digits at 1 and -1, so the angles of nearly
parallel directions are computed from their difference. Any other kernel is called a tile at a time.
"""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple, Protocol, runtime_checkable

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import DTypeLike
from jaxtyping import Array, Float, Int
from threadpoolctl import threadpool_limits

from softntk.kernels.limit import Kernel, LimitKernel
from softntk.kernels.normalized import NormalizedKernel
from softntk.networks.features import Exponential, ReLU

__all__ = ["KernelOperator", "diagonal", "entries"]

_ROWS = 500
# Cosines beyond which an angle is computed from the difference, and how many at a time.
_PARALLEL = 1 - 1e-4
_PAIRS = 2**16


class _Points(NamedTuple):
    """Inputs as a kernel wants them: u (n, d) and w (n,), or the inputs themselves for a kernel that is called."""

    directions: np.ndarray
    weights: np.ndarray | None

    def at(self, rows: slice | np.ndarray) -> "_Points":
        return _Points(self.directions[rows], None if self.weights is None else self.weights[rows])


class _Source:
    """Entries of one kernel in one precision."""

    def __init__(self, kernel: Kernel, dtype: DTypeLike):
        self.kernel, self.dtype = kernel, np.dtype(dtype)
        limit, self.factor = kernel, 1.0
        if isinstance(kernel, NormalizedKernel):
            limit, self.factor = kernel.kernel, 1 / float(kernel.at_unit(jnp.ones((1, 1))))
        self.zonal = isinstance(limit, LimitKernel)
        if isinstance(limit, LimitKernel):
            self.name, self.layers, self.s = limit.features.name, limit.layers, float(limit.scale) ** 2

    def points(self, inputs: Float[Array, "n d"]) -> _Points:
        x = np.asarray(inputs, np.float64)
        if not self.zonal or self.name not in (ReLU.name, Exponential.name):
            return _Points(np.ascontiguousarray(x, self.dtype), None)
        squares = np.sum(x**2, axis=1)
        if self.name == Exponential.name:
            return _Points(x.astype(self.dtype), np.exp(self.s * squares / 2).astype(self.dtype))
        norms = np.sqrt(squares)
        units = x / np.where(norms > 0, norms, 1)[:, None]
        return _Points(units.astype(self.dtype), norms.astype(self.dtype))

    def tile(self, left: _Points, right: _Points, *, same: bool = False) -> np.ndarray:
        """Entries between the points; `same` if both are the same rows in the same order."""
        if not self.zonal:
            return np.array(_called(self.kernel, jnp.asarray(left.directions), jnp.asarray(right.directions)))
        product = left.directions @ right.directions.T
        if self.name == ReLU.name:
            if same:
                np.fill_diagonal(product, 1)
            found = _angular(product, left.directions, right.directions, self.layers, self.s)
        else:
            found = np.multiply(product, product.dtype.type(self.s))
            np.exp(found, out=found)
            if self.layers == ("hidden",):
                found *= product
            elif len(self.layers) == 2:
                product += 1
                found *= product
        if left.weights is not None and right.weights is not None:
            found *= left.weights[:, None] * right.weights[None, :]  # in this order: symmetric to the last digit
        if self.factor != 1:
            found *= found.dtype.type(self.factor)
        return found


def _angular(cosine: np.ndarray, left: np.ndarray, right: np.ndarray, layers: tuple[str, ...], s: float) -> np.ndarray:
    np.clip(cosine, -1, 1, out=cosine)
    scale = cosine.dtype.type(1 / (2 * np.pi))
    supplement = np.arccos(-cosine)  # pi - arccos
    _mend_small_angles(supplement, cosine, left, right)
    total = cosine * supplement
    if "output" in layers:
        output = np.sin(supplement) + total  # the sine of the angle, which 1 - cosine^2 would lose
        output *= cosine.dtype.type(s)
        total = output if layers == ("output",) else total + output
    total *= scale
    return total


def _mend_small_angles(supplement: np.ndarray, cosine: np.ndarray, left: np.ndarray, right: np.ndarray) -> None:
    """Where directions are nearly parallel or opposite: the angle from their difference, which has all its digits."""
    rows, columns = np.nonzero(np.abs(cosine) > _PARALLEL)
    for first in range(0, len(rows), _PAIRS):
        i, j = rows[first : first + _PAIRS], columns[first : first + _PAIRS]
        ahead = cosine[i, j] > 0
        gap = left[i] - np.where(ahead, 1, -1)[:, None].astype(left.dtype) * right[j]
        angle = 2 * np.arcsin(np.sqrt(np.sum(gap**2, axis=1)) / 2)
        supplement[i, j] = np.where(ahead, np.pi - angle, angle)


@eqx.filter_jit
def _called(kernel: Kernel, left: Float[Array, "a d"], right: Float[Array, "b d"]) -> Float[Array, "a b"]:
    return kernel(left, right)


def entries(kernel: Kernel, inputs: Float[Array, "n d"], others: Float[Array, "n2 d"]) -> Float[np.ndarray, "n n2"]:
    """K(inputs, others) in float64 as a NumPy array, quickly."""
    source = _Source(kernel, np.float64)
    return source.tile(source.points(inputs), source.points(others))


@runtime_checkable
class _WithDiagonal(Protocol):
    """A kernel that knows its diagonal in closed form."""

    def diagonal(self, inputs: Float[Array, "n d"]) -> Float[Array, " n"]:
        """K(x_i, x_i) (n,)."""
        ...


def diagonal(kernel: Kernel, inputs: Float[Array, "n d"]) -> Float[np.ndarray, " n"]:
    """K(x_i, x_i) (n,): by `kernel.diagonal` if there is one, else entry by entry."""
    if isinstance(kernel, _WithDiagonal):
        return np.array(kernel.diagonal(inputs), np.float64)
    return np.array(_each(kernel, inputs), np.float64)


@eqx.filter_jit
def _each(kernel: Kernel, inputs: Float[Array, "n d"]) -> Float[Array, " n"]:
    return jax.lax.map(lambda x: kernel(x[None, :], x[None, :])[0, 0], inputs, batch_size=256)


class KernelOperator:
    """The kernel matrix of the inputs as an operator: `product`, `rows` and `diagonal`, in memory linear in n.

    Arguments:
        kernel: a `LimitKernel`, or any function (inputs, others) -> (n, n').
        dtype: precision of the entries.
        rows: rows of a tile.
    """

    def __init__(self, kernel: Kernel, inputs: Float[Array, "n d"], *, dtype: DTypeLike = "float64", rows: int = _ROWS):
        self.kernel, self.inputs, self.step = kernel, inputs, min(rows, inputs.shape[0])
        self._source = _Source(kernel, dtype)
        self._points = self._source.points(inputs)
        self.threads = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1

    @property
    def size(self) -> int:
        """Number of samples, n."""
        return self.inputs.shape[0]

    def diagonal(self) -> Float[np.ndarray, " n"]:
        """K(x_i, x_i) (n,)."""
        return diagonal(self.kernel, self.inputs)

    def rows(self, indices: Int[np.ndarray, " r"]) -> Float[np.ndarray, "r n"]:
        """The rows K(x_i, X) (r, n) of the given indices, in float64."""
        found = self._source.tile(self._points.at(indices), self._points).astype(np.float64)
        if self._source.zonal:
            found[np.arange(len(indices)), indices] = self.diagonal()[indices]
        return found

    def matrix(self) -> Float[np.ndarray, "n n"]:
        """The whole matrix, symmetric to the last digit, for work that needs it (and may overwrite it)."""
        n, found = self.size, np.empty((self.size, self.size))
        pairs = self._pairs(n)

        def chunk(thread: int) -> np.ndarray:
            for a, b in pairs[thread :: self.threads]:
                tile = self._source.tile(self._points.at(a), self._points.at(b), same=a == b)
                found[a, b] = tile
                if a != b:
                    found[b, a] = tile.T
            return np.zeros(0)

        _together(chunk, self.threads)
        return found

    def product(self, vectors: Float[np.ndarray, "n k"]) -> Float[np.ndarray, "n k"]:
        """K V (n, k), summed in float64."""
        n, k = self.size, vectors.shape[1]
        right = np.ascontiguousarray(vectors, self._source.dtype)
        left = np.ascontiguousarray(right.T)
        pairs = self._pairs(n)

        def chunk(thread: int) -> np.ndarray:
            down, across = np.zeros((n, k)), np.zeros((k, n))
            for a, b in pairs[thread :: self.threads]:
                tile = self._source.tile(self._points.at(a), self._points.at(b), same=a == b)
                across[:, b] += left[:, a] @ tile
                if a != b:
                    down[a] += tile @ right[b]
            down += across.T
            return down

        return _together(chunk, self.threads)

    def _pairs(self, n: int) -> list[tuple[slice, slice]]:
        blocks = [slice(first, min(first + self.step, n)) for first in range(0, n, self.step)]
        return [(blocks[i], blocks[j]) for i in range(len(blocks)) for j in range(i + 1)]


def _together(chunk: Callable[[int], np.ndarray], threads: int) -> np.ndarray:
    """Sum of the chunks, one thread each; BLAS must not start threads of its own under them."""
    with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(threads) as pool:
        first, *others = pool.map(chunk, range(threads))
    for other in others:
        first += other
    return first
