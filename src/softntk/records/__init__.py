"""Records: what a study asked, did and found, stored so that anyone can read it."""

from softntk.records.comparison import Difference, compare
from softntk.records.record import Record, installed_versions
from softntk.records.store import exists, read, read_all, require_place, write

__all__ = [
    "Difference",
    "Record",
    "compare",
    "exists",
    "installed_versions",
    "read",
    "read_all",
    "require_place",
    "write",
]
