"""JSON as the standard has it, with the three floats that it lacks, in two forms.

    files      nan -> {"$float": "nan"},  inf -> {"$float": "inf"},  -inf -> {"$float": "-inf"}
    output     null at its place, and on top "not_finite": {"test.standard_error": "nan"}, the place and the word

Files give back the same value, and text that says "inf" stays text. Output is for other programs, in which null is what
stands for a number that is none. Every reader of JSON reads both. Reading is strict too: no NaN tokens, no number too
large for a float, no key twice.
"""

import json
import math
import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from softntk.failures import BadInput
from softntk.files.reading import read_bytes
from softntk.files.text import require_text

__all__ = ["dumps", "loads", "output_json", "plain", "read_json"]

#: Default limit of `read_json`, in bytes.
MOST_JSON = 64_000_000

_TAG = "$float"
_SPECIAL = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}


def plain(where: str, value: Any) -> Any:
    """A deep copy of `value` in the types that JSON gives back: tuples become lists, NumPy scalars numbers.

    Raises:
        BadInput: it holds something else than numbers, text, None, lists and dictionaries with text as keys.
    """
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, bool):
        return value
    # StrEnum and the like are subclasses: they are stored as what they are made of.
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value)
    if isinstance(value, str):
        return require_text(where, value, empty=True)
    if isinstance(value, dict):
        keys = [require_text(f"a key of {where}", key) for key in value]
        if _TAG in keys:
            raise BadInput(where, required=f"not use the key {_TAG}", got="it", advice="Choose another name.")
        return {key: plain(f"{where}[{key!r}]", entry) for key, entry in zip(keys, value.values(), strict=True)}
    if isinstance(value, list | tuple):
        return [plain(f"{where}[{i}]", entry) for i, entry in enumerate(value)]
    raise BadInput(
        where,
        required="be a number, text, None, a list or a dictionary",
        got=type(value).__name__,
        advice="Put arrays into arrays, and numbers and text here.",
    )


def dumps(value: Any) -> str:
    """Write a plain value; the same value gives the same text."""
    return json.dumps(_tagged(value), allow_nan=False, ensure_ascii=False, indent=1) + "\n"


def loads(text: str) -> Any:
    """Read what `dumps` wrote.

    Raises:
        ValueError: it is not strict JSON.
    """
    try:
        return json.loads(text, parse_constant=_no_constant, parse_float=_finite, object_pairs_hook=_untagged)
    except RecursionError:
        raise ValueError("lists within lists, too deep") from None


def read_json(
    path: str | os.PathLike[str], *, argument: str = "source", advice: str = "Check the path.", most: int = MOST_JSON
) -> Any:
    """Read a file of strict JSON.

    Raises:
        BadInput: it cannot be read, or is something else.
        TooLarge: it has more than `most` bytes.
    """
    content = read_bytes(path, argument=argument, advice=advice, most=most)
    try:
        return loads(content.decode("utf-8"))
    except ValueError as error:
        reason = " ".join(str(error).split())[:200]
        raise BadInput(argument, required="be strict JSON in UTF-8", got=f"{path}: {reason}", advice=advice) from None


def output_json(found: Mapping[str, Any] | list[Any]) -> str:
    """What a command prints with --json: strict JSON; a float that is not finite is null, and is named on top."""
    places: dict[str, str] = {}
    shown = _shown(found, "", places)
    if places and isinstance(shown, dict):
        shown["not_finite"] = places
    return json.dumps(shown, allow_nan=False, indent=2)


def _shown(value: Any, place: str, places: dict[str, str]) -> Any:
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, float) and not math.isfinite(value):
        places[place] = str(float(value))
        return None
    if isinstance(value, Mapping):
        return {
            str(key): _shown(entry, f"{place}.{key}" if place else str(key), places) for key, entry in value.items()
        }
    if isinstance(value, list | tuple):
        return [_shown(entry, f"{place}[{i}]", places) for i, entry in enumerate(value)]
    return value


def _tagged(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return {_TAG: str(value)}
    if isinstance(value, dict):
        return {key: _tagged(entry) for key, entry in value.items()}
    return [_tagged(entry) for entry in value] if isinstance(value, list) else value


def _untagged(pairs: list[tuple[str, Any]]) -> Any:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key appears twice")
    if _TAG not in found:
        return found
    if len(found) > 1 or not isinstance(found[_TAG], str) or found[_TAG] not in _SPECIAL:
        raise ValueError(f"{_TAG} must stand alone and be one of {', '.join(_SPECIAL)}")
    return _SPECIAL[found[_TAG]]


def _no_constant(token: str) -> Any:
    raise ValueError(f"{token} is not JSON")


def _finite(token: str) -> float:
    number = float(token)
    if not math.isfinite(number):
        raise ValueError(f"{token} is too large for a float")
    return number
