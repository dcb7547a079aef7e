"""NumPy's npz and npy: written with NumPy, read here, so that a file that lies is refused and not believed.

    npy    magic, length of the header, header {'descr': ..., 'fortran_order': ..., 'shape': ...}, the bytes
    npz    a zip archive with one npy for each array, stored or deflated

The header is literal text; what it declares is compared with the bytes that follow before anything is allocated. Python
objects are refused: they would have to be unpickled. Text must be text and truth values true or false, as a file need
not have them.
"""

import ast
import math
import os
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Protocol, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike

from softntk.failures import BadInput, Failure, TooLarge
from softntk.files.array_types import HoldsObjects, array_type, check_entries
from softntk.files.reading import opened
from softntk.files.writing import write

__all__ = ["read_npy", "read_npz", "write_npz"]

#: The limit on what is read, in bytes, where the caller does not set one.
MOST_BYTES = 2**33

_MOST_HEADER = 10_000  # parsing a longer literal can exhaust Python's stack; NumPy has the same limit
_MOST_MEMBERS = 100_000
_CHUNK = 1 << 24
# Deflate cannot do better: 258 bytes from two bits. An archive that declares more than that declares too much.
_MOST_DEFLATED = 1032

#: Called with the bytes and the name of an array before it is allocated; raises `TooLarge` if that is too much.
Admit = Callable[[int, str], None]


@runtime_checkable
class _Stream(Protocol):
    """A file, or a member of an archive."""

    def read(self, size: int, /) -> bytes: ...


def write_npz(
    path: str | os.PathLike[str],
    arrays: Mapping[str, ArrayLike],
    *,
    argument: str = "output",
    compressed: bool = True,
    make_folders: bool = False,
) -> Path:
    """Write arrays, numbers or text, as one npz file.

    Raises:
        BadInput: the path, which the caller took as `argument`, cannot be written to.
    """
    save = np.savez_compressed if compressed else np.savez

    def fill(file: BinaryIO) -> None:
        save(file, allow_pickle=False, **arrays)

    return write(path, fill, argument=argument, make_folders=make_folders)


def read_npz(
    path: str | os.PathLike[str],
    wanted: Iterable[str] | None = None,
    *,
    argument: str = "source",
    advice: str = "",
    admit: Admit | None = None,
) -> dict[str, np.ndarray]:
    """The wanted arrays of an npz file (all by default), of any shape, numbers or text.

    Arguments:
        argument: what the caller calls the file, for messages; `advice` says what to do about one that is of no use.
        admit: decides on the memory of each array; without it there are at most 8 GB in all.

    Raises:
        BadInput: an array is missing, the file is damaged, or would have to be unpickled.
        TooLarge: there is too much.
    """
    path = Path(path)
    name = path.name
    elsewhere = advice or "Check the path."
    with (
        _refused(name, argument, advice),
        opened(path, argument=argument, advice=elsewhere) as file,
        zipfile.ZipFile(file) as archive,
    ):
        entries = _members(archive)
        names = tuple(entries) if wanted is None else tuple(wanted)
        for each in names:
            if each not in entries:
                raise BadInput(
                    argument,
                    required=f"hold the array {each!r}",
                    got=f"the arrays {', '.join(list(entries)[:20]) or 'none'} in {name}",
                    advice=advice or f"Save it so: np.savez('{name}', {', '.join(f'{n}=...' for n in names)}).",
                )
        admitted = admit or _limited(sum(entries[each].file_size for each in names), argument)
        end = os.fstat(file.fileno()).st_size
        arrays = {}
        for each in names:
            _check_member(entries[each], end)
            with archive.open(entries[each]) as member:
                arrays[each] = _array(member, entries[each].file_size, each, admitted)
        return arrays


def read_npy(
    path: str | os.PathLike[str], *, argument: str = "source", advice: str = "", admit: Admit | None = None
) -> np.ndarray:
    """The array of an npy file. Arguments and failures are those of `read_npz`."""
    path = Path(path)
    elsewhere = advice or "Check the path."
    with _refused(path.name, argument, advice), opened(path, argument=argument, advice=elsewhere) as file:
        size = os.fstat(file.fileno()).st_size
        return _array(file, size, path.name, admit or _limited(size, argument))


def _members(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    infos = archive.infolist()
    entries = {each.filename.removesuffix(".npy"): each for each in infos}
    if len(entries) < len(infos) or len(infos) > _MOST_MEMBERS:
        raise ValueError("an array twice" if len(infos) <= _MOST_MEMBERS else f"{len(infos)} arrays")
    return entries


def _check_member(entry: zipfile.ZipInfo, end: int) -> None:
    if entry.flag_bits & 0x1:
        raise ValueError(f"{entry.filename} is encrypted")
    # NumPy writes these two. The others of the format can ask for gigabytes by themselves.
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ValueError(f"{entry.filename} is compressed by method {entry.compress_type}, which NumPy does not write")
    factor = _MOST_DEFLATED if entry.compress_type == zipfile.ZIP_DEFLATED else 1
    if entry.compress_size > end or entry.file_size > entry.compress_size * factor:
        raise ValueError(f"{entry.filename} declares {entry.file_size} bytes, more than the file can hold")


def _array(file: _Stream, size: int, name: str, admit: Admit) -> np.ndarray:
    """One array from a stream of `size` bytes."""
    header, start = _header(file)
    dtype, shape, by_columns = _declared(header)
    need = dtype.itemsize * math.prod(shape)
    if need != size - start:
        raise ValueError(f"{name} declares {need} bytes and holds {size - start}")
    admit(need, name)
    content = np.empty(need, np.uint8)
    for at in range(0, need, _CHUNK):
        _fill(file, content.data[at : at + _CHUNK], name)
    if file.read(1):  # an archive checks its sum when its end is read
        raise ValueError(f"{name} is longer than it declares")
    array = content.view(dtype).reshape(shape, order="F" if by_columns else "C")
    check_entries(array, name)
    return array


def _fill(file: _Stream, room: memoryview, name: str) -> None:
    filled = 0
    while filled < len(room):
        part = file.read(len(room) - filled)
        if not part:
            raise ValueError(f"{name} ends early")
        room[filled : filled + len(part)] = part
        filled += len(part)


def _header(file: _Stream) -> tuple[str, int]:
    """The text of the header, and where the bytes of the array start."""
    magic = file.read(8)
    version = tuple(magic[6:])
    if magic[:6] != b"\x93NUMPY" or version not in ((1, 0), (2, 0), (3, 0)):
        raise ValueError("no array in NumPy's format")
    width = 2 if version == (1, 0) else 4
    length = int.from_bytes(file.read(width), "little")
    if length > _MOST_HEADER:
        raise ValueError(f"a header of {length} bytes, of at most {_MOST_HEADER}")
    text = file.read(length)
    if len(text) < length:
        raise ValueError("a header that ends early")
    return text.decode("utf-8" if version == (3, 0) else "latin1"), 8 + width + length


def _declared(header: str) -> tuple[np.dtype, tuple[int, ...], bool]:
    """Type, shape, and whether the entries stand by columns."""
    try:
        found = ast.literal_eval(header.strip())
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError, OverflowError):
        found = None
    if not isinstance(found, dict) or found.keys() != {"descr", "fortran_order", "shape"}:
        raise ValueError(f"the header {header[:80]!r}")
    shape, by_columns = found["shape"], found["fortran_order"]
    if not isinstance(by_columns, bool) or not isinstance(shape, tuple) or len(shape) > 32:
        raise ValueError(f"the header {header[:80]!r}")
    # Python takes True for 1, and NumPy's own count of entries may overflow even where one length is 0.
    if any(type(length) is not int or length < 0 for length in shape):
        raise ValueError(f"the shape {shape}")
    dtype = array_type(found["descr"])
    if dtype.itemsize * math.prod(max(length, 1) for length in shape) >= 2**62:
        raise ValueError(f"the shape {shape}")
    return dtype, shape, by_columns


def _limited(total: int, argument: str) -> Admit:
    def admit(need: int, name: str) -> None:
        if max(total, need) > MOST_BYTES:
            raise TooLarge(
                argument,
                required=f"hold at most {MOST_BYTES:,} bytes of arrays",
                got=f"{total:,} (reading {name})",
                advice="Pass a smaller file.",
            )

    return admit


@contextmanager
def _refused(name: str, argument: str, advice: str) -> Iterator[None]:
    """Within it, everything that reading a damaged file can raise is a `BadInput`."""
    try:
        yield
    except Failure:
        raise
    except HoldsObjects:
        raise BadInput(
            argument,
            required="hold plain numbers or text",
            got=f"Python objects in {name}, which would have to be unpickled and could run anything",
            advice="Save numbers: np.asarray(values, dtype=float); rows must have one length.",
        ) from None
    except MemoryError:
        raise TooLarge(
            argument, required="fit in memory", got=f"{name}, which does not", advice="Pass a smaller file."
        ) from None
    # zipfile and zlib raise whatever the layer that stumbles raises: struct.error, RuntimeError, NotImplementedError.
    except Exception as error:
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise BadInput(
            argument,
            required="be a NumPy file",
            got=f"{name}: {reason}",
            advice=advice or "Save it again with np.savez or np.save.",
        ) from None
