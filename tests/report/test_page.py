import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from softntk.failures import BadInput
from softntk.report import Axis, Line, Section, Table, page, plot, render, sections, write_page
from softntk.report.questions import QUESTIONS
from softntk.verdicts import Answer, Verdict, at_most

VOID = {"meta", "link", "br", "img", "hr", "input"}
EVIL = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'&amp;{{ 7 * 7 }}"


class Outline(HTMLParser):
    """Elements with their attributes, text, headings; fails where elements are not closed as they were opened."""

    def __init__(self, text: str):
        super().__init__(convert_charrefs=True)
        self.elements, self.open, self.text, self.headings = [], [], [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.text.append(data)

    @property
    def words(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.text))


X = np.array([1.0, 2.0])
FIGURES = [
    plot(Line("softmax", X, X), x=Axis("x"), y=Axis("y"), caption=f"Caption {i}", description="Growing")
    for i in range(2)
]


def show(record) -> Section:
    table = Table("Table caption", ["data", "λ"], [["digits", 0.5]])
    title = f"Title of {record.study}"
    return Section(
        record.study,
        title,
        "It is 1.2 ± 0.1.",
        [f"Finding of {record.study}."],
        ["Text."],
        FIGURES,
        [table],
        {2: "Yes, 3."},
    )


@pytest.fixture
def records(make_record, monkeypatch):
    monkeypatch.setattr(sections, "BUILDERS", {"training": show, "kernel_limit": show})
    monkeypatch.setattr(sections.normalization, "SOURCES", ())
    return [make_record("new_study"), make_record("kernel_limit"), make_record("training")]


@pytest.fixture
def text(records) -> str:
    return render(records, title="A title")


def test_the_page_is_well_formed_with_one_title_and_headings_in_order(text):
    outline = Outline(text)
    assert outline.headings.count(1) == 1
    assert all(after - before <= 1 for before, after in zip(outline.headings, outline.headings[1:], strict=False))
    tags = [tag for tag, _ in outline.elements]
    for landmark in ("header", "nav", "main", "footer"):
        assert tags.count(landmark) == 1
    assert ("html", {"lang": "en"}) in outline.elements


def test_identifiers_are_unique_and_everything_referred_to_exists(text):
    elements = Outline(text).elements
    identifiers = [attributes["id"] for _, attributes in elements if "id" in attributes]
    assert len(set(identifiers)) == len(identifiers)
    referred = {attributes["href"][1:] for _, attributes in elements if attributes.get("href", "").startswith("#")}
    referred |= {attributes["aria-labelledby"] for _, attributes in elements if "aria-labelledby" in attributes}
    referred |= set(re.findall(r"url\(#([^)]+)\)", text))
    assert referred <= set(identifiers)


def test_the_page_asks_for_nothing_from_anywhere(text):
    for tag, attributes in Outline(text).elements:
        assert tag not in {"script", "iframe", "object", "embed", "base", "form", "video", "audio"}
        assert not any(name.startswith("on") for name in attributes)
        for name in ("src", "href", "srcset", "poster", "action", "data", "background"):
            assert attributes.get(name, "#").startswith(("#", "data:"))
    assert "@import" not in text
    assert set(re.findall(r"url\((.)", text)) == {"#"}
    assert "default-src 'none'" in text
    assert set(re.findall(r"https?://[^\s\"]+", text)) == {"http://www.w3.org/2000/svg"}


def test_every_drawing_is_described_and_every_scrolling_table_can_be_reached_by_keyboard(text):
    elements = Outline(text).elements
    drawings = [attributes for tag, attributes in elements if tag == "svg"]
    assert len(drawings) == 4
    assert all(drawing["role"] == "img" and drawing["aria-label"] == "Growing" for drawing in drawings)
    scrolling = [attributes for _, attributes in elements if attributes.get("class") == "scroll"]
    assert len(scrolling) == 3
    assert all(each["tabindex"] == "0" and each["role"] == "region" for each in scrolling)


def test_the_summary_has_question_answer_and_verdicts_in_reading_order(text):
    summary = Outline(text[text.index('<section id="summary"') : text.index('<section id="training"')]).words
    rows = [
        "What does training ask? It is 1.2 ± 0.1. ✓ 1 holds ~ 1 order only ○ 1 does not apply",
        "What does kernel_limit ask?",
        "What does new_study ask? The error of new_study is 0.031 ± 0.002.",
        "In all: ✓ 3 holds ~ 3 order only ○ 3 does not apply",
    ]
    places = [summary.index(row) for row in rows]
    assert places == sorted(places)


def test_a_section_shows_all_that_its_record_holds(text, records):
    section = Outline(text[text.index('<section id="training"') : text.index('<section id="kernel_limit"')]).words
    for shown in (
        "Finding of training.",
        "Caption 1",
        "Table caption",
        "softntk reproduce --only training",
        "step.factor 0.9",
        "seeds 0 to 15",
        "softntk 0.1.0, numpy 2",
        "measured 0.1, promised at most 1",
        Answer.ORDER_ONLY.explanation,
    ):
        assert shown in section


def test_all_readers_questions_are_on_the_page_answered_or_said_to_be_open(text):
    words = Outline(text).words
    asked = words[words.index("Questions that readers asked") :]
    places = [asked.index(question) for question in QUESTIONS.values()]
    assert len(places) == 12
    assert places == sorted(places)
    second = asked[places[1] : places[2]]
    assert "Yes, 3. Title of training Yes, 3. Title of kernel_limit" in second
    assert "softntk reproduce --preset quick --only convex_region" in asked[places[0] : places[1]]
    assert "softntk reproduce --preset full --only score_error" in asked[places[8] : places[9]]
    assert "Of 9 claims, 6 are explicit and 3 are order only: the error falls like 1/sqrt(m)." in asked[places[11] :]
    assert asked.count("Not in these records") == 9


def test_what_needs_attention_is_never_folded_away(make_record):
    holds = [at_most(f"claim {i}", 0.0, 1.0) for i in range(6)]
    fails = [at_most(f"failing {i}", 2.0, 1.0) for i in range(6)]
    text = render([make_record(verdicts=holds + fails)])
    folded = text[text.index('<details class="group">') :]
    folded = folded[: folded.index("</details>")]
    assert folded.count("claim ") == 6
    assert "failing" not in folded
    assert text.index("failing 5") < text.index("claim 0")


def test_nothing_from_a_record_is_markup(make_record, monkeypatch):
    def build(record):
        figure = plot(Line(EVIL, X, X), x=Axis(EVIL), y=Axis(EVIL), caption=EVIL, description=EVIL)
        return Section(
            record.study, EVIL, EVIL, [EVIL], [EVIL], [figure], [Table(EVIL, [EVIL, EVIL], [[EVIL, EVIL]])], {1: EVIL}
        )

    monkeypatch.setattr(sections, "BUILDERS", {"training": build})
    monkeypatch.setattr(sections.normalization, "SOURCES", ())
    evil = {
        "question": EVIL,
        "parameters": {EVIL: EVIL, "list": [EVIL, {EVIL: 1}]},
        "versions": {EVIL: EVIL, "softntk": EVIL},
        "verdicts": [Verdict(EVIL, Answer.ORDER_ONLY, EVIL)],
        "findings": [EVIL],
        "command": EVIL,
    }
    evil["arrays"] = make_record().arrays.assign_attrs(note=EVIL)
    evil["arrays"]["error"].attrs |= {"long_name": EVIL, "units": EVIL}
    text = render([make_record("training", **evil), make_record("other", **evil)], title=EVIL)
    outline = Outline(text)
    assert {tag for tag, _ in outline.elements} & {"script", "img"} == set()
    assert not any(name.startswith("on") for _, attributes in outline.elements for name in attributes)
    assert outline.words.count("<script>alert(1)</script>") > 20
    assert "49" not in outline.words.replace(EVIL, "")


def test_the_same_records_give_the_same_page(records, text):
    assert render(records[::-1], title="A title") == text


def test_numbers_do_not_break_across_lines(text):
    assert "1.2\u00a0±\u00a00.1" in text


@pytest.mark.parametrize("count", [0, 2])
def test_no_record_or_two_of_one_study_are_refused(make_record, count):
    with pytest.raises(BadInput):
        render([make_record()] * count)


def test_an_interrupted_call_leaves_the_old_page(records, tmp_path, monkeypatch):
    path = write_page(records, tmp_path / "new" / "report.html")
    before = path.read_bytes()
    assert before.decode() == render(records)

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_page(records, path, title="Another")
    assert path.read_bytes() == before
    assert [each.name for each in path.parent.iterdir()] == ["report.html"]


def test_a_page_that_cannot_be_written_is_refused(records, tmp_path):
    (tmp_path / "file").touch()
    for path in (tmp_path / "file" / "report.html", tmp_path):
        with pytest.raises(BadInput):
            write_page(records, path)


def test_importing_the_report_imports_no_jax_and_no_pyplot():
    code = "import sys, softntk.report; sys.exit(bool({'jax', 'matplotlib.pyplot', 'scipy'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_colors_of_text_have_enough_contrast_in_light_and_dark():
    style = (Path(page.__file__).parent / "page.css").read_text()

    def luminance(color):
        part = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        light = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in part]
        return 0.2126 * light[0] + 0.7152 * light[1] + 0.0722 * light[2]

    blocks = re.findall(r":root \{(.*?)\}", style, flags=re.S)
    assert len(blocks) == 3
    for block in blocks:
        colors = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{3,6});", block))
        colors = {name: c if len(c) == 7 else "#" + "".join(2 * part for part in c[1:]) for name, c in colors.items()}
        pairs = [(name, "paper") for name in ("ink", "soft", "link")] + [("ink", "sunken")]
        pairs += [(name, f"{name}-tint") for name in ("good", "bad", "doubt", "plain", "order")]
        for front, back in pairs:
            light, dark = sorted((luminance(colors[front]), luminance(colors[back])), reverse=True)
            assert (light + 0.05) / (dark + 0.05) >= 4.5, (front, back)
