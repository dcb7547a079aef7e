"""What a table is made of: every column that was read, what it holds, and whether it is used.

input      used, in this order
target     to be learned
left out   with the reason: an index or row names, an empty column without a name, not asked for, or no part of
           what a model was trained on
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from softntk.data.places import quoted
from softntk.failures import BadInput

__all__ = ["Column", "schema_from", "sentences"]

_ROLES = ("input", "target", "left out")


@dataclass(frozen=True)
class Column:
    """A column: `kind` numbers, true or false, text, nothing or a type; `missing` entries; `role`; `reason`."""

    name: str
    kind: str
    missing: int
    role: str
    reason: str = ""

    def to_dict(self) -> dict[str, Any]:
        """The column as JSON holds it."""
        return asdict(self)


def schema_from(records: Sequence[Mapping[str, Any]]) -> tuple[Column, ...]:
    """The columns that `to_dict` described.

    Raises:
        BadInput: one is not the description of a column.
    """
    try:
        columns = tuple(
            Column(str(r["name"]), str(r["kind"]), int(r["missing"]), str(r["role"]), str(r["reason"])) for r in records
        )
        if any(column.role not in _ROLES for column in columns):
            raise KeyError("role")
    except (KeyError, TypeError, ValueError) as error:
        raise BadInput(
            "schema",
            required="be the columns as to_dict writes them",
            got=f"{type(error).__name__}: {error}",
            advice="Write the file again; it was changed or cut.",
        ) from None
    return columns


def sentences(source: str, rows: int, schema: Sequence[Column]) -> list[str]:
    """The schema in words: rows, inputs, target, and what was left out and why."""
    inputs, targets = ([column for column in schema if column.role == role] for role in _ROLES[:2])
    size = len(inputs)
    words = [
        f"{source}: {rows:,} row{'' if rows == 1 else 's'}, {size:,} input column{'' if size == 1 else 's'} "
        f"({quoted([column.name for column in inputs], 6)})"
    ]
    if targets:
        kinds = ", ".join(dict.fromkeys(column.kind for column in targets))
        words[0] += f", target {quoted([column.name for column in targets], 6)} ({kinds})"
    reasons: dict[str, list[str]] = {}
    for column in schema:
        if column.role == "left out":
            reasons.setdefault(column.reason, []).append(column.name)
    words += [f"left out: {quoted(names, 6)} ({reason})" for reason, names in reasons.items()]
    return words
