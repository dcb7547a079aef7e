import math

import pytest

from softntk.report.record_facts import duration, facts, plural, ranges


def test_nested_parameters_get_dotted_names(make_record):
    parameters = {
        "step": {"name": "stable", "factor": 0.9},
        "widths": list(range(64, 84)),
        "bound": math.inf,
        "data": None,
        "antisymmetric": True,
        "mixed": [{"a": 1}, "x"],
        "nothing": [],
        "count": 123456,
        "tiny": 1e-9,
    }
    shown = dict(facts(make_record(parameters=parameters, seeds=[], seconds=200.0)))
    assert shown == {
        "step.name": "stable",
        "step.factor": "0.9",
        "widths": "64, 65, 66, 67, 68, 69, 70, 71, 72, 73, 74, … 83 (20 in all)",
        "bound": "∞",
        "data": "none",
        "antisymmetric": "yes",
        "mixed": '{"a": 1}, x',
        "nothing": "none",
        "count": "123,456",
        "tiny": "1 × 10⁻⁹",
        "seeds": "none: nothing was drawn",
        "time": "3.3 min",
        "versions": "softntk 0.1.0, numpy 2",
    }


@pytest.mark.parametrize(
    ("seeds", "text"),
    [((), ""), ((5,), "5"), ((0, 1), "0, 1"), ((3, 0, 1, 2, 9, 9), "0 to 3, 9"), ((1, 3, 4, 5), "1, 3 to 5")],
)
def test_runs_of_seeds_are_shortened(seeds, text):
    assert ranges(seeds) == text


@pytest.mark.parametrize(("seconds", "text"), [(0.0, "0 s"), (119.0, "119 s"), (120.0, "2.0 min"), (7200.0, "2.0 h")])
def test_times_are_short(seconds, text):
    assert duration(seconds) == text


def test_one_and_many():
    assert plural(1, "claim checked", "claims checked") == "1 claim checked"
    assert plural(1200, "claim checked", "claims checked") == "1,200 claims checked"
    assert plural(0, "question") == "0 questions"
