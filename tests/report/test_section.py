import importlib
import importlib.util
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from softntk.failures import BadInput
from softntk.report import sections
from softntk.report.section import Section, Table
from softntk.report.sections import build_section, generic, in_order

#: Sections that are not the one of a study.
OF_SEVERAL = {"opening", "normalization"}
TEMPLATE = Path(__file__).parents[2] / "docs" / "templates" / "section.py"


def test_cells_are_written_and_columns_that_read_like_numbers_are_found():
    table = Table(
        "c", ["data", "λ", "note", "n"], [["digits", 1e-9, "small", 10], ["iris", "≤ 0.1 ± 0.01", "3 rows", None]]
    )
    assert table.written() == [["digits", "1.00 × 10⁻⁹", "small", "10"], ["iris", "≤ 0.1 ± 0.01", "3 rows", "–"]]
    assert table.numeric() == [False, True, False, True]


def test_an_empty_table_is_no_failure():
    assert Table("c", ["a", "b"], []).numeric() == [False, False]


def test_rows_have_as_many_cells_as_there_are_columns():
    with pytest.raises(BadInput):
        Table("c", ["a", "b"], [["x"]])


def test_any_record_has_a_section(record):
    section = generic.build(record)
    assert section.slug == "new_study"
    assert section.title == "New study"
    assert [section.answer, *section.findings] == list(record.findings)
    (table,) = section.tables
    rows = {row[0]: row[1:] for row in table.rows}
    values = record.arrays["error"].values
    assert rows["relative error"] == ["3 features × 4 width", "", values.min(), np.median(values), values.max(), 0]
    assert rows["never measured"] == ["4 width", "s", None, None, None, 4]
    assert rows["converged"][-3] == "2 of 3 true"
    assert rows["remark"][-3] == "text"


def test_a_record_without_arrays_or_findings_has_a_section(make_record):
    section = generic.build(make_record(arrays=xr.Dataset(), findings=[], verdicts=[]))
    assert section.answer == "0 arrays recorded."
    assert section.tables == []


def test_builders_are_asked_and_give_the_order(make_record, monkeypatch):
    def build(record):
        return Section(record.study, "Title", "answer")

    monkeypatch.setattr(sections, "BUILDERS", {"training": build, "kernel_limit": build})
    records = tuple(make_record(study) for study in ("a_new_one", "kernel_limit", "training", "another"))
    assert [each.study for each in in_order(records)] == ["training", "kernel_limit", "a_new_one", "another"]
    assert build_section(records[1]).title == "Title"
    assert build_section(records[0]).title == "A new one"


def test_a_record_of_another_version_is_refused_with_the_command_that_makes_it_again(make_record, monkeypatch):
    monkeypatch.setattr(sections, "BUILDERS", {"training": lambda record: record.arrays["no such array"]})
    with pytest.raises(BadInput, match="softntk reproduce --only training"):
        build_section(make_record("training"))


def test_every_section_is_registered():
    files = {each.stem for each in Path(sections.__file__).parent.glob("*.py")} - {"__init__", "generic", *OF_SEVERAL}
    modules = [importlib.import_module(f"softntk.report.sections.{name}") for name in sorted(files)]
    builders = {module.build for module in modules if hasattr(module, "build")}
    assert builders == set(sections.BUILDERS.values())


def test_the_template_is_a_working_section(record):
    specification = importlib.util.spec_from_file_location("template_section", TEMPLATE)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    section = module.build(record)
    assert section.answer == "At width 4,096 the error is 0.0312 ± 0.0031 for softmax and 0.00781 ± 0.00078 for ReLU."
    assert len(section.figures) == 1
    assert [row[0] for row in section.tables[0].rows] == ["softmax", "exponential", "ReLU"]
