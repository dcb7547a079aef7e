"""Text that both files of a record can hold: UTF-8, without NUL.

NUL ends a string in HDF5, and lone surrogates (which JSON can spell and Python can hold) have no UTF-8.
"""

from typing import Any

from softntk.failures import BadInput

__all__ = ["require_text"]


def require_text(where: str, value: Any, *, empty: bool = False) -> str:
    """Return `value` if it is text, and not blank unless `empty`.

    Raises:
        BadInput: it is not.
    """
    if not isinstance(value, str) or not (empty or value.strip()):
        required = "be text" if empty else "be text, not blank"
        raise BadInput(where, required=required, got=repr(value), advice=f"Type {where} as a string.")
    if "\0" in value or any("\ud800" <= letter <= "\udfff" for letter in value):
        raise BadInput(
            where,
            required="be text that UTF-8 can write, without NUL",
            got=ascii(value),
            advice="Remove those characters.",
        )
    return str(value)
