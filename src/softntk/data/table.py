"""A table: named input columns and a target, as a source delivers them, before any scaling.

`assemble` picks the target and the inputs among the columns of a file, turns the inputs into one matrix of numbers, and
refuses what is missing, infinite or not a number, with rows and columns named as the file counts them.
"""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from jaxtyping import Float, Shaped

from softntk.data.columns import Columns
from softntk.data.entries import Entries
from softntk.data.not_numbers import refuse_infinite, refuse_missing, refuse_odd_classes, refuse_text
from softntk.data.options import ReadOptions, option
from softntk.data.places import Places, quoted
from softntk.data.schema import Column, sentences
from softntk.failures import BadInput
from softntk.numerics.memory import announce

__all__ = ["Table", "assemble", "matrix_of", "resolved", "targets_of"]


@dataclass(frozen=True, eq=False)
class Table:
    """Inputs (n, d) in float64 and targets: classes (n,), numbers (n,) or (n, q), or (n, 0) where nothing is learned.

    `kind` says what the target is, "" where the source does not know; `schema` lists all columns of the source, `notes`
    says in words what was done; `places` are the rows in the source, and `options` what the caller said about it.
    """

    name: str
    inputs: Float[np.ndarray, "n d"]
    targets: Shaped[np.ndarray, "n ..."]
    input_names: tuple[str, ...]
    target_names: tuple[str, ...]
    kind: str = ""
    notes: tuple[str, ...] = ()
    schema: tuple[Column, ...] = ()
    places: Places = field(default_factory=Places)
    options: ReadOptions = field(default_factory=ReadOptions)

    def rows(self, indices: np.ndarray) -> "Table":
        """The table of the given rows, in the given order."""
        places = self.places.of(indices)
        return replace(self, inputs=self.inputs[indices], targets=self.targets[indices], places=places)


def assemble(
    columns: Columns,
    target: str | Sequence[str] | None,
    options: ReadOptions,
    *,
    kind: str | None,
    learned: bool = True,
) -> Table:
    """Split columns into inputs and target.

    Arguments:
        columns: as the file delivers them.
        target: one name, or several for several numeric targets; None for the labels of an npz file.
        options: which columns are inputs.
        kind: what the target is, where the caller says so.
        learned: whether there has to be a target; without one, all columns are inputs but those named in `target`.

    Raises:
        BadInput: the target is not named, is not among the columns or is the only column; there are no rows; an entry
            that is used is missing, infinite or not a number (text is allowed in a single target).
        TooLarge: the matrix does not fit in memory.
    """
    if columns.count == 0:
        raise BadInput(
            "source", required="have at least one row", got=f"no rows in {columns.source}", advice="Pass another file."
        )
    targets = () if target is None and not learned else _targets(columns, target)
    asked = resolved(options.columns, columns.names, "columns")
    dropped = resolved(options.drop, columns.names, "drop")
    reasons: dict[str, str] = {}
    found = {name: columns.entries(name) for name in columns.names}
    for name in columns.names:
        if name in targets:
            continue
        if name in dropped:
            reasons[name] = "dropped, as asked for"
        elif asked and name not in asked:
            reasons[name] = "not among the columns asked for"
        elif not asked and name in columns.index:
            reasons[name] = columns.index[name]
        elif not asked and name.startswith("Unnamed: ") and found[name].kind == "nothing":
            reasons[name] = "it has neither a name nor entries"
    inputs = tuple(name for name in asked or columns.names if name not in reasons and name not in targets)
    if not inputs:
        raise BadInput(
            "source",
            required="have at least one input column beside the target" if learned else "have a column",
            got=f"the columns {quoted(columns.names)} in {columns.source}",
            advice="Leave fewer columns out."
            if reasons
            else f"Add columns to learn from; if columns run together, type {option(delimiter=';')}.",
        )
    learn = {name: found[name] for name in targets} if learned else {}
    matrix = matrix_of(columns, {name: found[name] for name in inputs}, learn)
    values = targets_of(columns, learn, kind) if learned else np.zeros((columns.count, 0))
    roles = {**dict.fromkeys(inputs, "input"), **dict.fromkeys(targets if learned else (), "target")}
    order = [*inputs, *targets, *reasons]
    if not learned:
        reasons |= dict.fromkeys(targets, "no part of the samples, as asked for")
    schema = tuple(
        Column(name, found[name].kind, found[name].array.null_count, roles.get(name, "left out"), reasons.get(name, ""))
        for name in order
    )
    notes = (*sentences(columns.source, columns.count, schema), *columns.notes, *_counting(inputs, matrix))
    names = targets if learned else ()
    return Table(columns.source, matrix, values, inputs, names, "", notes, schema, columns.places, options)


def matrix_of(
    columns: Columns, inputs: Mapping[str, Entries], targets: Mapping[str, Entries]
) -> Float[np.ndarray, "n d"]:
    """The inputs as one matrix; missing entries of the targets are refused with theirs.

    Raises:
        BadInput: a column does not hold finite numbers, or an entry is missing.
        TooLarge: the matrix does not fit in memory.
    """
    announce(16.0 * columns.count * len(inputs), what="the input matrix", argument="source", advice="Pass fewer rows.")
    text = {name: each for name, each in inputs.items() if not each.usable}
    if text:
        refuse_text(columns, text, target=False)
    refuse_missing(columns, {name: each.missing() for name, each in {**inputs, **targets}.items()}, targets)
    matrix = np.empty((columns.count, len(inputs)))
    for index, (name, each) in enumerate(inputs.items()):
        matrix[:, index] = each.numbers()
        refuse_infinite(columns, name, matrix[:, index])
    return matrix


def targets_of(columns: Columns, targets: Mapping[str, Entries], kind: str | None) -> Shaped[np.ndarray, "n ..."]:
    """The targets: classes (n,), or numbers (n,) or (n, q).

    Raises:
        BadInput: a column holds neither, or texts that may not be classes while `kind` is None.
    """
    (name, single), *others = targets.items()
    if not others and single.kind == "text" and kind in (None, "classification"):
        if kind is None:
            refuse_odd_classes(columns, name, single)
        return single.classes()
    text = {name: each for name, each in targets.items() if not each.usable}
    if text:
        refuse_text(columns, text, target=True)
    numbers = [each.numbers() for each in targets.values()]
    for each, values in zip(targets, numbers, strict=True):
        refuse_infinite(columns, each, values)
    return np.stack(numbers, axis=1) if others else single.classes()


def resolved(names: Sequence[str], known: Sequence[str], argument: str) -> tuple[str, ...]:
    """Names of columns as the caller typed them: each one a name, or several with commas between them.

    Raises:
        BadInput: one is not among the known names, or stands twice.
    """
    wanted: list[str] = []
    for name in names:
        if name in known or "," not in name:
            wanted.append(name)
        else:
            wanted += [part.strip() for part in next(csv.reader([name], skipinitialspace=True))]
    for name in wanted:
        if name not in known:
            numbers = all(each.isdigit() for each in known)
            hint = f" If the first line holds the names, type {option(header=True)}." if numbers else ""
            raise BadInput(
                argument,
                required=f"be one of {quoted(known)}",
                got=f'"{name}"',
                advice=f"Type one of these names.{hint}",
            )
    if len(set(wanted)) < len(wanted):
        raise BadInput(argument, required="name different columns", got=quoted(wanted), advice="Type each name once.")
    return tuple(wanted)


def _targets(columns: Columns, target: str | Sequence[str] | None) -> tuple[str, ...]:
    if columns.labels:
        return columns.labels
    if target is None:
        last = columns.names[-1]
        raise BadInput(
            "target",
            required="name the column to learn",
            got=f"none; the columns are {quoted(columns.names)}",
            advice=f'Type target="{last}", say (on the command line: --target "{last}").',
        )
    names = resolved((target,) if isinstance(target, str) else tuple(target), columns.names, "target")
    if not names:
        raise BadInput("target", required="name a column", got="none", advice=f'Type "{columns.names[-1]}", say.')
    return names


def _counting(names: Sequence[str], matrix: Float[np.ndarray, "n d"]) -> list[str]:
    """Inputs that count the rows, which gives away their order: used, but said."""
    steps = np.arange(len(matrix))
    counting = [
        name
        for index, name in enumerate(names)
        if len(matrix) > 2 and matrix[0, index] in (0, 1) and (matrix[:, index] - matrix[0, index] == steps).all()
    ]
    return [
        f"{quoted([name])} counts the rows and is an input; type {option(drop=name)} to leave it out"
        for name in counting
    ]
