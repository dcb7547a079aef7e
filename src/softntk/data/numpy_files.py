"""NumPy files: npz with the arrays `inputs` and `labels`, npy with one matrix or one array of named fields.

How they are read, so that a file that lies is refused, is in `softntk.files`.
"""

from pathlib import Path

import numpy as np
import pyarrow as pa

from softntk import files
from softntk.data.columns import Columns
from softntk.data.options import ReadOptions
from softntk.failures import BadInput
from softntk.numerics.memory import announce

__all__ = ["read_npy", "read_npz"]


def read_npz(path: Path, target: str | None, options: ReadOptions) -> Columns:
    """Read the arrays `inputs` (n, d), columns 0, 1, ..., and `labels` (n,) or (n, k), columns labels or labels[0], ...

    Arguments:
        path: the file.
        target: name of the array of labels, `labels` by default; None for the inputs alone.
        options: what is missing.

    Raises:
        BadInput: one is missing, they do not fit together, or they hold something else than numbers.
        TooLarge: they do not fit in memory.
    """
    advice = f"Save it so: np.savez('{path.name}', inputs=X, {target or 'labels'}=Y)."
    wanted = ("inputs",) if target is None else ("inputs", target)
    arrays = files.read_npz(path, wanted, advice=advice, admit=_admit)
    inputs = _checked("`inputs`", arrays["inputs"], 2)
    columns = {str(i): _arrow(inputs[:, i]) for i in range(inputs.shape[1])}
    names: tuple[str, ...] = ()
    if target is not None:
        labels = _checked(f"`{target}`", arrays[target], 1 if arrays[target].ndim == 1 else 2, text=True)
        if len(labels) != len(inputs):
            raise BadInput(
                "source",
                required="hold as many labels as inputs",
                got=f"inputs of shape {inputs.shape} and {target} of shape {labels.shape}",
                advice=f"Save them together: np.savez('{path.name}', inputs=X, {target}=Y).",
            )
        parts = labels.reshape(len(labels), -1)
        # One column of a matrix is what one array is: without this, class labels (n, 1) would be taken for numbers.
        names = (target,) if parts.shape[1] == 1 else tuple(f"{target}[{i}]" for i in range(parts.shape[1]))
        columns |= {name: _arrow(parts[:, i]) for i, name in enumerate(names)}
    return Columns(path.name, columns, len(inputs), options=options.marks(), numbered=True, labels=names)


def read_npy(path: Path, options: ReadOptions) -> Columns:
    """Read a matrix (n, columns), whose columns are named 0, 1, ..., or an array (n,) with named fields.

    Raises:
        BadInput: it is damaged, has another shape or would have to be unpickled.
        TooLarge: it does not fit in memory.
    """
    array = files.read_npy(path, admit=_admit)
    fields = array.dtype.names
    if array.ndim != (2 if fields is None else 1) or array.size == 0:
        raise BadInput(
            "source",
            required="hold a matrix with rows and columns, or one array with named fields",
            got=f"shape {array.shape} in {path.name}",
            advice="Save np.column_stack([X, y]), or np.savez(file, inputs=X, labels=y).",
        )
    if fields is None:
        array = _checked(path.name, array, 2, text=True)
        columns = {str(i): _arrow(array[:, i]) for i in range(array.shape[1])}
    else:
        columns = {name: _arrow(_checked(f"column {name!r}", array[name], 1, text=True)) for name in fields}
    return Columns(path.name, columns, len(array), options=options.marks(), numbered=fields is None)


def _admit(need: int, name: str) -> None:
    announce(2.0 * need, what=f"reading {name}", argument="source", advice="Pass fewer rows.")


def _checked(what: str, array: np.ndarray, dimensions: int, *, text: bool = False) -> np.ndarray:
    """Real numbers, true or false, or text where it is allowed, of the given number of dimensions, none of them 0."""
    if array.dtype.kind not in ("biufU" if text else "biuf"):
        raise BadInput(
            "source",
            required=f"hold real numbers{' or text' if text else ''}",
            got=f"{array.dtype} in {what}",
            advice="Turn it into numbers first; only labels may be text.",
        )
    if array.ndim != dimensions or 0 in array.shape:
        raise BadInput(
            "source",
            required=f"have {'one dimension' if dimensions == 1 else 'rows and columns'} and some entry in {what}",
            got=f"shape {array.shape}",
            advice="Reshape first: X.reshape(len(X), -1).",
        )
    return array


def _arrow(column: np.ndarray) -> pa.ChunkedArray:
    """A column as Arrow holds it: float64, true or false, or text."""
    kind = column.dtype.kind
    if kind == "U":
        return pa.chunked_array([pa.array(column.tolist(), pa.string())])
    return pa.chunked_array([pa.array(column if kind == "b" else column.astype(np.float64))])
