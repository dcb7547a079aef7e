"""What was chosen and drawn, as short text: nested parameters get dotted names, long lists are shortened."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from softntk.records import Record
from softntk.report.numbers import number

__all__ = ["duration", "facts", "plural", "ranges"]

_LONGEST = 12


def facts(record: Record) -> list[tuple[str, str]]:
    """Names and values: parameters, seeds, time, versions."""
    versions = ", ".join(f"{name} {version}" for name, version in record.versions.items())
    return [
        *_flat("", record.parameters),
        ("seeds", ranges(record.seeds) or "none: nothing was drawn"),
        ("time", duration(record.seconds)),
        *([("versions", versions)] if versions else []),
    ]


def duration(seconds: float) -> str:
    """A time in the unit in which it is short."""
    for size, unit in ((3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{number(seconds / size, 2)} {unit}"
    return f"{number(seconds, 2)} s"


def ranges(whole: Sequence[int]) -> str:
    """Whole numbers with runs shortened: "0 to 127, 200"."""
    runs: list[list[int]] = []
    for each in sorted(set(whole)):
        if runs and each == runs[-1][1] + 1:
            runs[-1][1] = each
        else:
            runs.append([each, each])
    words = [f"{a} to {b}" if b > a + 1 else ", ".join(map(str, dict.fromkeys((a, b)))) for a, b in runs]
    return _shortened(words)


def plural(count: int, one: str, many: str | None = None) -> str:
    """The count with its noun."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def _flat(name: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict) and value:
        for key, entry in value.items():
            yield from _flat(f"{name}.{key}" if name else key, entry)
    elif isinstance(value, list):
        yield name, _shortened([_word(entry) for entry in value]) or "none"
    else:
        yield name or "parameters", _word(value)


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None or value == {}:
        return "none"
    if isinstance(value, float):
        head, *power = number(value, 6).split(" ", 1)
        # Chosen numbers are short: 0.9 rather than 0.900000.
        return " ".join([head.rstrip("0").rstrip(".") if "." in head else head, *power])
    if isinstance(value, int):
        return number(value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _shortened(words: list[str]) -> str:
    if len(words) <= _LONGEST:
        return ", ".join(words)
    return f"{', '.join(words[: _LONGEST - 1])}, … {words[-1]} ({len(words):,} in all)"
