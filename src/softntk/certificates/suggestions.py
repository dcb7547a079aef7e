"""What would make a certificate possible: estimates, not proofs.

For a network w times as wide, s0^2 and b0^2 grow like w and the change of the Jacobian stays (softmax, exponential) or
grows like the cube root of w (ReLU: Delta^2 counts signs, of which a distance u can turn a number like (m u)^(2/3)).
Then h is computed again with the w and the smallest w with h < 1/2 is searched. For the residual it is r0 itself that
is made smaller. For ReLU a larger scale of the start moves all signs away from zero: distances count in units of it.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import jax.numpy as jnp

from softntk.certificates.assessment import Assessment, Constants, assess
from softntk.networks.features import ReLU

__all__ = ["Suggestion", "suggestion"]

# Factors beyond 2 to this power are as good as none.
_MOST = 32


@dataclass(frozen=True)
class Suggestion:
    """Each on its own is expected to bring h below 1/2.

    Attributes:
        width: neurons, an estimate; infinity if no width is expected to help.
        residual: norm of the residual, such as a few more steps of training give.
        scale: factor for the hidden weights at an antisymmetric start (ReLU only; NaN for the others, where it cuts
            both ways).
    """

    width: float
    residual: float
    scale: float

    def __str__(self) -> str:
        parts = [f"a width of about {self.width:.2g}"] if math.isfinite(self.width) else []
        parts += [f"a residual of {self.residual:.2g} (train first)"] if self.residual > 0 else []
        parts += [f"a start {self.scale:.2g} times as large"] if math.isfinite(self.scale) else []
        return "what would help: " + ", or ".join(parts) if parts else "nothing that is known would help"


def suggestion(found: Constants, result: Assessment, step_size: float | None = None) -> Suggestion:
    """Estimate width, residual and scale that would bring h below 1/2.

    Arguments:
        result: the assessment that failed; its bounds are interpolated.
        step_size: kept for the residual, not for the width: wider networks need smaller ones.
    """
    residual, known = found.residual, (result.radii, result.bounds)
    eta = None if step_size is None else jnp.asarray(step_size, residual.dtype)

    def wider(factor: float) -> bool:
        return bool(assess(found, width_factor=jnp.asarray(factor, residual.dtype), known=known).h < 0.5)

    def shrunk(factor: float) -> bool:
        return bool(assess(found, eta, residual=residual / factor, known=known).h < 0.5)

    smaller = _smallest(shrunk)
    # Distances in units of the scale: a start f times as large turns as many signs as a residual f times as small.
    scaled = isinstance(found.smooth.features, ReLU) and step_size is None and math.isfinite(smaller)
    return Suggestion(
        width=found.smooth.width * _smallest(wider),
        residual=float(residual) / smaller,
        scale=smaller if scaled else math.nan,
    )


def _smallest(enough: Callable[[float], bool]) -> float:
    """Smallest factor above 1 that will do, to a tenth of a power of two; infinity if 2^32 does not."""
    low, high = 0.0, 1.0
    while not enough(2.0**high):
        low, high = high, 2 * high
        if high > _MOST:
            return math.inf
    while high - low > 0.1:
        middle = (low + high) / 2
        low, high = (low, middle) if enough(2.0**middle) else (middle, high)
    return 2.0**high
