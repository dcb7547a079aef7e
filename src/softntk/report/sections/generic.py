"""A study without a section of its own: its findings, and a table of what its arrays hold."""

import numpy as np
import xarray as xr

from softntk.records import Record
from softntk.report.section import Cell, Section, Table

__all__ = ["build"]


def build(record: Record) -> Section:
    """A section for any record."""
    arrays = record.arrays
    rows = [_row(variable) for _, variable in sorted(arrays.data_vars.items(), key=lambda item: str(item[0]))]
    columns = ("array", "dimensions", "unit", "smallest", "median", "largest", "not finite")
    counted = f"{len(rows)} array{'' if len(rows) == 1 else 's'} recorded."
    return Section(
        slug=record.study,
        title=record.study.replace("_", " ").capitalize(),
        answer=record.findings[0] if record.findings else counted,
        findings=record.findings[1:],
        tables=[Table("What the arrays of the record hold.", columns, rows)] if rows else [],
    )


def _row(variable: xr.DataArray) -> list[Cell]:
    sizes = " × ".join(f"{size} {name}" for name, size in variable.sizes.items()) or "one number"
    head: list[Cell] = [str(variable.attrs["long_name"]), sizes, str(variable.attrs.get("units", ""))]
    values = variable.values
    if values.dtype.kind == "b":
        return [*head, "", f"{int(values.sum()):,} of {values.size:,} true", "", ""]
    if values.dtype.kind not in "fiu":
        return [*head, "", "text", "", ""]
    finite = values[np.isfinite(values)].astype(float)
    spread = [float(finite.min()), float(np.median(finite)), float(finite.max())] if finite.size else [None] * 3
    return [*head, *spread, int(values.size - finite.size)]
