"""From a table to a training set, with everything that was done on the way, so that it can be done again and undone.

    rows drawn -> inputs scaled -> target encoded

The parameters of scaling and encoding come from the training rows alone; only the list of classes comes from the whole
table, so that the number of outputs does not depend on the draw.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Float, Shaped

from softntk.data.encoding import Encoding, kind_of
from softntk.data.options import ReadOptions
from softntk.data.places import Places
from softntk.data.scaling import Scaling
from softntk.data.schema import Column, schema_from, sentences
from softntk.data.table import Table
from softntk.data.training_set import TrainingSet
from softntk.failures import BadInput, typed

__all__ = ["Preparation", "prepare"]


# What NumPy's kinds are called in a schema.
_KINDS = {"U": "text", "S": "text", "b": "true or false"}


@dataclass(frozen=True)
class Preparation:
    """What was done to a table.

    `rows` are the rows of the table that became the training set, in order, counted from 0: row i of the set is row
    `rows[i]` of the table, and stands in line `lines[i]` of the source if that is a text. `schema` lists the columns of
    the source, `options` how it was read, `notes` says everything in words.
    """

    source: str
    input_names: tuple[str, ...]
    target_names: tuple[str, ...]
    rows: tuple[int, ...]
    scaling: Scaling
    encoding: Encoding
    notes: tuple[str, ...]
    lines: tuple[int, ...] = ()
    schema: tuple[Column, ...] = ()
    options: ReadOptions = field(default_factory=ReadOptions)

    @property
    def places(self) -> Places:
        """Where the rows of the training set stand in the source."""
        return Places("line", self.lines) if self.lines else Places("row", self.rows)

    def inputs(self, raw: Float[np.ndarray, "n d"]) -> Float[np.ndarray, "n columns"]:
        """New inputs, in the units and the order of the columns `input_names`, as the network takes them.

        Raises:
            BadInput: the number of columns is another one.
        """
        return self.scaling.apply(raw)

    def set_of(self, table: Table) -> TrainingSet:
        """Another table with the same columns, prepared in the same way (held-out rows, say).

        Raises:
            BadInput: the columns do not fit, or a class is new.
        """
        return TrainingSet(self.scaling.apply(table.inputs), self.encoding.encode(table.targets, table.places))

    def decode(self, outputs: Float[np.ndarray, "n k"]) -> Shaped[np.ndarray, "n ..."]:
        """Outputs of a network as classes (n,), or as numbers (n, k) in the units of the target."""
        return self.encoding.decode(outputs)

    def to_dict(self) -> dict[str, Any]:
        """The preparation as JSON holds it; floats survive exactly."""
        return {
            "source": self.source,
            "input_names": list(self.input_names),
            "target_names": list(self.target_names),
            "rows": list(self.rows),
            "scaling": self.scaling.to_dict(),
            "encoding": self.encoding.to_dict(),
            "notes": list(self.notes),
            "lines": list(self.lines),
            "schema": [column.to_dict() for column in self.schema],
            "options": self.options.to_dict(),
        }

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> "Preparation":
        """The preparation that `to_dict` described.

        Raises:
            BadInput: the description is not one of a preparation.
        """
        try:
            scaling, encoding = Scaling.from_dict(record["scaling"]), Encoding.from_dict(record["encoding"])
            input_names, target_names, notes = (
                tuple(str(text) for text in record[name]) for name in ("input_names", "target_names", "notes")
            )
            rows = tuple(int(row) for row in record["rows"])
            if len(input_names) != scaling.columns:
                raise BadInput(
                    "preparation",
                    required="scale as many columns as it names",
                    got=f"{len(input_names)} names and {scaling.columns} columns",
                    advice="Write the file again; it was changed or cut.",
                )
            # Files of before the schema have none of the last three.
            lines = tuple(int(line) for line in record.get("lines", ()))
            if lines and len(lines) != len(rows):
                raise TypeError("as many lines as rows are needed")
            schema = schema_from(record.get("schema", []))
            options = ReadOptions.from_dict(record["options"]) if "options" in record else ReadOptions()
            source = str(record["source"])
            return cls(source, input_names, target_names, rows, scaling, encoding, notes, lines, schema, options)
        except (KeyError, TypeError, ValueError) as error:
            if isinstance(error, BadInput):
                raise
            raise BadInput(
                "preparation",
                required="be a preparation as to_dict writes it",
                got=f"{type(error).__name__}: {error}",
                advice="Write the file again; it was changed or cut.",
            ) from None


def prepare(
    table: Table, rows: np.ndarray | None = None, *, scaling: str = "sphere", kind: str | None = None
) -> tuple[TrainingSet, Preparation]:
    """Make a training set of a table, or of some of its rows.

    Arguments:
        table: inputs and targets.
        rows: rows to train on, counted from 0; all of them by default.
        scaling: a name in `SCALINGS`.
        kind: classification, regression or as-given; by default what the source says, else the rule of `kind_of`.

    Raises:
        BadInput: an unknown name, or a target that does not fit the kind.
    """
    chosen = np.arange(len(table.inputs)) if rows is None else rows
    part = table.rows(chosen)
    if kind:
        reason = "as asked for"
    elif table.kind:
        kind, reason = table.kind, "as the source says"
    else:
        kind, reason = kind_of(table.targets)
        if kind == "classification" and table.targets.dtype.kind == "f":
            reason += f" (type {typed(kind='regression')} to learn them as numbers)"
    encoding = Encoding.fit(kind, table.targets if kind == "classification" else part.targets)
    fitted = Scaling.fit(scaling, part.inputs)
    total = len(table.inputs)
    plain = [Column(name, "numbers", 0, "input") for name in table.input_names]
    plain += [Column(name, _KINDS.get(table.targets.dtype.kind, "numbers"), 0, "target") for name in table.target_names]
    notes = [
        *(() if table.schema else sentences(table.name, total, plain)),
        *table.notes,
        f"{len(chosen):,} of {total:,} rows are used for training",
        f"kind {kind}, {reason}: {encoding.sentence()}",
        *(f"scaling {scaling}: {sentence}" for sentence in fitted.sentences()),
    ]
    preparation = Preparation(
        table.name,
        table.input_names,
        table.target_names,
        tuple(int(row) for row in chosen),
        fitted,
        encoding,
        tuple(notes),
        tuple(part.places.number(row) for row in range(len(chosen))) if part.places.word == "line" else (),
        table.schema or tuple(plain),
        table.options,
    )
    return preparation.set_of(part), preparation
