"""Bounds of what float64 rounding can do, for sums in any order.

With unit roundoff u = 2^-53, a computed sum or dot product of N terms t_1, ..., t_N is within gamma_N sum |t_j| of the
exact one, in whatever order and with or without fused products,

    gamma_N = N u / (1 - N u)                             (Higham, Accuracy and Stability of Numerical Algorithms, 3.1)

and each product that leaves the normal range adds at most `TINY` (it may be flushed to zero). exp and log are trusted
to `TRANSCENDENTAL` = 8 u relative. A formula of few positive terms, or of sums of up to 2^16 positive terms, is
off by less than the factor `SLACK`; long sums over neurons and over input coordinates have their gamma instead.

A sum over m neurons is made in tiles of about sqrt(m), one after the other: gamma_N then has N = tile + tiles, not m.
"""

import math

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

__all__ = [
    "SLACK",
    "TINY",
    "TRANSCENDENTAL",
    "UNIT",
    "exact_zero",
    "gamma",
    "norm_above",
    "summands",
    "tile_of",
    "tiled_product",
]

#: Unit roundoff u of float64.
UNIT = 2.0**-53
#: Smallest normal number.
TINY = 2.0**-1022
#: What is trusted of exp and log, relative.
TRANSCENDENTAL = 8 * UNIT
#: Upper bounds made of few positive terms are multiplied by this, lower bounds divided.
SLACK = 1 + 2.0**-36
_LEAST = 64


def gamma(terms: int) -> float:
    """Relative error of a sum of so many terms."""
    return terms * UNIT / (1 - terms * UNIT)


def tile_of(width: int) -> int:
    """Neurons in one tile."""
    return min(max(_LEAST, 2 ** math.ceil(math.log2(width) / 2)), width)


def summands(width: int) -> int:
    """N of the error gamma_N of `tiled_product` over this many neurons."""
    return tile_of(width) + math.ceil(width / tile_of(width))


def tiled_product(left: Float[Array, "a m"], right: Float[Array, "b m"]) -> Float[Array, "a b"]:
    """left right^T within gamma_N |left| |right|^T, N = `summands`."""
    width = left.shape[1]
    tile = tile_of(width)
    left, right = (jnp.pad(each, ((0, 0), (0, -width % tile))) for each in (left, right))

    def add(index: Array, total: Float[Array, "a b"]) -> Float[Array, "a b"]:
        one, other = (jax.lax.dynamic_slice_in_dim(each, index * tile, tile, axis=1) for each in (left, right))
        return total + one @ other.T

    return jax.lax.fori_loop(0, left.shape[1] // tile, add, jnp.zeros((left.shape[0], right.shape[0]), left.dtype))


def exact_zero(array: Float[Array, "..."]) -> Bool[Array, "..."]:
    """Whether entries are zero by their bits: a comparison may take a denormal number for zero."""
    return (jax.lax.bitcast_convert_type(array, jnp.uint64) << 1) == 0


def norm_above(array: Float[Array, "..."], axis: int | None = None) -> Float[Array, "..."]:
    """Upper bound of the Euclidean norm, of all entries or along an axis; 0 only for zeros, infinite beyond 2^1000."""
    peak = jnp.abs(array).max(axis=axis, keepdims=True)
    usual = (peak > 2.0**-1000) & (peak < 2.0**1000)
    # What is flushed lies below 1e-150 of the peak, far within the slack.
    scaled = jnp.sqrt(jnp.sum((array / jnp.where(usual, peak, 1)) ** 2, axis=axis, keepdims=True))
    slack = SLACK * (1 + gamma(array.size))
    found = jnp.where(usual, peak * scaled * slack, jnp.where(peak < 2.0**1000, 2.0**-1000 * array.size, jnp.inf))
    found = jnp.where(exact_zero(array).all(axis=axis, keepdims=True), 0, jnp.where(jnp.isnan(peak), peak, found))
    return found.reshape(()) if axis is None else jnp.squeeze(found, axis)
