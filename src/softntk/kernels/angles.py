"""Norms and angles of pairs of inputs, with derivatives that are finite everywhere.

With u = x / |x| (0 for x = 0), v = x' / |x'|,

    theta = 2 atan2(|u - v|, |u + v|),      d theta = -(<du, v> + <u, dv>) / sin theta,      d|x| = <u, dx>.

arccos <u, v> would lose half of the digits of small angles. Both functions have corners: |x| at 0, and theta, as a
function of one input, where u = v or u = -v. There an equal step to either side changes them alike, so the central
difference is 0, and that is taken for the derivative: one that exists, is used, and one that does not is symmetric.
A zero input is at a right angle to every other one: theta = pi/2 makes x -> <x, x'> theta the mean of both sides too.

Unit vectors are rounded. Where they are equal or opposite up to that rounding, the direction of u - v is noise, and
the pair counts as parallel. Second derivatives follow the same rules; they grow like 1 / theta next to a corner.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

__all__ = ["angles", "lengths", "units"]


def lengths(inputs: Float[Array, "n d"]) -> Float[Array, " n"]:
    """|x_i| (n,); the derivative at 0 is 0."""
    squares = jnp.sum(inputs**2, axis=1)
    zero = squares == 0
    # The inner `where` keeps the infinite slope of the root at 0 out of every product that autodiff forms.
    return jnp.where(zero, 0, jnp.sqrt(jnp.where(zero, 1, squares)))


def units(inputs: Float[Array, "n d"]) -> Float[Array, "n d"]:
    """x_i / |x_i| (n, d), and 0 with derivative 0 for a zero row."""
    norms = lengths(inputs)[:, None]
    zero = norms == 0
    return jnp.where(zero, 0, inputs / jnp.where(zero, 1, norms))


@jax.custom_jvp
def angles(left: Float[Array, "n d"], right: Float[Array, "n2 d"]) -> Float[Array, "n n2"]:
    """Angles in [0, pi] between unit vectors; pi/2 with a zero vector."""
    # XLA fuses the reductions, so no n x n' x d array is formed.
    apart = jnp.sum((left[:, None, :] - right[None, :, :]) ** 2, axis=2)
    together = jnp.sum((left[:, None, :] + right[None, :, :]) ** 2, axis=2)
    return 2 * jnp.atan2(jnp.sqrt(apart), jnp.sqrt(together))


@angles.defjvp
def _turn(primals: tuple[Array, Array], tangents: tuple[Array, Array]) -> tuple[Array, Array]:
    (left, right), (moved, moved_right) = primals, tangents
    theta = angles(left, right)
    sine = jnp.sin(theta)
    # Rounding moves a unit vector by less than this; sin(pi) is rounding too.
    parallel = sine <= (left.shape[1] + 4) * jnp.finfo(left.dtype).eps
    closer = moved @ right.T + left @ moved_right.T
    return theta, jnp.where(parallel, 0, -closer / jnp.where(parallel, 1, sine))
