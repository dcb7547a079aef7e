"""Records on disk: a folder for each, readable without softntk.

    <root>/<study>/record.json    everything but the arrays, and the fingerprint of the arrays
    <root>/<study>/arrays.nc      the arrays, NetCDF4

A record is written into a folder of its own next to its place and moved there by one rename, so that no reader ever
sees half of one. Where one is replaced, the old folder steps aside first and is the record until the new one is in
its place. What is read is checked: schema, types and fingerprint. Nothing is unpickled.
"""

import os
import secrets
import shutil
from pathlib import Path
from typing import Any

import xarray as xr

from softntk.failures import BadInput
from softntk.files.strict_json import dumps, loads
from softntk.records.arrays import fingerprint
from softntk.records.netcdf import read_arrays, write_arrays
from softntk.records.record import SLUG, Record, require_slug
from softntk.verdicts import Answer, Verdict

__all__ = ["exists", "read", "read_all", "write"]

SCHEMA = "softntk-record/1"
_PLAIN = ("study", "question", "parameters", "seeds", "versions", "findings", "command", "seconds")
_MOST_JSON = 64_000_000


def write(record: Record, root: str | os.PathLike[str], *, replace: bool = False) -> Path:
    """Store the record under `root` and return its folder. An interrupted call leaves what was there before.

    Raises:
        BadInput: there is such a record already and `replace` is False, or `root` cannot be written to.
        TooLarge: the arrays are larger than a record may hold.
    """
    root = Path(root)
    place, aside = _place(root, record.study), _aside(root, record.study)
    if exists(root, record.study) and not replace:
        raise BadInput(
            "root",
            required=f"not hold a record of {record.study} yet",
            got=str(place),
            advice="Type replace=True to write over it, or choose another folder.",
        )
    draft = root / f".{record.study}.{secrets.token_hex(8)}"
    try:
        draft.mkdir(parents=True)
    except OSError as error:
        raise _unusable(root, f"be a folder that can be written to ({error.strerror})") from None
    try:
        write_arrays(record.arrays, draft / "arrays.nc")
        with (draft / "record.json").open("w", encoding="utf-8", newline="\n") as file:
            file.write(dumps(_described(record)))
            file.flush()
            os.fsync(file.fileno())
        if place.exists():
            shutil.rmtree(aside, ignore_errors=True)  # left by a call that was killed after its work was done
            place.replace(aside)
        draft.replace(place)
    except BaseException:
        if aside.exists() and not place.exists():
            aside.replace(place)
        shutil.rmtree(draft, ignore_errors=True)
        raise
    shutil.rmtree(aside, ignore_errors=True)
    return place


def exists(root: str | os.PathLike[str], study: str) -> bool:
    """Whether `root` holds a record of the study."""
    root = Path(root)
    return _place(root, study).is_dir() or _aside(root, study).is_dir()


def read(root: str | os.PathLike[str], study: str) -> Record:
    """Read the record of a study.

    Raises:
        BadInput: there is none, or its files are not what `write` writes.
        TooLarge: the arrays are larger than a record may hold.
    """
    root = Path(root)
    # A call that was killed between its two renames leaves the old record aside.
    folder = next((each for each in (_place(root, study), _aside(root, study)) if each.is_dir()), None)
    if folder is None:
        raise BadInput(
            "study",
            required=f"be one that {root} holds a record of",
            got=repr(study),
            advice="Type softntk reproduce to make the records.",
        )
    described = _read_json(folder / "record.json")
    arrays = read_arrays(folder / "arrays.nc")
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
    names = {each.name.removeprefix(".").removesuffix(".previous") for each in root.iterdir() if each.is_dir()}
    return tuple(read(root, name) for name in sorted(names) if SLUG.fullmatch(name) and exists(root, name))


def _place(root: Path, study: str) -> Path:
    return root / require_slug(study)


def _aside(root: Path, study: str) -> Path:
    return root / f".{require_slug(study)}.previous"


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
    try:
        size = path.stat().st_size
        if size > _MOST_JSON:
            raise ValueError(f"{size} bytes")
        found = loads(path.read_bytes().decode("utf-8"))
    except OSError as error:
        raise _unusable(path, "be a file that can be read", str(error.strerror)) from None
    except ValueError as error:
        raise _unusable(path, "be strict JSON in UTF-8, at most 64 MB", str(error)) from None
    if not isinstance(found, dict) or found.get("schema") != SCHEMA:
        schema = repr(found.get("schema")) if isinstance(found, dict) else type(found).__name__
        raise _unusable(path, f"be an object of schema {SCHEMA!r}", schema)
    wanted = {"schema", *_PLAIN, "verdicts", "arrays"}
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
    return BadInput(
        str(path),
        required=required,
        got=got or "something else",
        advice="Delete the folder and make the record again: softntk reproduce.",
    )
