"""How a text table is written, found in its first lines: names or not, and the marks between and within fields.

    delimiter   of , ; tab | the one that cuts all lines into the same number of fields, two or more, quotes respected;
                between several, the one that leaves the fewest of the others within fields, numbers aside
    quote       " unless the first line is quoted with ' throughout
    decimal     a comma where some number can only mean that (1,5) and none has a point; else a point
    thousands   none, unless some number can only be meant so (1,234.5 or 1,234,567)
    header      the first line holds names if it alone is quoted, if it has a word above a column of numbers, if it
                counts its columns from 0 or 1 as pandas does, or if no column holds numbers

"100,000" alone can be both, and is left as text, which is refused with both options named.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from softntk.data.entries import number_pattern
from softntk.data.options import MISSING, ReadOptions, option
from softntk.data.places import quoted
from softntk.failures import BadInput

__all__ = ["Dialect", "found"]

_DELIMITERS = (",", ";", "\t", "|")
_NAMES = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars", " ": "spaces"}

_LIKE_NUMBER = re.compile(r"[+-]?[\d.,]*\d[\d.,]*(?:[eE][+-]?\d+)?")
_ANY_DELIMITER = re.compile(f"[{''.join(_DELIMITERS)}]")

_MOST_LINES = 1000

Records = Sequence[Sequence[str]]


@dataclass(frozen=True)
class Dialect:
    """How the table is written: all options filled in, the fields of the first line, and what was found in words."""

    options: ReadOptions
    delimiter: str
    quote: str
    header: bool
    first: tuple[str, ...]
    notes: tuple[str, ...]


def found(head: str, options: ReadOptions) -> Dialect:
    """The dialect of a table that begins with these lines, whole ones; what the options say stands.

    Raises:
        BadInput: there is no line, or a field is too long to be one.
    """
    quote = options.quote or _quote(head)
    delimiter = options.delimiter or _delimiter(head, quote)
    records = _records(head, delimiter, quote)
    if not records:
        raise BadInput("source", required="have lines with content", got="empty ones", advice="Pass another file.")
    decimal, thousands = _marks([field for record in records for field in record], options)
    marks = ReadOptions(missing=options.missing, decimal=decimal, thousands=thousands)
    header, why = _header(head, records, marks, quote)
    if options.header is not None:
        header, why = options.header, ""
    notes = []
    if delimiter != ",":
        notes.append(f"columns are separated by {_NAMES.get(delimiter, repr(delimiter))}")
    if decimal != (options.decimal or "."):
        notes.append(f"numbers are read with decimal commas; type {option(decimal='.')} to change it")
    if thousands != (options.thousands or ""):
        notes.append(f'"{thousands}" is read as the mark between thousands; type {option(thousands="")} to change it')
    if not header and options.header is None:
        example = quoted(records[0], 3)
        notes.append(
            f"no header line: the first line ({example}) is data, columns are named by number; "
            f"type {option(header=True)} if it holds names"
        )
    elif why:
        notes.append(f"{why}; type {option(header=False)} if it is data")
    return Dialect(marks, delimiter, quote, header, tuple(records[0]), tuple(notes))


def _records(head: str, delimiter: str, quote: str) -> list[list[str]]:
    """The fields of each line that is not empty."""
    try:
        rows = csv.reader(_lines(head), delimiter=delimiter, quotechar=quote)
        return [row for row in rows if row]
    except csv.Error as error:
        raise BadInput(
            "source",
            required="be a table of text, one row a line",
            got=str(error),
            advice="Check the file, and its quotes above all.",
        ) from None


def _lines(head: str) -> list[str]:
    """The first lines, as files end them: a text may hold other characters that Python takes for the end of a line."""
    return list(islice(io.StringIO(head, newline=""), _MOST_LINES))


def _quote(head: str) -> str:
    line = next((line for line in _lines(head) if line.strip()), "").strip()
    fields = re.split(r"[,;\t|]", line)
    return "'" if all(len(field) > 1 and field[0] == field[-1] == "'" for field in fields) else '"'


def _delimiter(head: str, quote: str) -> str:
    best, best_score = ",", None
    for mark in _DELIMITERS:
        records = _records(head, mark, quote)
        if not records:
            continue
        width, often = Counter(len(record) for record in records).most_common(1)[0]
        if width < 2:
            continue
        fields = [field.strip() for record in records for field in record]
        like_number = [bool(_LIKE_NUMBER.fullmatch(field)) for field in fields]
        clean = [each or not _ANY_DELIMITER.search(field) for each, field in zip(like_number, fields, strict=True)]
        # One line that is cut short (the last, a broken one) does not speak against a delimiter.
        regular = often / len(records)
        score = (1.0 if regular == 1 else regular - 1, sum(clean) / len(fields), sum(like_number) / len(fields))
        if best_score is None or score > best_score:
            best, best_score = mark, score
    return best


def _marks(fields: Sequence[str], options: ReadOptions) -> tuple[str, str]:
    """Decimal mark and thousands mark ("" for none)."""

    def any_like(pattern: str) -> bool:
        return any(re.fullmatch(pattern, field.strip()) for field in fields)

    point_only = any_like(r"[+-]?(?:\d*\.(?:\d{1,2}|\d{4,})|\d{4,}\.\d+|0\.\d+)(?:[eE][+-]?\d+)?")
    comma_only = any_like(r"[+-]?(?:\d*,(?:\d{1,2}|\d{4,})|\d{4,},\d+|0,\d+)(?:[eE][+-]?\d+)?")
    grouped_commas = any_like(r"[+-]?\d{1,3}(?:,\d{3})+\.\d*") or any_like(r"[+-]?\d{1,3}(?:,\d{3}){2,}")
    grouped_points = any_like(r"[+-]?\d{1,3}(?:\.\d{3})+,\d*") or any_like(r"[+-]?\d{1,3}(?:\.\d{3}){2,}")
    decimal, thousands = options.decimal, options.thousands
    if decimal is None:
        comma = (comma_only or grouped_points) and not (point_only or grouped_commas)
        decimal = "," if comma and thousands != "," else "."
    if thousands is None:
        thousands = ""
        if decimal == "." and grouped_commas and not comma_only:
            thousands = ","
        elif decimal == "," and grouped_points and not point_only:
            thousands = "."
    return decimal, thousands


def _header(head: str, records: Records, options: ReadOptions, quote: str) -> tuple[bool, str]:
    """Whether the first line holds names; where another reader might think otherwise, why."""
    number = re.compile(number_pattern(options))

    def blank(field: str) -> bool:
        return field in options.missing or _blank(field)

    first = [field.strip() for field in records[0]]
    below = [record for record in records[1:] if len(record) == len(first)]
    if not below:
        return not any(number.match(field) for field in first), ""
    columns = [[record[index].strip() for record in below] for index in range(len(first))]
    numeric = [
        any(map(number.match, column)) and all(number.match(field) or blank(field) for field in column)
        for column in columns
    ]
    over = [field for field, chosen in zip(first, numeric, strict=True) if chosen]
    if not over or any(not number.match(field) and not blank(field) for field in over):
        return True, ""
    # From here on everything above numbers is a number itself, or nothing.
    quotes = [len(re.findall(re.escape(quote), line)) for line in _lines(head) if line.strip()]
    if quotes[0] >= 2 * sum(map(bool, first)) and max(quotes[1:]) < quotes[0]:
        return True, "the first line alone is quoted throughout and was read as names"
    counted = [index for index, chosen in enumerate(numeric) if chosen]
    for start in (0, 1):
        names = [field for field in first if field]
        if len(over) >= 3 and all(first[i] == str(counted.index(i) + start) for i in counted if first[i]) and any(over):
            return True, f"the first line ({quoted(names, 3)}) counts its columns and was read as names"
        index = not first[0] and [field for field in first[1:] if number.match(field)]
        if index and index == [str(start + i) for i in range(len(index))]:
            return True, f"the first line ({quoted(names, 3)}) counts its columns and was read as names"
    return False, ""


def _blank(field: str) -> bool:
    """Whether a field is missing, or a mark such as ? or - for that: no name has neither letter nor digit."""
    return field in MISSING or not any(letter.isalnum() for letter in field)
