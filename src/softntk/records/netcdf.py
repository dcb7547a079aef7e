"""The file of a record's arrays: NetCDF4 (HDF5), written and read by h5netcdf.

HDF5 is a rich format: a file can point at other files, and a small one can claim arrays of any size. Before anything is
loaded, the file is walked: only plain datasets, no links to elsewhere, and no more bytes than a record may hold.
"""

import io
from pathlib import Path
from typing import Any

import h5netcdf
import h5py
import numpy as np
import xarray as xr
from xarray.backends import H5NetCDFStore

from softntk.failures import BadInput, TooLarge
from softntk.records.arrays import settle

__all__ = ["MOST_BYTES", "netcdf_of", "read_netcdf"]

#: Bytes that the arrays of one record may have.
MOST_BYTES = 2_000_000_000


def netcdf_of(arrays: xr.Dataset) -> bytes:
    """The file of a settled Dataset, made in memory: on a full disk, writing HDF5 can end the process.

    Raises:
        TooLarge: it has more than 2 GB.
    """
    _require_size(arrays.nbytes)
    # By default NaN would be declared the mark of a missing value; here it is a number like any other.
    encoding = {name: {"_FillValue": None} | _compressed(variable) for name, variable in arrays.variables.items()}
    content = io.BytesIO()
    with h5netcdf.File(content, "w") as file:
        arrays.dump_to_store(H5NetCDFStore(file), encoding=encoding)
    return content.getvalue()


def read_netcdf(content: bytes, path: Path) -> xr.Dataset:
    """The Dataset, settled, of a file with this content; `path` is for messages.

    Raises:
        BadInput: it is not what `netcdf_of` makes.
        TooLarge: it claims more than 2 GB.
    """
    try:
        _inspect(content)
        with xr.open_dataset(
            io.BytesIO(content), engine="h5netcdf", mask_and_scale=False, decode_times=False, decode_timedelta=False
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


def _inspect(content: bytes) -> None:
    with h5py.File(io.BytesIO(content), "r") as file:
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
