import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softntk.report.numbers import from_log10, number, plus_minus, power_of_ten, prose

FROM_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻−", "0123456789--")


def value_of(text: str) -> float:
    """Read a number back as a person would."""
    mantissa, _, power = text.replace(",", "").partition(" × 10")
    return float(mantissa.translate(FROM_SUPERSCRIPTS)) * 10.0 ** int(power.translate(FROM_SUPERSCRIPTS) or 0)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (0.0, "0"),
        (-0.0, "0"),
        (4096, "4,096"),
        (123456789, "1.23 × 10⁸"),
        (0.5, "0.500"),
        (-12.345, "−12.3"),
        (1234.5, "1,234"),
        (9.999, "10.0"),
        (999999.9, "1.00 × 10⁶"),
        (0.0012345, "0.00123"),
        (0.00012345, "1.23 × 10⁻⁴"),
        (5e-324, "4.94 × 10⁻³²⁴"),
        (math.inf, "∞"),
        (-math.inf, "−∞"),
        (math.nan, "not measured"),
        (None, "–"),
    ],
)
def test_numbers_are_short(value, text):
    assert number(value) == text


@given(st.floats(allow_nan=False, allow_infinity=False).filter(lambda x: 1e-300 < abs(x) < 1e308))
def test_three_digits_are_right(value):
    assert value_of(number(value)) == pytest.approx(value, rel=5.001e-3)


@pytest.mark.parametrize(
    ("value", "error", "text"),
    [
        (0.51234, 0.023, "0.512 ± 0.023"),
        (1234.5, 67.0, "1,234 ± 67"),
        (-0.5, 0.0099, "−0.5000 ± 0.0099"),
        (0.5, 0.00999, "0.500 ± 0.010"),
        (1.234e-7, 4.5e-9, "(1.234 ± 0.045) × 10⁻⁷"),
        (0.0, 1e-9, "(0.0 ± 1.0) × 10⁻⁹"),
        (3.0, 0.0, "3.00"),
        (3.0, math.nan, "3.00"),
        (math.nan, 1.0, "not measured"),
    ],
)
def test_errors_decide_the_digits(value, error, text):
    assert plus_minus(value, error) == text


@pytest.mark.parametrize(
    ("exponent", "text"),
    [
        (31.7, "5.0 × 10³¹"),
        (245.0, "1.0 × 10²⁴⁵"),
        (9999.9999, "1.0 × 10¹⁰⁰⁰⁰"),
        (2.0, "100"),
        (-20.3, "5.0 × 10⁻²¹"),
        (math.inf, "∞"),
        (-math.inf, "0"),
        (math.nan, "not measured"),
    ],
)
def test_numbers_too_large_for_floats_are_written(exponent, text):
    assert from_log10(exponent) == text


def test_powers_of_ten():
    assert power_of_ten(-307) == "10⁻³⁰⁷"


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("at most 2.1e-05, or so", "at most 2.1 × 10⁻⁵, or so"),
        ("5.36451e-07", "5.36451 × 10⁻⁷"),
        ("3.6e+02 paths", "360 paths"),
        ("1.25e+1", "12.5"),
        ("2.1e-01", "0.21"),
        ("-1e-30", "−1 × 10⁻³⁰"),
        ("the theorem asks for 10^26.", "the theorem asks for 10²⁶."),
        ("10^-3", "10⁻³"),
        ("literature 10^116.3", "literature 10^116.3"),
        ("seed 1e5e6, file a1e-3, 2.10^4", "seed 1e5e6, file a1e-3, 2.10^4"),
        ("nothing to see", "nothing to see"),
    ],
)
def test_prose_reads_like_prose(text, read):
    assert prose(text) == read
