"""Shapes in the plane: data near curves, for learning to sample.

    rings    two circles, of radius 1.5 and 0.7, points spread evenly along both
    moons    two half circles that reach into each other
    spiral   one arm of one and a half turns, points spread evenly along it

Each point lies on the curve but for Gaussian noise of standard deviation 0.08 in both directions. Coordinates have mean
about zero and standard deviation about one.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from softntk.failures import BadInput

__all__ = ["SHAPES", "shape_named"]

_NOISE = 0.08


def _rings(u: Float[Array, " n"]) -> Float[Array, "n 2"]:
    share = 1.5 / 2.2  # of the length, in the outer ring
    outer = u < share
    angle = 2 * jnp.pi * jnp.where(outer, u / share, (u - share) / (1 - share))
    return jnp.where(outer, 1.5, 0.7)[:, None] * jnp.stack([jnp.cos(angle), jnp.sin(angle)], axis=1)


def _moons(u: Float[Array, " n"]) -> Float[Array, "n 2"]:
    upper = u < 0.5
    angle = jnp.pi * jnp.where(upper, 2 * u, 2 * u - 1)
    x = jnp.where(upper, jnp.cos(angle), 1 - jnp.cos(angle))
    y = jnp.where(upper, jnp.sin(angle), 0.5 - jnp.sin(angle))
    return jnp.stack([1.2 * (x - 0.5), 1.8 * (y - 0.25)], axis=1)


def _spiral(u: Float[Array, " n"]) -> Float[Array, "n 2"]:
    # The length of an Archimedean spiral grows nearly like the square of its angle.
    first, last = 0.5 * jnp.pi, 3.5 * jnp.pi
    angle = jnp.sqrt(first**2 + (last**2 - first**2) * u)
    arm = 0.19 * angle[:, None] * jnp.stack([jnp.cos(angle), jnp.sin(angle)], axis=1)
    return arm + jnp.asarray([0.38, 0.08])[None]  # its mean is zero


#: Name -> the curve: shares of its length in [0, 1] (n,) -> points (n, 2).
SHAPES: dict[str, Callable[[Float[Array, " n"]], Float[Array, "n 2"]]] = {
    "rings": _rings,
    "moons": _moons,
    "spiral": _spiral,
}


def shape_named(name: str, key: Array, count: int) -> Float[Array, "n 2"]:
    """`count` independent points of the shape of this name.

    Raises:
        BadInput: there is no such shape, or `count` is not a positive integer.
    """
    if name not in SHAPES:
        raise BadInput("name", required=f"be one of {', '.join(SHAPES)}", got=repr(name), advice="Type 'rings'.")
    if isinstance(count, bool) or not isinstance(count, int) or count < 1:
        raise BadInput("count", required="be a positive integer", got=repr(count), advice="Type count=2000.")
    place_key, noise_key = jax.random.split(key)
    places = jax.random.uniform(place_key, (count,))
    return SHAPES[name](places) + _NOISE * jax.random.normal(noise_key, (count, 2))
