"""Forward processes: how data turn into noise.

    dX_t = -g(t)/2 X_t dt + sqrt(g(t)) dB_t  on [0, T],    G(t) = int_0^t g

    X_t = a_t X_0 + sqrt(v_t) Z,    a_t = exp(-G/2),    v_t = 1 - a_t^2 = -expm1(-G),    Z ~ N(0, I)

    half log-SNR   h_t = log(a_t / sqrt(v_t)) = -(G + log(-expm1(-G)))/2,    so G = log(1 + exp(-2 h))

Everything follows from G, and a process is G, its derivative g and its inverse:

    process    g(t)                                        G(t)
    constant   r                                           r t                         (Ornstein-Uhlenbeck)
    linear     b0 + (b1 - b0) t/T                          b0 t + (b1 - b0) t^2/(2T)   ("variance preserving")
    cosine     2 u' tan u,  u = u' t + u0                  2 log(cos u0 / cos u)
               u' = pi/(2 (1 + s)),  u0 = s u'
    custom     any positive function of the caller         its integral

No formula subtracts nearly equal numbers as t goes to 0, where v_t is close to g(0) t. Times are scalars or arrays.

References: Song et al., arXiv 2011.13456 (linear, with b0 = 0.1, b1 = 20 on [0, 1]); Nichol, Dhariwal, arXiv 2102.09672
(cosine, s = 0.008). There the noise is beta(t) = g(t).
"""

from abc import abstractmethod
from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from softntk.failures import BadInput

__all__ = ["Constant", "Cosine", "Custom", "Linear", "Process", "Time"]

#: Times: one, or an array of any shape.
Time = Float[Array, "..."] | float

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(16)
_PANELS = 16


class Process(eqx.Module):
    """A forward process on [0, horizon]; at the horizon little of the data should be left."""

    horizon: eqx.AbstractVar[float]

    @abstractmethod
    def g(self, t: Time) -> Float[Array, "..."]:
        """g(t) > 0, the rate at which noise comes in."""

    @abstractmethod
    def integral(self, t: Time) -> Float[Array, "..."]:
        """G(t) = int_0^t g."""

    @abstractmethod
    def time_of_integral(self, integral: Time) -> Float[Array, "..."]:
        """The t with G(t) = integral."""

    def alpha(self, t: Time) -> Float[Array, "..."]:
        """a_t, the factor of X_0 in X_t."""
        return jnp.exp(-self.integral(t) / 2)

    def variance(self, t: Time) -> Float[Array, "..."]:
        """v_t = 1 - a_t^2, the variance of X_t given X_0, accurate near 0."""
        return -jnp.expm1(-self.integral(t))

    def deviation(self, t: Time) -> Float[Array, "..."]:
        """sqrt(v_t)."""
        return jnp.sqrt(self.variance(t))

    def half_log_snr(self, t: Time) -> Float[Array, "..."]:
        """h_t = log(a_t / sqrt(v_t)); falls from infinity at t = 0."""
        G = self.integral(t)
        return -(G + jnp.log(-jnp.expm1(-G))) / 2

    def time_of(self, half_log_snr: Time) -> Float[Array, "..."]:
        """The t with this half log-SNR."""
        return self.time_of_integral(jax.nn.softplus(-2 * jnp.asarray(half_log_snr, float)))


class Constant(Process):
    """g = rate: the Ornstein-Uhlenbeck process.

    Raises:
        BadInput: `rate` or `horizon` is not a positive finite number.
    """

    rate: float = eqx.field(static=True, default=1.0)
    horizon: float = eqx.field(static=True, default=5.0)

    def __check_init__(self):
        _check_positive(rate=self.rate, horizon=self.horizon)

    def g(self, t: Time) -> Float[Array, "..."]:
        return jnp.full_like(jnp.asarray(t, float), self.rate)

    def integral(self, t: Time) -> Float[Array, "..."]:
        return self.rate * jnp.asarray(t, float)

    def time_of_integral(self, integral: Time) -> Float[Array, "..."]:
        return jnp.asarray(integral, float) / self.rate


class Linear(Process):
    """g grows linearly from `start` at time 0 to `end` at the horizon.

    Raises:
        BadInput: one of them is not a positive finite number.
    """

    start: float = eqx.field(static=True, default=0.1)
    end: float = eqx.field(static=True, default=20.0)
    horizon: float = eqx.field(static=True, default=1.0)

    def __check_init__(self):
        _check_positive(start=self.start, end=self.end, horizon=self.horizon)

    @property
    def _slope(self) -> float:
        return (self.end - self.start) / self.horizon

    def g(self, t: Time) -> Float[Array, "..."]:
        return self.start + self._slope * jnp.asarray(t, float)

    def integral(self, t: Time) -> Float[Array, "..."]:
        t = jnp.asarray(t, float)
        return t * (self.start + self._slope * t / 2)

    def time_of_integral(self, integral: Time) -> Float[Array, "..."]:
        G = jnp.asarray(integral, float)
        # The root of the quadratic that has no difference in it.
        return 2 * G / (self.start + jnp.sqrt(self.start**2 + 2 * self._slope * G))


class Cosine(Process):
    """a_t = cos u / cos u0 with u rising linearly to pi/2 at time 1, where g is infinite; so it ends before.

    Raises:
        BadInput: `offset` (s) or `horizon` is not a positive finite number, or `horizon` is not below 1.
    """

    offset: float = eqx.field(static=True, default=0.008)
    horizon: float = eqx.field(static=True, default=0.995)

    def __check_init__(self):
        _check_positive(offset=self.offset, horizon=self.horizon)
        if self.horizon >= 1:
            raise BadInput(
                "horizon", required="be below 1, where g is infinite", got=repr(self.horizon), advice="Type 0.995."
            )

    @property
    def _speed(self) -> float:
        return float(np.pi / 2 / (1 + self.offset))

    def g(self, t: Time) -> Float[Array, "..."]:
        return 2 * self._speed * jnp.tan(self._speed * (jnp.asarray(t, float) + self.offset))

    def integral(self, t: Time) -> Float[Array, "..."]:
        angle = self._speed * jnp.asarray(t, float)
        # cos u / cos u0 = cos(u - u0) - tan u0 sin(u - u0), with 1 taken out.
        lost = 2 * jnp.sin(angle / 2) ** 2 + np.tan(self._speed * self.offset) * jnp.sin(angle)
        return -2 * jnp.log1p(-lost)

    def time_of_integral(self, integral: Time) -> Float[Array, "..."]:
        G = jnp.asarray(integral, float)
        first = self._speed * self.offset
        t = (jnp.arccos(jnp.exp(-G / 2) * np.cos(first)) - first) / self._speed
        # The difference loses digits near 0; a step of Newton's method brings them back.
        return t - (self.integral(t) - G) / self.g(t)


class Custom(Process):
    """The caller's own g, a function of an array of times, with its integral if that is known.

    Without `integral_of_g`, G is a composite Gauss-Legendre sum on [0, t]: exact to rounding for smooth g.

    Raises:
        BadInput: g is not positive and finite on [0, horizon], or varies too much to be integrated to 1e-9.
    """

    rate: Callable[[Float[Array, "..."]], Float[Array, "..."]] = eqx.field(static=True)
    horizon: float = eqx.field(static=True)
    integral_of_g: Callable[[Float[Array, "..."]], Float[Array, "..."]] | None = eqx.field(static=True, default=None)

    def __check_init__(self):
        _check_positive(horizon=self.horizon)
        values = np.asarray(self.g(jnp.linspace(0.0, self.horizon, 513)))
        if not ((values > 0) & np.isfinite(values)).all():
            raise BadInput(
                "rate",
                required="be positive and finite on [0, horizon]",
                got=f"{values.min()} to {values.max()}",
                advice="Pass another g, or a shorter horizon.",
            )
        if self.integral_of_g is None:
            fine = float(_gauss(self.g, jnp.asarray(self.horizon, float), 4 * _PANELS))
            error = abs(float(self.integral(self.horizon)) / fine - 1)
            if not error < 1e3 * float(jnp.finfo(float).eps) + 1e-9:
                raise BadInput(
                    "rate",
                    required="be smooth, to be integrated by quadrature",
                    got=f"a relative error of about {error:.1g}",
                    advice="Pass integral_of_g=... as well.",
                )

    def g(self, t: Time) -> Float[Array, "..."]:
        t = jnp.asarray(t, float)
        return jnp.broadcast_to(self.rate(t), t.shape)

    def integral(self, t: Time) -> Float[Array, "..."]:
        t = jnp.asarray(t, float)
        return _gauss(self.g, t, _PANELS) if self.integral_of_g is None else self.integral_of_g(t)

    def time_of_integral(self, integral: Time) -> Float[Array, "..."]:
        """By bisection, polished by Newton's method; times past the horizon come out as the horizon."""
        G = jnp.asarray(integral, float)

        def halve(_, ends):
            low, high = ends
            middle = (low + high) / 2
            below = self.integral(middle) < G
            return jnp.where(below, middle, low), jnp.where(below, high, middle)

        ends = jnp.zeros_like(G), jnp.full_like(G, self.horizon)
        low, high = jax.lax.fori_loop(0, 40, halve, ends)
        t = (low + high) / 2
        for _ in range(2):
            t = jnp.clip(t - (self.integral(t) - G) / self.g(t), 0.0, self.horizon)
        return t


def _gauss(g: Callable, t: Float[Array, "..."], panels: int) -> Float[Array, "..."]:
    """int_0^t g by `panels` equal panels of 16 nodes each."""
    nodes = (np.arange(panels)[:, None] + (_NODES[None, :] + 1) / 2).ravel() / panels
    weights = np.tile(_WEIGHTS / 2 / panels, panels)
    values = g(t[..., None] * jnp.asarray(nodes, t.dtype).reshape((1,) * t.ndim + (-1,)))
    return t * (values @ jnp.asarray(weights, t.dtype))


def _check_positive(**numbers: float) -> None:
    for name, value in numbers.items():
        if not (isinstance(value, int | float) and 0 < value < float("inf")):
            raise BadInput(name, required="be positive and finite", got=repr(value), advice=f"Type {name}=1.0, say.")
