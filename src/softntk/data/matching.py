"""Another source with the columns of a training set: rows to test on, to predict for, or to train on again.

Columns are found by their names, in whatever order they stand; columns beyond those are ignored and said. Where a file
has no names (a matrix, a text table without a header line), their number and order have to fit.
"""

from collections.abc import Sequence
from os import PathLike, fspath
from pathlib import Path

import numpy as np

from softntk.data.builtin import BUILTIN, read_builtin
from softntk.data.columns import Columns
from softntk.data.files import read_columns
from softntk.data.options import ReadOptions, option
from softntk.data.places import quoted
from softntk.data.preparation import Preparation
from softntk.data.schema import Column, sentences
from softntk.data.table import Table, matrix_of, targets_of
from softntk.failures import BadInput

__all__ = ["read_matching"]


def read_matching(
    source: str | PathLike[str], preparation: Preparation, *, targets: bool = True, options: ReadOptions | None = None
) -> Table:
    """The columns of a preparation out of a built-in set or a file, in the order of the preparation.

    Arguments:
        source: a name in `BUILTIN`, or a path.
        preparation: of the training set.
        targets: whether the target is read too; the table has targets (n, 0) without.
        options: how the file is read; by default as the training set was.

    Raises:
        BadInput: a column is missing, or holds something else than in training; else as `read_table`.
        TooLarge: the data do not fit in memory.
    """
    name = fspath(source).replace("-", "_")
    if name in BUILTIN:
        return _built_in(read_builtin(name), preparation, targets)
    options = preparation.options if options is None else options
    columns = read_columns(Path(source), preparation.target_names if targets else (), options)
    inputs = _inputs(columns, preparation)
    learned = _learned(columns, preparation.target_names) if targets else {}
    used = {name: columns.entries(each) for name, each in zip(preparation.input_names, inputs, strict=True)}
    found = {name: columns.entries(each) for name, each in learned.items()}
    encoding = preparation.encoding
    if encoding.kind == "classification" and any(isinstance(each, str) for each in encoding.classes):
        found = {name: each.as_text() for name, each in found.items()}
    matrix = matrix_of(columns, used, found)
    values = targets_of(columns, found, encoding.kind) if targets else np.zeros((columns.count, 0))
    rest = [name for name in columns.names if name not in inputs and name not in learned.values()]
    schema = tuple(
        [Column(name, each.kind, 0, "input") for name, each in used.items()]
        + [Column(name, each.kind, 0, "target") for name, each in found.items()]
        + [Column(name, "", 0, "left out", _reason(name, preparation)) for name in rest]
    )
    notes = [*sentences(columns.source, columns.count, schema), *columns.notes]
    if tuple(inputs) != preparation.input_names:
        notes.append("columns have no names here and are taken in the order of training")
    targeted = preparation.target_names if targets else ()
    names = preparation.input_names
    return Table(columns.source, matrix, values, names, targeted, "", tuple(notes), schema, columns.places, options)


def _inputs(columns: Columns, preparation: Preparation) -> Sequence[str]:
    """The columns of the file that are the inputs of the training set, in their order."""
    wanted = preparation.input_names
    given = [name for name in columns.names if name not in columns.labels]
    missing = [name for name in wanted if name not in given]
    if columns.numbered and len(given) == len(wanted):
        return given
    if columns.numbered and not missing and (columns.labels or len(given) != len(preparation.schema)):
        raise BadInput(
            "source",
            required=f"have {len(wanted)} input columns, as in training",
            got=f"{len(given)} columns without names in {columns.source}",
            advice="Pass the same columns in the same order.",
        )
    if missing:
        header = f" If the first line holds the names, type {option(header=True)}." if columns.numbered else ""
        raise BadInput(
            "source",
            required=f"have the column{'' if len(missing) == 1 else 's'} {quoted(missing, 6)}, as in training",
            got=f"the columns {quoted(given)} in {columns.source}",
            advice=f"Pass a file with the columns that were used in training.{header}",
        )
    return wanted


def _learned(columns: Columns, wanted: Sequence[str]) -> dict[str, str]:
    """Name of each target -> the column of the file that holds it."""
    if columns.labels:
        if len(columns.labels) != len(wanted):
            raise BadInput(
                "source",
                required=f"hold {len(wanted)} column{'' if len(wanted) == 1 else 's'} of labels, as in training",
                got=f"{len(columns.labels)} in {columns.source}",
                advice="Pass labels of the same shape.",
            )
        return dict(zip(wanted, columns.labels, strict=True))
    missing = [name for name in wanted if name not in columns.names]
    if missing:
        raise BadInput(
            "source",
            required=f"have the column {quoted(missing, 6)}, which was learned",
            got=f"the columns {quoted(columns.names)} in {columns.source}",
            advice="Pass a file that holds the target too.",
        )
    return {name: name for name in wanted}


def _reason(name: str, preparation: Preparation) -> str:
    return "the target, not needed here" if name in preparation.target_names else "no column of the training set"


def _built_in(table: Table, preparation: Preparation, targets: bool) -> Table:
    """A built-in table, if it is the one of the preparation or has its columns."""
    names = {name: index for index, name in enumerate(table.input_names)}
    missing = [name for name in preparation.input_names if name not in names]
    if missing or (targets and table.target_names != preparation.target_names):
        raise BadInput(
            "source",
            required=f"have the columns {quoted([*preparation.input_names, *preparation.target_names], 6)}",
            got=f"the columns {quoted([*table.input_names, *table.target_names], 6)} of {table.name}",
            advice="Pass the data that the model was trained on.",
        )
    order = [names[name] for name in preparation.input_names]
    found = table.targets if targets else np.zeros((len(table.inputs), 0))
    target_names = table.target_names if targets else ()
    return Table(table.name, table.inputs[:, order], found, preparation.input_names, target_names, table.kind)
