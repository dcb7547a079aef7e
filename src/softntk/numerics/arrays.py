"""Check what a caller hands in, once, at the door.

Values are read only where they are known: under `jit` and `vmap` the entries are not, so only shapes are checked there.
"""

from typing import Any

import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jax.typing import DTypeLike
from jaxtyping import Array, Float

from softntk.failures import BadInput

__all__ = ["finite_matrix", "require_float64"]


def finite_matrix(
    name: str, value: Any, *, rows: int | None = None, columns: int | None = None, dtype: DTypeLike | None = None
) -> Float[Array, "rows columns"]:
    """Return `value` as a two-dimensional floating-point array, of precision `dtype` if one is asked for.

    Raises:
        BadInput: it is not two-dimensional, has no rows or no columns, another shape than asked for, entries that
            are not real numbers, or NaN or infinite entries.
    """
    try:
        array = jnp.asarray(value)
    except (TypeError, ValueError) as error:
        raise BadInput(
            name,
            required="be an array of numbers",
            got=f"{type(value).__name__} ({error})",
            advice=f"Convert it first: {name} = np.asarray({name}, dtype=float).",
        ) from None
    if array.ndim != 2 or 0 in array.shape:
        hint = f"{name}[:, None]" if array.ndim == 1 else f"{name}.reshape(rows, columns)"
        raise BadInput(
            name,
            required="be a matrix with at least one row and one column",
            got=f"shape {array.shape}",
            advice=f"Type {hint}.",
        )
    for axis, (what, wanted) in enumerate((("rows", rows), ("columns", columns))):
        if wanted is not None and array.shape[axis] != wanted:
            raise BadInput(
                name,
                required=f"have {wanted} {what}",
                got=f"shape {array.shape}",
                advice=f"Check that {name} belongs to the other arguments (and is not transposed).",
            )
    if jnp.issubdtype(array.dtype, jnp.complexfloating):
        raise BadInput(name, required="hold real numbers", got=str(array.dtype), advice=f"Type {name}.real.")
    if not jnp.issubdtype(array.dtype, jnp.floating):
        array = array.astype(float)
    if dtype is not None:
        array = array.astype(dtype)
    bad = _first_not_finite(array)
    if bad is not None:
        raise BadInput(
            name,
            required="be finite",
            got=f"{bad[1]} at row {bad[0][0]}, column {bad[0][1]}",
            advice=f"Drop or fill such rows: {name}[np.isfinite({name}).all(axis=1)].",
        )
    return array


def require_float64(name: str, array: Array) -> None:
    """Refuse lower precision where the mathematics needs float64.

    Raises:
        BadInput: the array is not float64.
    """
    if array.dtype != jnp.float64:
        raise BadInput(
            name,
            required="be float64",
            got=str(array.dtype),
            advice=f"Type jax.config.update('jax_enable_x64', True) before anything else and pass "
            f"{name}.astype('float64').",
        )


def _first_not_finite(array: Array) -> tuple[tuple[int, int], float] | None:
    if isinstance(array, Tracer):
        return None
    # NumPy reads what is in the memory of the CPU in place, and compiles nothing.
    near = array.is_fully_addressable and all(device.platform == "cpu" for device in array.devices())
    if np.isfinite(np.asarray(array)).all() if near else bool(jnp.isfinite(array).all()):
        return None
    entries = np.asarray(array)
    row, column = (int(i) for i in np.argwhere(~np.isfinite(entries))[0])
    return (row, column), float(entries[row, column])
