import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softntk.files.strict_json import dumps, loads, plain

TEXT = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT.filter(str.strip), inner, max_size=4),
    max_leaves=12,
)


@given(VALUES)
def test_what_is_written_is_read_and_every_parser_of_json_reads_it(value):
    def no_constant(token):
        raise AssertionError(token)

    text = dumps(plain("value", value))
    json.loads(text, parse_constant=no_constant)
    assert repr(loads(text)) == repr(value)  # repr tells NaN, -0.0 and 1 from 1.0 apart as == does not


def test_text_that_looks_like_a_number_stays_text():
    assert loads(dumps(["inf", math.inf])) == ["inf", math.inf]


@pytest.mark.parametrize(
    "text",
    [
        "NaN",
        "[Infinity]",
        "1e999",
        '{"a": 1, "a": 2}',
        '{"$float": "1"}',
        '{"$float": "nan", "a": 1}',
        '{"$float": []}',
        "[" * 100_000,
        "{'a': 1}",
        "1" * 5000,
        "",
    ],
)
def test_anything_else_is_refused(text):
    with pytest.raises(ValueError):  # noqa: PT011 - the messages are those of the parser
        loads(text)
