"""What the check of a claim can answer.

A claim promises a number and a run gives a measured one. `at_most`, `at_least` and `equal` compare the two and
answer with a `Verdict`, which says in words what happened. Three rules hold everywhere:

- a comparison that the numerical error could turn around is *undecided*, never *holds*;
- NaN on either side is *undecided*;
- a statement that hides constants is *order only*, whatever the numbers say.
"""

import math
from dataclasses import dataclass, replace
from enum import StrEnum

__all__ = ["Answer", "Verdict", "at_least", "at_most", "does_not_apply", "equal", "order_only"]


class Answer(StrEnum):
    """The six answers, each with its explanation."""

    CERTIFIED = "certified"
    HOLDS = "holds"
    DOES_NOT_APPLY = "does not apply"
    FAILS = "fails"
    UNDECIDED = "undecided"
    ORDER_ONLY = "order only"

    @property
    def explanation(self) -> str:
        """What the answer means, for a reader who sees it for the first time."""
        return _EXPLANATIONS[self]


_EXPLANATIONS = {
    Answer.CERTIFIED: "proved in outward-rounded arithmetic for these very inputs",
    Answer.HOLDS: "the measured number keeps the promise, checked in floating point",
    Answer.DOES_NOT_APPLY: "a hypothesis is not met, so nothing is promised",
    Answer.FAILS: "the hypotheses are met and the conclusion is violated: a defect of the code or of the statement",
    Answer.UNDECIDED: "the numerical error is larger than the margin, or a number is missing",
    Answer.ORDER_ONLY: "the statement hides constants; it says how a quantity grows, not how large it is",
}


@dataclass(frozen=True)
class Verdict:
    """The answer to one claim.

    `measured` and `promised` are the two numbers that were compared (log10 where the claim says so), `reason` says in
    words why the answer is what it is.
    """

    claim: str
    answer: Answer
    reason: str
    measured: float | None = None
    promised: float | None = None

    @property
    def established(self) -> bool:
        """Whether the claim was shown to be true."""
        return self.answer in (Answer.CERTIFIED, Answer.HOLDS)

    def certified(self) -> "Verdict":
        """The same verdict earned by rigorous arithmetic: *holds* becomes *certified*, the others stay."""
        return replace(self, answer=Answer.CERTIFIED) if self.answer is Answer.HOLDS else self

    def to_dict(self) -> dict[str, str]:
        """The verdict in words, as JSON values."""
        return {"claim": self.claim, "answer": self.answer.value, "reason": self.reason, "words": str(self)}

    def __str__(self) -> str:
        return f"{self.claim}: {self.answer} ({self.reason})"


def at_most(claim: str, measured: float, promised: float, *, error: float = 0.0) -> Verdict:
    """Compare a measured number with an upper bound; `error` is the numerical error of the difference."""
    return _compare(claim, measured, promised, promised - measured, error, "at most")


def at_least(claim: str, measured: float, promised: float, *, error: float = 0.0) -> Verdict:
    """Compare a measured number with a lower bound; `error` is the numerical error of the difference."""
    return _compare(claim, measured, promised, measured - promised, error, "at least")


def equal(claim: str, measured: float, promised: float, *, error: float) -> Verdict:
    """Compare a measured number with one that is promised exactly; it may differ by `error` only."""
    gap = abs(measured - promised)
    if math.isnan(gap) or not 0 <= error < math.inf:
        return Verdict(claim, Answer.UNDECIDED, "a number is missing", measured, promised)
    answer = Answer.HOLDS if gap <= error else Answer.FAILS
    reason = f"measured {measured:.6g}, promised {promised:.6g}, difference {gap:.2g} against error {error:.2g}"
    return Verdict(claim, answer, reason, measured, promised)


def does_not_apply(claim: str, reason: str, measured: float | None = None, promised: float | None = None) -> Verdict:
    """A hypothesis of the claim is not met; `reason` says which, and by how much."""
    return Verdict(claim, Answer.DOES_NOT_APPLY, reason, measured, promised)


def order_only(claim: str, reason: str, measured: float | None = None, promised: float | None = None) -> Verdict:
    """The claim hides constants; `reason` says what the numbers with constant 1 are."""
    return Verdict(claim, Answer.ORDER_ONLY, reason, measured, promised)


def _compare(claim: str, measured: float, promised: float, slack: float, error: float, relation: str) -> Verdict:
    reason = f"measured {measured:.6g}, promised {relation} {promised:.6g}"
    if math.isnan(error) or error < 0 or math.isnan(measured) or math.isnan(promised):
        return Verdict(claim, Answer.UNDECIDED, f"a number is missing: {reason}", measured, promised)
    if measured == promised:  # also two equal infinities, whose difference is NaN
        slack = 0.0
    if error and abs(slack) <= error:
        return Verdict(claim, Answer.UNDECIDED, f"{reason}, but the error is {error:.2g}", measured, promised)
    return Verdict(claim, Answer.HOLDS if slack >= 0 else Answer.FAILS, reason, measured, promised)
