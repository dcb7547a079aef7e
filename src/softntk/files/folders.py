"""Writing a folder of files that belong together: a draft of the whole folder, moved into place by one rename.

Where a folder is replaced, the old one steps aside first (`.NAME.previous`) and is the one that counts until the new
one is in its place; a process killed in between leaves it there.
"""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from softntk.failures import BadInput
from softntk.files.writing import draft_name, make_folder, refusals, remove_old_drafts, sync_folder

__all__ = ["folder_at", "names_of_folders", "require_place", "write_folder"]

_ASIDE = ".previous"


def write_folder(place: Path, contents: Mapping[str, bytes], *, argument: str = "root") -> Path:
    """Write files by their names into a folder at `place`, in place of any that is there.

    Raises:
        BadInput: it cannot be written; what was there before is still there.
    """
    require_place(place, argument)
    with refusals(place, argument):
        make_folder(place.parent)
        remove_old_drafts(place.parent)
        draft, aside = place.with_name(draft_name()), _aside(place)
        try:
            draft.mkdir()
            for name, content in contents.items():
                with (draft / name).open("xb") as file:
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())
            sync_folder(draft)
            if place.exists():
                shutil.rmtree(aside, ignore_errors=True)  # left by a call that was killed after its work was done
                place.replace(aside)
            draft.replace(place)
        finally:
            if aside.exists() and not place.exists():
                aside.replace(place)
            shutil.rmtree(draft, ignore_errors=True)
        shutil.rmtree(aside, ignore_errors=True)
        sync_folder(place.parent)
    return place


def folder_at(place: Path) -> Path | None:
    """The folder that counts at `place`: itself, or the one that stepped aside; None if there is neither."""
    return next((each for each in (place, _aside(place)) if os.path.isdir(each)), None)  # noqa: PTH112 - never raises


def names_of_folders(root: Path) -> set[str]:
    """Names of the folders in `root`, those that stepped aside included."""
    return {each.name.removeprefix(".").removesuffix(_ASIDE) for each in root.iterdir() if each.is_dir()}


def require_place(place: Path, argument: str = "root") -> None:
    """Refuse a place where a folder cannot be made: to be called before long work.

    Raises:
        BadInput: a file stands there, or where a folder above it should be.
    """
    for each in (place, *place.parents):
        if os.path.lexists(each) and not os.path.isdir(each):  # noqa: PTH112 - never raises
            raise BadInput(
                argument,
                required=f"leave room for the folder {place}",
                got=f"a file, {each}",
                advice="Move or delete that file, or choose another folder.",
            )


def _aside(place: Path) -> Path:
    return place.with_name(f".{place.name}{_ASIDE}")
