"""The frame of a study: cells, resumption, records."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
import pytest
import xarray as xr

from softntk.failures import BadInput
from softntk.studies import STUDIES, Cell, Outcome, Study, forget_cells, run, run_studies, scheduling, study_named


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


def test_studies_run_side_by_side_and_records_that_are_there_stay(tmp_path, monkeypatch):
    """Two tiny studies on threads; the second time nothing is computed, with `again` everything is."""
    monkeypatch.setattr(scheduling, "workers", lambda count, short: ThreadPoolExecutor(count))
    computed = []

    def tiny(name: str) -> Study:
        def cell(n: int) -> dict[str, float]:
            computed.append((name, n))
            return {"x": float(n)}

        def conclude(parameters, results):
            total = sum(float(each["x"]) for each in results.values())
            return Outcome(xr.Dataset({"total": ((), total, {"long_name": "sum"})}))

        cells = [Cell(str(n), partial(cell, n)) for n in range(3)]
        return Study(name, "What?", {"quick": {"seed": 0}}, lambda _: cells, conclude, 2.0)

    studies, told = [tiny("one"), tiny("two")], []
    for again, times in ((False, 6), (False, 6), (True, 12)):
        done = run_studies(studies, tmp_path, again=again, processes=2, on_progress=lambda *said: told.append(said))
        assert [record.study for record in done] == ["one", "two"]
        assert [float(record.arrays["total"]) for record in done] == [3.0, 3.0]
        assert len(computed) == times
    assert sum(share for name, share, _ in told if name == "one") == 3 * 6.0
    assert ("two", 6.0, "there already") in told
    assert done[0].command == "softntk reproduce --preset quick --only one --again"
