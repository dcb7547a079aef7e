"""One rule for the endings of files, both ways.

    written    a name without an ending gets the first that the format has; another ending is refused
    read       a name without an ending that is no file means the one with the ending

so that `-o model` writes model.npz, and `model` finds it.
"""

import os
from pathlib import Path

from softntk.failures import BadInput

__all__ = ["input_path", "output_path", "require_name"]


def output_path(path: str | os.PathLike[str], *endings: str, argument: str = "output") -> Path:
    """The path to write to, with one of the endings (".npz"); the ending says which format is written.

    Raises:
        BadInput: it has another ending, or no name.
    """
    path = Path(path)
    if path.suffix.lower() in endings:
        return path
    if path.name in ("", "..") or path.suffix:
        listed = " or ".join(endings)
        name = path.name if path.name not in ("", "..") else "result"
        raise BadInput(
            argument,
            required=f"be a name that ends in {listed}, or has no ending",
            got=str(path),
            advice=f"Type {path.with_name(name + endings[0]) if path.suffix else name + endings[0]}.",
        )
    return path.with_name(path.name + endings[0])


def input_path(path: str | os.PathLike[str], *endings: str) -> Path:
    """The path to read from: itself if it is a file or has an ending, else the first with one of the endings."""
    path = Path(path)
    if path.suffix or not path.name or os.path.isfile(path):  # noqa: PTH113 - never raises
        return path
    added = [path.with_name(path.name + ending) for ending in endings]
    return next((each for each in added if os.path.isfile(each)), path)  # noqa: PTH113


def require_name(path: str | os.PathLike[str], argument: str) -> Path:
    """The path, if the system can look it up at all.

    Raises:
        BadInput: it holds NUL, or characters that no name of a file has.
    """
    try:
        if b"\0" not in os.fsencode(path):
            return Path(path)
    except UnicodeEncodeError:
        pass
    raise BadInput(argument, required="be the name of a file", got=ascii(str(path)), advice="Check the name.")
