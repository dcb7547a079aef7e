"""Samples in a file: the ending says which.

.npz   array `samples` (n, d), and `description`, JSON text
.csv   a table with the names of the columns; numbers are written so that they are read back exactly
"""

import csv
import io
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from softntk.files import dumps, output_path, plain, write, write_npz

__all__ = ["SAMPLE_ENDINGS", "save_samples"]

#: Endings of files for samples; a name without one gets the first.
SAMPLE_ENDINGS = (".npz", ".csv")


def save_samples(
    samples: Float[np.ndarray, "n d"],
    path: str | os.PathLike[str],
    *,
    columns: Sequence[str] = (),
    description: Mapping[str, Any] | None = None,
) -> Path:
    """Write samples and return the path.

    Arguments:
        columns: names of the columns of a table; without them x0, x1, ...
        description: JSON values, kept in npz only.

    Raises:
        BadInput: the path has another ending, or cannot be written to.
    """
    path = output_path(path, *SAMPLE_ENDINGS)
    if path.suffix.lower() == ".csv":
        return write(path, _table(samples, columns or [f"x{i}" for i in range(samples.shape[1])]))
    text = dumps(plain("description", dict(description or {})))
    return write_npz(path, {"samples": samples, "description": np.array(text)})


def _table(samples: Float[np.ndarray, "n d"], columns: Sequence[str]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(samples.tolist())
    return text.getvalue()
