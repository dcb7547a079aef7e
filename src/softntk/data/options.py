"""How a file is read, and which of its columns: what the caller may overrule.

    missing      texts that stand for a missing entry, beside those of `MISSING`
    decimal      . or ,          thousands   , . ' _ or a space, "" for none
    delimiter    one character   quote       one character
    header       whether the first line holds the names of the columns
    encoding     of a text file
    columns      the inputs, and no others          drop   columns that are no inputs

None (or nothing) leaves it to the file: see `csv_dialect` for how it is found, and `schema` for which columns are left
out. The first three hold for text in every kind of file, `missing` for numbers too (-999, say).
"""

import codecs
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from softntk.failures import BadInput, typed

__all__ = ["MISSING", "ReadOptions", "option"]

#: Texts that stand for a missing entry wherever one is read, once spaces around them are taken off. pandas' list.
MISSING = (
    "",
    "#N/A",
    "#N/A N/A",
    "#NA",
    "-1.#IND",
    "-1.#QNAN",
    "-NaN",
    "-nan",
    "1.#IND",
    "1.#QNAN",
    "<NA>",
    "N/A",
    "NA",
    "NULL",
    "NaN",
    "None",
    "n/a",
    "nan",
    "null",
)

_THOUSANDS = ("", ",", ".", "'", "_", " ")


@dataclass(frozen=True)
class ReadOptions:
    """What the caller says about a file; the module lists the fields. One text stands for a sequence of one.

    Raises:
        BadInput: a mark is none that can be used, or two of them are the same.
    """

    missing: Sequence[str] = ()
    decimal: str | None = None
    thousands: str | None = None
    delimiter: str | None = None
    quote: str | None = None
    header: bool | None = None
    encoding: str = "utf-8"
    columns: Sequence[str] = ()
    drop: Sequence[str] = ()

    def __post_init__(self):
        for name in ("missing", "columns", "drop"):
            value = getattr(self, name)
            object.__setattr__(self, name, (value,) if isinstance(value, str) else tuple(value))
        if self.delimiter in ("tab", "\\t"):
            object.__setattr__(self, "delimiter", "\t")
        if self.decimal not in (None, ".", ","):
            _refuse("decimal", "be . or ,", self.decimal, ",")
        if self.thousands is not None and (self.thousands not in _THOUSANDS or self.thousands == (self.decimal or "")):
            _refuse("thousands", "be , . ' _ or a space, and not the decimal mark", self.thousands, ",")
        for name, usual in (("delimiter", ";"), ("quote", "'")):
            mark = getattr(self, name)
            if mark is not None and (len(mark) != 1 or mark in "\r\n\0" or not mark.isascii()):
                _refuse(name, "be one character", mark, usual)
        if self.delimiter is not None and self.delimiter in (self.quote or '"', self.decimal):
            _refuse("delimiter", "differ from the decimal mark and from the quote", self.delimiter, ";")
        try:
            codecs.lookup(self.encoding)
        except LookupError:
            _refuse("encoding", "name an encoding that Python knows", self.encoding, "cp1252")

    def marks(self) -> "ReadOptions":
        """What holds for text in any kind of file: the marks within numbers, and what is missing."""
        return ReadOptions(missing=self.missing, decimal=self.decimal, thousands=self.thousands)

    def to_dict(self) -> dict[str, Any]:
        """The options as JSON holds them."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> "ReadOptions":
        """The options that `to_dict` described.

        Raises:
            BadInput: the description is not one of options.
        """
        lists, texts = ("missing", "columns", "drop"), ("decimal", "thousands", "delimiter", "quote")
        try:
            fields: dict[str, Any] = {name: tuple(str(each) for each in record[name]) for name in lists}
            fields |= {name: None if record[name] is None else str(record[name]) for name in texts}
            header = record["header"]
            return cls(**fields, header=None if header is None else bool(header), encoding=str(record["encoding"]))
        except (KeyError, TypeError) as error:
            raise BadInput(
                "options",
                required="be options as to_dict writes them",
                got=f"{type(error).__name__}: {error}",
                advice="Write the file again; it was changed or cut.",
            ) from None


def option(**fields: str | Sequence[str] | bool) -> str:
    """How options are given, from Python and on the command line, for a sentence of advice: "type ..."."""
    return typed(within="options=ReadOptions", **fields)


def _refuse(name: str, required: str, got: str | None, advice: str) -> None:
    raise BadInput(name, required=required, got=repr(got), advice=f"Type {option(**{name: advice})}, say.")
