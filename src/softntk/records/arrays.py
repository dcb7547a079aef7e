"""The arrays of a record: one settled form, and a fingerprint of it.

A Dataset is *settled* when a file gives back the very same one: every dimension named, every variable with its
`long_name`, entries real numbers, booleans or text (as fixed-width strings), attributes text or numbers.

The fingerprint is the SHA-256 of the content, not of the file: names, dimensions, types, attributes and entries in a
fixed order. Files that differ in layout or compression have one fingerprint; one changed bit changes it.
"""

import hashlib
import json
import re
from typing import Any

import numpy as np
import xarray as xr

from softntk.failures import BadInput
from softntk.files.text import require_text

__all__ = ["fingerprint", "settle"]

# The file format and its decoder give these a meaning of their own, and would not give them back.
_RESERVED = re.compile(
    "_.*|missing_value|scale_factor|add_offset|dtype|coordinates|DIMENSION_LIST|REFERENCE_LIST|CLASS|NAME"
)


def settle(arrays: Any) -> xr.Dataset:
    """A settled deep copy of the Dataset.

    Raises:
        BadInput: a dimension has no name of its own, a data variable has no `long_name`, or entries or attributes are
            not of the kinds above.
    """
    if not isinstance(arrays, xr.Dataset):
        raise BadInput(
            "arrays",
            required="be an xarray.Dataset",
            got=type(arrays).__name__,
            advice="Type xr.Dataset({'loss': (('step',), values, {'long_name': 'loss'})}).",
        )
    for name in (*arrays.dims, *arrays.variables):
        text = require_text("a name in arrays", name)
        if "/" in text or re.fullmatch(r"dim_\d+", text):
            raise BadInput(
                "arrays",
                required="have names of their own, without slashes, for dimensions and variables",
                got=repr(text),
                advice="Type xr.Dataset({'loss': (('step',), values)}).",
            )
    for name, variable in arrays.data_vars.items():
        if not variable.attrs.get("long_name"):
            raise BadInput(
                f"arrays[{name!r}]",
                required="say what it is",
                got="no attribute long_name",
                advice="Type (('step',), values, {'long_name': 'training loss'}).",
            )
    settled = {
        str(name): (
            variable.dims,
            _entries(f"arrays[{name!r}]", variable.values),
            _attributes(f"arrays[{name!r}]", variable.attrs),
        )
        for name, variable in arrays.variables.items()
    }
    coordinates = {name: settled.pop(name) for name in map(str, arrays.coords)}
    return xr.Dataset(settled, coordinates, _attributes("arrays", arrays.attrs))


def fingerprint(arrays: xr.Dataset) -> str:
    """SHA-256, in hexadecimal, of the content of a settled Dataset."""
    digest = hashlib.sha256()

    def add(part: Any) -> None:
        data = part if isinstance(part, bytes) else json.dumps(part, sort_keys=True).encode()
        digest.update(len(data).to_bytes(8, "little") + data)

    add(_canonical(arrays.attrs))
    for name in sorted(map(str, arrays.variables)):
        variable = arrays.variables[name]
        values = np.ascontiguousarray(variable.values)
        add([name, name in arrays.coords, variable.dims, variable.shape, values.dtype.kind, _canonical(variable.attrs)])
        if values.dtype.kind == "U":
            add(values.ravel().tolist())
        else:
            if values.dtype.kind == "f":  # a NaN is a NaN, whatever its bits
                values = np.where(np.isnan(values), np.nan, values).astype(values.dtype)
            add([values.dtype.itemsize])
            add(values.astype(values.dtype.newbyteorder("<")).tobytes())
    return digest.hexdigest()


def _canonical(attributes: dict[Any, Any]) -> dict[str, Any]:
    return {str(key): value if isinstance(value, str) else float(value).hex() for key, value in attributes.items()}


def _entries(where: str, values: np.ndarray) -> np.ndarray:
    kind, size = values.dtype.kind, values.dtype.itemsize
    if kind in "UT" or (kind == "O" and all(isinstance(entry, str) for entry in values.ravel())):
        for entry in values.ravel().tolist():
            require_text(where, entry, empty=True)
        return values.astype(object).astype(str)
    if kind in "iub" or (kind == "f" and size in (4, 8)):
        return values.copy()
    raise BadInput(
        where,
        required="hold float32 or float64, whole numbers, booleans or text",
        got=f"entries of type {values.dtype}",
        advice="Type values.astype(float), or store real and imaginary parts apart.",
    )


def _attributes(where: str, attributes: dict[Any, Any]) -> dict[str, Any]:
    settled = {}
    for key, value in attributes.items():
        key = require_text(f"a key of {where}.attrs", key)
        number = isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)
        if _RESERVED.fullmatch(key) or not (number or isinstance(value, str)):
            raise BadInput(
                f"{where}.attrs[{key!r}]",
                required="be text or a number, under a name that the file format does not use itself",
                got=repr(value),
                advice="Put it into parameters.",
            )
        is_text = isinstance(value, str)
        settled[key] = (
            require_text(f"{where}.attrs[{key!r}]", value, empty=True) if is_text else np.asarray(value).item()
        )
    return settled
