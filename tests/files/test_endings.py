"""Names with and without endings, both ways; what --json prints."""

import json
import math

import numpy as np
import pytest

from softntk.failures import BadInput
from softntk.files import input_path, output_json, output_path


@pytest.mark.parametrize(
    ("given", "becomes"), [("m", "m.npz"), ("m.npz", "m.npz"), ("m.NPZ", "m.NPZ"), ("a.b/m", "a.b/m.npz")]
)
def test_what_is_written_under_a_name_is_found_under_it(tmp_path, given, becomes):
    path = output_path(tmp_path / given, ".npz")
    assert path == tmp_path / becomes
    path.parent.mkdir(exist_ok=True)
    path.touch()
    assert input_path(tmp_path / given, ".json", ".npz") == path


@pytest.mark.parametrize("given", ["f.csv", "model.v2", "..", "."])
def test_other_endings_are_refused_with_a_name_that_is_not(given):
    with pytest.raises(BadInput, match=r"ends in \.npz or \.json") as failure:
        output_path(given, ".npz", ".json")
    assert output_path(failure.value.advice.removeprefix("Type ").removesuffix("."), ".npz")


def test_a_file_without_ending_is_itself(tmp_path):
    (tmp_path / "m").touch()
    (tmp_path / "m.npz").touch()
    assert input_path(tmp_path / "m", ".npz") == tmp_path / "m"
    assert input_path(tmp_path / "absent", ".npz") == tmp_path / "absent"
    (tmp_path / "d").mkdir()
    (tmp_path / "d.npz").touch()
    assert input_path(tmp_path / "d", ".npz") == tmp_path / "d.npz"


def test_output_is_json_whatever_the_numbers_are():
    def never(token):
        raise AssertionError(token)

    found = {
        "a": [1.5, math.nan, (-math.inf,)],
        "b": {"c": np.float64("inf"), "d": np.array([1.0, np.nan])},
        "e": "nan",
    }
    shown = json.loads(output_json(found), parse_constant=never)
    words = {"a[1]": "nan", "a[2][0]": "-inf", "b.c": "inf", "b.d[1]": "nan"}
    assert shown == {"a": [1.5, None, [None]], "b": {"c": None, "d": [1.0, None]}, "e": "nan", "not_finite": words}
    assert json.loads(output_json({"a": np.int64(3)})) == {"a": 3}
    assert json.loads(output_json([math.nan]), parse_constant=never) == [None]
