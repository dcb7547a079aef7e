"""Do two records say the same?

Numbers a and b agree where |a - b| <= absolute + relative max(|a|, |b|); NaN agrees with NaN, an infinity with itself.
Compared are question, parameters, seeds, arrays and verdicts. Not compared are versions, command and seconds, which
tell of the run, and findings, which say in words what the arrays hold.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from softntk.records.record import Record

__all__ = ["Difference", "compare"]


@dataclass(frozen=True)
class Difference:
    """One place where two records differ, and what each has there."""

    where: str
    first: str
    second: str

    def __str__(self) -> str:
        return f"{self.where}: {self.first} against {self.second}"


def compare(first: Record, second: Record, *, relative: float = 1e-6, absolute: float = 0.0) -> tuple[Difference, ...]:
    """Every difference beyond the tolerance; none means that the records agree."""
    near = _Tolerance(relative, absolute)
    return (
        *_values("study", first.study, second.study, near),
        *_values("question", first.question, second.question, near),
        *_values("parameters", first.parameters, second.parameters, near),
        *_values("seeds", list(first.seeds), list(second.seeds), near),
        *_arrays(first.arrays, second.arrays, near),
        *_verdicts(first, second, near),
    )


@dataclass(frozen=True)
class _Tolerance:
    relative: float
    absolute: float

    def agree(self, first: Any, second: Any) -> np.ndarray:
        a, b = np.asarray(first, float), np.asarray(second, float)
        # Subtracting infinities makes NaN, which is not <= anything: equal infinities agree by ==.
        with np.errstate(invalid="ignore", over="ignore"):
            close = np.abs(a - b) <= self.absolute + self.relative * np.maximum(np.abs(a), np.abs(b))
        return np.asarray((close & np.isfinite(a) & np.isfinite(b)) | (a == b) | (np.isnan(a) & np.isnan(b)))


def _values(where: str, a: Any, b: Any, near: _Tolerance) -> Iterator[Difference]:
    if isinstance(a, dict) and isinstance(b, dict):
        for key in sorted(a.keys() | b.keys()):
            if key in a and key in b:
                yield from _values(f"{where}[{key!r}]", a[key], b[key], near)
            else:
                yield Difference(f"{where}[{key!r}]", *("present" if key in side else "missing" for side in (a, b)))
    elif isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        for i, (left, right) in enumerate(zip(a, b, strict=True)):
            yield from _values(f"{where}[{i}]", left, right, near)
    elif isinstance(a, float) or isinstance(b, float):
        numbers = all(isinstance(side, int | float) and not isinstance(side, bool) for side in (a, b))
        if not (numbers and near.agree(a, b)):
            yield Difference(where, repr(a), repr(b))
    elif type(a) is not type(b) or a != b:
        yield Difference(where, repr(a), repr(b))


def _arrays(a: xr.Dataset, b: xr.Dataset, near: _Tolerance) -> Iterator[Difference]:
    for name in sorted(map(str, a.variables.keys() | b.variables.keys())):
        where = f"arrays[{name!r}]"
        if name not in a.variables or name not in b.variables:
            yield Difference(where, *("present" if name in side.variables else "missing" for side in (a, b)))
            continue
        left, right = a.variables[name], b.variables[name]
        if left.dims != right.dims or left.shape != right.shape:
            yield Difference(where, str(dict(left.sizes)), str(dict(right.sizes)))
            continue
        u, v = left.values, right.values
        if "f" in u.dtype.kind + v.dtype.kind and not {u.dtype.kind, v.dtype.kind} & {"U", "b"}:
            differs = ~near.agree(u, v)
        else:
            differs = np.not_equal(u.astype(object), v.astype(object)).astype(bool)
        if differs.any():
            at = tuple(int(i) for i in np.argwhere(differs)[0])
            count = f" ({int(differs.sum())} of {differs.size} entries differ)" if differs.size > 1 else ""
            yield Difference(f"{where}{list(at) if at else ''}{count}", repr(u[at].item()), repr(v[at].item()))


def _verdicts(first: Record, second: Record, near: _Tolerance) -> Iterator[Difference]:
    if [each.claim for each in first.verdicts] != [each.claim for each in second.verdicts]:
        yield Difference("claims", *("; ".join(each.claim for each in side.verdicts) for side in (first, second)))
        return
    for a, b in zip(first.verdicts, second.verdicts, strict=True):
        yield from _values(f"answer to {a.claim!r}", a.answer.value, b.answer.value, near)
        for side in ("measured", "promised"):
            yield from _values(f"{side} of {a.claim!r}", getattr(a, side), getattr(b, side), near)
