"""The frame of a study: cells, resumption, records."""

import numpy as np
import pytest
import xarray as xr

from softntk.failures import BadInput
from softntk.studies import STUDIES, Cell, Outcome, Study, forget_cells, run, study_named


class Interrupted(Exception):
    """Stands for Ctrl-C."""


def counting(calls: list, stop_at: int | None = None) -> Study:
    """A study of four cells that notes which are computed."""

    def compute(i: int):
        if i == stop_at:
            raise Interrupted
        calls.append(i)
        return {"square": np.array(i**2)}

    return Study(
        name="squares",
        question="What are the squares?",
        presets={"quick": {"seed": 7, "count": 4}},
        plan=lambda parameters: [Cell(f"cell {i}", lambda i=i: compute(i)) for i in range(parameters["count"])],
        conclude=lambda parameters, results: Outcome(
            xr.Dataset({"square": ("i", [int(each["square"]) for each in results.values()], {"long_name": "i^2"})})
        ),
    )


def test_an_interrupted_study_goes_on_where_it_stopped(tmp_path):
    calls = []
    with pytest.raises(Interrupted):
        run(counting(calls, stop_at=2), {"seed": 7, "count": 4}, command="x", folder=tmp_path)
    assert calls == [0, 1]
    record = run(counting(calls), {"seed": 7, "count": 4}, command="x", folder=tmp_path)
    assert calls == [0, 1, 2, 3]
    np.testing.assert_array_equal(record.arrays["square"], [0, 1, 4, 9])


def test_other_parameters_pick_up_nothing(tmp_path):
    calls = []
    for seed in (7, 8, 7):
        run(counting(calls), {"seed": seed, "count": 2}, command="x", folder=tmp_path)
    assert calls == [0, 1, 0, 1]
    forget_cells(tmp_path)
    run(counting(calls), {"seed": 7, "count": 2}, command="x", folder=tmp_path)
    assert calls == [0, 1, 0, 1, 0, 1]


def test_a_damaged_cell_is_computed_again(tmp_path):
    calls = []
    run(counting(calls), {"seed": 7, "count": 1}, command="x", folder=tmp_path)
    (kept,) = (tmp_path / ".cells").rglob("*.npz")
    kept.write_bytes(b"PK\x03\x04 not an archive")
    run(counting(calls), {"seed": 7, "count": 1}, command="x", folder=tmp_path)
    assert calls == [0, 0]


def test_presets_and_names():
    study = counting([])
    assert study.parameters("quick", seed=3) == {"seed": 3, "count": 4}
    assert study.estimate(study.parameters("quick")) == 4.0
    with pytest.raises(BadInput, match="quick"):
        study.parameters("fast")
    with pytest.raises(BadInput, match="training"):
        study_named("trainin")


@pytest.mark.parametrize("study", STUDIES.values(), ids=STUDIES)
def test_every_study_plans_its_presets(study):
    for preset in ("quick", "full"):
        parameters = study.parameters(preset)
        names = [cell.name for cell in study.plan(parameters)]
        assert len(set(names)) == len(names) > 0
        assert isinstance(parameters["seed"], int)
    assert study.question.endswith("?")
