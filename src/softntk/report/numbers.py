"""Numbers as a reader wants them: few digits, powers of ten written out, errors next to what they belong to.

number(0.00012345)       1.23 × 10⁻⁴
plus_minus(0.51, 0.023)  0.510 ± 0.023
from_log10(31.7)         5.0 × 10³¹      (10^31.7, and 10^245 which no float holds)
prose("below 2.1e-05")   below 2.1 × 10⁻⁵
"""

import math
import re

__all__ = ["from_log10", "number", "plus_minus", "power_of_ten", "prose"]

_AS_PROGRAMS_PRINT = re.compile(r"(?<![\w.^])(-?\d+(?:\.(\d+))?)e([+-]?\d+)(?![\w])")
_POWERS = re.compile(r"(?<![\w.])10\^(-?\d+)(?!\.?\d)")

_SUPERSCRIPTS = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


def number(value: float | None, digits: int = 3) -> str:
    """A number with `digits` significant digits; whole numbers below a million in full; None as a dash."""
    special = _special(value)
    if value is None or special is not None:
        return special or "–"
    if isinstance(value, int) and abs(value) < 1_000_000:
        return _signed(f"{value:,}")
    if value == 0:
        return "0"
    mantissa, exponent = _scientific(value, digits)
    if -4 < exponent < 6:
        return _signed(f"{value:,.{max(digits - 1 - exponent, 0)}f}")
    return f"{_signed(mantissa)} × {power_of_ten(exponent)}"


def plus_minus(value: float, error: float) -> str:
    """A number and its standard error, rounded to two digits of the error; without one, the number alone."""
    if _special(value) or _special(error) or error <= 0:
        return number(value)
    exponent = math.floor(math.log10(max(abs(value), error)))
    if -4 < exponent < 6:
        _, last = _scientific(error, 2)
        decimals = max(1 - last, 0)
        return f"{_signed(f'{value:,.{decimals}f}')} ± {error:,.{decimals}f}"
    scale = 10.0**exponent if exponent > -300 else math.nan
    if math.isnan(scale):
        return f"{number(value)} ± {number(error, 2)}"
    _, last = _scientific(error / scale, 2)
    decimals = max(1 - last, 0)
    return f"({_signed(f'{value / scale:.{decimals}f}')} ± {error / scale:.{decimals}f}) × {power_of_ten(exponent)}"


def from_log10(exponent: float, digits: int = 2) -> str:
    """The number whose log10 is given, however large."""
    if _special(exponent):
        return "0" if exponent == -math.inf else number(exponent)
    whole = math.floor(exponent)
    if -4 < whole < max(digits, 4):
        return number(10.0**exponent, digits)
    mantissa, carry = _scientific(10.0 ** (exponent - whole), digits)
    return f"{mantissa} × {power_of_ten(whole + carry)}"


def prose(text: str) -> str:
    """Text with numbers as programs print them, 2.1e-05 or 10^26, rewritten for people; digits are kept."""
    return _POWERS.sub(lambda found: power_of_ten(int(found[1])), _AS_PROGRAMS_PRINT.sub(_rewritten, text))


def _rewritten(found: re.Match[str]) -> str:
    mantissa, decimals, exponent = found[1], found[2] or "", int(found[3])
    if -4 < exponent < 6:
        return _signed(f"{float(found[0]):,.{max(len(decimals) - exponent, 0)}f}")
    return f"{_signed(mantissa)} × {power_of_ten(exponent)}"


def power_of_ten(exponent: int) -> str:
    """10 with the exponent as superscript."""
    return f"10{str(exponent).translate(_SUPERSCRIPTS)}"


def _scientific(value: float, digits: int) -> tuple[str, int]:
    """Mantissa and exponent after rounding: 9.99 to two digits is 1.0 and one more."""
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    return mantissa, int(exponent)


def _special(value: float | None) -> str | None:
    if value is None or math.isfinite(value):
        return None
    return "not measured" if math.isnan(value) else _signed("∞" if value > 0 else "-∞")


def _signed(text: str) -> str:
    return text.replace("-", "−")
