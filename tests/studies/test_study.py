"""The frame of a study: cells, resumption, records."""

import errno
import os
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


def test_cells_of_other_parameters_and_studies_are_neither_used_nor_deleted(tmp_path):
    calls = []
    for seed in (7, 8, 7):
        run(counting(calls), {"seed": seed, "count": 2}, command="x", folder=tmp_path)
    assert calls == [0, 1, 0, 1]
    forget_cells(counting(calls), {"seed": 7, "count": 2}, tmp_path)
    run(counting(calls), {"seed": 8, "count": 2}, command="x", folder=tmp_path)
    assert calls == [0, 1, 0, 1]
    run(counting(calls), {"seed": 7, "count": 2}, command="x", folder=tmp_path)
    assert calls == [0, 1, 0, 1, 0, 1]
    for seed in (7, 8):
        forget_cells(counting(calls), {"seed": seed, "count": 2}, tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "damage", [b"", b"PK\x03\x04 not an archive", "cut", "other arrays", "a byte", "a folder", "a pipe"]
)
def test_a_damaged_cell_is_computed_again(tmp_path, damage):
    calls, parameters = [], {"seed": 7, "count": 1}
    run(counting(calls), parameters, command="x", folder=tmp_path)
    (kept,) = (tmp_path / ".cells").rglob("*.npz")
    content = kept.read_bytes()
    changed = content.index(b"NUMPY") + 130  # within the entries
    if damage == "other arrays":
        np.savez(kept, square=np.array(9))
    elif damage in ("a folder", "a pipe"):
        kept.unlink()
        os.mkfifo(kept) if damage == "a pipe" else kept.mkdir()
    else:
        bytewise = content[:changed] + b"\xff" + content[changed + 1 :]
        kept.write_bytes({"cut": content[:-30], "a byte": bytewise}.get(damage, damage))
    record = run(counting(calls), parameters, command="x", folder=tmp_path)
    assert calls == [0, 0]
    np.testing.assert_array_equal(record.arrays["square"], [0])


def test_a_file_in_place_of_the_cells_and_a_full_disk_are_refused_in_words(tmp_path, monkeypatch):
    calls, parameters = [], {"seed": 7, "count": 1}
    (tmp_path / ".cells").touch()
    with pytest.raises(BadInput, match=r"a file, .*\.cells"):
        run(counting(calls), parameters, command="x", folder=tmp_path)
    assert calls == []
    (tmp_path / ".cells").unlink()

    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(BadInput, match="No space left"):
        run(counting(calls), parameters, command="x", folder=tmp_path)
    assert not [each for each in tmp_path.rglob("*") if each.is_file()]


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
