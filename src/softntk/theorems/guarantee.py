"""What a theorem is, as a value: hypotheses, conclusion, kind, reference, and its numbers.

A `Guarantee` is one statement. Given numbers it evaluates what is promised and checks each hypothesis; given also a
measured number it answers with a verdict. The rules of the answer, in this order:

    a hypothesis is not met                          does not apply (which one, by how much)
    a number is NaN                                  undecided
    the statement hides constants                    order only, whatever was measured
    the comparison that the kind asks for            holds, fails, or undecided within the error

A hypothesis whose numbers are not given is taken as given, and said so; a violated promise is then *undecided*, not
*fails*. So is a violation that the statement itself allows with some probability.
"""

import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from softntk.failures import BadInput
from softntk.theorems.constants import PAPER, Constants
from softntk.theorems.logs import Number
from softntk.verdicts import Answer, Verdict, at_least, at_most, does_not_apply, equal, order_only

__all__ = ["Check", "Evaluation", "Guarantee", "Hypothesis", "Kind", "Numbers", "Origin", "Status"]

#: What a statement is evaluated on: numbers by symbol, or lists of them (a spectrum).
Numbers = Mapping[str, Number | Sequence[Number]]


class Kind(StrEnum):
    """What the promised number is to the measured one; it picks the comparison."""

    TIGHT = "tight"
    UPPER = "upper bound"
    LOWER = "lower bound"
    ORDER = "order only"


class Origin(StrEnum):
    """Where a statement comes from."""

    PAPER = "from the paper"
    LITERATURE = "from the literature"
    DERIVED = "derived here"


class Status(StrEnum):
    """What is known of a hypothesis."""

    MET = "met"
    NOT_MET = "not met"
    UNDECIDED = "undecided"
    TAKEN_AS_GIVEN = "taken as given"


@dataclass(frozen=True)
class Check:
    """A hypothesis with its two sides evaluated (None where there is nothing to evaluate)."""

    hypothesis: "Hypothesis"
    status: Status
    left: float | None = None
    right: float | None = None

    def __str__(self) -> str:
        statement = self.hypothesis.statement
        if self.left is None or self.right is None:
            return f"{statement}: {self.status}"
        if self.status is Status.NOT_MET:
            formula = f" ({self.hypothesis.formula})" if self.hypothesis.formula else ""
            relation = _IN_WORDS[self.hypothesis.relation]
            return f"{statement}: {self.status}, {self.left:.6g} is not {relation} {self.right:.6g}{formula}"
        formula = f"{self.hypothesis.formula}: " if self.hypothesis.formula else ""
        return f"{statement}: {self.status} ({formula}{self.left:.6g} {self.hypothesis.relation} {self.right:.6g})"


@dataclass(frozen=True)
class Hypothesis:
    """One hypothesis, in words; a formula that would make them hard to read stands on its own.

    `sides` computes the two numbers that `relation` compares, its parameters named for the symbols it needs; those
    with a default may be left out. Without `sides` the hypothesis is a matter of construction (signs are fixed, say)
    and is taken as given.
    """

    statement: str
    relation: str = ""
    sides: Callable[..., tuple[Number, Number]] | None = None
    formula: str = ""

    def check(self, numbers: Numbers, constants: Constants = PAPER) -> Check:
        """Compare the two sides on numbers."""
        available: dict[str, Any] = {**numbers, "constants": constants}
        if self.sides is None or not _needs(self.sides) <= set(available):
            return Check(self, Status.TAKEN_AS_GIVEN)
        left, right = (float(side) for side in _call(self.sides, available))
        if math.isnan(left) or math.isnan(right):
            return Check(self, Status.UNDECIDED, left, right)
        return Check(self, Status.MET if _RELATIONS[self.relation](left, right) else Status.NOT_MET, left, right)


_IN_WORDS = {"<": "below", "<=": "at most", ">": "above", ">=": "at least", "=": "equal to"}

_RELATIONS: dict[str, Callable[[float, float], bool]] = {
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
    "=": lambda left, right: left == right,
}


@dataclass(frozen=True)
class Guarantee:
    """One statement.

    Arguments:
        name: short name with hyphens, unique among all guarantees.
        title: a few words.
        statement: what is claimed, in words and formula.
        hypotheses: what has to hold for it.
        conclusion: the formula of the conclusion.
        kind: tight, upper bound, lower bound, or order only.
        origin: the paper, other literature, or derived here.
        reference: where it can be read.
        promises: what `rule` returns, name by name with its meaning; names that start with log10_ are logarithms. The
            first is the one that is compared by default; `failure_probability` has a special role (see above).
        rule: the promised numbers from the numbers of its parameters.
        note: anything a reader should know before trusting the numbers.
    """

    name: str
    title: str
    statement: str
    hypotheses: tuple[Hypothesis, ...]
    conclusion: str
    kind: Kind
    origin: Origin
    reference: str
    promises: Mapping[str, str]
    rule: Callable[..., Mapping[str, float]]
    note: str = ""

    @property
    def required(self) -> tuple[str, ...]:
        """Symbols without which nothing can be evaluated."""
        return tuple(name for name in inspect.signature(self.rule).parameters if name != "constants")

    @property
    def symbols(self) -> tuple[str, ...]:
        """All symbols that the statement knows: those of the rule, then those of the hypotheses."""
        names = list(self.required)
        for hypothesis in self.hypotheses:
            names += inspect.signature(hypothesis.sides).parameters if hypothesis.sides else ()
        return tuple(name for name in dict.fromkeys(names) if name != "constants")

    def evaluate(self, *, constants: Constants = PAPER, **numbers: Any) -> "Evaluation":
        """Evaluate the promise and check the hypotheses; `numbers` are numbers or lists of them, by symbol.

        Raises:
            BadInput: a number is missing, unknown, or not a number.
        """
        _check_numbers(self, numbers)
        found = _call(self.rule, {**numbers, "constants": constants})
        promised = {name: float(value) for name, value in found.items()}
        if promised.keys() != self.promises.keys():
            raise ValueError(f"the rule of {self.name} returns {list(promised)}, described are {list(self.promises)}")
        checks = tuple(hypothesis.check(numbers, constants) for hypothesis in self.hypotheses)
        return Evaluation(self, dict(numbers), promised, checks, constants)


@dataclass(frozen=True)
class Evaluation:
    """A guarantee on numbers: what it promises, and which hypotheses are met."""

    guarantee: Guarantee
    numbers: Numbers
    promised: Mapping[str, float]
    checks: tuple[Check, ...]
    constants: Constants = field(default=PAPER)

    @property
    def applies(self) -> bool | None:
        """True if every hypothesis is met or taken as given, False if one is not met, None if that is undecided."""
        found = {check.status for check in self.checks}
        if Status.NOT_MET in found:
            return False
        return None if Status.UNDECIDED in found else True

    def verdict(
        self, measured: Number | None = None, *, promise: str | None = None, error: Number = 0.0, claim: str = ""
    ) -> Verdict:
        """Compare a measured number with a promised one, as the kind of the guarantee asks.

        Arguments:
            promise: name of the promised number; the first one by default.
            error: numerical or statistical error of the difference; for a tight statement, how far the two may be
                apart.
            claim: words for the verdict; the title by default.
        """
        promise = promise or next(iter(self.guarantee.promises))
        claim = claim or self.guarantee.title
        promised = float(self.promised[promise])
        found = None if measured is None else float(measured)
        failed = [str(check) for check in self.checks if check.status is Status.NOT_MET]
        if failed:
            return does_not_apply(claim, "; ".join(failed), found, promised)
        missing = [str(check) for check in self.checks if check.status is Status.UNDECIDED]
        if math.isnan(promised) or (found is not None and math.isnan(found)):
            missing.append("a number is missing")
        if missing:
            return Verdict(claim, Answer.UNDECIDED, "; ".join(missing), found, promised)
        if self.guarantee.kind is Kind.ORDER:
            return order_only(claim, _order_reason(promise, found, promised, self.constants), found, promised)
        if found is None:
            return Verdict(claim, Answer.UNDECIDED, "nothing was measured", None, promised)
        return self._soften(_COMPARISONS[self.guarantee.kind](claim, found, promised, error=float(error)))

    def _soften(self, verdict: Verdict) -> Verdict:
        """A violation is a defect only if every hypothesis was checked and the statement allows no exception."""
        if verdict.answer is not Answer.FAILS:
            return verdict
        assumed = [c.hypothesis.statement for c in self.checks if c.hypothesis.sides and c.left is None]
        failure = self.promised.get("failure_probability", 0.0)
        reasons = [f"taken as given, not checked: {'; '.join(assumed)}"] if assumed else []
        reasons += [f"the statement allows this with probability at most {failure:.2g}"] if failure > 0 else []
        if not reasons:
            return verdict
        return replace(verdict, answer=Answer.UNDECIDED, reason="; ".join([f"{verdict.reason}, violated", *reasons]))


_COMPARISONS = {Kind.UPPER: at_most, Kind.LOWER: at_least, Kind.TIGHT: equal}


def _order_reason(promise: str, found: float | None, promised: float, constants: Constants) -> str:
    seen = "" if found is None else f"; measured {found:.6g}"
    return f"with hidden constant {constants.hidden:g}, {promise} = {promised:.6g}{seen}"


def _call(function: Callable[..., Any], available: Mapping[str, Any]) -> Any:
    names = inspect.signature(function).parameters
    return function(**{name: available[name] for name in names if name in available})


def _needs(function: Callable[..., Any]) -> set[str]:
    parameters = inspect.signature(function).parameters.values()
    return {parameter.name for parameter in parameters if parameter.default is inspect.Parameter.empty}


def _check_numbers(guarantee: Guarantee, numbers: Mapping[str, Any]) -> None:
    advice = f"Type {guarantee.name} with " + ", ".join(f"{symbol}=..." for symbol in guarantee.required) + "."
    for name in guarantee.required:
        if name not in numbers:
            raise BadInput(name, required=f"be given to evaluate {guarantee.name}", got="nothing", advice=advice)
    for name, value in numbers.items():
        if name not in guarantee.symbols:
            known = ", ".join(guarantee.symbols)
            raise BadInput(name, required=f"be a symbol of {guarantee.name} ({known})", got=repr(value), advice=advice)
        entries = value if isinstance(value, Sequence) else [value]
        if not all(isinstance(entry, Number) for entry in entries):
            raise BadInput(name, required="be a number or a list of numbers", got=repr(value), advice=advice)
