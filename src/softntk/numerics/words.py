"""Values in words: `print` of a result shows its numbers, where a pytree would show types and shapes.

    0 axes            the number                      lambda = 1.625
    few entries       all of them                     [1.625, 3.811]
    many              shape, least and largest        f64[200] from 0.0012 to 4.1
    traced            its type: there are no numbers  f64[200]

A result class gets it by `__repr__ = in_words` in its body.
"""

from dataclasses import fields
from typing import Any

import jax
import numpy as np
from jax.core import Tracer

__all__ = ["in_words", "words_of"]

# Entries that are shown one by one.
_FEW = 6


def words_of(value: Any) -> str:
    """One field of a result: numbers to 6 digits, everything else as Python shows it."""
    if not isinstance(value, jax.Array | np.ndarray | np.generic):
        return repr(value)
    kind = f"{np.dtype(value.dtype).kind}{8 * value.dtype.itemsize}[{','.join(str(size) for size in value.shape)}]"
    if isinstance(value, Tracer):
        return kind
    entries = np.asarray(value)
    if entries.ndim == 0:
        return _number(entries)
    if entries.ndim == 1 and entries.size <= _FEW:
        return f"[{', '.join(_number(entry) for entry in entries)}]"
    if entries.dtype.kind not in "fiu" or not entries.size:
        return kind
    undefined = int(np.isnan(entries).sum())
    if undefined == entries.size:
        return f"{kind}, all NaN"
    found = f"{kind} from {_number(np.nanmin(entries))} to {_number(np.nanmax(entries))}"
    return f"{found}, {undefined} NaN" if undefined else found


def in_words(self: Any) -> str:
    """`Name(field=number, ...)`, to stand as the `__repr__` of a dataclass."""
    shown = ", ".join(f"{field.name}={words_of(getattr(self, field.name))}" for field in fields(self) if field.repr)
    return f"{type(self).__name__}({shown})"


def _number(entry: Any) -> str:
    return f"{entry:.6g}" if np.asarray(entry).dtype.kind == "f" else str(entry)
