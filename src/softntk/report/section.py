"""What a study shows on the page: one answer, then the pictures and tables behind it.

A section builder is a function from a record to a `Section`. It computes nothing that the record does not hold: every
number on the page can be traced to a file. Text is plain; the page escapes it.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from softntk.failures import BadInput
from softntk.report.figure import Figure
from softntk.report.numbers import number

__all__ = ["Cell", "Section", "Table"]

#: Numbers are written by `number`; None stands for what was not measured.
Cell = str | int | float | None

_STARTS_LIKE_A_NUMBER = re.compile(r"[−+±≈<>≤≥(]*\s*\d|–$|∞|not measured$")


@dataclass(frozen=True)
class Table:
    """A table with a caption; the first column names its rows.

    Raises:
        BadInput: a row has another number of cells than there are columns.
    """

    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]

    def __post_init__(self):
        for row in self.rows:
            if len(row) != len(self.columns):
                raise BadInput(
                    "rows",
                    required=f"have {len(self.columns)} cells, one for each column",
                    got=f"{len(row)} cells in {list(row)}",
                    advice="Fill what was not measured with None.",
                )

    def written(self) -> list[list[str]]:
        """The rows as text."""
        return [[cell if isinstance(cell, str) else number(cell) for cell in row] for row in self.rows]

    def numeric(self) -> list[bool]:
        """For each column whether every cell reads like a number, so that it is set to the right."""
        written = self.written()
        return [
            i > 0 and bool(written) and all(_STARTS_LIKE_A_NUMBER.match(row[i]) for row in written)
            for i in range(len(self.columns))
        ]


@dataclass(frozen=True)
class Section:
    """One study on the page.

    Arguments:
        slug: the name of the study; also the address of the section within the page.
        title: two to six words.
        answer: one sentence with a number: the answer to the record's question.
        findings: further sentences that state results; like the answer, made from the record's arrays (see `words`).
        paragraphs: what the reader should know to read the figures, and what is not shown: no results.
        figures: drawn by `plot`.
        tables: the numbers behind the figures.
        questions: number of a reader's question -> the answer that this study gives to it.
    """

    slug: str
    title: str
    answer: str
    findings: Sequence[str] = ()
    paragraphs: Sequence[str] = ()
    figures: Sequence[Figure] = ()
    tables: Sequence[Table] = ()
    questions: Mapping[int, str] = field(default_factory=dict)
