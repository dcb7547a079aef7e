"""Results of cells, kept on disk so that an interrupted study loses nothing.

    <folder>/.cells/<study>-<fingerprint>/<cell>.npz

The fingerprint covers the parameters and the versions of every package that numbers depend on: results of other
parameters or of other software are never picked up, and never deleted. A file that is damaged is computed again.
"""

import hashlib
import json
import shutil
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from softntk.failures import Failure
from softntk.files import read_npz, require_place, write_npz

__all__ = ["KeptCells", "timed"]

_SECONDS = "__seconds__"

#: The arrays of a cell and the seconds it took.
Timed = tuple[dict[str, np.ndarray], float]


class KeptCells:
    """What earlier runs of the same study computed.

    Raises:
        BadInput: there is a file where the folder of the cells has to be.
    """

    def __init__(self, folder: Path | None, study: str, parameters: Mapping[str, Any], versions: Mapping[str, str]):
        self._place: Path | None = None
        if folder is not None:
            described = json.dumps([study, dict(parameters), dict(versions)], sort_keys=True)
            digest = hashlib.sha256(described.encode()).hexdigest()[:16]
            self._place = folder / ".cells" / f"{study}-{digest}"
            require_place(self._place, "folder")

    def read(self, name: str) -> Timed | None:
        """A cell that an earlier run computed, if there is one."""
        path = None if self._place is None else self._place / _file_name(name)
        if path is None or not path.exists():
            return None
        try:
            found = read_npz(path)
            return found, float(found.pop(_SECONDS))
        except (Failure, KeyError, TypeError, ValueError):  # damaged, or not a file of ours: out of the way
            with suppress(OSError):
                shutil.rmtree(path) if path.is_dir() else path.unlink()
            return None

    def keep(self, name: str, result: dict[str, np.ndarray], seconds: float) -> Timed:
        """Keep a cell and return it.

        Raises:
            BadInput: it cannot be written.
        """
        if self._place is not None:
            arrays = result | {_SECONDS: np.asarray(seconds)}
            path = self._place / _file_name(name)
            write_npz(path, arrays, argument="folder", compressed=False, make_folders=True)
        return result, seconds

    def forget(self) -> None:
        """Delete these results, and no others; to be called once the record is written."""
        if self._place is not None:
            shutil.rmtree(self._place, ignore_errors=True)
            with suppress(OSError):  # results of other studies are there
                self._place.parent.rmdir()


def timed(compute: Callable[[], Mapping[str, Any]]) -> Timed:
    """Compute a cell; return its arrays and how long it took, in seconds."""
    started = time.perf_counter()
    return {key: np.asarray(value) for key, value in compute().items()}, time.perf_counter() - started


def _file_name(cell: str) -> str:
    readable = "".join(c if c.isalnum() else "-" for c in cell)[:60]
    return f"{readable}-{hashlib.sha256(cell.encode()).hexdigest()[:8]}.npz"
