"""Projected gradient descent on the smallest eigenvalue of the kernel.

For the eigenvector q of lambda_min(H(W)),

    lambda_min(H(W)) = |J(W)^T q|^2 / m,      d lambda_min = gradient of |J(W)^T q|^2 / m with q held,

and steps of W - W0 against it are projected onto the ball |W - W0| <= rho. Either rho is given, and the smallest
eigenvalue inside is sought; or the smallest rho is, at which lambda_min falls to a target: then rho shrinks
after every hit and grows after every miss. What the search finds is checked with the kernel itself, so a hit is a fact;
that there is nothing closer is not.

ReLU's kernel is piecewise constant. There the direction comes from a surrogate with slope sigmoid(z / tau), and the
hits from the true kernel.
"""

from typing import ClassVar, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from softntk.kernels.empirical import empirical_ntk
from softntk.kernels.jacobian import vjp
from softntk.kernels.spectra import as_matrix
from softntk.networks.features import Features, ReLU
from softntk.networks.two_layer import TwoLayer

__all__ = ["Hit", "SmoothedReLU", "closest_hit", "smallest_eigenvalue", "smallest_within", "surrogate_of"]

# Steps are this fraction of rho at first and at last; rho changes by these fractions at first and at last, and grows
# by _SEEK until something has been hit.
_STEP, _SCALE, _SEEK = (0.4, 0.02), (0.12, 0.003), 0.4
_BISECTIONS = 12


class SmoothedReLU(Features):
    """tau log(1 + exp(z / tau)): slope sigmoid(z / tau), ReLU as tau falls to 0."""

    name: ClassVar[str] = "smoothed relu"
    centered: ClassVar[bool] = False
    tau: float

    def parts(self, preactivations: Float[Array, "n m"]) -> tuple[Float[Array, "n m"], Float[Array, "n 1"]]:
        values = self.tau * jax.nn.softplus(preactivations / self.tau)
        return values, jnp.ones((len(values), 1), values.dtype)

    def slope(self, exponentials: Float[Array, "n m"]) -> Float[Array, "n m"]:
        return -jnp.expm1(-exponentials / self.tau)


class Hit(NamedTuple):
    """A move (d, m) that brings lambda_min to the target or below, and its size; infinite where none was found."""

    radius: Float[Array, ""]
    move: Float[Array, "d m"]


@eqx.filter_jit
def smallest_eigenvalue(network: TwoLayer, inputs: Float[Array, "n d"]) -> Float[Array, ""]:
    """lambda_min of the kernel of the network."""
    return jnp.linalg.eigvalsh(as_matrix(empirical_ntk(network, inputs)))[0]


@eqx.filter_jit
def closest_hit(
    network: TwoLayer,
    inputs: Float[Array, "n d"],
    target: Float[Array, ""],
    start: Float[Array, "d m"],
    first_radius: Float[Array, ""],
    surrogate: Features,
    evaluations: int,
) -> Hit:
    """Search for the smallest move from `network` at which lambda_min <= target.

    Arguments:
        start: the move at which the search starts (d, m).
        first_radius: the first rho.
        surrogate: the features whose kernel gives the direction; those of the network, unless it is ReLU.
        evaluations: steps to take; each is one kernel with its eigenvectors and one gradient.
    """

    def one(carry: tuple[Array, Array, Hit], done: Float[Array, ""]):
        move, rho, best = carry
        value, slope = _value_and_slope(network, inputs, move, surrogate)
        size = jnp.linalg.norm(move)
        hit = value <= target
        better = hit & (size < best.radius)
        best = Hit(jnp.where(better, size, best.radius), jnp.where(better, move, best.move))
        by = jnp.where(jnp.isfinite(best.radius), _between(_SCALE, done), _SEEK)
        # Growing makes sense only once the ball is what stops the move.
        stuck = size > 0.9 * rho
        rho = jnp.where(hit, jnp.minimum(rho, best.radius) * (1 - by), jnp.where(stuck, rho * (1 + by), rho))
        return (_projected(move, slope, _between(_STEP, done) * rho, rho), rho, best), None

    nothing = Hit(jnp.asarray(jnp.inf, inputs.dtype), jnp.zeros_like(network.hidden))
    done = jnp.linspace(0, 1, evaluations, dtype=inputs.dtype)
    best = jax.lax.scan(one, (start, first_radius, nothing), done)[0][2]
    return _shortened(network, inputs, target, best)


@eqx.filter_jit
def smallest_within(
    network: TwoLayer,
    inputs: Float[Array, "n d"],
    radius: float | Float[Array, ""],
    start: Float[Array, "d m"],
    surrogate: Features,
    evaluations: int,
) -> Float[Array, ""]:
    """The smallest lambda_min that the search meets within the radius; arguments as `closest_hit`."""
    radius = jnp.asarray(radius, inputs.dtype)

    def one(carry: tuple[Array, Array], done: Float[Array, ""]):
        move, best = carry
        value, slope = _value_and_slope(network, inputs, move, surrogate)
        move = _projected(move, slope, _between(_STEP, done) * radius, radius)
        return (move, jnp.minimum(best, value)), None

    first = _projected(start, jnp.zeros_like(start), jnp.zeros_like(radius), radius)
    done = jnp.linspace(0, 1, evaluations, dtype=inputs.dtype)
    move, best = jax.lax.scan(one, (first, jnp.asarray(jnp.inf, inputs.dtype)), done)[0]
    return jnp.minimum(best, smallest_eigenvalue(network.moved_to(network.hidden + move), inputs))


def surrogate_of(network: TwoLayer, inputs: Float[Array, "n d"]) -> Features:
    """The features whose kernel is descended: the network's own, or a smoothed ReLU.

    tau is a power of two near a tenth of the median pre-activation, so that few different programs are compiled.
    """
    if not isinstance(network.features, ReLU):
        return network.features
    middle = float(jnp.median(jnp.abs(inputs @ network.hidden)))
    return SmoothedReLU(2.0 ** round(np.log2(max(middle / 10, np.finfo(float).tiny))))


def _shortened(network: TwoLayer, inputs: Float[Array, "n d"], target: Float[Array, ""], hit: Hit) -> Hit:
    """The same move, shortened by bisection as long as it still hits."""

    def halve(_, span: tuple[Array, Array]):
        low, high = span
        middle = (low + high) / 2
        hits = smallest_eigenvalue(network.moved_to(network.hidden + middle * hit.move), inputs) <= target
        return jnp.where(hits, low, middle), jnp.where(hits, middle, high)

    one = jnp.ones_like(hit.radius)
    scale = jax.lax.fori_loop(0, _BISECTIONS, halve, (0 * one, one))[1]
    return Hit(jnp.where(jnp.isfinite(hit.radius), hit.radius * scale, jnp.inf), hit.move * scale)


def _value_and_slope(
    network: TwoLayer, inputs: Float[Array, "n d"], move: Float[Array, "d m"], surrogate: Features
) -> tuple[Float[Array, ""], Float[Array, "d m"]]:
    hidden = network.hidden + move
    model = TwoLayer(hidden, network.output, surrogate)
    values, vectors = jnp.linalg.eigh(as_matrix(empirical_ntk(model, inputs)))
    vector = vectors[:, 0].reshape(len(inputs), -1)

    def rayleigh(hidden: Float[Array, "d m"]) -> Float[Array, ""]:
        return jnp.sum(vjp(model.moved_to(hidden), inputs, vector) ** 2) / network.width

    value = values[0]
    if isinstance(network.features, ReLU):
        value = smallest_eigenvalue(network.moved_to(hidden), inputs)
    return value, jax.grad(rayleigh)(hidden)


def _projected(move: Array, slope: Array, step: Array, radius: Array) -> Float[Array, "d m"]:
    size = jnp.linalg.norm(slope)
    moved = move - step * slope / jnp.where(size > 0, size, 1)
    size = jnp.linalg.norm(moved)
    return moved * jnp.minimum(1, radius / jnp.where(size > 0, size, 1))


def _between(ends: tuple[float, float], done: Float[Array, ""]) -> Float[Array, ""]:
    return ends[0] + (ends[1] - ends[0]) * done
