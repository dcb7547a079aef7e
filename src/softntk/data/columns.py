"""Columns by name, as a file delivers them, before any is chosen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from softntk.data.entries import Entries, recognize
from softntk.data.options import ReadOptions
from softntk.data.places import Places, quoted
from softntk.failures import BadInput

__all__ = ["Columns", "refuse_repeated"]


@dataclass(frozen=True, eq=False)
class Columns:
    """Columns of one length.

    Arguments:
        source: name of the file.
        arrays: name -> entries, in the order of the file.
        count: number of rows.
        places: where the rows stand in the file.
        options: the marks that hold in the file, and what is missing.
        numbered: whether the file has no names, so that columns are named by their position.
        index: columns that name the rows -> how that is known.
        labels: the columns that a file of another shape keeps apart as labels (npz).
        notes: what was found in the file, in words.
    """

    source: str
    arrays: Mapping[str, pa.ChunkedArray]
    count: int
    places: Places = field(default_factory=Places)
    options: ReadOptions = field(default_factory=ReadOptions)
    numbered: bool = False
    index: Mapping[str, str] = field(default_factory=dict)
    labels: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns."""
        return tuple(self.arrays)

    def entries(self, name: str) -> Entries:
        """What the entries of a column are."""
        return recognize(self.arrays[name], self.options)


def refuse_repeated(names: Sequence[str]) -> None:
    """Refuse two columns of one name.

    Raises:
        BadInput: there are two.
    """
    twice = sorted({name for name in names if names.count(name) > 1}) if len(set(names)) < len(names) else []
    if twice:
        raise BadInput(
            "source",
            required="name every column differently",
            got=f"{quoted(twice, 5)} more than once",
            advice="Rename the columns in the file.",
        )
