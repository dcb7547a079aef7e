from dataclasses import replace

import numpy as np
import pytest

from softntk.records import compare
from softntk.verdicts import at_most


def test_a_record_agrees_with_itself_nan_and_infinities_included(record):
    assert compare(record, record, relative=0.0) == ()


def test_numbers_are_compared_within_the_tolerance(record):
    near = replace(record, arrays=record.arrays.assign(error=record.arrays["error"] * (1 + 1e-9)))
    near.arrays["error"].attrs["long_name"] = "other words"
    assert compare(record, near) == ()
    (difference,) = compare(record, near, relative=1e-10)
    assert difference.where.startswith("arrays['error'][0, 0] (3 of 6 entries differ)")
    assert difference.first == "0.5"
    assert compare(record, near, relative=0.0, absolute=1e-8) == ()


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"study": "training"}, "study"),
        ({"question": "Why?"}, "question"),
        ({"seeds": [0, 1]}, "seeds[1]"),
        ({"seeds": [0]}, "seeds"),
        ({"parameters": {"widths": [64, 128], "bound": 3.0, "odd": []}}, "parameters['bound']"),
        ({"parameters": {"widths": [64, 128.5]}}, "parameters['widths'][1]"),
        ({"parameters": {"widths": [64, True]}}, "parameters['widths'][1]"),
        ({"parameters": {"more": 1}}, "parameters['more']"),
        ({"verdicts": []}, "claims"),
    ],
)
def test_every_kind_of_difference_is_found(record, changes, where):
    assert where in [each.where for each in compare(record, replace(record, **changes))]


def test_what_tells_of_the_run_is_not_compared(record):
    assert compare(record, replace(record, versions={}, command="other", seconds=0.0, findings=[])) == ()


def test_verdicts_are_compared_by_answer_and_by_number(record):
    first = replace(record, verdicts=[at_most("small", 0.5, 1.0)])
    second = replace(record, verdicts=[at_most("small", 1.5, 1.0)])
    found = compare(first, second)
    assert [each.where for each in found] == ["answer to 'small'", "measured of 'small'"]
    assert str(found[0]) == "answer to 'small': 'holds' against 'fails'"


def test_arrays_that_are_missing_or_of_another_shape_or_type(record):
    arrays = record.arrays.drop_vars("note").isel(width=[0, 1]).assign(converged=("network", [True, True]))
    arrays["converged"].attrs["long_name"] = "x"
    wheres = {each.where for each in compare(record, replace(record, arrays=arrays))}
    assert wheres == {
        "arrays['note']",
        "arrays['error']",
        "arrays['width']",
        "arrays['converged'][1] (1 of 2 entries differ)",
    }


def test_nan_against_a_number_is_a_difference(record):
    other = record.arrays.copy(deep=True)
    other["error"][0, 1] = 1.0
    assert len(compare(record, replace(record, arrays=other), relative=1e9)) == 1
    other = record.arrays.copy(deep=True)
    other["error"][1, 0] = np.float64(1e308)
    assert len(compare(record, replace(record, arrays=other), relative=1e9)) == 1
