"""Text tables, read by Apache Arrow: csv, tsv, whatever `csv_dialect` finds.

Every field is read as text; what the columns hold is then decided for whole columns by `entries`, so that it depends
neither on the order of the rows nor on where a block of the file ends. Nothing in the file is executed.
"""

import codecs
import csv
import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import csv as arrow_csv

from softntk.data.columns import Columns, refuse_repeated
from softntk.data.csv_dialect import Dialect, found
from softntk.data.entries import recognize
from softntk.data.options import ReadOptions, option
from softntk.data.places import Places
from softntk.failures import BadInput
from softntk.numerics.memory import announce

__all__ = ["read_csv"]

# The dialect is found in so much of the file, in at most 1,000 lines; a line can be as long as a block.
_HEAD, _BLOCK = 1 << 18, 1 << 24


def read_csv(path: Path, options: ReadOptions) -> Columns:
    """Read a text table.

    Raises:
        BadInput: it is empty, is not text in this encoding, has lines of different lengths or two columns of one name.
        TooLarge: it does not fit in memory.
    """
    size = path.stat().st_size
    announce(12.0 * size, what=f"reading {path.name}", argument="source", advice="Pass a smaller file.")
    with path.open("rb") as file:
        head = _head(file.read(_HEAD), options.encoding, whole=size <= _HEAD, name=path.name)
    dialect = found(head, options)
    given = [name.strip() for name in dialect.first]
    names = [str(i) for i in range(len(given))]
    if dialect.header:
        names = [name or f"Unnamed: {i}" for i, name in enumerate(given)]
    refuse_repeated(names)
    # The first line is read as data, whatever it is: Arrow would not take two columns without a name.
    raw = [str(i) for i in range(len(names))]
    read = arrow_csv.ReadOptions(column_names=raw, block_size=min(max(size, 1 << 16), _BLOCK))
    parse = arrow_csv.ParseOptions(
        delimiter=dialect.delimiter, quote_char=dialect.quote, newlines_in_values=True, ignore_empty_lines=True
    )
    convert = arrow_csv.ConvertOptions(column_types=dict.fromkeys(raw, pa.string()))
    try:
        plain = codecs.lookup(options.encoding).name == "utf-8"
        source = path if plain else io.BytesIO(path.read_bytes().decode(options.encoding).encode())
        table = arrow_csv.read_csv(source, read_options=read, parse_options=parse, convert_options=convert)
    except UnicodeDecodeError as error:
        raise _not_text(path.name, options.encoding, error, path.read_bytes()) from None
    except (pa.ArrowException, OSError, ValueError) as error:
        try:
            path.read_bytes().decode(options.encoding)
        except UnicodeDecodeError as other:
            raise _not_text(path.name, options.encoding, other, path.read_bytes()) from None
        raise _broken(path, dialect, options, error) from None
    # Arrow skips a mark of the byte order, and so does the head.
    table = table.slice(1 if dialect.header else 0)
    arrays = dict(zip(names, table.columns, strict=True))
    index = _row_names(arrays, dialect) if dialect.header else {}
    return Columns(
        path.name,
        arrays,
        table.num_rows,
        _places(path, options, dialect, table.num_rows),
        dialect.options,
        numbered=not dialect.header,
        index=index,
        notes=dialect.notes,
    )


def _head(data: bytes, encoding: str, *, whole: bool, name: str) -> str:
    """The first lines as text, without a mark of the byte order; a line that is cut is left out."""
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        text = decoder.decode(data, final=whole).removeprefix("\ufeff")
    except UnicodeError as error:
        raise _not_text(name, encoding, error, data) from None
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        raise BadInput(
            "source",
            required="be a table of text",
            got=f"a zero byte in line {line} of {name}",
            advice="Check the file.",
        )
    if not whole:
        text = text[: max(text.rfind("\n"), text.rfind("\r")) + 1] or text
    return text


def _row_names(arrays: dict[str, pa.ChunkedArray], dialect: Dialect) -> dict[str, str]:
    """The first column, if it is the index of pandas or the row names of R: it has no name, or the name that pandas
    gives to one without, and holds whole numbers or texts."""
    name = next(iter(arrays))
    if name != "Unnamed: 0" or len(arrays) == 1:
        return {}
    entries = recognize(arrays[name], dialect.options)
    if entries.kind == "numbers" and not all(float(x).is_integer() for x in entries.numbers()):
        return {}
    return {name: "it names or counts the rows, as pandas and R write it: a first column without a name"}


def _places(path: Path, options: ReadOptions, dialect: Dialect, count: int) -> Places:
    """Lines of the rows: in step with the rows unless lines are empty or fields run over several."""
    header = int(dialect.header)
    ends = 0
    with path.open("rb") as file:
        last = b""
        while block := file.read(1 << 24):
            ends += block.count(b"\n")
            last = block[-1:]
    if ends + (last != b"\n") == count + header:
        return Places("line", np.arange(1 + header, count + header + 1))
    lines = np.asarray([line for line, _ in _records(path, options, dialect)][header:])
    return Places("line", lines) if len(lines) == count else Places()


def _records(path: Path, options: ReadOptions, dialect: Dialect) -> Iterator[tuple[int, list[str]]]:
    """The line on which each row begins, counted from 1, and its fields; empty lines are left out."""
    with path.open(encoding=options.encoding, errors="replace", newline="") as file:
        reader = csv.reader(file, delimiter=dialect.delimiter, quotechar=dialect.quote)
        before = 0
        for record in reader:
            if record:
                yield before + 1, record
            before = reader.line_num


def _broken(path: Path, dialect: Dialect, options: ReadOptions, error: Exception) -> BadInput:
    """What is wrong with a table that Arrow refused: as a rule a line of another length."""
    wanted, got = len(dialect.first), " ".join(str(error).split())[:160]
    try:
        for line, record in _records(path, options, dialect):
            if len(record) != wanted:
                got = f"{_fields(len(record))} in line {line}, and {wanted} in the first"
                break
    except csv.Error as other:
        got = str(other)
    return BadInput(
        "source",
        required="have as many fields in every line",
        got=f"{got} ({path.name})",
        advice=f"Correct the line; or, if {dialect.delimiter!r} does not separate the columns, "
        f"type {option(delimiter=';' if dialect.delimiter != ';' else ',')}.",
    )


def _fields(count: int) -> str:
    return f"{count} field{'' if count == 1 else 's'}"


def _not_text(name: str, encoding: str, error: UnicodeError, data: bytes) -> BadInput:
    """The line of the first byte that is no text, and an encoding that may fit."""
    where, other = "", "cp1252"
    if isinstance(error, UnicodeDecodeError):
        where = f"byte {error.object[error.start]:#04x} in line {data[: error.start].count(bytes([10])) + 1} of "
    if data[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        other = "utf-16"
    return BadInput(
        "source",
        required=f"be text in the encoding {encoding}",
        got=f"{where}{name}",
        advice=f"Save the file as UTF-8, or type {option(encoding=other)}.",
    )
