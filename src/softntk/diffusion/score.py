"""One interface for everything that estimates scores.

    score(t, x)      s(t, x) = grad log p_t(x)
    denoiser(t, x)   f(t, x) = E[X_0 | X_t = x]        s = (a_t f - x) / v_t,   f = (x + v_t s) / a_t

Both are callables of (t, x) -> (n, d): x holds n points, t is one time for all or a time for each. Exact, empirical
and learned ones take each other's place. Mean squared errors are related by |s - s'|^2 = (a_t/v_t)^2 |f - f'|^2.

Reference: the identity is Tweedie's formula (Efron 2011); in this form in Han et al., arXiv 2401.15604.
"""

from collections.abc import Callable
from typing import Any, ClassVar, NamedTuple, Protocol, runtime_checkable

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from softntk.diffusion.process import Process

__all__ = ["Denoiser", "DenoiserOfScore", "Parts", "SavedDenoiser", "Score", "ScoreOfDenoiser", "Times", "column"]

#: One time, or one for each point.
Times = Float[Array, ""] | Float[Array, " n"] | float

#: (t, x (n, d)) -> grad log p_t(x), (n, d).
Score = Callable[[Times, Float[Array, "n d"]], Float[Array, "n d"]]
#: (t, x (n, d)) -> E[X_0 | X_t = x], (n, d).
Denoiser = Callable[[Times, Float[Array, "n d"]], Float[Array, "n d"]]


class Parts(NamedTuple):
    """What a denoiser is made of, as a file holds it: arrays by name, and JSON values."""

    arrays: dict[str, Array]
    details: dict[str, Any]


@runtime_checkable
class SavedDenoiser(Protocol):
    """What a denoiser that comes from a file says of itself; `denoisers.DENOISERS` is the table of all.

    Attributes:
        kind: its name in files and in that table.
        differentiable: whether it has derivatives in x, which log-densities need.
    """

    kind: ClassVar[str]
    differentiable: ClassVar[bool]

    def __call__(self, t: Times, x: Float[Array, "n d"]) -> Float[Array, "n d"]:
        """E[X_0 | X_t = x]."""
        ...

    def parts(self) -> Parts:
        """What it is made of, but for the process."""
        ...

    @classmethod
    def from_parts(cls, process: Process, parts: Parts) -> "SavedDenoiser":
        """The denoiser with these parts; raises KeyError, TypeError or ValueError if they are none of this kind."""
        ...


class ScoreOfDenoiser(eqx.Module):
    """s = (a_t f - x) / v_t."""

    process: Process
    denoiser: Denoiser

    def __call__(self, t: Times, x: Float[Array, "n d"]) -> Float[Array, "n d"]:
        return _score(self, jnp.asarray(t, x.dtype), x)


class DenoiserOfScore(eqx.Module):
    """f = (x + v_t s) / a_t."""

    process: Process
    score: Score

    def __call__(self, t: Times, x: Float[Array, "n d"]) -> Float[Array, "n d"]:
        return _denoiser(self, jnp.asarray(t, x.dtype), x)


# Compiled as one, for calls outside of `jit`; times are arrays here, for a Python number would be compiled in.
@eqx.filter_jit
def _score(self: ScoreOfDenoiser, t: Times, x: Float[Array, "n d"]) -> Float[Array, "n d"]:
    alpha, variance = column(self.process.alpha(t)), column(self.process.variance(t))
    return (alpha * self.denoiser(t, x) - x) / variance


@eqx.filter_jit
def _denoiser(self: DenoiserOfScore, t: Times, x: Float[Array, "n d"]) -> Float[Array, "n d"]:
    alpha, variance = column(self.process.alpha(t)), column(self.process.variance(t))
    return (x + variance * self.score(t, x)) / alpha


def column(values: Float[Array, "..."]) -> Float[Array, "..."]:
    """A scalar as it is, values (n,) as a column (n, 1): what multiplies rows of points."""
    return values if jnp.ndim(values) == 0 else values[:, None]
