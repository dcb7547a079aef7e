"""How answers are counted and grouped on the page: what needs attention comes first."""

from collections.abc import Iterable
from typing import NamedTuple

from softntk.verdicts import Answer, Verdict

__all__ = ["ORDER", "SIGNS", "Group", "count_verdicts"]

ORDER = (Answer.FAILS, Answer.UNDECIDED, Answer.CERTIFIED, Answer.HOLDS, Answer.ORDER_ONLY, Answer.DOES_NOT_APPLY)

#: A sign for each answer, so that color is never alone in saying it.
SIGNS = {
    Answer.FAILS: "✗",
    Answer.UNDECIDED: "?",
    Answer.CERTIFIED: "◆",
    Answer.HOLDS: "✓",
    Answer.ORDER_ONLY: "~",
    Answer.DOES_NOT_APPLY: "○",
}


class Group(NamedTuple):
    """All verdicts with one answer."""

    answer: Answer
    verdicts: tuple[Verdict, ...]

    @property
    def name(self) -> str:
        """The answer as one word, for the style sheet."""
        return self.answer.name.lower().replace("_", "-")

    @property
    def sign(self) -> str:
        """The sign of the answer."""
        return SIGNS[self.answer]


def count_verdicts(verdicts: Iterable[Verdict]) -> list[Group]:
    """The verdicts grouped by answer, groups in `ORDER`, without empty ones."""
    verdicts = tuple(verdicts)
    groups = [Group(answer, tuple(each for each in verdicts if each.answer is answer)) for answer in ORDER]
    return [group for group in groups if group.verdicts]
