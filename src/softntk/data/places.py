"""Where rows stand in their source, for messages: lines of a text file, counted from 1, or rows, counted from 0."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

__all__ = ["Places", "quoted"]

_MOST = 5


@dataclass(frozen=True)
class Places:
    """Row i stands at `numbers[i]`, or at i itself where there are no numbers; `word` is "line" or "row"."""

    word: str = "row"
    numbers: Sequence[int] | np.ndarray | None = None

    def number(self, row: int) -> int:
        """The number of a row in its source."""
        return int(row if self.numbers is None else self.numbers[row])

    def one(self, row: int) -> str:
        """A row in words: "line 7"."""
        return f"{self.word} {self.number(row)}"

    def several(self, rows: Iterable[int]) -> str:
        """Rows in words: "lines 2, 7 and 9", or "lines 2, 3, 5, 8, 9 and 40 more"."""
        numbers = [self.number(row) for row in rows]
        return f"{self.word}{'' if len(numbers) == 1 else 's'} {joined([str(number) for number in numbers])}"

    def of(self, rows: np.ndarray) -> "Places":
        """The places of some of the rows, in the given order."""
        return Places(self.word, rows if self.numbers is None else np.asarray(self.numbers)[rows])


def quoted(names: Iterable[str], most: int = 20) -> str:
    """Names of columns, or entries, so that commas in them cannot be taken for commas between them."""
    return joined([f'"{name}"' if len(name) <= 60 else f'"{name[:57]}..."' for name in names], most, last=", ")


def joined(words: Sequence[str], most: int = _MOST, *, last: str = " and ") -> str:
    """Words as a list; beyond `most` of them, how many more there are."""
    if len(words) > most:
        return f"{', '.join(words[:most])} and {len(words) - most:,} more"
    return last.join([*([", ".join(words[:-1])] if len(words) > 1 else []), *words[-1:]])
