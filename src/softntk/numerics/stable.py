"""Exponentials that do not overflow.

For scores z (n, m), row by row:

    E = exp(z - max z),    s = m / sum_r E_r,    m softmax(z) = s E.

E lies in [0, 1] with at least one entry 1, so the sum is in [1, m] and s in [1, m]: nothing overflows and nothing
divides by zero, whatever the size of z.

For scores that are products z = <x, w>, Hoelder bounds |z| by max |x|_1 max |w|_inf, without a look at z. Where that
bound is small, exp(z) is safe as it is, and the search for the maximum, a pass over n m numbers, is left out.
"""

import functools
from collections.abc import Sequence

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

__all__ = ["product_exponentials", "row_peaks", "softmax_parts"]

# exp(+-60), its sums and its products with labels are far from the ends of float32, exp(+-88).
_SAFE_SCORE = 60.0


def softmax_parts(scores: Float[Array, "n m"]) -> tuple[Float[Array, "n m"], Float[Array, "n 1"]]:
    """Return E (n, m) and s (n, 1) with s E = m softmax(scores), each row on its own."""
    # The shift cancels in s E, so its derivative is zero: stopping it keeps autodiff exact and cheap.
    peak = jax.lax.stop_gradient(scores.max(axis=1, keepdims=True))
    exponentials = jnp.exp(scores - peak)
    return exponentials, scores.shape[1] / exponentials.sum(axis=1, keepdims=True)


def product_exponentials(
    inputs: Float[Array, "n d"], hidden: Sequence[Float[Array, "d p"]]
) -> list[Float[Array, "n p"]]:
    """Return exp(<x_i, w_r> - c_i) for every part of the weights.

    One shift c_i per row, for all parts together, keeps it in range for inputs of any finite size.
    """
    # The row's power of two is multiplied back after the shift: differences may overflow to -inf, whose exponential
    # is the right 0.
    peaks = row_peaks(inputs)
    scores = [(inputs / peaks) @ part for part in hidden]
    # Of all norms these cost the least: no array of the size of the weights is formed.
    bound = jnp.abs(inputs).sum(axis=1).max() * _largest([jnp.maximum(part.max(), -part.min()) for part in hidden])
    bound, fixed = jax.lax.stop_gradient((bound, scores))
    # Under vmap both branches run, and this is an ordinary search for the maximum. NaN compares false.
    shift = jax.lax.cond(bound <= _SAFE_SCORE, _no_shift, _row_maxima, fixed)
    return [jnp.exp((part - shift) * peaks) for part in scores]


def _no_shift(scores: Sequence[Float[Array, "n p"]]) -> Float[Array, "n 1"]:
    return jnp.zeros((scores[0].shape[0], 1), scores[0].dtype)


def _row_maxima(scores: Sequence[Float[Array, "n p"]]) -> Float[Array, "n 1"]:
    return _largest([part.max(axis=1, keepdims=True) for part in scores])


def _largest(arrays: Sequence[Float[Array, "..."]]) -> Float[Array, "..."]:
    return functools.reduce(jnp.maximum, arrays)


def row_peaks(inputs: Float[Array, "n d"]) -> Float[Array, "n 1"]:
    """Return for each row a power of two, 1 for ordinary rows, that keeps products of the divided row in range.

    Dividing by a power of two is exact. Only rows with entries of 2^40 and more are touched, so that all others keep
    their bits; those are brought below 2^40.
    """
    peak = jax.lax.stop_gradient(jnp.abs(inputs).max(axis=1, keepdims=True))
    _, exponent = jnp.frexp(peak)
    # Not down to 1: XLA divides by multiplying with the reciprocal, and that of the largest powers is flushed to zero.
    return jnp.ldexp(jnp.ones_like(peak), jnp.maximum(exponent - 40, 0))
