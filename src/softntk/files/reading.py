"""Opening files that nobody vouches for: regular files only, and no more of them than is stated.

A pipe, a socket or a device could block for ever or never end; it is opened without waiting, recognized, and refused.
"""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from softntk.failures import BadInput, TooLarge
from softntk.files.endings import require_name

__all__ = ["opened", "read_bytes"]

#: Default limit of `read_bytes`.
MOST_BYTES = 2**31

# A pipe without a writer would wait for one; for a regular file O_NONBLOCK means nothing. Some systems lack some flags.
_FLAGS = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)


@contextmanager
def opened(
    path: str | os.PathLike[str], *, argument: str = "source", advice: str = "Check the path."
) -> Iterator[BinaryIO]:
    """A regular file with content, open for reading; what the system refuses meanwhile is refused in words.

    Raises:
        BadInput: it is not there, is empty, is no regular file, or cannot be read.
    """
    path = require_name(path, argument)
    try:
        handle = os.open(path, os.O_RDONLY | _FLAGS)
        with os.fdopen(handle, "rb") if stat.S_ISREG(os.fstat(handle).st_mode) else _closed(handle) as file:
            if file is None:
                raise BadInput(
                    argument, required="be a file", got=f"{path}, which is not a regular file", advice=advice
                )
            if os.fstat(file.fileno()).st_size == 0:
                raise BadInput(
                    argument, required="be a file with content", got=f"{path}, which is empty", advice=advice
                )
            yield file
    except OSError as error:
        reason = error.strerror or str(error)
        raise BadInput(
            argument, required="be a file that can be read", got=f"{path} ({reason})", advice=advice
        ) from None


def read_bytes(
    path: str | os.PathLike[str], *, argument: str = "source", advice: str = "Check the path.", most: int = MOST_BYTES
) -> bytes:
    """The content of a regular file.

    Raises:
        BadInput: as `opened`.
        TooLarge: it has more than `most` bytes.
    """
    with opened(path, argument=argument, advice=advice) as file:
        size = os.fstat(file.fileno()).st_size
        if size > most:
            raise TooLarge(argument, required=f"have at most {most:,} bytes", got=f"{path}: {size:,}", advice=advice)
        return file.read(most)


@contextmanager
def _closed(handle: int) -> Iterator[None]:
    os.close(handle)
    yield None
