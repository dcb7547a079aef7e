"""A table: named input columns and a target, as a source delivers them, before any scaling.

Sources hand over `Columns`; `assemble` picks the target, turns the rest into one matrix of numbers, and refuses what is
missing, infinite or not a number, with row and column named. Rows count from 0, a header line is not counted.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Shaped

from softntk.failures import BadInput
from softntk.numerics.memory import announce

__all__ = ["Columns", "Table", "assemble", "check_numbers", "select"]

Numbers = Float[np.ndarray, " n"]


class Columns(ABC):
    """Named columns of one length, each delivered on demand."""

    @property
    @abstractmethod
    def names(self) -> tuple[str, ...]:
        """Names of the columns, all different."""

    @property
    @abstractmethod
    def count(self) -> int:
        """Number of rows."""

    @abstractmethod
    def numbers(self, name: str) -> Numbers:
        """A column as float64; raises BadInput if it holds anything but numbers, or if a value is missing."""

    @abstractmethod
    def target(self, name: str) -> Shaped[np.ndarray, " n"]:
        """A column as text (dtype U), true/false or float64; raises BadInput otherwise, or if a value is missing."""


@dataclass(frozen=True, eq=False)
class Table:
    """Inputs (n, d) in float64 and targets: classes (n,) or numbers (n,) or (n, q).

    `kind` says what the target is, "" where the source does not know; `notes` says in words what the source did.
    """

    name: str
    inputs: Float[np.ndarray, "n d"]
    targets: Shaped[np.ndarray, "n ..."]
    input_names: tuple[str, ...]
    target_names: tuple[str, ...]
    kind: str = ""
    notes: tuple[str, ...] = ()

    def rows(self, indices: np.ndarray) -> "Table":
        """The table of the given rows, in the given order."""
        return Table(
            self.name,
            self.inputs[indices],
            self.targets[indices],
            self.input_names,
            self.target_names,
            self.kind,
            self.notes,
        )


def assemble(columns: Columns, name: str, target: str | Sequence[str] | None, notes: tuple[str, ...] = ()) -> Table:
    """Split columns into inputs and the named target (one name, or several for several numeric targets).

    Raises:
        BadInput: the target is not named, is not among the columns or is the only column; there are no rows; a column
            holds something else than finite numbers (text is allowed in a single target).
        TooLarge: the matrix does not fit in memory.
    """
    if columns.count == 0:
        raise BadInput(
            "source", required="have at least one row", got=f"no rows in {name}", advice="Pass another file."
        )
    targets = _target_names(columns, target)
    inputs = select(columns, tuple(column for column in columns.names if column not in targets), name)
    if len(targets) == 1:
        values = columns.target(targets[0])
        if values.dtype.kind == "f":
            check_numbers("target", values[:, None], targets)
    else:
        values = np.stack([columns.numbers(column) for column in targets], axis=1)
        check_numbers("target", values, targets)
    input_names = tuple(column for column in columns.names if column not in targets)
    return Table(name, inputs, values, input_names, targets, notes=notes)


def select(columns: Columns, wanted: tuple[str, ...], name: str) -> Float[np.ndarray, "n d"]:
    """The named columns as one matrix.

    Raises:
        BadInput: none is asked for, one is not there, or one does not hold finite numbers.
        TooLarge: the matrix does not fit in memory.
    """
    missing = [column for column in wanted if column not in columns.names]
    if missing:
        raise BadInput(
            "source",
            required=f"have the column {missing[0]!r}",
            got=f"the columns {_listed(columns.names)}",
            advice="Pass a file with the columns that were used in training.",
        )
    if not wanted:
        raise BadInput(
            "source",
            required="have at least one input column beside the target",
            got=f"{_listed(columns.names)} in {name}",
            advice="Add columns to learn from.",
        )
    announce(16.0 * columns.count * len(wanted), what="the input matrix", argument="source", advice="Pass fewer rows.")
    inputs = np.empty((columns.count, len(wanted)))
    for index, column in enumerate(wanted):
        inputs[:, index] = columns.numbers(column)
    check_numbers("source", inputs, wanted)
    return inputs


def check_numbers(argument: str, values: Float[np.ndarray, "n columns"], names: Sequence[str]) -> None:
    """Refuse NaN and infinite entries, naming the first one.

    Raises:
        BadInput: there is one.
    """
    if not np.isfinite(values).all():
        row, column = np.argwhere(~np.isfinite(values))[0].tolist()
        raise BadInput(
            argument,
            required="hold finite numbers only",
            got=f"{values[row, column]} in row {row}, column {names[column]!r} (rows count from 0)",
            advice="Drop or fill that row.",
        )


def _target_names(columns: Columns, target: str | Sequence[str] | None) -> tuple[str, ...]:
    names = columns.names
    if target is None:
        raise BadInput(
            "target",
            required="name the column to learn",
            got=f"none; the columns are {_listed(names)}",
            advice=f"Type target={names[-1]!r}, say (--target {names[-1]} on the command line).",
        )
    wanted = (target,) if isinstance(target, str) else tuple(target)
    if len(wanted) == 1 and wanted[0] not in names and "," in wanted[0]:
        wanted = tuple(part.strip() for part in wanted[0].split(","))
    for column in wanted:
        if column not in names:
            hint = "Type one of these names."
            if all(_is_number(other) for other in names):
                hint += " They look like numbers: if the file has no header line, add one."
            raise BadInput("target", required=f"be one of {_listed(names)}", got=repr(column), advice=hint)
    if not wanted or len(set(wanted)) < len(wanted):
        raise BadInput("target", required="name different columns", got=repr(target), advice="Type each name once.")
    return wanted


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:20]) + (f", ... ({len(names)} in all)" if len(names) > 20 else "")


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
