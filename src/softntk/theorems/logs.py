"""Numbers kept as their decimal logarithm, since theorems ask for widths such as 10^245.

Zero and infinity are values here: log10(0) = -inf, so lambda = 0 asks for a width of 10^inf. NaN and negative
numbers give NaN, which no verdict accepts.
"""

import math

__all__ = ["LOG10_E", "Number", "exp10", "log10"]

#: A plain number, as a theorem takes it.
Number = int | float

#: log10(exp(x)) = LOG10_E x.
LOG10_E = math.log10(math.e)


def log10(value: Number) -> float:
    """log10 of a number: -inf for 0, NaN for NaN and below 0."""
    if math.isnan(value) or value < 0:
        return math.nan
    return math.log10(value) if value > 0 else -math.inf


def exp10(power: Number) -> float:
    """10 to the power, infinity where it overflows."""
    return math.inf if power > 308 else 10.0**power
