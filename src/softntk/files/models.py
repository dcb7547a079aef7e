"""Models in files: one npz archive, readable with NumPy alone.

    description    JSON text: format, kind (network, kernel, score), version, and what the kind says of itself
    the arrays of the kind, by name: finite numbers

Nothing is pickled, and nothing in the file is executed when it is opened. A model that could not be read again is not
written; one that is read has finite arrays and whatever else its class asks for in `from_file`.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, ClassVar, Protocol, runtime_checkable

import numpy as np

from softntk.failures import BadInput
from softntk.files.arrays import read_npz, write_npz
from softntk.files.endings import input_path, output_path
from softntk.files.strict_json import dumps, loads

__all__ = ["ModelFile", "Saved", "read_model", "save_model"]

FORMAT = "softntk-model/2"

#: What earlier versions called the format of a kind; what the description says besides is the same.
_EARLIER = {"softntk-model/1": "network", "softntk-kernel-model/1": "kernel", "softntk-score/1": "score"}
#: Kind -> what makes such a file, and what uses it.
_COMMANDS = {
    "network": ("softntk train DATA -o model.npz", "softntk predict"),
    "kernel": ("softntk regress DATA -o model.npz", "softntk predict"),
    "score": ("softntk score DATA -o model.npz", "softntk sample"),
}


@dataclass(frozen=True)
class ModelFile:
    """The content of a file: its kind, the description without what every file says, and the arrays."""

    path: Path
    kind: str
    description: Mapping[str, Any]
    arrays: Mapping[str, np.ndarray]

    def array(self, name: str, *shape: int | None) -> np.ndarray:
        """An array that has to have this shape, with None for any length but 0. Raises ValueError, see `reading`."""
        array = self.arrays[name]
        if array.ndim != len(shape) or any(
            (have == 0 if want is None else have != want) for have, want in zip(array.shape, shape, strict=True)
        ):
            wanted = " x ".join("any" if want is None else str(want) for want in shape)
            raise ValueError(f"{name} of shape {array.shape} where {wanted} belongs")
        return array

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Within it, whatever fails because of the content is a `BadInput` about the file."""
        try:
            yield
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError, RecursionError, IndexError) as error:
            makes = _COMMANDS[self.kind][0]
            reason = error.got if isinstance(error, BadInput) else f"{type(error).__name__}: {error}"
            raise BadInput(
                "model",
                required=f"be a file that {' '.join(makes.split()[:2])} wrote",
                got=f"{self.path}: {' '.join(str(reason).split())[:200]}",
                advice=f"Make it again: {makes}.",
            ) from None


@runtime_checkable
class Saved(Protocol):
    """A model that knows what is to be written of it, and how to come back from that."""

    kind: ClassVar[str]

    def described(self) -> Mapping[str, Any]:
        """What is not an array, as JSON values."""
        ...

    def arrays(self) -> Mapping[str, Any]:
        """The arrays by name."""
        ...

    @classmethod
    def from_file(cls, file: ModelFile) -> "Saved":
        """The model of a file; raises `BadInput` if what it says does not fit together."""
        ...


def save_model(model: Saved, path: str | os.PathLike[str]) -> Path:
    """Write a model and return its path, which ends in .npz.

    Raises:
        BadInput: an array holds numbers that are not finite, or the path cannot be written to.
    """
    arrays = {name: np.asarray(array) for name, array in model.arrays().items()}
    for name, array in arrays.items():
        if not _finite(array):
            raise BadInput(
                "model",
                required="hold finite numbers, or it could not be used",
                got=f"others in {name}",
                advice="Change the units of the data, or the settings.",
            )
    described = {"format": FORMAT, "kind": model.kind, "softntk": version("softntk"), **model.described()}
    return write_npz(output_path(path, ".npz", argument="path"), arrays | {"description": dumps(described)})


def read_model(path: str | os.PathLike[str], *kinds: str) -> ModelFile:
    """Read the file of a model of one of the kinds (any by default).

    Raises:
        BadInput: the file is missing, damaged, or holds no such model.
        TooLarge: it is larger than memory.
    """
    kinds = kinds or tuple(_COMMANDS)
    path = input_path(path, ".npz")
    makes = " or ".join(_COMMANDS[kind][0] for kind in kinds)
    arrays = read_npz(path, argument="model", advice=f"Make one: {makes}.")
    described, kind = {}, ""
    try:
        described = loads(str(arrays.pop("description")))
        kind = str(described["kind"] if described["format"] == FORMAT else _EARLIER[described["format"]])
        reason = "" if all(map(_finite, arrays.values())) else "arrays that are not finite numbers"
    except KeyError as error:
        reason = f"no {error.args[0]}" if "format" not in described else f"format {described['format']!r}"
    except (TypeError, ValueError) as error:
        reason = f"a description that cannot be read ({' '.join(str(error).split())[:100]})"
    if reason or kind not in _COMMANDS:
        raise BadInput(
            "model", required="be a model", got=f"{path}: {reason or f'kind {kind!r}'}", advice=f"Make one: {makes}."
        )
    if kind not in kinds:
        raise BadInput(
            "model",
            required=f"be a {' or a '.join(kinds)}",
            got=f"{path}, a {kind}",
            advice=f"Use it with {_COMMANDS[kind][1]}; make one here: {makes}.",
        )
    return ModelFile(path, kind, described, arrays)


def _finite(array: np.ndarray) -> bool:
    return array.dtype in (np.float32, np.float64) and bool(np.isfinite(array).all())
