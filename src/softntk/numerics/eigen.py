"""Extreme eigenvalues of symmetric matrices, each with an error radius.

Dense: LAPACK's symmetric solver is backward stable, so every computed eigenvalue is within p(N) eps ||M|| of a true
one. The radius reported is N eps ||M||, with p(N) = N.

Matrix-free: Lanczos with full reorthogonalization gives Ritz values theta with Ritz vectors v. Then some
eigenvalue lies within ||M v - theta v|| of theta, and the extreme Ritz values lie inside the spectrum:

    lambda_min <= theta_min,      theta_max <= lambda_max.

The residual is measured by one more product; N eps ||M|| is added for its rounding. It says that theta is near *an*
eigenvalue; that this is the extreme one holds once the Krylov space is deep enough, which is why `steps` is the
caller's choice.
"""

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.typing import DTypeLike
from jaxtyping import Array, Float
from matfree import decomp

from softntk.failures import BadInput
from softntk.numerics.words import in_words

__all__ = ["Extremes", "dense_extremes", "dense_radius", "lanczos_extremes", "weyl_start"]


class Extremes(eqx.Module):
    """Smallest and largest eigenvalue, each with the radius of its error."""

    smallest: Float[Array, ""]
    largest: Float[Array, ""]
    smallest_radius: Float[Array, ""]
    largest_radius: Float[Array, ""]

    __repr__ = in_words


@jax.jit
def dense_extremes(matrix: Float[Array, "N N"]) -> Extremes:
    """Extreme eigenvalues of a symmetric matrix by LAPACK."""
    values = jnp.linalg.eigvalsh(matrix)
    radius = dense_radius(values)
    return Extremes(values[0], values[-1], radius, radius)


def dense_radius(values: Float[Array, " N"]) -> Float[Array, ""]:
    """N eps ||M|| for the eigenvalues of M."""
    return values.size * jnp.finfo(values.dtype).eps * jnp.abs(values).max()


def lanczos_extremes(
    product: Callable[[Float[Array, " N"]], Float[Array, " N"]], start: Float[Array, " N"], *, steps: int = 64
) -> Extremes:
    """Extreme eigenvalues of a symmetric matrix that is only known by its products.

    Arguments:
        product: v -> M v.
        start: the first vector; it must not be orthogonal to the eigenvectors sought (`weyl_start` will do).
        steps: products to spend, at most N; memory is `steps` vectors.

    Raises:
        BadInput: `steps` is below 1.
    """
    if steps < 1:
        raise BadInput("steps", required="be at least 1", got=str(steps), advice="Type steps=64.")
    steps = min(steps, start.size)
    basis, tridiagonal, *_ = decomp.tridiag_sym(steps, reortho="full")(product, start)
    basis, tridiagonal = _before_breakdown(jnp.asarray(basis), jnp.asarray(tridiagonal))
    values, vectors = jnp.linalg.eigh(tridiagonal)
    # The product and the Rayleigh quotient are rounded as well.
    rounding = start.size * jnp.finfo(start.dtype).eps * jnp.abs(values).max()

    def pair(index: int) -> tuple[Float[Array, ""], Float[Array, ""]]:
        ritz = basis.T @ vectors[:, index]  # the library keeps Krylov vectors in rows
        ritz = ritz / jnp.linalg.norm(ritz)
        image = product(ritz)
        theta = ritz @ image
        return theta, jnp.linalg.norm(image - theta * ritz) + rounding

    (smallest, smallest_radius), (largest, largest_radius) = pair(0), pair(-1)
    return Extremes(smallest, largest, smallest_radius, largest_radius)


def _before_breakdown(
    basis: Float[Array, "steps N"], tridiagonal: Float[Array, "steps steps"]
) -> tuple[Float[Array, "steps N"], Float[Array, "steps steps"]]:
    """Cut off what comes after the Krylov space is exhausted, where the vectors are noise (or NaN).

    A kernel of low numerical rank gets there early: the next vector is then rounding error, normalized. The cut
    part is decoupled and given the first Rayleigh quotient, which is never extreme.
    """
    diagonal, coupling = jnp.diagonal(tridiagonal), jnp.diagonal(tridiagonal, 1)
    size = jax.lax.cummax(jnp.abs(diagonal[:-1]) + jnp.abs(coupling))
    sound = coupling > 100 * jnp.finfo(coupling.dtype).eps * size  # false for NaN
    alive = jnp.concatenate([jnp.ones(1, bool), jnp.cumprod(sound).astype(bool)])
    diagonal = jnp.where(alive, diagonal, diagonal[0])
    coupling = jnp.where(alive[1:], coupling, 0)
    tridiagonal = jnp.diag(diagonal) + jnp.diag(coupling, 1) + jnp.diag(coupling, -1)
    return jnp.where(alive[:, None], basis, basis[:1]), tridiagonal


def weyl_start(size: int, dtype: DTypeLike) -> Float[Array, " N"]:
    """A fixed vector without structure, frac(i golden) - 1/2: a start for Lanczos that needs no random key."""
    golden = (jnp.sqrt(jnp.asarray(5, dtype)) - 1) / 2
    return jnp.mod(jnp.arange(1, size + 1, dtype=dtype) * golden, 1) - 0.5
