"""Bounds of the second and third derivative of a network, on balls around its start.

    L(u)    ||D^2 F(W)[V, V']||      <= L ||V|| ||V'||              for every W within u of W0
    L3(u)   ||D^3 F(W)[V, V', V'']|| <= L3 ||V|| ||V'|| ||V''||

L comes from `lipschitz`. With M >= max c_ir and s^2 >= max_i sum_r c_ir^2 / m^2 for the weights c of the same lemma,

    exponential   L3 = L max|x|
    softmax       L3 = L max|x| (sqrt(1 + s^2) + 3 sqrt(M / m))       (fourth joint cumulant; proof in docs/tube.md)

Radii are rounded up to a geometric grid, so that a long recursion asks for few different ones; a bound on the larger
ball holds on the smaller.
"""

import math

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from softntk.bounds.lipschitz import Smoothness, smoothness
from softntk.bounds.roundoff import SLACK
from softntk.networks.features import Softmax
from softntk.networks.two_layer import TwoLayer

__all__ = ["Curvature", "derivative_bounds"]

_SMALLEST, _RATIO = 1e-6, 1.05
# Grid points computed at once.
_BATCH = 16


@eqx.filter_jit
def derivative_bounds(smooth: Smoothness, radii: Float[Array, " j"]) -> Float[Array, "2 j"]:
    """L and L3 on balls of several radii.

    Raises:
        BadInput: the network is ReLU.
    """
    second = smooth.lipschitz_at(radii)
    third = second * smooth.longest * SLACK
    if isinstance(smooth.features, Softmax):
        # No weight grows faster than exp(u |x| sqrt 2), and none is above m.
        growth = jnp.exp(math.sqrt(2) * smooth.longest * radii)
        share = jnp.minimum(jnp.exp(smooth.start.scores_above.max()) * growth / smooth.width, 1)
        squares = jnp.minimum((smooth.share * growth) ** 2, 1)
        third = third * (jnp.sqrt(1 + squares) + 3 * jnp.sqrt(share)) * SLACK
    return jnp.stack([second, third])


@eqx.filter_jit
def _each(network: TwoLayer, others: Float[Array, "n2 d"]) -> Smoothness:
    return jax.vmap(lambda x: smoothness(network, x[None]))(others)


@eqx.filter_jit
def _bounds_of_each(smooth: Smoothness, radii: Float[Array, " j"]) -> Float[Array, "n2 2 j"]:
    return eqx.filter_vmap(derivative_bounds, in_axes=(eqx.if_array(0), None))(smooth, radii)


class Curvature:
    """L and L3 as plain numbers, for the training set and for each new input on its own."""

    def __init__(self, network: TwoLayer, inputs: Float[Array, "n d"], others: Float[Array, "n2 d"] | None = None):
        self._joint = smoothness(network, inputs)
        self._single = None if others is None else _each(network, others)
        self._known: dict[int, np.ndarray] = {}
        self._known_single: dict[int, np.ndarray] = {}

    def at(self, radius: float) -> tuple[float, float]:
        """(L, L3) on the ball of this radius; both infinite where it is too large to say anything."""
        level = _level(radius)
        if level is None:
            return math.inf, math.inf
        if level not in self._known:
            found = np.asarray(derivative_bounds(self._joint, _radii(level)))
            self._known.update({level + step: found[:, step] for step in range(_BATCH)})
        second, third = self._known[level]
        return float(second), float(third)

    def at_others(self, radius: float) -> Float[np.ndarray, "2 n2"]:
        """L and L3 (2, n') of each new input (none: (2, 0)), on the ball of this radius around the same weights."""
        if self._single is None:
            return np.zeros((2, 0))
        level = _level(radius)
        if level is None:
            return np.full((2, self._single.peaks.shape[0]), np.inf)
        if level not in self._known_single:
            found = np.asarray(_bounds_of_each(self._single, _radii(level)))
            self._known_single.update({level + step: found[:, :, step].T for step in range(_BATCH)})
        return self._known_single[level]


def _level(radius: float) -> int | None:
    # Beyond 1e3 every exponential has long left the range in which a bound says anything.
    if not radius < 1e3:
        return None
    return math.ceil(math.log(max(radius, _SMALLEST) / _SMALLEST, _RATIO))


def _radii(level: int) -> Float[Array, " j"]:
    # A little more than the grid points, so that rounding in the logarithm cannot leave the radius outside.
    return _SMALLEST * (1 + 1e-9) * _RATIO ** jnp.arange(level, level + _BATCH, dtype=float)
