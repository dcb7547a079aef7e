"""The state of an iterative run in a file: npz, nothing pickled, written by one rename.

A fingerprint of the problem (kernel, inputs, labels, ridge, settings) goes with it, so that a state is never continued
on another problem.
"""

import hashlib
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from softntk.failures import BadInput
from softntk.files import read_npz, write_npz

__all__ = ["fingerprint", "read_state", "write_state"]

T = TypeVar("T")


def fingerprint(*parts: object) -> str:
    """SHA-256 of arrays (shape and bytes) and of the text of everything else."""
    digest = hashlib.sha256()
    for part in parts:
        if hasattr(part, "dtype"):
            array = np.ascontiguousarray(np.asarray(part))
            digest.update(f"{array.dtype.str}{array.shape}".encode())
            digest.update(array.data)
        else:
            digest.update(f"{part!r};".encode())
    return digest.hexdigest()


def write_state(path: Path, fingerprint: str, state: Any) -> None:
    """Write the arrays of a data class.

    Raises:
        BadInput: the path cannot be written to.
    """
    arrays = {each.name: np.asarray(getattr(state, each.name)) for each in fields(state)}
    write_npz(path, {"fingerprint": fingerprint} | arrays, argument="checkpoint", compressed=False)


def read_state(path: Path | None, fingerprint: str, kind: type[T]) -> T | None:
    """Read what `write_state` wrote; None without a file.

    Raises:
        BadInput: it is damaged, or the state of another problem.
    """
    if path is None or not path.exists():
        return None
    names = tuple(each.name for each in fields(kind))  # pyright: ignore[reportArgumentType]
    members = read_npz(path, ("fingerprint", *names), argument="checkpoint", advice="Delete the file to start again.")
    if str(members["fingerprint"]) != fingerprint:
        raise BadInput(
            "checkpoint",
            required="belong to this problem and these settings",
            got=f"{path}, written for others",
            advice="Choose another file, or delete it to start again.",
        )
    return kind(**{name: np.array(members[name]) for name in names})
