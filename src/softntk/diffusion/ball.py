"""From (t, x) to the unit ball: where two-layer networks and their kernels want their inputs.

    z = (x - a_t c) / sqrt(a_t^2 s^2 + v_t)          standardized: E|z|^2 = d at every t
    z <- z min(1, R/|z|)                             truncated at radius R
    tau = (h_t - middle) / half                      time, by half log-SNR, in [-1, 1] on [start, end]

    u = (p z/R, q tau, last) / norm in R^(d+2)

with weights p (space) and q (time). `last` is either a constant, so that the kernel sees inputs of different norms and
functions with a constant term, or what completes u to norm 1: then a kernel of <u, u'> is a function of |u - u'|, and
equally wide everywhere. Constant: norm = sqrt(p^2 + q^2 + last^2), so |u| <= 1. Sphere: norm = sqrt(p^2 + q^2), so
|u| = 1.

Noisy inputs are not bounded, so no map into the ball keeps them all apart: the share of the law of X_t that is
truncated is the price, and `truncated` counts it. c and s are mean and root mean square deviation of the data.
"""

from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Bool, Float

from softntk.diffusion.process import Process
from softntk.diffusion.score import Times, column
from softntk.failures import BadInput
from softntk.numerics.arrays import finite_matrix

__all__ = ["UnitBallMap", "unit_ball_map"]


class UnitBallMap(eqx.Module):
    """The map (t, x (n, d)) -> u (n, d + 2), |u| <= 1; build it with `unit_ball_map`."""

    process: Process
    center: Float[Array, " d"]
    spread: float = eqx.field(static=True)
    radius: float = eqx.field(static=True)
    start: float = eqx.field(static=True)
    end: float = eqx.field(static=True)
    space: float = eqx.field(static=True, default=1.0)
    time: float = eqx.field(static=True, default=0.5)
    constant: float | None = eqx.field(static=True, default=1.0)

    @property
    def input_size(self) -> int:
        """d + 2."""
        return self.center.shape[0] + 2

    def standardized(self, t: Times, x: Float[Array, "n d"]) -> Float[Array, "n d"]:
        """z before it is truncated."""
        alpha, variance = column(self.process.alpha(t)), column(self.process.variance(t))
        return (x - alpha * self.center[None]) / jnp.sqrt(alpha**2 * self.spread**2 + variance)

    def truncated(self, t: Times, x: Float[Array, "n d"]) -> Bool[Array, " n"]:
        """Whether |z| > R: such points are moved onto the sphere of radius R."""
        return jnp.linalg.norm(self.standardized(t, x), axis=1) > self.radius

    def __call__(self, t: Times, x: Float[Array, "n d"]) -> Float[Array, "n columns"]:
        z = self.standardized(t, x)
        squares = (z**2).sum(axis=1, keepdims=True)
        # The larger of the two under the root: its derivative is finite at z = 0.
        shrunk = self.space * z / jnp.sqrt(jnp.maximum(squares, self.radius**2))
        top, bottom = (self.process.half_log_snr(end) for end in (self.start, self.end))
        level = (self.process.half_log_snr(t) - (top + bottom) / 2) / ((top - bottom) / 2)
        clock = self.time * jnp.clip(level, -1.0, 1.0)
        clock = jnp.broadcast_to(column(clock), (x.shape[0], 1))
        bound = self.space**2 + self.time**2
        if self.constant is None:
            left = bound - (shrunk**2).sum(axis=1, keepdims=True) - clock**2
            last = jnp.sqrt(jnp.maximum(left, jnp.finfo(x.dtype).eps * bound))
        else:
            last, bound = jnp.full_like(clock, self.constant), bound + self.constant**2
        return jnp.concatenate([shrunk, clock, last], axis=1) / bound**0.5

    def to_dict(self) -> dict[str, Any]:
        """The parameters but the process, as JSON values."""
        names = ("spread", "radius", "start", "end", "space", "time", "constant")
        return {"center": self.center.tolist()} | {name: getattr(self, name) for name in names}


def unit_ball_map(
    process: Process,
    clean: ArrayLike,
    *,
    start: float,
    end: float,
    radius: float | None = None,
    space: float = 1.0,
    time: float = 0.5,
    constant: float | None = 1.0,
) -> UnitBallMap:
    """The map for data `clean` (n, d) and times in [start, end]; without `radius`, R = sqrt(d) + 3.

    Raises:
        BadInput: `clean` is not a finite matrix or a single point, or a number is not positive and finite.
    """
    clean = finite_matrix("clean", clean)
    given = {"start": start, "end": end, "space": space, "time": time}
    given |= {} if radius is None else {"radius": radius}
    given |= {} if constant is None else {"constant": constant}
    for name, value in given.items():
        if not 0 < value < float("inf"):
            raise BadInput(name, required="be positive and finite", got=repr(value), advice=f"Type {name}=1.0, say.")
    center = clean.mean(axis=0)
    spread = float(jnp.sqrt(((clean - center[None]) ** 2).mean()))
    if not spread > 0:
        raise BadInput("clean", required="hold different points", got="equal ones", advice="Pass more data.")
    # |z|^2 has mean d; for Gaussian z, P(|z| > sqrt(d) + 3) <= exp(-9/2).
    reach = float(np.sqrt(clean.shape[1]) + 3) if radius is None else radius
    return UnitBallMap(process, center, spread, reach, start, end, space, time, constant)
