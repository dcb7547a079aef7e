"""One study's answer, with everything needed to judge it and to make it again.

    study, question      which question was asked (`study` is also the name of the folder)
    parameters, seeds    what was chosen and what was drawn
    versions, command    what made it, and what to type to make it again
    arrays               the numbers: an xarray Dataset with named dimensions
    verdicts, findings   what the numbers say: checked claims, and sentences

A record is checked when it is built, so that one that exists can be stored, read back and shown.
"""

import platform
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np
import xarray as xr

from softntk.failures import BadInput
from softntk.files.strict_json import plain
from softntk.files.text import require_text
from softntk.records.arrays import settle
from softntk.verdicts import Verdict

__all__ = ["SLUG", "Record", "installed_versions", "require_slug"]

#: Names that a study and its folder can have.
SLUG = re.compile(r"[a-z][a-z0-9_]{0,63}")

_PACKAGES = ("softntk", "jax", "jaxlib", "equinox", "matfree", "numpy", "scipy", "scikit-learn", "xarray", "h5netcdf")


def installed_versions(packages: Iterable[str] = _PACKAGES) -> dict[str, str]:
    """Versions of Python and of the packages that numbers depend on, from their metadata, importing none of them."""
    found = {"python": platform.python_version()}
    for package in packages:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found


@dataclass(frozen=True, eq=False)  # use `compare`: equality of arrays needs a tolerance
class Record:
    """What one study asked, did and found.

    Arguments:
        study: name of the study: lower-case letters, digits and underscores.
        question: the question, as a sentence.
        parameters: what was chosen, as JSON values; NaN and infinities are allowed, NumPy scalars become numbers.
        seeds: every seed that something was drawn from.
        versions: package -> version, see `installed_versions`.
        arrays: the numbers, with named dimensions; every data variable has the attribute `long_name`, and `units`
            where it is not a pure number. Entries are real numbers, booleans or text. Copied.
        verdicts: one for each claim that was checked.
        findings: sentences that state what was found, with numbers.
        command: what to type to make the record again.
        seconds: how long it took.

    Raises:
        BadInput: an entry is not as described.
    """

    study: str
    question: str
    parameters: dict[str, Any]
    seeds: Sequence[int]
    versions: dict[str, str]
    arrays: xr.Dataset
    verdicts: Sequence[Verdict]
    findings: Sequence[str]
    command: str
    seconds: float

    def __post_init__(self):
        settled = {
            "study": require_slug(self.study),
            "question": require_text("question", self.question),
            "parameters": plain("parameters", _dictionary("parameters", self.parameters)),
            "seeds": tuple(_whole(seed) for seed in _listed("seeds", self.seeds)),
            "versions": {
                require_text("a key of versions", key): require_text(f"versions[{key!r}]", value)
                for key, value in _dictionary("versions", self.versions).items()
            },
            "arrays": settle(self.arrays),
            "verdicts": tuple(_verdict(each) for each in _listed("verdicts", self.verdicts)),
            "findings": tuple(require_text("findings", each) for each in _listed("findings", self.findings)),
            "command": require_text("command", self.command),
            "seconds": _duration(self.seconds),
        }
        for name, value in settled.items():
            object.__setattr__(self, name, value)


def require_slug(study: Any) -> str:
    """Return `study` if it can name a study and its folder.

    Raises:
        BadInput: it cannot.
    """
    if not isinstance(study, str) or not SLUG.fullmatch(study):
        raise BadInput(
            "study",
            required="be lower-case letters, digits and underscores, at most 64",
            got=repr(study),
            advice="Type study='kernel_limit', say.",
        )
    return study


def _dictionary(name: str, value: Any) -> dict[Any, Any]:
    if not isinstance(value, dict):
        raise BadInput(name, required="be a dictionary", got=type(value).__name__, advice=f"Type {name}={{}}.")
    return value


def _listed(name: str, value: Any) -> Sequence[Any]:
    if not isinstance(value, list | tuple):
        raise BadInput(name, required="be a list or a tuple", got=type(value).__name__, advice=f"Type {name}=[...].")
    return value


def _verdict(value: Any) -> Verdict:
    if not isinstance(value, Verdict):
        raise BadInput(
            "verdicts",
            required="hold verdicts",
            got=type(value).__name__,
            advice="Make them with softntk.verdicts: at_most(claim, measured, promised).",
        )
    require_text("the claim of a verdict", value.claim)
    require_text("the reason of a verdict", value.reason)
    return replace(value, measured=_number(value.measured), promised=_number(value.promised))


def _number(value: Any) -> float | None:
    try:
        return None if value is None else float(value)
    except (TypeError, ValueError):
        raise BadInput(
            "verdicts",
            required="compare numbers",
            got=type(value).__name__,
            advice="Type float(measured), float(promised).",
        ) from None


def _whole(seed: Any) -> int:
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer):
        raise BadInput("seeds", required="be whole numbers", got=repr(seed), advice="Type seeds=[0, 1].")
    return int(seed)


def _duration(seconds: Any) -> float:
    number = isinstance(seconds, int | float | np.number) and not isinstance(seconds, bool)
    if not number or not 0 <= float(seconds) < float("inf"):
        raise BadInput(
            "seconds",
            required="be a finite time, not negative",
            got=repr(seconds),
            advice="Type seconds=time.perf_counter() - start.",
        )
    return float(seconds)
