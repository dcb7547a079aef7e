"""From numbers to words: what a sentence on the page may say, and when.

A reader takes a sentence for true, so its words are chosen by the numbers:

    measured(values)      mean over the draws with its standard error; "one draw" where there is no error
    compare(a, b)         smaller, larger, equal; not told apart within two standard errors of the difference (of the
                          differences draw by draw, where both saw the same draws)
    ranking(named)        all of them in order: "ReLU 0.1 < softmax 0.2 ≈ exponential 0.2"
    trend(x, y)           how y goes with x: falls, rises, neither; with both ends, and the exponent on log-log axes
    counted(3, 5, "seed") "3 of 5 seeds", "all 5 seeds", "none of 5 seeds"

What was not measured is called that: NaN never becomes a number, an order or a direction.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike

from softntk.report.numbers import number, plus_minus

__all__ = [
    "FEW",
    "Measured",
    "Relation",
    "choose",
    "compare",
    "counted",
    "draws",
    "exact",
    "listed",
    "measured",
    "pick",
    "ranking",
    "ratio",
    "told",
    "trend",
]

#: From so many draws on, a standard error is printed as one.
FEW = 5
#: Standard errors of a difference within which two numbers are not told apart.
_WITHIN = 2.0
#: Two numbers that differ by less, relatively, differ by rounding.
_ROUNDING = 1e-9
_COUNTS = ("no", "one", "two", "three", "four")
NOT_MEASURED = "not measured"


class Relation(StrEnum):
    """How one number stands to another."""

    SMALLER = "smaller than"
    LARGER = "larger than"
    EQUAL = "equal to"
    ALIKE = "not told apart from"
    UNKNOWN = "not compared with"


@dataclass(frozen=True)
class Measured:
    """A number, its standard error (NaN if there is none) and how many draws stand behind it; 0: nothing was drawn.

    `sample` holds the draws one by one, NaN for those that are missing; a monotone function of them will do, since
    it is only there to be compared.
    """

    value: float
    error: float = math.nan
    draws: int = 0
    sample: tuple[float, ...] = ()

    def __str__(self) -> str:
        if math.isnan(self.value):
            return NOT_MEASURED
        if self.draws == 0 or not math.isfinite(self.value):
            return number(self.value)
        if self.draws < FEW:
            return f"{number(self.value, 2)} ({draws(self.draws)})"
        # Nobody needs more than four digits.
        return number(self.value, 4) if self.error < 1e-4 * abs(self.value) else plus_minus(self.value, self.error)

    def __mul__(self, factor: float) -> "Measured":
        return Measured(
            self.value * factor, self.error * abs(factor), self.draws, tuple(factor * each for each in self.sample)
        )

    __rmul__ = __mul__


def exact(value: float | np.floating | xr.DataArray) -> Measured:
    """A number without a sampling error: computed, proved or counted."""
    return Measured(float(value))


def measured(values: xr.DataArray | ArrayLike, over: str = "draw") -> Measured:
    """Mean and standard error over the dimension `over`; draws that are NaN are left out."""
    array = values if isinstance(values, xr.DataArray) else xr.DataArray(np.asarray(values, float), dims=(over,))
    drawn = np.asarray(array.values, float).ravel()
    row = drawn[~np.isnan(drawn)]
    if not row.size:
        return Measured(math.nan, math.nan, 1)
    with np.errstate(invalid="ignore", over="ignore"):
        error = float(row.std(ddof=1) / math.sqrt(row.size)) if row.size > 1 else math.nan
        return Measured(float(row.mean()), error, row.size, tuple(drawn.tolist()))


def compare(a: Measured, b: Measured) -> Relation:
    """How `a` stands to `b`. Where either has one draw only, the numbers alone decide."""
    if math.isnan(a.value) or math.isnan(b.value):
        return Relation.UNKNOWN
    if math.isclose(a.value, b.value, rel_tol=_ROUNDING):
        return Relation.EQUAL
    if _close(a, b):
        return Relation.ALIKE
    return Relation.SMALLER if a.value < b.value else Relation.LARGER


def _close(a: Measured, b: Measured) -> bool:
    if len(a.sample) == len(b.sample) > 1:
        apart = np.subtract(
            a.sample, b.sample, where=np.isfinite(a.sample) & np.isfinite(b.sample), out=np.full(len(a.sample), np.nan)
        )
        apart = apart[np.isfinite(apart)]
        if apart.size > 1:
            return bool(abs(apart.mean()) <= _WITHIN * apart.std(ddof=1) / math.sqrt(apart.size))
    errors = [each.error for each in (a, b) if math.isfinite(each.error)]
    return abs(a.value - b.value) <= _WITHIN * math.hypot(*errors, 0.0)


def choose(relation: Relation, *, smaller: str, larger: str, alike: str, unknown: str = NOT_MEASURED) -> str:
    """The words for a relation; equal counts as alike."""
    return {Relation.SMALLER: smaller, Relation.LARGER: larger, Relation.UNKNOWN: unknown}.get(relation, alike)


def told(first: str, a: Measured, second: str, b: Measured) -> str:
    """Both numbers and how they compare: "softmax (0.1 ± 0.01) is smaller than ReLU (0.2 ± 0.01)"."""
    return f"{first} ({a}) is {compare(a, b)} {second} ({b})"


def ratio(a: Measured, b: Measured, digits: int = 2) -> str:
    """a / b as "5.6 times"; "not measured" where there is no such number."""
    if not math.isfinite(a.value) or not math.isfinite(b.value) or b.value == 0:
        return NOT_MEASURED
    return f"{number(a.value / b.value, digits)} times"


def ranking(named: Mapping[str, Measured]) -> str:
    """Names and numbers from the smallest on; ≈ between neighbors that are not told apart."""
    known = sorted(((each, name) for name, each in named.items() if not math.isnan(each.value)), key=_first)
    parts = []
    for i, (each, name) in enumerate(known):
        if i:
            relation = compare(known[i - 1][0], each)
            parts.append({Relation.SMALLER: "<", Relation.EQUAL: "="}.get(relation, "≈"))
        parts.append(f"{name} {each}")
    missing = [name for name, each in named.items() if math.isnan(each.value)]
    return "; ".join(
        [*([" ".join(parts)] if parts else []), *([f"{listed(missing)} {NOT_MEASURED}"] if missing else [])]
    )


def trend(x: ArrayLike, y: Sequence[Measured], *, of: str, log: bool = True) -> str:
    """How y goes as x grows: "falls from 0.6 at m = 256 to 0.08 at m = 4,096 (like m^−0.74)".

    Arguments:
        of: the letter or word of x: m, n, "step".
        log: whether the exponent between the ends is said, for positive ends.
    """
    places = [(float(at), each) for at, each in zip(np.asarray(x, float), y, strict=True) if not math.isnan(each.value)]
    if not places:
        return f"was {NOT_MEASURED}"
    (low, first), (high, last) = places[0], places[-1]
    if low == high:
        return f"is {first} at {of} = {_whole(low)}, the only one measured"
    ways = {compare(b, a) for (_, a), (_, b) in pairwise(places)}
    word = choose(compare(last, first), smaller="falls", larger="rises", alike="is not seen to change")
    turns = {Relation.SMALLER, Relation.LARGER} <= ways
    ends = f"from {first} at {of} = {_whole(low)} to {last} at {of} = {_whole(high)}"
    power = ""
    if log and min(first.value, last.value, low) > 0 and math.isfinite(first.value) and math.isfinite(last.value):
        power = f" (like {of}^{number(math.log(last.value / first.value) / math.log(high / low), 2)})"
    return f"{word} {ends}{power}{', not steadily' if turns else ''}"


def counted(count: int, total: int, one: str) -> str:
    """How many of how many: "all 5 seeds", "3 of 5 seeds", "none of 5 seeds"."""
    many = one if total == 1 else f"{one}s"
    if total == 0:
        return f"no {one}s"
    if total == 1:
        return f"the only {one}" if count else f"not the only {one}"
    if count == total == 2:
        return f"both {many}"
    return (
        f"all {total:,} {many}"
        if count == total
        else f"{count:,} of {total:,} {many}"
        if count
        else f"none of {total:,} {many}"
    )


def draws(count: int) -> str:
    """ "one draw", "5 draws"."""
    return f"{_COUNTS[count] if count < FEW else f'{count:,}'} draw{'' if count == 1 else 's'}"


def listed(words: Sequence[str]) -> str:
    """Words as a list in prose: "a, b and c"."""
    words = [str(word) for word in words]
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 2 else words) or "none"


def pick(array: xr.DataArray, **labels: object) -> xr.DataArray:
    """The part of an array with these labels; NaN where the record does not hold them."""
    return array.reindex({dim: [label] for dim, label in labels.items()}).isel(dict.fromkeys(labels, 0))


def _first(pair: tuple[Measured, str]) -> float:
    return pair[0].value


def _whole(value: float) -> str:
    return number(int(value)) if value == int(value) else number(value, 3)
