"""Which types of entries an array in a file may have, and whether its entries are of that type.

    numbers           b1  i1 i2 i4 i8  u1 ... u8  f2 f4 f8 f16  c8 c16 c32
    text, bytes       U and S with a length
    dates, durations  M8[unit], m8[unit]
    named fields      a list of (name, type) or (name, type, shape), fields within fields included

Everything else is refused, Python objects first: they would have to be unpickled, and unpickling can run anything.
"""

import re
from typing import Any

import numpy as np

__all__ = ["HoldsObjects", "array_type", "check_entries"]

_PLAIN = re.compile(r"[<>|=]?(?:\?|b1|[iu][1248]|f(?:2|4|8|12|16)|c(?:8|16|24|32)|[USV]\d{1,9}|[mM]8(?:\[\w{1,12}\])?)")
_DEEPEST = 8


class HoldsObjects(ValueError):
    """The entries are Python objects."""


def array_type(description: Any) -> np.dtype:
    """The type that a header describes.

    Raises:
        HoldsObjects: of Python objects.
        ValueError: it is none.
    """
    _check(description, _DEEPEST)
    try:
        dtype = np.lib.format.descr_to_dtype(description)
    # It comes from a file, and NumPy does not say what it raises for one that makes no sense.
    except Exception as error:
        raise ValueError(f"the type {str(description)[:80]} ({error})") from None
    if dtype.hasobject or dtype.itemsize == 0 or dtype.subdtype is not None:
        raise ValueError(f"the type {str(description)[:80]}")
    return dtype


def check_entries(array: np.ndarray, name: str) -> None:
    """Refuse bytes that are no value of their type.

    Raises:
        ValueError: text that is not Unicode, or truth values that are neither true nor false.
    """
    if array.dtype.names is not None:
        for each in array.dtype.names:
            check_entries(array[each], f"{name}[{each!r}]")
    elif array.dtype.kind == "b":
        if (np.ascontiguousarray(array).view(np.uint8) > 1).any():
            raise ValueError(f"{name} holds a truth value that is neither true nor false")
    elif array.dtype.kind == "U":
        codes = np.ascontiguousarray(array).reshape(-1).view(np.dtype(np.uint32).newbyteorder(array.dtype.byteorder))
        if ((codes > 0x10FFFF) | ((codes >= 0xD800) & (codes < 0xE000))).any():
            raise ValueError(f"{name} holds text that is not Unicode")


def _check(description: Any, deepest: int) -> None:
    if isinstance(description, str):
        if description.lstrip("<>|=").startswith("O"):
            raise HoldsObjects
        if not _PLAIN.fullmatch(description):
            raise ValueError(f"the type {description[:80]!r}")
        return
    if deepest == 0 or not isinstance(description, list) or not description:
        raise ValueError(f"the type {str(description)[:80]}")
    for field in description:
        if not isinstance(field, tuple) or len(field) not in (2, 3):
            raise ValueError(f"the field {str(field)[:80]}")
        shape = field[2] if len(field) == 3 else ()
        shape = shape if isinstance(shape, tuple) else (shape,)
        if any(type(length) is not int or not 0 < length < 2**31 for length in shape):
            raise ValueError(f"the field {str(field)[:80]}")
        _check(field[1], deepest - 1)
