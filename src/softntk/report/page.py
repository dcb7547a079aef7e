"""The report: records in, one self-contained page out.

The page asks for nothing from anywhere: style, drawings and images stand inside it, there is no script, and its own
security policy forbids every request. The same records give the same page, byte for byte: there is no date on it.
Everything that comes from a record is escaped; only drawings made by `plot` enter as they are.
"""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from softntk.failures import BadInput
from softntk.files import write
from softntk.records import Record
from softntk.report.numbers import prose
from softntk.report.questions import QUESTIONS, QUICK, standing_answer
from softntk.report.record_facts import duration, facts, plural
from softntk.report.section import Section
from softntk.report.sections import build_leading, build_opening, build_section, in_order
from softntk.report.style import scheme
from softntk.report.verdict_counts import ORDER, Group, count_verdicts

__all__ = ["render", "write_page"]

_HERE = Path(__file__).parent
_TITLE = "Two-layer networks against their theory"


def _unbroken(value: Any) -> Any:
    """Text in which no line breaks within a number: 1.2 × 10³, 0.50 ± 0.02, 3 %."""
    if isinstance(value, Markup) or not isinstance(value, str):
        return value
    return _PERCENT.sub("\u00a0%", _WITHIN_NUMBERS.sub(lambda found: f"\u00a0{found[1]}\u00a0", value))


_WITHIN_NUMBERS = re.compile(r" ([×±]) (?=[\d.])")
_PERCENT = re.compile(r"(?<=[\d)]) %")
#: Colors of the drawings on light and on dark paper; paper to print on is light.
_SCHEMES = (
    f":root {{ {scheme(dark=False)} }}\n"
    f"@media screen and (prefers-color-scheme: dark) {{ :root {{ {scheme(dark=True)} }} }}"
)
_PAGE = Environment(
    loader=FileSystemLoader(_HERE),
    autoescape=True,
    undefined=StrictUndefined,
    finalize=_unbroken,
    trim_blocks=True,
    lstrip_blocks=True,
)
_PAGE.filters["prose"] = prose


def render(records: Sequence[Record], *, title: str = _TITLE) -> str:
    """The page as HTML text.

    Raises:
        BadInput: there is no record, two of one study, or one that this version cannot show.
    """
    studies = [record.study for record in records]
    twice = sorted({study for study in studies if studies.count(study) > 1})
    if not records or twice:
        raise BadInput(
            "records",
            required="be at least one, and one of each study",
            got=f"two of {', '.join(twice)}" if twice else "none",
            advice="Type softntk reproduce to make them, then softntk report.",
        )
    ordered = in_order(tuple(records))
    studied = [_Study(record, build_section(record)) for record in ordered]
    opening, leading = build_opening(ordered), build_leading(ordered)
    answering = [section for section in (leading, *(each.section for each in studied)) if section is not None]
    verdicts = [verdict for each in studied for verdict in each.record.verdicts]
    return _PAGE.get_template("page.html").render(
        title=title,
        style=Markup((_HERE / "page.css").read_text(encoding="utf-8")),  # noqa: S704 - our own file
        scheme=Markup(_SCHEMES),  # noqa: S704 - colors of ours
        opening=opening,
        opening_drawings=_drawings(opening),
        leading=leading,
        studies=studied,
        total=count_verdicts(verdicts),
        kinds=[Group(answer, ()) for answer in ORDER],
        counted=[
            plural(len(studied), "question"),
            plural(len(verdicts), "claim checked", "claims checked"),
            f"{duration(sum(record.seconds for record in records))} of computing",
        ],
        questions=[
            (
                asked,
                text,
                [(section, section.questions[asked]) for section in answering if asked in section.questions],
                standing_answer(asked, verdicts),
                QUICK.get(asked) if not any(asked in section.questions for section in answering) else None,
            )
            for asked, text in QUESTIONS.items()
        ],
        made_with=records[0].versions.get("softntk", ""),
    )


def write_page(records: Sequence[Record], path: str | os.PathLike[str], *, title: str = _TITLE) -> Path:
    """Render the records and put the page at `path` in one step; an interrupted call leaves the old page.

    Raises:
        BadInput: as `render`, or `path` cannot be written to.
    """
    return write(path, render(records, title=title), argument="path", make_folders=True)


@dataclass(frozen=True)
class _Study:
    """One record with its section, in the form the page wants."""

    record: Record
    section: Section

    @property
    def groups(self) -> list[Group]:
        """The verdicts, grouped by answer."""
        return count_verdicts(self.record.verdicts)

    @property
    def facts(self) -> list[tuple[str, str]]:
        """Parameters, seeds, versions."""
        return facts(self.record)

    @property
    def drawings(self) -> list[tuple[Markup, str]]:
        """Drawings, with identifiers of their own on the page, and their captions."""
        return _drawings(self.section)


def _drawings(section: Section | None) -> list[tuple[Markup, str]]:
    if section is None:
        return []
    return [(figure.inline(f"{section.slug}-figure{i}"), figure.caption) for i, figure in enumerate(section.figures, 1)]
