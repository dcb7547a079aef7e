"""What ridge and gradient flow do to an eigenvalue l of the kernel matrix.

    ridge r     inverse 1 / (l + r)                  rest r / (l + r)        share l / (l + r)
    flow tau    inverse (1 - exp(-tau l)) / l        rest exp(-tau l)        share 1 - exp(-tau l)

`inverse` stands in for K^-1, `share` is what the fitted values have of the labels in a direction, `rest` what they
lack. Share and rest add up to 1 and are both computed without a difference: where one is tiny it keeps its digits.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from softntk.failures import BadInput

__all__ = ["Filters", "flow_filters", "ridge_filters"]


class Filters(NamedTuple):
    """One row for each ridge or time, one column for each eigenvalue."""

    inverse: Float[np.ndarray, "count p"]
    rest: Float[np.ndarray, "count p"]
    share: Float[np.ndarray, "count p"]


def ridge_filters(values: Float[np.ndarray, " p"], ridges: object) -> Filters:
    """Filters of (K + r I) a = Y.

    Raises:
        BadInput: a ridge that is negative or not finite.
    """
    r = _numbers("ridge", ridges, "Type ridge=1e-3.")
    with np.errstate(divide="ignore", invalid="ignore"):  # without a ridge nothing is done where l = 0
        inverse = np.where(values + r > 0, 1 / (values + r), 0.0)
    return Filters(inverse, np.where(values + r > 0, r * inverse, 1.0), values * inverse)


def flow_filters(values: Float[np.ndarray, " p"], taus: object) -> Filters:
    """Filters of df/dt = -K (f - Y) from 0, at the times tau.

    Raises:
        BadInput: a time that is negative or not finite.
    """
    t = _numbers("tau", taus, "Type tau=10.0.")
    x = t * values
    share = -np.expm1(-x)
    # Below 1e-8 the next term of the series is rounding.
    inverse = np.where(x < 1e-8, t * (1 - x / 2), share / np.where(values > 0, values, 1))
    return Filters(inverse, np.exp(-x), share)


def _numbers(name: str, given: object, advice: str) -> Float[np.ndarray, "count 1"]:
    numbers = np.atleast_1d(np.asarray(given, np.float64))
    wrong = ~(np.isfinite(numbers) & (numbers >= 0))
    if wrong.any():
        raise BadInput(name, required="be finite and not negative", got=repr(float(numbers[wrong][0])), advice=advice)
    return numbers[:, None]
