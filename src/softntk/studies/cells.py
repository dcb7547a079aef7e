"""Results of cells, kept on disk so that an interrupted study loses nothing.

    <folder>/.cells/<study>-<fingerprint>/<cell>.npz

The fingerprint covers the parameters and the versions of every package that numbers depend on: results of other
parameters or of other software are never picked up. Files appear by one rename, so a half-written one is never read.
"""

import hashlib
import json
import os
import shutil
import time
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["KeptCells", "forget_cells", "timed"]

_SECONDS = "__seconds__"

#: The arrays of a cell and the seconds it took.
Timed = tuple[dict[str, np.ndarray], float]


class KeptCells:
    """What earlier runs of the same study computed."""

    def __init__(self, folder: Path | None, study: str, parameters: dict[str, Any], versions: dict[str, str]):
        self._place: Path | None = None
        if folder is not None:
            described = json.dumps([study, parameters, versions], sort_keys=True)
            digest = hashlib.sha256(described.encode()).hexdigest()[:16]
            self._place = folder / ".cells" / f"{study}-{digest}"

    def read(self, name: str) -> Timed | None:
        """A cell that an earlier run computed, if there is one."""
        found = None if self._place is None else _read(self._place / _file_name(name))
        return None if found is None else (found, float(found.pop(_SECONDS)))

    def keep(self, name: str, result: dict[str, np.ndarray], seconds: float) -> Timed:
        """Keep a cell and return it."""
        if self._place is not None:
            _write(self._place / _file_name(name), result | {_SECONDS: np.asarray(seconds)})
        return result, seconds


def timed(compute: Callable[[], Mapping[str, Any]]) -> Timed:
    """Compute a cell; return its arrays and how long it took, in seconds."""
    started = time.perf_counter()
    return {key: np.asarray(value) for key, value in compute().items()}, time.perf_counter() - started


def forget_cells(folder: Path) -> None:
    """Delete all kept results; called once the records are written."""
    shutil.rmtree(folder / ".cells", ignore_errors=True)


def _file_name(cell: str) -> str:
    readable = "".join(c if c.isalnum() else "-" for c in cell)[:60]
    return f"{readable}-{hashlib.sha256(cell.encode()).hexdigest()[:8]}.npz"


def _read(path: Path) -> dict[str, np.ndarray] | None:
    try:
        # Opened here: np.load leaves a file that is no archive open.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            return dict(arrays)
    except (OSError, ValueError, zipfile.BadZipFile):
        # Missing, or not a file of ours: computed again.
        return None


def _write(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(f".{os.getpid()}.draft")
    with draft.open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)
    draft.replace(path)
