"""One door to all data: a built-in set, a synthetic set or a file, by name.

    load          rows drawn without replacement -> training set, preparation
    load_split    the rows in two parts: training set, held-out set, preparation; scaling and encoding are fitted on
                  the training rows, and the held-out rows are the same whatever the number of training rows
    split         the same for a set that is prepared already

Every draw takes its key from the caller.
"""

import difflib
from collections.abc import Sequence
from os import PathLike, fspath
from pathlib import Path

import jax
import numpy as np
from jaxtyping import Array, Int

from softntk.data import synthetic
from softntk.data.builtin import BUILTIN, read_builtin
from softntk.data.files import ENDINGS, read_table
from softntk.data.options import ReadOptions
from softntk.data.preparation import Preparation, prepare
from softntk.data.table import Table
from softntk.data.training_set import TrainingSet
from softntk.failures import BadInput, typed

__all__ = ["SYNTHETIC", "draw_rows", "load", "load_split", "split"]

#: Name of each synthetic set -> what draws it. Separated: no two inputs closer than 0.5.
SYNTHETIC = {
    "sphere": synthetic.sphere,
    "separated": lambda key, *, count, size: synthetic.separated(key, count=count, size=size, separation=0.5),
    "teacher": synthetic.teacher,
}


def load(
    source: str | PathLike[str],
    *,
    target: str | Sequence[str] | None = None,
    count: int | None = None,
    key: Array | None = None,
    scaling: str = "sphere",
    kind: str | None = None,
    options: ReadOptions | None = None,
    size: int = 10,
) -> tuple[TrainingSet, Preparation]:
    """Load a training set with labels and inputs as the theorems want them, and what was done to get there.

    Arguments:
        source: a name in `BUILTIN` (digits, breast_cancer, wine, iris, diabetes) or `SYNTHETIC` (sphere, separated,
            teacher), or a path that ends in .csv, .tsv, .parquet, .npz or .npy.
        target: column to learn, for files; several names for several outputs.
        count: number of rows, drawn without replacement; by default all (100 for synthetic sets).
        key: random key for that draw; needed with `count` and for synthetic sets.
        scaling: sphere (standardize, append a constant, put rows on the unit sphere), largest-norm, standardize, unit
            or none. Synthetic inputs lie on the sphere already and stay there.
        kind: classification, regression or as-given, if the rule should not decide.
        options: how a file is read, where it does not say so itself, and which of its columns are inputs.
        size: input size d, for synthetic sets.

    Raises:
        BadInput: the source is unknown or unreadable, the target is missing, a value is missing, infinite or not a
            number, there are fewer than `count` rows, or a key is needed.
        TooLarge: the data do not fit in memory.
    """
    table, row_key = _table(source, key, count, size, target, kind, options)
    rows = None
    if count is not None and not _synthetic(source):
        if row_key is None:
            raise _needs_key("draw rows")
        rows = draw_rows(row_key, len(table.inputs), count)
    return prepare(table, rows, scaling=_scaling(source, scaling), kind=kind)


def load_split(
    source: str | PathLike[str],
    *,
    key: Array,
    held_out: int | float = 0.25,
    target: str | Sequence[str] | None = None,
    count: int | None = None,
    scaling: str = "sphere",
    kind: str | None = None,
    options: ReadOptions | None = None,
    size: int = 10,
) -> tuple[TrainingSet, TrainingSet, Preparation]:
    """Load a training set of `count` rows (by default all that are not held out) and a held-out set.

    Arguments:
        key: random key of the split.
        held_out: number of held-out rows, or their share of all rows if below 1.
        source, target, scaling, kind, options, size: as in `load`.

    Raises:
        BadInput: as `load`; or there are not enough rows for both parts.
        TooLarge: as `load`.
    """
    total = None
    if _synthetic(source):
        trained = 100 if count is None else count
        share = _checked(held_out)
        total = trained + (int(share) if share >= 1 else max(round(trained * share / (1 - share)), 1))
    table, row_key = _table(source, key, total, size, target, kind, options)
    if row_key is None:
        raise _needs_key("split rows")
    training, rest = _parts(row_key, len(table.inputs), held_out, count)
    prepared, preparation = prepare(table, training, scaling=_scaling(source, scaling), kind=kind)
    return prepared, preparation.set_of(table.rows(rest)), preparation


def split(
    data: TrainingSet, key: Array, *, held_out: int | float = 0.25, count: int | None = None
) -> tuple[TrainingSet, TrainingSet]:
    """Split a prepared set into a training set of `count` rows (by default the rest) and a held-out set.

    Raises:
        BadInput: there are not enough rows for both parts.
    """
    training, rest = _parts(key, data.count, held_out, count)
    return data.rows(training), data.rows(rest)


def draw_rows(key: Array, total: int, count: int) -> Int[np.ndarray, " count"]:
    """`count` of the rows 0, ..., `total` - 1, drawn without replacement, in ascending order.

    Raises:
        BadInput: `count` is not between 1 and `total`.
    """
    if isinstance(count, bool) or not isinstance(count, int) or not 1 <= count <= total:
        raise BadInput(
            "count",
            required=f"be a whole number from 1 to {total}, the number of rows",
            got=repr(count),
            advice=f"Type {typed(count=total)}, or leave it out.",
        )
    return np.sort(np.asarray(jax.random.permutation(key, total))[:count])


def _parts(key: Array, total: int, held_out: int | float, count: int | None) -> tuple[np.ndarray, np.ndarray]:
    """Training rows and held-out rows; the held-out ones do not depend on `count`."""
    share = _checked(held_out)
    number = int(share) if share >= 1 else max(round(total * share), 1)
    if number >= total:
        hint = "hold out none: load in place of load_split (on the command line: --held-out 0)"
        raise BadInput(
            "held_out",
            required=f"leave a row for training: be at most {total - 1}",
            got=f"{held_out!r} of {total} row{'' if total == 1 else 's'}",
            advice=f"Pass more rows, or {hint}." if total == 1 else f"Type {typed(held_out=0.25)}.",
        )
    order = np.asarray(jax.random.permutation(key, total))
    rest, others = order[:number], order[number:]
    wanted = len(others) if count is None else count
    if not 1 <= wanted <= len(others):
        raise BadInput(
            "count",
            required=f"be from 1 to {len(others)}, the rows that are not held out",
            got=repr(count),
            advice=f"Type {typed(count=len(others))}, or hold out fewer rows.",
        )
    return np.sort(others[:wanted]), np.sort(rest)


def _checked(held_out: int | float) -> int | float:
    if not (0 < held_out < 1 or (held_out >= 1 and held_out == int(held_out))):
        raise BadInput(
            "held_out",
            required="be a share between 0 and 1, or a whole number of rows",
            got=repr(held_out),
            advice=f"Type {typed(held_out=0.25)}.",
        )
    return held_out


def _table(
    source: str | PathLike[str],
    key: Array | None,
    count: int | None,
    size: int,
    target: str | Sequence[str] | None,
    kind: str | None,
    options: ReadOptions | None,
) -> tuple[Table, Array | None]:
    """The table of a source, and the key that is left for drawing rows."""
    name = fspath(source)
    if _synthetic(source):
        if key is None:
            raise _needs_key(f"draw the synthetic set {name!r}")
        data_key, row_key = jax.random.split(key)
        data = SYNTHETIC[name](data_key, count=100 if count is None else count, size=size)
        columns = tuple(f"x{i}" for i in range(data.input_size))
        inputs, labels = (np.asarray(array, np.float64) for array in (data.inputs, data.labels))
        return Table(name, inputs, labels, columns, ("label",), kind="as-given"), row_key
    if name.replace("-", "_") in BUILTIN:
        table = read_builtin(name.replace("-", "_"))
        if target is not None and (target,) != table.target_names:
            raise BadInput(
                "target",
                required=f"be left out, or {table.target_names[0]}: {name} is a built-in set",
                got=repr(target),
                advice=f"Drop it; a file needs its ending, {name}.csv, say.",
            )
        return table, key
    path = Path(name)
    if path.suffix.lower() not in ENDINGS and not path.exists():
        choices = [*BUILTIN, *SYNTHETIC]
        near = difflib.get_close_matches(name, choices, n=1)
        raise BadInput(
            "source",
            required=f"be one of {', '.join(choices)}, or a file that ends in {', '.join(ENDINGS)}",
            got=repr(name),
            advice=f"Did you mean {near[0]}?" if near else "Check the name.",
        )
    return read_table(path, target, kind=kind, options=options), key


def _synthetic(source: str | PathLike[str]) -> bool:
    return fspath(source) in SYNTHETIC


def _scaling(source: str | PathLike[str], scaling: str) -> str:
    """Synthetic inputs are on the sphere already: standardizing them would only spoil their law."""
    return "none" if scaling == "sphere" and _synthetic(source) else scaling


def _needs_key(purpose: str) -> BadInput:
    return BadInput(
        "key",
        required=f"be given to {purpose}",
        got="None",
        advice="Type key=jax.random.key(0) (--seed 0 on the command line).",
    )
