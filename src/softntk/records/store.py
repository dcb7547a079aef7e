"""Records on disk: a folder for each, readable without softntk.

    <root>/<study>/record.json    everything but the arrays; the fingerprint of the arrays and the SHA-256 of their file
    <root>/<study>/arrays.nc      the arrays, NetCDF4

A folder is written whole and moved into place (`softntk.files`), so that no reader ever sees half of a record. What is
read is checked: the hash of the file before the library of its format sees a byte (a damaged HDF5 file can keep it busy
for ever), then schema, types and fingerprint. Nothing is unpickled.
"""

import hashlib
import os
from pathlib import Path
from typing import Any

import xarray as xr

from softntk.failures import BadInput
from softntk.files import dumps, folder_at, read_bytes, read_json, write_folder
from softntk.files.folders import names_of_folders
from softntk.files.folders import require_place as require_place_for_folder
from softntk.records.arrays import fingerprint
from softntk.records.netcdf import MOST_BYTES, netcdf_of, read_netcdf
from softntk.records.record import SLUG, Record, require_slug
from softntk.verdicts import Answer, Verdict

__all__ = ["exists", "read", "read_all", "require_place", "write"]

SCHEMA = "softntk-record/2"
_PLAIN = ("study", "question", "parameters", "seeds", "versions", "findings", "command", "seconds")
_ADVICE = "Delete the folder and make the record again: softntk reproduce."


def write(record: Record, root: str | os.PathLike[str], *, replace: bool = False) -> Path:
    """Store the record under `root` and return its folder. An interrupted call leaves what was there before.

    Raises:
        BadInput: there is such a record already and `replace` is False, or `root` cannot be written to.
        TooLarge: the arrays are larger than a record may hold.
    """
    root = Path(root)
    place = _place(root, record.study)
    if exists(root, record.study) and not replace:
        raise BadInput(
            "root",
            required=f"not hold a record of {record.study} yet",
            got=str(place),
            advice="Type replace=True to write over it, or choose another folder.",
        )
    arrays = netcdf_of(record.arrays)
    described = _described(record) | {"file": hashlib.sha256(arrays).hexdigest()}
    return write_folder(place, {"arrays.nc": arrays, "record.json": dumps(described).encode()})


def exists(root: str | os.PathLike[str], study: str) -> bool:
    """Whether `root` holds a record of the study."""
    return folder_at(_place(Path(root), study)) is not None


def require_place(root: str | os.PathLike[str], study: str) -> None:
    """Refuse a root in which the record of a study cannot be written: to be called before long work.

    Raises:
        BadInput: a file stands where a folder has to be.
    """
    require_place_for_folder(_place(Path(root), study))


def read(root: str | os.PathLike[str], study: str) -> Record:
    """Read the record of a study.

    Raises:
        BadInput: there is none, or its files are not what `write` writes.
        TooLarge: the arrays are larger than a record may hold.
    """
    root = Path(root)
    folder = folder_at(_place(root, study))
    if folder is None:
        raise BadInput(
            "study",
            required=f"be one that {root} holds a record of",
            got=repr(study),
            advice="Type softntk reproduce to make the records.",
        )
    described = _read_json(folder / "record.json")
    content = read_bytes(folder / "arrays.nc", argument=str(folder), advice=_ADVICE, most=2 * MOST_BYTES)
    if hashlib.sha256(content).hexdigest() != described["file"]:
        raise _unusable(folder, "hold arrays.nc as it was written", "a file whose SHA-256 differs")
    arrays = read_netcdf(content, folder / "arrays.nc")
    try:
        record = _record(described, arrays)
        if record.study != study:
            raise ValueError(f"a record of {record.study} in the folder of {study}")
        if fingerprint(record.arrays) != described["arrays"]:
            raise ValueError("arrays whose fingerprint differs from the one in record.json")
    except (ValueError, TypeError, KeyError) as error:  # BadInput is a ValueError
        raise _unusable(folder, "hold a record as it was written", str(error)) from None
    return record


def read_all(root: str | os.PathLike[str]) -> tuple[Record, ...]:
    """Read every record under `root`, in the order of their names.

    Raises:
        BadInput: `root` is no folder, or a record in it cannot be read.
    """
    root = Path(root)
    if not root.is_dir():
        raise _unusable(root, "be a folder of records")
    names = [name for name in sorted(names_of_folders(root)) if SLUG.fullmatch(name)]
    return tuple(read(root, name) for name in names if exists(root, name))


def _place(root: Path, study: str) -> Path:
    return root / require_slug(study)


def _described(record: Record) -> dict[str, Any]:
    verdicts = [
        {
            "claim": each.claim,
            "answer": each.answer.value,
            "reason": each.reason,
            "measured": each.measured,
            "promised": each.promised,
        }
        for each in record.verdicts
    ]
    entries = {name: getattr(record, name) for name in _PLAIN}
    entries |= {"seeds": list(record.seeds), "findings": list(record.findings)}
    return {"schema": SCHEMA, **entries, "verdicts": verdicts, "arrays": fingerprint(record.arrays)}


def _read_json(path: Path) -> dict[str, Any]:
    found = read_json(path, argument=str(path), advice=_ADVICE)
    if not isinstance(found, dict) or found.get("schema") != SCHEMA:
        schema = repr(found.get("schema")) if isinstance(found, dict) else type(found).__name__
        raise _unusable(path, f"be an object of schema {SCHEMA!r}", schema)
    wanted = {"schema", *_PLAIN, "verdicts", "arrays", "file"}
    if found.keys() != wanted:
        odd = sorted(found.keys() ^ wanted)
        raise _unusable(path, f"have the keys {', '.join(sorted(wanted))}", f"missing or not known: {', '.join(odd)}")
    return found


def _record(described: dict[str, Any], arrays: xr.Dataset) -> Record:
    if not isinstance(described["verdicts"], list):
        raise TypeError("verdicts that are no list")
    verdicts = [_verdict(each) for each in described["verdicts"]]
    return Record(**{name: described[name] for name in _PLAIN}, arrays=arrays, verdicts=verdicts)


def _verdict(entry: Any) -> Verdict:
    wanted = ("claim", "answer", "reason", "measured", "promised")
    if not isinstance(entry, dict) or entry.keys() != set(wanted):
        raise ValueError(f"a verdict without exactly the keys {', '.join(wanted)}")
    for side in ("measured", "promised"):
        number = entry[side]
        if number is not None and (isinstance(number, bool) or not isinstance(number, int | float)):
            raise ValueError(f"a verdict whose {side} is no number")
    claim, answer, reason, measured, promised = (entry[name] for name in wanted)
    return Verdict(claim, Answer(answer), reason, measured, promised)


def _unusable(path: Path, required: str, got: str | None = None) -> BadInput:
    return BadInput(str(path), required=required, got=got or "something else", advice=_ADVICE)
