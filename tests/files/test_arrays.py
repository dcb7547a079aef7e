"""Arrays from files: what NumPy wrote comes back as NumPy reads it; what lies is refused, at once and in four parts."""

import io
import os
import pickle
import socket
import struct
import time
import zipfile
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from softntk.failures import BadInput, TooLarge
from softntk.files import arrays as arrays_module
from softntk.files import read_bytes, read_json, read_npy, read_npz, write_npz

ARRAYS = {
    "matrix": np.arange(6.0).reshape(2, 3),
    "columns": np.asfortranarray(np.arange(24, dtype=np.int16).reshape(2, 3, 4)),
    "none": np.zeros((0, 3), np.float32),
    "one": np.array(2.5),
    "big": np.arange(3, dtype=">i4"),
    "truth": np.array([True, False]),
    "text": np.array([["é", "long"], ["", "x"]]),
    "bytes": np.array([b"ab", b""]),
    "complex": np.array([1 + 2j]),
    "day": np.array(["2020-01-01"], "M8[D]"),
    "fields": np.array([(1.0, "a", [1, 2])], [("x", "<f8"), ("name", "<U3"), ("pair", "<i4", (2,))]),
    "nested": np.zeros(2, [("p", [("x", "<f4"), ("y", "|b1")])]),
}


@pytest.mark.parametrize("compressed", [True, False])
def test_what_was_written_comes_back(tmp_path, compressed):
    path = write_npz(tmp_path / "a.npz", ARRAYS, compressed=compressed)
    found = read_npz(path)
    assert list(found) == list(ARRAYS)
    for name, array in ARRAYS.items():
        assert found[name].dtype == array.dtype
        np.testing.assert_array_equal(found[name], array)
        np.save(tmp_path / "a.npy", array)
        np.testing.assert_array_equal(read_npy(tmp_path / "a.npy"), array)
    assert list(read_npz(path, ["one"])) == ["one"]
    with pytest.raises(BadInput, match="hold the array 'absent'; got the arrays matrix, columns"):
        read_npz(path, ["absent"])


def npy(shape, data=b"", descr="<f8", order=False, version=1, cut=None) -> bytes:
    text = repr({"descr": descr, "fortran_order": order, "shape": shape})
    return raw(text if cut is None else text[:cut], data, version)


def raw(text: str, data=b"", version=1) -> bytes:
    header = text.encode().ljust(117) + b"\n"
    return b"\x93NUMPY" + bytes([version, 0]) + struct.pack("<H" if version == 1 else "<I", len(header)) + header + data


LIES = {
    "nothing": b"0",
    "only the magic": b"\x93NUMPY",
    "another version": b"\x93NUMPY\x09\x00" + bytes(64),
    "cut header": npy((3,), bytes(24), cut=-3),
    "cut within the header": npy((3,), bytes(24))[:40],
    "header of 4 GB": b"\x93NUMPY\x02\x00\xff\xff\xff\xff",
    "deep": raw("(" * 100),
    "deeper": raw("-" * 9000 + "1"),
    "unpaired": raw("{'descr': '<f8', 'fortran_order': False, 'shape': (3,"),
    "no dictionary": raw("3"),
    "unhashable": raw("{[]: 1}"),
    "another key": raw("{'descr': '<f8', 'fortran_order': False, 'shape': (), 'more': 1}"),
    "code": raw("{'descr': '<f8', 'fortran_order': False, 'shape': (open('x'),)}"),
    "truth values": npy((True, True), bytes(8)),
    "negative": npy((-2, -4), bytes(64)),
    "astronomic and empty": npy((10**30, 0)),
    "overflowing and empty": npy((2**62, 2**62, 0)),
    "list": npy([2], bytes(16)),
    "too short": npy((2, 2), bytes(24)),
    "too long": npy((2, 2), bytes(40)),
    "more than there is": npy((10**12, 10**3)),
    "40 dimensions": npy((1,) * 40, bytes(8)),
    "order": npy((2,), bytes(16), order="yes"),
    "no type": npy((2,), bytes(16), descr="<q8x"),
    "commas": npy((2,), bytes(16), descr="f4,f4"),
    "empty text": npy((10**12,), descr="<U0"),
    "endless text": npy((1,), descr="<U999999999"),
    "empty fields": npy((2,), descr=[]),
    "field of lies": npy((2,), descr=[("a", "<f8", (True,))]),
    "two fields of one name": npy((1,), bytes(16), descr=[("a", "<f8"), ("a", "<f8")]),
    "subtype": npy((2,), bytes(16), descr=("<f8", (2,))),
    "no truth": npy((2,), b"\x01\x02", descr="|b1"),
    "no letter": npy((1,), b"\xff\xff\xff\x7f", descr="<U1"),
    "half a letter": npy((1,), b"\x00\xd8\x00\x00", descr="<U1"),
    "no letter in a field": npy((1,), b"\xff" * 4, descr=[("a", "<U1")]),
}


@pytest.mark.parametrize("lie", LIES)
def test_headers_that_lie_are_refused(tmp_path, lie):
    path = tmp_path / "bad.npy"
    path.write_bytes(LIES[lie])
    with pytest.raises(BadInput, match="be a NumPy file"):
        read_npy(path)
    with zipfile.ZipFile(tmp_path / "bad.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.npy", LIES[lie])
    with pytest.raises(BadInput, match="be a NumPy file"):
        read_npz(tmp_path / "bad.npz", ["x"])


class Trap:
    """Unpickling it fails the test."""

    def __reduce__(self):
        return (pytest.fail, ("a file was unpickled",))


def test_nothing_is_unpickled(tmp_path):
    np.save(tmp_path / "a.npy", np.array([Trap()], object))
    np.save(tmp_path / "b.npy", np.array([(1.0, Trap())], [("a", float), ("y", object)]))
    np.savez(tmp_path / "c.npz", a=np.array([Trap()], object))
    for read, name in ((read_npy, "a.npy"), (read_npy, "b.npy"), (read_npz, "c.npz")):
        with pytest.raises(BadInput, match="would have to be unpickled"):
            read(tmp_path / name)
    (tmp_path / "d.npy").write_bytes(pickle.dumps(Trap()))
    for read in (read_npy, read_npz):
        with pytest.raises(BadInput, match="be a NumPy file"):
            read(tmp_path / "d.npy")


def archive(**options) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", **options) as file:
        file.writestr("x.npy", npy((400,), np.arange(400.0).tobytes()))
    return packed.getvalue()


def patched(content: bytes, local: dict[int, bytes], central: dict[int, bytes]) -> bytes:
    """The archive with bytes changed at offsets within its first local header and its directory's first entry."""
    changed, directory = bytearray(content), content.index(b"PK\x01\x02")
    for start, changes in ((0, local), (directory, central)):
        for offset, new in changes.items():
            changed[start + offset : start + offset + len(new)] = new
    return bytes(changed)


def damaged(content: bytes) -> bytes:
    return content[:60] + bytes(byte ^ 0x5A for byte in content[60:90]) + content[90:]


def repeated() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr("x.npy", npy((), bytes(8)))
        file.writestr("x", npy((), bytes(8)))
    return packed.getvalue()


DEFLATED = {"compression": zipfile.ZIP_DEFLATED}
ARCHIVES = {
    "no archive": lambda: b"PK\x03\x04 not an archive",
    "cut": lambda: archive()[:-30],
    "encrypted": lambda: patched(archive(), {6: b"\x01"}, {8: b"\x01"}),
    "unknown compression": lambda: patched(archive(), {8: b"\x63"}, {10: b"\x63"}),
    "LZMA": lambda: archive(compression=zipfile.ZIP_LZMA),
    "damaged LZMA": lambda: damaged(archive(compression=zipfile.ZIP_LZMA)),
    "bzip2": lambda: archive(compression=zipfile.ZIP_BZIP2),
    "damaged deflate": lambda: damaged(archive(**DEFLATED)),
    "damaged, stored": lambda: damaged(archive()),
    "declares 3 GB": lambda: patched(archive(**DEFLATED), {22: b"\xff\xff\xff\xbf"}, {24: b"\xff\xff\xff\xbf"}),
    "compressed size beyond the file": lambda: patched(archive(**DEFLATED), {}, {20: b"\xff\xff\xff\x7f"}),
    "member beyond the file": lambda: patched(archive(), {}, {42: b"\xff\xff\xff\x7f"}),
    "twice": repeated,
}


@pytest.mark.parametrize("name", ARCHIVES)
def test_archives_that_lie_are_refused(tmp_path, name):
    path = tmp_path / "bad.npz"
    path.write_bytes(ARCHIVES[name]())
    with pytest.raises(BadInput, match="be a NumPy file"):
        read_npz(path, ["x"])


def test_too_much_is_too_large_before_it_is_allocated(tmp_path, monkeypatch):
    path = write_npz(tmp_path / "bomb.npz", {"a": np.zeros(200_000), "b": np.zeros(200_000)})
    assert path.stat().st_size < 10_000
    monkeypatch.setattr(arrays_module, "MOST_BYTES", 2_000_000)
    read_npz(path, ["a"])
    with pytest.raises(TooLarge, match="2,000,000 bytes"):
        read_npz(path)
    asked = []
    read_npz(path, ["b"], admit=lambda need, name: asked.append((need, name)))
    assert asked == [(1_600_000, "b")]
    with pytest.raises(TooLarge):
        read_bytes(path, most=10)


def test_only_regular_files_with_content_are_opened_and_nothing_waits(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    (tmp_path / "empty").touch()
    (tmp_path / "loop").symlink_to("loop")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "socket"))
    started = time.perf_counter()
    odd = [*(tmp_path / each for each in ("pipe", "folder", "empty", "loop", "socket", "absent", "a\0b", "\ud800"))]
    for path in (*odd, Path("/dev/zero"), tmp_path / ("x" * 300), tmp_path / "empty" / "x"):
        for read in (read_npy, read_npz, read_bytes, read_json):
            with pytest.raises(BadInput) as failure:
                read(path, argument="model", advice="Do this.")
            assert (failure.value.argument, failure.value.advice) in (
                ("model", "Do this."),
                ("model", "Check the name."),
            )
    assert time.perf_counter() - started < 2


@pytest.mark.parametrize("content", [b"{", b"\xff", b'{"a": NaN}', b"[" * 100_000, b'{"a": 1, "a": 2}'])
def test_what_is_no_json_is_refused(tmp_path, content):
    (tmp_path / "a.json").write_bytes(content)
    with pytest.raises(BadInput, match="be strict JSON"):
        read_json(tmp_path / "a.json")


def test_random_damage_is_refused_or_harmless(tmp_path):
    rng, path = np.random.default_rng(0), tmp_path / "a"
    for name, original in (("npy", npy((4,), bytes(32))), ("zip", archive(**DEFLATED)), ("stored", archive())):
        for _ in range(300):
            content = bytearray(original)
            for at in rng.integers(0, len(content), rng.integers(1, 4)):
                content[at] = rng.integers(0, 256)
            path.write_bytes(content[: len(content) if rng.random() < 0.7 else rng.integers(1, len(content))])
            with suppress(BadInput, TooLarge):
                read_npy(path) if name == "npy" else read_npz(path)
