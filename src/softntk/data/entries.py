"""What the entries of a column are: one rule for inputs and targets, for text and numbers, for every kind of file.

Spaces around a text are taken off. It is then, in this order,

    missing        one of `MISSING` or of the texts that the caller names; NaN is missing among numbers
    a number       with the decimal mark and the thousands mark of the file
    true or false  true, True, TRUE, false, False, FALSE
    text           anything else

A column is what all its entries are; one text among numbers makes it text. Columns that a file declares as numbers,
true or false or categories are what it declares.
"""

import re
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Bool, Float, Shaped

from softntk.data.options import MISSING, ReadOptions

__all__ = ["Entries", "number_pattern", "recognize"]

_TRUE, _FALSE = ("true", "True", "TRUE"), ("false", "False", "FALSE")


@dataclass(frozen=True, eq=False)
class Entries:
    """A column: its `kind` (numbers, true or false, text, nothing, or the type that cannot be used).

    `array` holds float64, true/false or text, null where an entry is missing; `texts` the texts as the file has them,
    without the spaces around, None where the file declares another type.
    """

    kind: str
    array: pa.ChunkedArray
    texts: pa.ChunkedArray | None = None

    @property
    def usable(self) -> bool:
        """Whether the entries can be used as numbers."""
        return self.kind in ("numbers", "true or false", "nothing")

    def missing(self) -> Bool[np.ndarray, " n"]:
        """Where an entry is missing."""
        return np.asarray(self.array.is_null().to_numpy(), bool)

    def numbers(self) -> Float[np.ndarray, " n"]:
        """The entries as float64, NaN where one is missing; for a `usable` column."""
        return np.asarray(self.array.cast(pa.float64()).to_numpy(), np.float64)

    def classes(self) -> Shaped[np.ndarray, " n"]:
        """The entries as they are: float64, true/false or text; for a column without missing entries."""
        if self.kind == "text":
            return np.asarray(self.array.to_pylist(), np.str_)
        return self.array.to_numpy() if self.kind == "true or false" else self.numbers()

    def as_text(self) -> "Entries":
        """The same entries as text, where the file holds text."""
        return self if self.texts is None else Entries("text", self.texts, self.texts)


def recognize(column: pa.ChunkedArray, options: ReadOptions) -> Entries:
    """The entries of a column as the file delivers it; `options` with the marks that hold for the file."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    kind = column.type
    if pa.types.is_string_view(kind) or pa.types.is_large_string(kind):
        column, kind = column.cast(pa.string()), pa.string()
    if pa.types.is_string(kind):
        return _of_text(column, options)
    if pa.types.is_boolean(kind):
        return Entries("true or false", column)
    if pa.types.is_null(kind):
        return Entries("nothing", column.cast(pa.float64()))
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return Entries("numbers", _without_markers(column.cast(pa.float64(), safe=False), options))
    return Entries("bytes that are not text" if pa.types.is_binary(kind) else str(kind), column)


def number_pattern(options: ReadOptions) -> str:
    """The pattern of a number with the marks of these options, as RE2 and `re` take it."""
    mark = re.escape(options.decimal or ".")
    digits = r"[0-9]+"
    if options.thousands:
        digits = rf"(?:{digits}|[0-9]{{1,3}}(?:{re.escape(options.thousands)}[0-9]{{3}})+)"
    number = rf"(?:{digits}(?:{mark}[0-9]*)?|{mark}[0-9]+)(?:[eE][+-]?[0-9]+)?"
    return rf"^[+-]?(?:{number}|(?i:inf|infinity))$"


def _of_text(column: pa.ChunkedArray, options: ReadOptions) -> Entries:
    texts = pc.call_function("utf8_trim_whitespace", [column])
    nothing = pa.array([*MISSING, *(text.strip() for text in options.missing)])
    blank = pc.call_function("is_in", [texts], pc.SetLookupOptions(value_set=nothing))
    texts = pc.call_function("if_else", [blank, pa.scalar(None, pa.string()), texts])
    if texts.null_count == len(texts):
        return Entries("nothing", texts.cast(pa.float64()), texts)
    numbers = _numbers(texts, options)
    if numbers is not None:
        return Entries("numbers", _without_markers(numbers, options), texts)
    words = pa.array([*_TRUE, *_FALSE])
    if pc.call_function("all", [pc.call_function("is_in", [texts.drop_null()], pc.SetLookupOptions(words))]).as_py():
        true = pc.call_function("is_in", [texts], pc.SetLookupOptions(pa.array(_TRUE)))
        return Entries("true or false", pc.call_function("if_else", [texts.is_null(), None, true]), texts)
    return Entries("text", texts, texts)


def _numbers(texts: pa.ChunkedArray, options: ReadOptions) -> pa.ChunkedArray | None:
    """Texts as float64, or None if one of them is no number."""
    if (options.decimal or ".") == "." and not options.thousands:
        try:  # the common case, ten times faster than the pattern below
            return texts.cast(pa.float64())
        except pa.ArrowInvalid:
            pass
    pattern = pc.MatchSubstringOptions(number_pattern(options))
    fits = pc.call_function("match_substring_regex", [texts.drop_null()], pattern)
    if not pc.call_function("all", [fits]).as_py():
        return None
    for mark, instead in ((options.thousands, ""), (options.decimal, "."), ("+", "")):
        if mark:
            texts = pc.call_function("replace_substring", [texts], pc.ReplaceSubstringOptions(mark, instead))
    return texts.cast(pa.float64())


def _without_markers(numbers: pa.ChunkedArray, options: ReadOptions) -> pa.ChunkedArray:
    """Numbers with null in place of NaN and of the numbers that the caller names as missing."""
    markers = [float("nan")]
    for text in options.missing:
        try:
            markers.append(float(text))
        except ValueError:
            continue
    missing = pc.call_function("is_in", [numbers], pc.SetLookupOptions(value_set=pa.array(markers)))
    return pc.call_function("if_else", [missing, pa.scalar(None, pa.float64()), numbers])
