import hashlib
import json
import os
import pickle
import time
from dataclasses import replace

import h5py
import numpy as np
import pytest
import xarray as xr

from softntk.failures import BadInput, TooLarge
from softntk.records import compare, exists, read, read_all, require_place, store, write
from softntk.records.arrays import fingerprint


def same(first, second) -> bool:
    """To the last bit, by another way than `compare`."""
    xr.testing.assert_identical(first.arrays, second.arrays)
    for name in ("study", "question", "seeds", "versions", "findings", "command", "seconds"):
        assert getattr(first, name) == getattr(second, name)
    for name in ("parameters", "verdicts"):
        assert repr(getattr(first, name)) == repr(getattr(second, name))
    return True


def test_a_record_comes_back_as_it_was(record, tmp_path):
    write(record, tmp_path / "new" / "records")
    back = read(tmp_path / "new" / "records", "kernel_limit")
    assert same(back, record)
    assert np.signbit(back.arrays["error"].values[0, 2])
    for name, variable in record.arrays.variables.items():
        assert back.arrays[name].dtype == variable.dtype, name
    assert compare(back, record, relative=0.0) == ()


def test_the_files_are_read_without_softntk(record, tmp_path):
    folder = write(record, tmp_path)
    assert sorted(each.name for each in folder.iterdir()) == ["arrays.nc", "record.json"]
    with h5py.File(folder / "arrays.nc") as file:
        np.testing.assert_array_equal(file["error"][:], record.arrays["error"].values)
        assert file["seconds"].attrs["units"] == "s"
    with xr.open_dataset(folder / "arrays.nc", engine="h5netcdf", decode_times=False) as opened:
        assert opened.sizes == record.arrays.sizes
    assert json.loads((folder / "record.json").read_text())["parameters"]["bound"] == {"$float": "inf"}


def test_records_are_written_once_unless_asked(record, tmp_path):
    write(record, tmp_path)
    with pytest.raises(BadInput, match="replace=True"):
        write(replace(record, seconds=1.0), tmp_path)
    assert read(tmp_path, record.study).seconds == 12.5
    write(replace(record, seconds=1.0), tmp_path, replace=True)
    assert read(tmp_path, record.study).seconds == 1.0
    assert [each.name for each in tmp_path.iterdir()] == ["kernel_limit"]


@pytest.mark.parametrize("step", ["netcdf_of", "dumps", "first rename", "second rename"])
def test_an_interrupted_call_leaves_the_old_record(record, tmp_path, monkeypatch, step):
    write(record, tmp_path)
    renames, original = [], type(tmp_path).replace

    def interrupted(*_):
        raise KeyboardInterrupt

    def rename(path, target):
        renames.append(target)
        if len(renames) == {"first rename": 1, "second rename": 2}[step]:
            raise KeyboardInterrupt
        return original(path, target)

    if "rename" in step:
        monkeypatch.setattr(type(tmp_path), "replace", rename)
    else:
        monkeypatch.setattr(store, step, interrupted)
    with pytest.raises(KeyboardInterrupt):
        write(replace(record, seconds=1.0), tmp_path, replace=True)
    monkeypatch.undo()
    assert same(read(tmp_path, record.study), record)
    assert [each.name for each in tmp_path.iterdir()] == ["kernel_limit"]


def test_a_call_killed_between_its_renames_leaves_the_old_record(record, tmp_path):
    place = write(record, tmp_path)
    place.rename(tmp_path / ".kernel_limit.previous")
    assert exists(tmp_path, record.study)
    assert [each.study for each in read_all(tmp_path)] == ["kernel_limit"]
    assert same(read(tmp_path, record.study), record)
    write(replace(record, seconds=1.0), tmp_path, replace=True)
    assert read(tmp_path, record.study).seconds == 1.0


def test_all_records_are_read_in_order(record, tmp_path):
    for study in ("training", "kernel_limit"):
        write(replace(record, study=study), tmp_path)
    (tmp_path / "report.html").touch()
    for other in (".cells", "Kernel", "two words"):
        (tmp_path / other).mkdir()
    assert [each.study for each in read_all(tmp_path)] == ["kernel_limit", "training"]
    with pytest.raises(BadInput):
        read_all(tmp_path / "absent")
    with pytest.raises(BadInput):
        read(tmp_path, "absent")
    with pytest.raises(BadInput):
        read(tmp_path, "../records")


def test_files_where_folders_should_be_are_refused_early_and_late(record, tmp_path):
    (tmp_path / "file").touch()
    (tmp_path / "kernel_limit").touch()  # a file named like the study
    for root in (tmp_path / "file", tmp_path):
        for refuses in (lambda root: require_place(root, "kernel_limit"), lambda root: write(record, root)):
            with pytest.raises(BadInput, match="a file"):
                refuses(root)
    assert not exists(tmp_path, "kernel_limit")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["file", "kernel_limit"]


def test_arrays_beyond_the_limit_are_refused_and_nothing_stays(record, tmp_path):
    huge = xr.Dataset({"a": (("n",), np.broadcast_to(0.0, 250_000_001), {"long_name": "a"})})
    object.__setattr__(record, "arrays", huge)  # around the copy that a record makes
    with pytest.raises(TooLarge):
        write(record, tmp_path)
    assert list(tmp_path.iterdir()) == []


def edit(folder, **changes):
    path = folder / "record.json"
    described = json.loads(path.read_text())
    path.write_text(json.dumps({key: value for key, value in (described | changes).items() if value != "DELETE"}))


@pytest.mark.parametrize(
    "changes",
    [
        {"schema": "softntk-record/999"},
        {"schema": "softntk-record/1"},  # of earlier versions, without the hash of the file
        {"file": "0" * 64},
        {"file": None},
        {"question": "DELETE"},
        {"extra": 1},
        {"study": "training"},
        {"seeds": "0"},
        {"seeds": [0.5]},
        {"seconds": "12"},
        {"seconds": None},
        {"parameters": []},
        {"verdicts": {}},
        {"verdicts": ["holds"]},
        {"verdicts": [{"claim": "c", "answer": "perhaps", "reason": "r", "measured": 1.0, "promised": 1.0}]},
        {"verdicts": [{"claim": "c", "answer": "holds", "reason": "r", "measured": "1", "promised": 1.0}]},
        {"verdicts": [{"claim": 1, "answer": "holds", "reason": "r", "measured": 1.0, "promised": 1.0}]},
        {"verdicts": [{"claim": "c", "answer": ["holds"], "reason": "r", "measured": 1.0, "promised": 1.0}]},
        {"findings": [1]},
        {"arrays": "0" * 64},
        {"arrays": None},
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_edited_descriptions_are_refused(record, tmp_path, changes):
    edit(write(record, tmp_path), **changes)
    with pytest.raises(BadInput) as failure:
        read(tmp_path, record.study)
    assert "softntk reproduce" in failure.value.advice


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b"null",
        b'{"schema": NaN}',
        b"[" * 100_000,
        pickle.dumps({"schema": "softntk-record/1"}),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_descriptions_that_are_no_json_are_refused(record, tmp_path, content):
    (write(record, tmp_path) / "record.json").write_bytes(content)
    with pytest.raises(BadInput):
        read(tmp_path, record.study)


def signed(folder):
    """The record with the hash of its file as it is now, so that what comes after that check is met."""
    edit(folder, file=hashlib.sha256((folder / "arrays.nc").read_bytes()).hexdigest())


def hostile_text(file, _):
    del file["note"]
    file.create_dataset("note", data=[b"\xff\xfe", b"x"])


def hostile_external(file, other):
    del file["error"]
    file["error"] = h5py.ExternalLink(str(other), "error")


def hostile_storage(file, other):
    del file["long"]
    file.create_dataset("long", (2,), "f8", external=[(str(other), 0, 16)])


def hostile_virtual(file, other):
    del file["long"]
    layout = h5py.VirtualLayout((3000,), "f8")
    layout[:] = h5py.VirtualSource(str(other), "long", (3000,))
    file.create_virtual_dataset("long", layout)


def hostile_group(file, _):
    file.create_group("more")


def changed(file, _):
    file["error"][0, 0] += 1e-15


def renamed(file, _):
    file["error"].attrs["long_name"] = "another"


@pytest.mark.parametrize(
    "attack", [hostile_text, hostile_external, hostile_storage, hostile_virtual, hostile_group, changed, renamed]
)
@pytest.mark.usefixtures("unchecked")
def test_arrays_that_were_tampered_with_are_refused(record, tmp_path, attack):
    write(replace(record, study="other"), tmp_path)
    folder = write(record, tmp_path)
    with h5py.File(folder / "arrays.nc", "r+") as file:
        attack(file, tmp_path / "other" / "arrays.nc")
    signed(folder)
    with pytest.raises(BadInput):
        read(tmp_path, record.study)


def test_a_small_file_that_claims_a_huge_array_is_refused_before_loading(record, tmp_path):
    folder = write(record, tmp_path)
    with h5py.File(folder / "arrays.nc", "r+") as file:
        file.create_dataset("bomb", (10**9, 10**6), "f8", chunks=(1000, 1000))
    signed(folder)
    with pytest.raises(TooLarge):
        read(tmp_path, record.study)


@pytest.mark.parametrize("content", [b"", b"\x89HDF\r\n\x1a\n" + bytes(500), pickle.dumps([1])])
@pytest.mark.usefixtures("unchecked")
def test_arrays_that_are_no_netcdf_are_refused(record, tmp_path, content):
    folder = write(record, tmp_path)
    (folder / "arrays.nc").write_bytes(content)
    signed(folder)
    with pytest.raises(BadInput):
        read(tmp_path, record.study)


def test_damage_anywhere_in_the_arrays_is_refused_before_their_library_sees_it(record, tmp_path, monkeypatch):
    # A few changed bytes can keep HDF5 busy for ever, deaf to signals.
    folder = write(record, tmp_path)
    original, seen = (folder / "arrays.nc").read_bytes(), []
    monkeypatch.setattr(store, "read_netcdf", lambda *given: seen.append(given))
    for at in np.random.default_rng(1).integers(0, len(original), 20):
        damaged = bytearray(original)
        damaged[at] ^= 0xFF
        for content in (damaged, original[:at] or b"x", original + b"x"):
            (folder / "arrays.nc").write_bytes(content)
            with pytest.raises(BadInput, match="SHA-256"):
                read(tmp_path, record.study)
    assert seen == []


@pytest.mark.parametrize("name", ["arrays.nc", "record.json"])
def test_a_pipe_in_a_record_does_not_block(record, tmp_path, name):
    folder = write(record, tmp_path)
    (folder / name).unlink()
    os.mkfifo(folder / name)
    started = time.perf_counter()
    with pytest.raises(BadInput, match="not a regular file"):
        read(tmp_path, record.study)
    assert time.perf_counter() - started < 1


def test_a_missing_file_is_refused(record, tmp_path):
    (write(record, tmp_path) / "arrays.nc").unlink()
    with pytest.raises(BadInput):
        read(tmp_path, record.study)


def test_the_fingerprint_is_of_the_content(record):
    first = fingerprint(record.arrays)
    shuffled = record.arrays[list(record.arrays.data_vars)[::-1]]
    assert fingerprint(shuffled) == first
    for change in (
        record.arrays.assign_attrs(scale=2.0),
        record.arrays.rename(width="size"),
        record.arrays.drop_vars("note"),
        record.arrays.assign(long=record.arrays["long"].astype("f4")),
        record.arrays.assign_coords(width=[64, 128, 257]),
        record.arrays.reset_coords("label"),
    ):
        assert fingerprint(change) != first
