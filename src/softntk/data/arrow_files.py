"""Columns of csv and parquet files, read by Apache Arrow.

Nothing in these formats is executed. Types are taken from the file (parquet) or recognized (csv); whatever is neither a
number, true/false nor, in a target, text is refused with its column named.
"""

import csv
import re
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Float, Shaped
from pyarrow import csv as arrow_csv
from pyarrow import parquet

from softntk.data.table import Columns
from softntk.failures import BadInput
from softntk.numerics.memory import announce

__all__ = ["ArrowColumns", "read_csv", "read_parquet"]

_SEPARATORS = (",", ";", "\t")


class ArrowColumns(Columns):
    """Columns of an Arrow table."""

    def __init__(self, table: pa.Table):
        self._table = table

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns."""
        return tuple(self._table.column_names)

    @property
    def count(self) -> int:
        """Number of rows."""
        return self._table.num_rows

    def numbers(self, name: str) -> Float[np.ndarray, " n"]:
        """A column as float64.

        Raises:
            BadInput: it holds anything but numbers and true/false, or a value is missing.
        """
        column = self._column(name)
        kind = column.type
        if not (pa.types.is_boolean(kind) or pa.types.is_decimal(kind) or _is_numeric(kind)):
            raise BadInput(
                "source",
                required=f"hold numbers in column {name!r}",
                got=_example(column),
                advice="Drop that column, or turn it into numbers first (text is allowed in the target only).",
            )
        return column.cast(pa.float64(), safe=False).to_numpy()

    def target(self, name: str) -> Shaped[np.ndarray, " n"]:
        """A column as text, true/false or float64.

        Raises:
            BadInput: it holds something else, or a value is missing.
        """
        column = self._column(name)
        if pa.types.is_boolean(column.type):
            return column.to_numpy()
        if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
            return self.numbers(name)
        texts = column.to_pylist()
        if "" in texts:
            _refuse_missing(name, texts.index(""))
        return np.asarray(texts, np.str_)

    def _column(self, name: str) -> pa.ChunkedArray:
        column = self._table.column(name)
        if pa.types.is_dictionary(column.type):
            column = column.cast(column.type.value_type)
        if pa.types.is_string_view(column.type):
            column = column.cast(pa.string())
        if column.null_count:
            _refuse_missing(name, pc.index(column.is_null(), True).as_py())
        return column


def read_csv(path: Path) -> ArrowColumns:
    """Read a text table with a header line, columns separated by comma, semicolon or tab.

    Raises:
        BadInput: it is empty, is not UTF-8 text, has lines of different lengths or two columns of one name.
        TooLarge: it does not fit in memory.
    """
    size = path.stat().st_size
    announce(6.0 * size, what=f"reading {path.name}", argument="source", advice="Pass a smaller file.")
    names, separator = _header(path)
    parse = arrow_csv.ParseOptions(delimiter=separator, newlines_in_values=True)
    # Types are recognized from the first block, so it has to be large; it also bounds the length of a line.
    read = arrow_csv.ReadOptions(block_size=min(max(size, 1 << 16), 1 << 28))
    try:
        try:
            table = arrow_csv.read_csv(path, read_options=read, parse_options=parse)
        except pa.ArrowInvalid as error:
            if "conversion error" not in str(error):
                raise
            # A later block holds text where the first held numbers: read text, then recognize whole columns.
            texts = arrow_csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()))
            table = _recognized(arrow_csv.read_csv(path, read_options=read, parse_options=parse, convert_options=texts))
    except (pa.ArrowInvalid, pa.ArrowKeyError, UnicodeDecodeError) as error:
        raise _unreadable(path, "be a table with a header line and as many fields in every line", error) from None
    _refuse_repeated(table.column_names)
    return ArrowColumns(table)


def read_parquet(path: Path) -> ArrowColumns:
    """Read one parquet file; a pandas index stored with it is left out.

    Raises:
        BadInput: it is not a parquet file, is damaged, or has two columns of one name.
        TooLarge: it does not fit in memory.
    """
    try:
        with parquet.ParquetFile(path) as file:
            declared = file.metadata
            groups = (declared.row_group(index) for index in range(declared.num_row_groups))
            announce(
                max(
                    2.0 * sum(group.total_byte_size for group in groups), 8.0 * declared.num_rows * declared.num_columns
                ),
                what=f"reading {path.name}",
                argument="source",
                advice="Pass a smaller file.",
            )
            names = [name for name in file.schema_arrow.names if not re.fullmatch(r"__index_level_\d+__", name)]
            _refuse_repeated(names)
            table = file.read()
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise _unreadable(path, "be a parquet file", error) from None
    return ArrowColumns(table.select(names))


def _header(path: Path) -> tuple[list[str], str]:
    """Names of the columns, and what separates them: the first of comma, semicolon, tab that the header holds."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            line = next((line for line in iter(lambda: file.readline(1 << 24), "") if line.strip()), "")
    except UnicodeDecodeError as error:
        raise _unreadable(path, "be UTF-8 text", error) from None
    separator = next((mark for mark in _SEPARATORS if mark in line), ",")
    try:
        names = next(csv.reader([line], delimiter=separator), [])
    except csv.Error as error:
        raise _unreadable(path, "begin with a header line", error) from None
    _refuse_repeated(names)
    return names, separator


def _recognized(table: pa.Table) -> pa.Table:
    """The table with every column of text that holds numbers, or nothing, throughout turned into numbers."""
    nothing = pa.array(arrow_csv.ConvertOptions().null_values)
    columns = []
    for column in table.columns:
        texts = pc.call_function("utf8_trim_whitespace", [column])
        blank = pc.call_function("is_in", [texts], pc.SetLookupOptions(value_set=nothing))
        try:
            columns.append(pc.call_function("if_else", [blank, None, texts]).cast(pa.float64()))
        except pa.ArrowInvalid:
            columns.append(column)
    return pa.table(columns, names=table.column_names)


def _refuse_repeated(names: list[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise BadInput(
                "source",
                required="name every column differently",
                got=f"{name!r} twice",
                advice="Rename one (a file without a header line needs one).",
            )
        seen.add(name)


def _refuse_missing(name: str, row: int) -> None:
    raise BadInput(
        "source",
        required="have a value in every row",
        got=f"a missing value in row {row}, column {name!r} (rows count from 0)",
        advice="Drop or fill that row.",
    )


def _is_numeric(kind: pa.DataType) -> bool:
    return pa.types.is_integer(kind) or pa.types.is_floating(kind)


def _example(column: pa.ChunkedArray) -> str:
    """The first value that is not a number, and its row."""
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        for row, text in enumerate(column.to_pylist()):
            try:
                float(text)
            except ValueError:
                return f"{text[:40]!r} in row {row} (rows count from 0)"
        return f"numbers stored as text ({column.type})"
    if pa.types.is_binary(column.type):
        return "bytes that are not UTF-8 text"
    return str(column.type)


def _unreadable(path: Path, required: str, error: Exception) -> BadInput:
    reason = " ".join(str(error).split())[:200]
    return BadInput("source", required=required, got=f"{path.name}: {reason}", advice="Check or convert the file.")
