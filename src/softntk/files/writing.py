"""Writing a file: draft -> fsync -> rename. A reader finds the old file or the new one, never a part of one.

Drafts stand in the folder of their target under a name of their own, `.softntk-HOST-PROCESS-TOKEN.draft`. A process
that is killed leaves its draft; whoever writes into the folder next removes it: one whose process, on this machine, is
gone, or that is older than a day. Whatever the system refuses (a full disk, a folder that is missing or cannot be
written to) is a `BadInput`, and the draft goes.
"""

import errno
import hashlib
import os
import re
import secrets
import shutil
import socket
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from softntk.failures import BadInput
from softntk.files.endings import require_name

__all__ = ["draft_name", "make_folder", "refusals", "remove_old_drafts", "require_writable", "sync_folder", "write"]

#: What is written: bytes, text (as UTF-8), or a function that writes into an open file.
Content = bytes | str | Callable[[BinaryIO], object]

_DRAFT = re.compile(r"\.softntk-([0-9a-f]{8})-(\d{1,9})-[0-9a-f]{16}\.draft")
_DAY = 86400.0
_ADVICE = {
    errno.ENOSPC: "Make room on that disk, or choose another folder.",
    errno.EDQUOT: "Make room on that disk, or choose another folder.",
    errno.ENOENT: "Make that folder first, or choose one that exists.",
}


def write(
    path: str | os.PathLike[str], content: Content, *, argument: str = "output", make_folders: bool = False
) -> Path:
    """Write a file and return its path; an interrupted call leaves what was there before.

    Arguments:
        content: bytes, text, or a function that writes into an open file.
        argument: what the caller calls the path, for the message.
        make_folders: make the folders that are missing.

    Raises:
        BadInput: the file cannot be written; nothing of it stays.
    """
    path = require_name(path, argument)
    with refusals(path, argument):
        target = _target(path, argument, make_folders=make_folders)
        draft = target.with_name(draft_name())
        try:
            with draft.open("xb") as file:
                if callable(content):
                    content(file)
                else:
                    file.write(content.encode() if isinstance(content, str) else content)
                file.flush()
                os.fsync(file.fileno())
            if target.exists():
                draft.chmod(stat.S_IMODE(target.stat().st_mode))
            draft.replace(target)
        finally:
            with suppress(OSError):  # it was moved, or never came to be
                draft.unlink()
        sync_folder(target.parent)
    return path


def require_writable(path: str | os.PathLike[str], argument: str = "output", *, make_folders: bool = False) -> None:
    """Refuse now what `write` would refuse later, by beginning a draft: to be called before long work.

    Raises:
        BadInput: the file cannot be written.
    """
    path = require_name(path, argument)
    with refusals(path, argument):
        draft = _target(path, argument, make_folders=make_folders).with_name(draft_name())
        try:
            draft.write_bytes(b"softntk")
        finally:
            with suppress(OSError):
                draft.unlink()


def draft_name() -> str:
    """A name that no other draft has, and by which an abandoned one is known."""
    return f".softntk-{_host()}-{os.getpid()}-{secrets.token_hex(8)}.draft"


def remove_old_drafts(folder: Path) -> None:
    """Remove the drafts, files and folders, that killed processes left in a folder."""
    with suppress(OSError):  # a folder that cannot be listed is for the writing itself to report
        for entry in os.scandir(folder):
            found = _DRAFT.fullmatch(entry.name)
            if found is None or not _abandoned(entry, found[1], int(found[2])):
                continue
            with suppress(OSError):
                if entry.is_dir(follow_symlinks=False):
                    shutil.rmtree(entry.path)
                else:
                    Path(entry.path).unlink()


def make_folder(folder: Path) -> None:
    """Make a folder, and those above it, if it is not there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError:  # a file; on the way there it would be NotADirectoryError, too
        raise NotADirectoryError(errno.ENOTDIR, "Not a directory", str(folder)) from None


def sync_folder(folder: Path) -> None:
    """Make renames in a folder last, where the system can."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextmanager
def refusals(path: Path, argument: str) -> Iterator[None]:
    """Within it, whatever the system refuses is a `BadInput` about the path."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        advice = _ADVICE.get(error.errno or 0, "Choose a folder that exists and is yours.")
        raise BadInput(
            argument, required="be a file that can be written", got=f"{path} ({reason})", advice=advice
        ) from None


def _target(path: Path, argument: str, *, make_folders: bool) -> Path:
    """Where the file goes, links followed, once it is known to be a regular file or nothing."""
    target = Path(os.path.realpath(path))
    if make_folders:
        make_folder(target.parent)
    mode = target.stat().st_mode if target.exists() else None
    if mode is not None and not stat.S_ISREG(mode):
        got = f"{path}, which is {'a folder' if stat.S_ISDIR(mode) else 'no regular file'}"
        raise BadInput(argument, required="be a file that can be written", got=got, advice="Choose another name.")
    if mode is not None and not os.access(target, os.W_OK):
        raise PermissionError(errno.EACCES, "Permission denied")
    remove_old_drafts(target.parent)
    return target


def _abandoned(entry: "os.DirEntry[str]", host: str, process: int) -> bool:
    if host == _host() and not _alive(process):
        return True
    try:
        return time.time() - entry.stat(follow_symlinks=False).st_mtime > _DAY
    except OSError:
        return False


def _alive(process: int) -> bool:
    if os.name == "nt":  # where this signal would be Ctrl-C
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:  # it is there and belongs to somebody else
        return True
    return True


def _host() -> str:
    return hashlib.sha256(socket.gethostname().encode()).hexdigest()[:8]
