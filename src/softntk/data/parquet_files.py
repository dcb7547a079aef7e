"""Parquet files, read by Apache Arrow. The index that pandas stored names rows: it is no column of data."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import parquet

from softntk.data.columns import Columns, refuse_repeated
from softntk.data.options import ReadOptions
from softntk.failures import BadInput
from softntk.numerics.memory import announce

__all__ = ["read_parquet"]


def read_parquet(path: Path, options: ReadOptions) -> Columns:
    """Read one parquet file.

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
            refuse_repeated(file.schema_arrow.names)
            table = file.read()
        table.validate(full=True)  # text that is none, or categories that are not there, would come out later
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
        if isinstance(error, BadInput):
            raise
        reason = " ".join(str(error).split())[:160]
        raise BadInput(
            "source", required="be a parquet file", got=f"{path.name}: {reason}", advice="Write the file again."
        ) from None
    arrays = dict(zip(table.column_names, table.columns, strict=True))
    index = dict.fromkeys(_index(table.schema.metadata or {}, table.column_names), "it is the index that pandas stored")
    return Columns(path.name, arrays, table.num_rows, options=options.marks(), index=index)


def _index(metadata: dict[bytes, bytes], names: list[str]) -> list[str]:
    """The columns that hold the index, as pandas wrote down."""
    try:
        described: Any = json.loads(metadata.get(b"pandas", b"{}"))
        return [name for name in described.get("index_columns", []) if name in names]
    except (ValueError, RecursionError, AttributeError, TypeError):
        return []  # not by pandas, or damaged: nothing is known of an index
