"""The file of a record's arrays: NetCDF4 (HDF5), written and read by h5netcdf.

HDF5 is a rich format: a file can point at other files, and a small one can claim arrays of any size. Before anything is
loaded, the file is walked: only plain datasets, no links to elsewhere, and no more bytes than a record may hold.
"""

import os
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import xarray as xr

from softntk.failures import BadInput, TooLarge
from softntk.records.arrays import settle

__all__ = ["read_arrays", "write_arrays"]

MOST_BYTES = 2_000_000_000


def write_arrays(arrays: xr.Dataset, path: Path) -> None:
    """Write a settled Dataset.

    Raises:
        TooLarge: it has more than 2 GB.
    """
    _require_size(arrays.nbytes)
    # By default NaN would be declared the mark of a missing value; here it is a number like any other.
    encoding = {name: {"_FillValue": None} | _compressed(variable) for name, variable in arrays.variables.items()}
    arrays.to_netcdf(path, engine="h5netcdf", format="NETCDF4", encoding=encoding)
    with path.open("rb") as file:
        os.fsync(file.fileno())


def read_arrays(path: Path) -> xr.Dataset:
    """Read a Dataset into memory, settled.

    Raises:
        BadInput: the file is not one that `write_arrays` writes.
        TooLarge: it claims more than 2 GB.
    """
    try:
        _inspect(path)
        with xr.open_dataset(
            path, engine="h5netcdf", mask_and_scale=False, decode_times=False, decode_timedelta=False
        ) as lazy:
            return settle(lazy.load())
    except TooLarge:
        raise
    # Broken files raise whatever the layer that stumbles raises, RuntimeError and AttributeError included.
    except Exception as error:
        raise BadInput(
            str(path),
            required="be the NetCDF4 file that was written with the record",
            got=f"{type(error).__name__}: {error}",
            advice="Delete the folder and make the record again: softntk reproduce.",
        ) from None


def _compressed(variable: Any) -> dict[str, Any]:
    worth_it = variable.dtype.kind in "fiub" and variable.size > 1000
    return {"compression": "gzip", "compression_opts": 4, "shuffle": True} if worth_it else {}


def _require_size(size: int) -> None:
    if size > MOST_BYTES:
        raise TooLarge(
            "arrays",
            required=f"have at most {MOST_BYTES} bytes in one record",
            got=f"{size} bytes",
            advice="Record a summary: means and standard errors, or every tenth step.",
        )


def _inspect(path: Path) -> None:
    with h5py.File(path, "r") as file:
        claimed = 0
        for name in file:
            if not isinstance(file.get(name, getlink=True), h5py.HardLink):
                raise ValueError(f"{name} is a link")
            entry = file[name]
            if not isinstance(entry, h5py.Dataset) or entry.is_virtual or entry.external:
                raise ValueError(f"{name} is not a plain dataset")
            entries = np.prod([int(size) for size in entry.shape or ()], dtype=object)
            claimed += int(entries) * entry.dtype.itemsize
        _require_size(claimed)
