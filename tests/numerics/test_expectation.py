"""Standard errors and fitted power laws against exact cases and repeated sampling."""

import numpy as np
import pytest

from softntk.failures import BadInput
from softntk.numerics.expectation import mean_and_error, power_law


def test_mean_and_error_of_a_known_case():
    found = mean_and_error([1.0, 2.0, 3.0, 4.0])
    assert found.mean == 2.5
    assert found.error == pytest.approx(np.sqrt(5 / 3 / 4), rel=1e-15)


def test_an_exact_power_law_is_found():
    x = np.array([2.0, 8.0, 32.0])
    law = power_law(x, 3 * x**-0.5, 0.01 * x**-0.5)
    assert law.exponent == pytest.approx(-0.5, abs=1e-14)
    assert law.factor == pytest.approx(3, rel=1e-13)


def test_the_error_of_the_exponent_is_its_spread_over_repetitions():
    rng = np.random.default_rng(0)
    x = np.geomspace(1, 1000, 6)
    fits = [power_law(x, x**-0.5 * np.exp(0.03 * rng.normal(size=6)), 0.03 * x**-0.5) for _ in range(2000)]
    spread = np.std([fit.exponent for fit in fits])
    # A standard deviation of N draws is known to about 1/sqrt(2 N) = 1.6 %.
    assert spread == pytest.approx(fits[0].error, rel=4 / np.sqrt(4000))


def test_what_has_no_standard_error_is_refused():
    with pytest.raises(BadInput, match="two"):
        mean_and_error([1.0])
    with pytest.raises(BadInput, match="positive"):
        power_law([1, 2], [1, 0], [0.1, 0.1])
