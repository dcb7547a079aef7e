"""Files by their ending: .csv, .tsv, .parquet, .npz, .npy.

csv, tsv and parquet hold named columns, one of them the target. npz holds the arrays `inputs` and `labels`. npy holds
one matrix, whose columns are named 0, 1, ..., or an array with named fields.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float

from softntk.data.arrow_files import read_csv, read_parquet
from softntk.data.numpy_files import read_npy, read_npz, read_npz_inputs
from softntk.data.table import Columns, Table, assemble, select
from softntk.failures import BadInput

__all__ = ["ENDINGS", "read_inputs", "read_table"]

_COLUMNS = {".csv": read_csv, ".tsv": read_csv, ".parquet": read_parquet, ".npy": read_npy}

#: Endings of the files that can be read.
ENDINGS = (*_COLUMNS, ".npz")


def read_table(path: Path, target: str | Sequence[str] | None) -> Table:
    """Read inputs and targets.

    Arguments:
        path: a file with one of `ENDINGS`.
        target: name of the target column, or names of several numeric ones; for npz the name of the array, by default
            `labels`.

    Raises:
        BadInput: the file is not there, is empty or damaged, would have to be unpickled, lacks the target, or holds
            missing, infinite or non-numeric inputs; row and column are named.
        TooLarge: it does not fit in memory.
    """
    if _ending(path) == ".npz":
        if not (target is None or isinstance(target, str)):
            raise BadInput("target", required="be one name for npz files", got=repr(target), advice="Type 'labels'.")
        return read_npz(path, target)
    return assemble(_columns(path), path.name, target)


def read_inputs(path: Path, names: tuple[str, ...] | None = None) -> Float[np.ndarray, "n d"]:
    """Read the inputs alone, to predict from: the named columns, in this order, and no other; None for all columns.

    The columns of an npz file or of a matrix in an npy file have no names: their number and order have to fit.

    Raises:
        BadInput, TooLarge: as `read_table`; or a column is missing.
    """
    if _ending(path) == ".npz":
        inputs = read_npz_inputs(path)
        if names is not None and inputs.shape[1] != len(names):
            raise BadInput(
                "source",
                required=f"have {len(names)} input columns, as in training",
                got=f"{inputs.shape[1]} in {path.name}",
                advice="Pass the same columns in the same order.",
            )
        return inputs
    columns = _columns(path)
    if names is None:
        names = columns.names
    if _ending(path) == ".npy" and columns.names == tuple(str(i) for i in range(len(names))):
        names = columns.names
    return select(columns, names, path.name)


def _columns(path: Path) -> Columns:
    return _COLUMNS[_ending(path)](path)


def _ending(path: Path) -> str:
    """The ending in small letters, once the file is known to be there, to have content and to be of a known kind."""
    ending = path.suffix.lower()
    if ending not in ENDINGS:
        raise BadInput(
            "source",
            required=f"end in {', '.join(ENDINGS)}",
            got=str(path),
            advice="Convert the file, or save np.savez('data.npz', inputs=X, labels=Y).",
        )
    try:
        regular, size = path.is_file(), path.stat().st_size
    except OSError as error:
        raise BadInput(
            "source", required="be a file", got=f"{path}: {error.strerror}", advice="Check the path."
        ) from None
    if not regular or size == 0:
        got = f"{path}, which is {'empty' if regular else 'not a regular file'}"
        raise BadInput("source", required="be a file with content", got=got, advice="Check the path.")
    return ending
