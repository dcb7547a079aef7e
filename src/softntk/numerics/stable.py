"""Exponentials that do not overflow.

For scores z (n, m), row by row:

    E = exp(z - max z),    s = m / sum_r E_r,    m softmax(z) = s E.

E lies in [0, 1] with at least one entry 1, so the sum is in [1, m] and s in [1, m]: nothing overflows and nothing
divides by zero, whatever the size of z.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

__all__ = ["row_peaks", "softmax_parts"]


def softmax_parts(scores: Float[Array, "n m"]) -> tuple[Float[Array, "n m"], Float[Array, "n 1"]]:
    """Return E (n, m) and s (n, 1) with s E = m softmax(scores), each row on its own."""
    # The shift cancels in s E, so its derivative is zero: stopping it keeps autodiff exact and cheap.
    peak = jax.lax.stop_gradient(scores.max(axis=1, keepdims=True))
    exponentials = jnp.exp(scores - peak)
    return exponentials, scores.shape[1] / exponentials.sum(axis=1, keepdims=True)


def row_peaks(inputs: Float[Array, "n d"]) -> Float[Array, "n 1"]:
    """Return for each row a power of two, 1 for ordinary rows, that keeps products of the divided row in range.

    Dividing by a power of two is exact. Only rows with entries of 2^40 and more are touched, so that all others keep
    their bits; those are brought below 2^40.
    """
    peak = jax.lax.stop_gradient(jnp.abs(inputs).max(axis=1, keepdims=True))
    _, exponent = jnp.frexp(peak)
    # Not down to 1: XLA divides by multiplying with the reciprocal, and that of the largest powers is flushed to zero.
    return jnp.ldexp(jnp.ones_like(peak), jnp.maximum(exponent - 40, 0))
