"""Files by their ending: .csv, .tsv, .parquet, .npz, .npy.

csv, tsv and parquet hold named columns, one of them the target. npz holds the arrays `inputs` and `labels`. npy holds
one matrix, whose columns are named 0, 1, ..., or an array with named fields.
"""

from collections.abc import Sequence
from pathlib import Path

from softntk.data.columns import Columns
from softntk.data.csv_files import read_csv
from softntk.data.numpy_files import read_npy, read_npz
from softntk.data.options import ReadOptions
from softntk.data.parquet_files import read_parquet
from softntk.data.table import Table, assemble
from softntk.failures import BadInput

__all__ = ["ENDINGS", "read_columns", "read_inputs", "read_table"]

_COLUMNS = {".csv": read_csv, ".tsv": read_csv, ".parquet": read_parquet, ".npy": read_npy}

#: Endings of the files that can be read.
ENDINGS = (*_COLUMNS, ".npz")


def read_table(
    path: Path, target: str | Sequence[str] | None, *, kind: str | None = None, options: ReadOptions | None = None
) -> Table:
    """Read inputs and targets.

    Arguments:
        path: a file with one of `ENDINGS`.
        target: name of the target column, or names of several numeric ones; for npz the name of the array, by default
            `labels`.
        kind: what the target is, where texts in it could be taken for numbers or for names.
        options: how the file is read, where it does not say so itself, and which columns are inputs.

    Raises:
        BadInput: the file is not there, is empty or damaged, would have to be unpickled, lacks the target, or holds
            missing, infinite or non-numeric inputs; rows and columns are named.
        TooLarge: it does not fit in memory.
    """
    options = options or ReadOptions()
    names = (target,) if isinstance(target, str) else tuple(target or ("labels",))
    return assemble(read_columns(path, names, options), target, options, kind=kind)


def read_inputs(path: Path, *, without: str | Sequence[str] | None = None, options: ReadOptions | None = None) -> Table:
    """Read all columns as inputs, with nothing to learn; those named in `without` are left out.

    Raises:
        BadInput, TooLarge: as `read_table`.
    """
    options = options or ReadOptions()
    return assemble(read_columns(path, (), options), without, options, kind=None, learned=False)


def read_columns(path: Path, labels: Sequence[str], options: ReadOptions) -> Columns:
    """Read the columns of a file; of an npz file the array `inputs` and, if `labels` are named, the array of that name.

    Raises:
        BadInput: the file is not there, is empty, damaged or of an unknown kind.
        TooLarge: it does not fit in memory.
    """
    ending = _ending(path)
    if ending != ".npz":
        return _COLUMNS[ending](path, options)
    arrays = list(dict.fromkeys(name.partition("[")[0] for name in labels))
    if len(arrays) > 1:
        raise BadInput(
            "target",
            required="be the name of one array of an npz file",
            got=repr(arrays),
            advice='Type target="labels", say (on the command line: --target labels).',
        )
    return read_npz(path, arrays[0] if arrays else None, options)


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
    except (OSError, ValueError) as error:  # a zero byte in a path is a ValueError
        reason = getattr(error, "strerror", None) or str(error)
        raise BadInput("source", required="be a file", got=f"{path}: {reason}", advice="Check the path.") from None
    if not regular or size == 0:
        got = f"{path}, which is {'empty' if regular else 'not a regular file'}"
        raise BadInput("source", required="be a file with content", got=got, advice="Check the path.")
    return ending
