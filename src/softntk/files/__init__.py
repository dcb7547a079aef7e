"""Files: the one place that writes them, and the one that reads arrays and JSON from files that nobody vouches for.

Writing: a draft beside the target, fsync, rename. Reading: regular files only, sizes compared with what is there before
anything is allocated, nothing unpickled. Every failure is a `BadInput` or a `TooLarge` with its four parts.
"""

from softntk.files.arrays import read_npy, read_npz, write_npz
from softntk.files.endings import input_path, output_path
from softntk.files.folders import folder_at, require_place, write_folder
from softntk.files.models import ModelFile, read_model, save_model
from softntk.files.reading import opened, read_bytes
from softntk.files.strict_json import dumps, loads, output_json, plain, read_json
from softntk.files.writing import require_writable, write

__all__ = [
    "ModelFile",
    "dumps",
    "folder_at",
    "input_path",
    "loads",
    "opened",
    "output_json",
    "output_path",
    "plain",
    "read_bytes",
    "read_json",
    "read_model",
    "read_npy",
    "read_npz",
    "require_place",
    "require_writable",
    "save_model",
    "write",
    "write_folder",
    "write_npz",
]
