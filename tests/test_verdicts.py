"""No missing number and no numerical error is ever turned into a claim that holds."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softntk.verdicts import Answer, Verdict, at_least, at_most, does_not_apply, equal, order_only

NUMBERS = st.floats(allow_nan=True, allow_infinity=True)
ERRORS = st.floats(min_value=0) | st.just(math.nan)


@given(NUMBERS, NUMBERS, ERRORS)
def test_what_holds_is_true(measured, promised, error):
    verdict = at_most("claim", measured, promised, error=error)
    if verdict.answer is Answer.HOLDS:
        assert measured <= promised
        assert error == 0 or promised - measured > error
    if verdict.answer is Answer.FAILS:
        assert measured > promised
    if math.isnan(measured) or math.isnan(promised) or math.isnan(error):
        assert verdict.answer is Answer.UNDECIDED


@given(NUMBERS, NUMBERS, ERRORS)
def test_at_least_is_at_most_upside_down(measured, promised, error):
    upside_down = at_most("claim", -measured, -promised, error=error)
    assert at_least("claim", measured, promised, error=error).answer is upside_down.answer


@given(NUMBERS, NUMBERS, ERRORS)
def test_equal_means_within_the_error(measured, promised, error):
    verdict = equal("claim", measured, promised, error=error)
    if verdict.answer is Answer.HOLDS:
        assert abs(measured - promised) <= error
    if verdict.answer is Answer.FAILS:
        assert abs(measured - promised) > error
    if not error < math.inf:
        assert verdict.answer is Answer.UNDECIDED


@pytest.mark.parametrize(
    ("measured", "promised", "error", "answer"),
    [
        (1.0, 2.0, 0.0, "holds"),
        (2.0, 2.0, 0.0, "holds"),
        (3.0, 2.0, 0.0, "fails"),
        (1.9, 2.0, 0.2, "undecided"),
        (2.1, 2.0, 0.2, "undecided"),
        (2.5, 2.0, 0.2, "fails"),
        (1.0, math.inf, 0.0, "holds"),
        (math.inf, math.inf, 0.0, "holds"),
        (math.inf, 1e300, 0.0, "fails"),
        (math.nan, 2.0, 0.0, "undecided"),
        (1.0, 2.0, -1.0, "undecided"),
        (1.0, 2.0, math.inf, "undecided"),
    ],
)
def test_answers_at_the_edges(measured, promised, error, answer):
    assert at_most("claim", measured, promised, error=error).answer == answer


def test_only_what_holds_can_be_certified():
    for answer in Answer:
        verdict = Verdict("claim", answer, "reason")
        certified = verdict.certified().answer
        assert certified is (Answer.CERTIFIED if answer is Answer.HOLDS else answer)
        assert verdict.established == (answer in (Answer.HOLDS, Answer.CERTIFIED))


def test_verdicts_speak():
    assert str(at_most("loss", 1.0, 2.0)) == "loss: holds (measured 1, promised at most 2)"
    assert str(does_not_apply("rate", "rows 1 and 2 are equal")) == "rate: does not apply (rows 1 and 2 are equal)"
    assert order_only("width", "10^32 with constant 1").answer == "order only"
    assert all(answer.explanation for answer in Answer)
