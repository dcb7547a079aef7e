"""NumPy files: npz with the arrays `inputs` and `labels`, npy with one matrix or one array of named fields.

How they are read, so that a file that lies is refused, is in `softntk.files`.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from jaxtyping import Float, Shaped

from softntk import files
from softntk.data.table import Columns, Table, check_numbers
from softntk.failures import BadInput
from softntk.numerics.memory import announce

__all__ = ["ArrayColumns", "read_npy", "read_npz", "read_npz_inputs"]

_ADVICE = "Save it so: np.savez('data.npz', inputs=X, labels=Y)."


class ArrayColumns(Columns):
    """Columns of a matrix, named 0, 1, ..., or of an array with named fields."""

    def __init__(self, array: np.ndarray):
        if array.dtype.names is None:
            self._columns: Mapping[str, np.ndarray] = {str(i): array[:, i] for i in range(array.shape[1])}
        else:
            self._columns = {name: array[name] for name in array.dtype.names}
        self._count = len(array)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns."""
        return tuple(self._columns)

    @property
    def count(self) -> int:
        """Number of rows."""
        return self._count

    def numbers(self, name: str) -> Float[np.ndarray, " n"]:
        """A column as float64.

        Raises:
            BadInput: it holds anything but real numbers, one a row.
        """
        return _numbers(f"column {name!r}", self._columns[name], 1).reshape(-1)

    def target(self, name: str) -> Shaped[np.ndarray, " n"]:
        """A column as text, true/false or float64.

        Raises:
            BadInput: it holds anything else.
        """
        column = self._columns[name]
        return column if column.ndim == 1 and column.dtype.kind in "Ub" else self.numbers(name)


def read_npz(path: Path, target: str | None) -> Table:
    """Read the arrays `inputs` (n, d) and `labels` (n,) or (n, k); `target` names another array for the labels.

    Raises:
        BadInput: one is missing, they do not fit together, or they hold something else than finite numbers.
        TooLarge: they do not fit in memory.
    """
    wanted = target or "labels"
    arrays = files.read_npz(path, ("inputs", wanted), advice=_ADVICE, admit=_admit)
    inputs, labels = _numbers("`inputs`", arrays["inputs"], 2), arrays[wanted]
    if not (labels.ndim == 1 and labels.dtype.kind in "Ub"):
        labels = _numbers(f"`{wanted}`", labels, 1 if labels.ndim == 1 else 2)
    if len(labels) != len(inputs):
        raise BadInput(
            "source",
            required="hold as many labels as inputs",
            got=f"inputs of shape {inputs.shape} and {wanted} of shape {labels.shape}",
            advice=f"Save them together: np.savez('{path.name}', inputs=X, {wanted}=Y).",
        )
    names = tuple(str(i) for i in range(inputs.shape[1]))
    check_numbers("source", inputs, names)
    columns = labels.reshape(len(labels), -1)
    target_names = (wanted,) if labels.ndim == 1 else tuple(f"{wanted}[{i}]" for i in range(columns.shape[1]))
    if labels.dtype.kind == "f":
        check_numbers("target", columns, target_names)
    # One column of a matrix is what one array is: without this, class labels (n, 1) would be taken for numbers.
    return Table(path.name, inputs, columns[:, 0] if columns.shape[1] == 1 else labels, names, target_names)


def read_npz_inputs(path: Path) -> Float[np.ndarray, "n d"]:
    """Read the array `inputs` (n, d) alone. Raises as `read_npz`."""
    inputs = _numbers("`inputs`", files.read_npz(path, ("inputs",), advice=_ADVICE, admit=_admit)["inputs"], 2)
    check_numbers("source", inputs, [str(i) for i in range(inputs.shape[1])])
    return inputs


def read_npy(path: Path) -> ArrayColumns:
    """Read a matrix (n, columns) or an array (n,) with named fields.

    Raises:
        BadInput: it is damaged, has another shape or would have to be unpickled.
        TooLarge: it does not fit in memory.
    """
    array = files.read_npy(path, admit=_admit)
    if array.ndim != (2 if array.dtype.names is None else 1) or array.size == 0:
        raise BadInput(
            "source",
            required="hold a matrix with rows and columns, or one array with named fields",
            got=f"shape {array.shape} in {path.name}",
            advice="Save np.column_stack([X, y]), or np.savez(file, inputs=X, labels=y).",
        )
    return ArrayColumns(array)


def _admit(need: int, name: str) -> None:
    announce(2.0 * need, what=f"reading {name}", argument="source", advice="Pass fewer rows.")


def _numbers(what: str, array: np.ndarray, dimensions: int) -> Float[np.ndarray, "..."]:
    """Real numbers of the given number of dimensions, none of them 0, as float64."""
    if array.dtype.kind not in "biuf":
        raise BadInput(
            "source",
            required="hold real numbers",
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
    return array.astype(np.float64)
