import math

import numpy as np
import pytest
import xarray as xr

from softntk.report.words import (
    Measured,
    Relation,
    choose,
    compare,
    counted,
    draws,
    exact,
    listed,
    measured,
    pick,
    ranking,
    ratio,
    told,
    trend,
)


def test_a_mean_has_its_standard_error_from_five_draws_on_and_says_how_many_there_were_before():
    assert str(measured(np.array([1.0, 2.0, 3.0, 4.0, 5.0]))) == "3.00 ± 0.71"
    assert str(measured(np.array([1.0, 2.0, np.nan]))) == "1.5 (two draws)"
    assert str(measured(np.array([1.234]))) == "1.2 (one draw)"
    assert str(measured(np.array([np.nan]))) == str(exact(math.nan)) == "not measured"
    assert str(measured(np.array([1.0, np.inf]))) == "∞"
    assert str(100 * measured(np.array([1.0, 2.0, 3.0, 4.0, 5.0]))) == "300 ± 71"
    assert str(measured(np.array([1.0, 1.0 + 1e-9, 1.0, 1.0, 1.0]))) == "1.000"


@pytest.mark.parametrize(
    ("a", "b", "relation"),
    [
        (exact(1.0), exact(2.0), Relation.SMALLER),
        (exact(2.0), exact(1.0), Relation.LARGER),
        (exact(1.0), exact(1.0 + 1e-15), Relation.EQUAL),
        (exact(math.nan), exact(1.0), Relation.UNKNOWN),
        (exact(1.0), exact(math.inf), Relation.SMALLER),
        # The difference is 1, its standard error 0.3 sqrt(2) or 0.6 sqrt(2).
        (Measured(1.0, 0.3, 9), Measured(2.0, 0.3, 9), Relation.SMALLER),
        (Measured(1.0, 0.6, 9), Measured(2.0, 0.6, 9), Relation.ALIKE),
        # Draw by draw the difference is 0.1 without an error, although each of the two varies by more.
        (measured(np.arange(5.0)), measured(np.arange(5.0) + 0.1), Relation.SMALLER),
        (measured(np.array([0.0, 1.0, np.nan])), measured(np.array([1.0, 0.0, 7.0])), Relation.ALIKE),
    ],
)
def test_two_numbers_compare_beyond_two_standard_errors(a, b, relation):
    assert compare(a, b) is relation
    turned = {Relation.SMALLER: Relation.LARGER, Relation.LARGER: Relation.SMALLER}
    assert compare(b, a) is turned.get(relation, relation)


def test_words_go_with_the_relation():
    words = {"smaller": "s", "larger": "l", "alike": "a", "unknown": "u"}
    assert [choose(each, **words) for each in Relation] == ["s", "l", "a", "a", "u"]
    assert told("x", exact(1.0), "y", exact(2.0)) == "x (1.00) is smaller than y (2.00)"
    assert told("x", exact(1.0), "y", exact(math.nan)) == "x (1.00) is not compared with y (not measured)"


def test_a_ranking_is_in_order_and_says_what_is_missing():
    named = {"b": Measured(2.0, 0.5, 9), "a": exact(1.0), "c": Measured(2.1, 0.5, 9), "d": exact(math.nan)}
    assert ranking(named) == "a 1.00 ≈ b 2.00 ± 0.50 ≈ c 2.10 ± 0.50; d not measured"
    assert ranking({"b": exact(2.0), "a": exact(1.0)}) == "a 1.00 < b 2.00"
    assert ranking({"b": exact(math.nan)}) == "b not measured"


@pytest.mark.parametrize(
    ("y", "words"),
    [
        ([1.0, 0.1], "falls from 1.00 at m = 100 to 0.100 at m = 10,000 (like m^−0.50)"),
        ([0.1, 1.0], "rises from 0.100 at m = 100 to 1.00 at m = 10,000 (like m^0.50)"),
        ([1.0, 1.0], "is not seen to change from 1.00 at m = 100 to 1.00 at m = 10,000 (like m^0)"),
        ([-1.0, 1.0], "rises from −1.00 at m = 100 to 1.00 at m = 10,000"),
        ([1.0, math.nan], "is 1.00 at m = 100, the only one measured"),
        ([math.nan, math.nan], "was not measured"),
    ],
)
def test_a_trend_says_which_way_and_how_far(y, words):
    assert trend([100, 10_000], [exact(each) for each in y], of="m") == words


def test_a_trend_that_turns_is_not_steady():
    assert trend([1, 2, 3], [exact(1.0), exact(5.0), exact(2.0)], of="t", log=False) == (
        "rises from 1.00 at t = 1 to 2.00 at t = 3, not steadily"
    )


def test_counts_and_lists():
    said = [counted(*each, "seed") for each in ((5, 5), (3, 5), (0, 5), (2, 2), (1, 1), (0, 1), (0, 0))]
    expected = "all 5 seeds|3 of 5 seeds|none of 5 seeds|both seeds|the only seed|not the only seed|no seeds"
    assert said == expected.split("|")
    assert [draws(1), draws(4), draws(24)] == ["one draw", "four draws", "24 draws"]
    assert [listed(each) for each in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == ["none", "a", "a and b", "a, b and c"]
    assert ratio(exact(6.0), exact(2.0)) == "3.0 times"
    for a, b in ((math.nan, 1.0), (1.0, 0.0), (math.inf, 1.0)):
        assert ratio(exact(a), exact(b)) == "not measured"


def test_what_a_record_lacks_is_missing():
    array = xr.DataArray([1, 2], dims="features", coords={"features": ["softmax", "relu"]})
    assert float(pick(array, features="relu")) == 2.0
    assert math.isnan(float(pick(array, features="exponential")))
