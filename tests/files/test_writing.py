"""Writing: the old file or the new one, no drafts, and every refusal of the system in four parts."""

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from softntk.failures import BadInput
from softntk.files import folder_at, require_place, require_writable, write, write_folder, write_npz
from softntk.files.writing import draft_name


def refuse(*_, **__):
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("content", ["é\n", "é\n".encode(), lambda file: file.write("é\n".encode())])
def test_what_is_written_is_there_alone(tmp_path, content):
    path = write(tmp_path / "a.txt", content)
    assert path.read_bytes() == "é\n".encode()
    assert [each.name for each in tmp_path.iterdir()] == ["a.txt"]


def test_the_mode_of_a_file_stays_and_links_are_followed(tmp_path):
    (tmp_path / "a").write_text("old")
    (tmp_path / "a").chmod(0o640)
    (tmp_path / "link").symlink_to("a")
    write(tmp_path / "link", "new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "a").read_text() == "new"
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o640


WRITERS = {
    "file": lambda place: write(place, b"new"),
    "function": lambda place: write(place, lambda file: file.write(b"new")),
    "npz": lambda place: write_npz(place, {"a": np.zeros(100)}),
    "folder": lambda place: write_folder(place, {"a": b"new", "b": b"new"}),
}


def stopped(*_, **__):
    raise KeyboardInterrupt


@pytest.mark.parametrize("fault", [refuse, stopped])
@pytest.mark.parametrize(("owner", "name"), [(os, "fsync"), (Path, "replace"), (Path, "open")])
@pytest.mark.parametrize("kind", WRITERS)
def test_what_fails_leaves_the_old_and_no_draft(tmp_path, monkeypatch, kind, owner, name, fault):
    place = tmp_path / "it"
    if kind == "folder":
        write_folder(place, {"a": b"old"})
    else:
        place.write_bytes(b"old")
    monkeypatch.setattr(owner, name, fault)
    with pytest.raises((KeyboardInterrupt, BadInput)) as failure:
        WRITERS[kind](place)
    monkeypatch.undo()
    assert (place / "a" if kind == "folder" else place).read_bytes() == b"old"
    assert [each.name for each in tmp_path.iterdir()] == ["it"]
    if fault is refuse:
        assert "No space left" in failure.value.got
        assert "Make room" in failure.value.advice


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")  # noqa: PTH110
def test_a_disk_that_is_really_full(tmp_path, monkeypatch):
    # Every draft goes to the device that is always full.
    original = Path.open
    monkeypatch.setattr(
        Path, "open", lambda path, mode="r", *a: original(Path("/dev/full"), mode.replace("x", "w"), *a)
    )
    for arrays in ({"a": np.zeros(1)}, {"a": np.random.default_rng(0).normal(size=100_000)}):
        for compressed in (True, False):
            with pytest.raises(BadInput, match="No space left"):
                write_npz(tmp_path / "a.npz", arrays, compressed=compressed)
    with pytest.raises(BadInput, match="No space left"):
        write_folder(tmp_path / "folder", {"a": b"x"})
    assert list(tmp_path.iterdir()) == []


def places(root: Path) -> dict[str, Path]:
    (root / "folder").mkdir()
    (root / "file").touch()
    os.mkfifo(root / "pipe")
    return {
        "a folder": root / "folder",
        "a file for a folder": root / "file" / "x.npz",
        "a pipe": root / "pipe",
        "a missing folder": root / "missing" / "x.npz",
        "a device": Path("/dev/null"),
        "NUL": root / "a\0b",
        "a name too long": root / ("x" * 300),
    }


def test_where_nothing_can_be_written_early_and_late(tmp_path):
    for name, path in places(tmp_path).items():
        for refuses in (require_writable, lambda path: write(path, b"x"), lambda path: write_npz(path, {"a": 1.0})):
            with pytest.raises(BadInput, match="must be") as failure:
                refuses(path)
            assert failure.value.advice, name
    assert sorted(each.name for each in tmp_path.iterdir()) == ["file", "folder", "pipe"]
    with pytest.raises(BadInput, match="a file"):
        require_place(tmp_path / "file" / "x")
    with pytest.raises(BadInput, match="a file"):
        write_folder(tmp_path / "file", {})
    require_writable(tmp_path / "new" / "x.npz", make_folders=True)
    assert list((tmp_path / "new").iterdir()) == []


def test_drafts_of_killed_processes_go_with_the_next_write(tmp_path):
    code = (
        "import sys, time; from softntk.files import write\n"
        "def slow(file):\n file.write(b'x' * 10**6); file.flush(); print('here', flush=True); time.sleep(60)\n"
        "write(sys.argv[1], slow)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "a")], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "here\n"
        (living,) = tmp_path.iterdir()
        write(tmp_path / "b", b"")  # the other process still lives: its draft stays
        assert living.exists()
        process.send_signal(signal.SIGKILL)
    (tmp_path / living.name.replace(living.name[-8:-6], "zz")).touch()  # not a name of ours
    (tmp_path / draft_name()).mkdir()  # of this process
    dead = tmp_path / draft_name().replace(f"-{os.getpid()}-", f"-{process.pid}-")
    dead.mkdir()
    (dead / "a").touch()
    foreign = tmp_path / (".softntk-00000000" + draft_name()[17:])
    foreign.touch()
    old = tmp_path / draft_name()
    old.touch()
    os.utime(old, (time.time() - 1e5,) * 2)
    write(tmp_path / "b", b"")
    left = set(tmp_path.iterdir())
    assert not {living, dead, old} & left
    assert foreign in left
    assert len(left) == 4


def test_a_folder_aside_counts_until_the_new_one_is_there(tmp_path):
    place = write_folder(tmp_path / "it", {"a": b"1"})
    assert folder_at(place) == place
    place.rename(tmp_path / ".it.previous")
    assert folder_at(place) == tmp_path / ".it.previous"
    write_folder(place, {"b": b"2"})
    assert [each.name for each in tmp_path.rglob("*")] == ["it", "b"]
    assert folder_at(tmp_path / "other") is None
