"""JSON as the standard has it, with the three floats that it lacks.

    nan -> {"$float": "nan"},    inf -> {"$float": "inf"},    -inf -> {"$float": "-inf"}

so that every reader of JSON reads the file, and text that says "inf" stays text. Reading is strict too: no NaN tokens,
no number too large for a float, no key twice.
"""

import json
import math
from typing import Any

import numpy as np

from softntk.failures import BadInput
from softntk.records.text import require_text

__all__ = ["dumps", "loads", "plain"]

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
