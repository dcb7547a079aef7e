"""The documentation is true: its code runs and prints what it says, its commands exist, its reference is complete."""

import importlib.util
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from softntk.cli.app import app

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
GENERATED = {DOCS / "reference", DOCS / "generated", DOCS / "templates"}
PAGES = [
    *(path for path in sorted(ROOT.glob("*.md")) if path.name != "CHANGELOG.md"),
    *(path for path in sorted(DOCS.rglob("*.md")) if not GENERATED & set(path.parents)),
]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
MARK = "\x1e"


def by_name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def blocks(path: Path) -> list[tuple[str, str]]:
    return BLOCK.findall(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("page", [page for page in PAGES if "```python" in page.read_text("utf-8")], ids=by_name)
def test_code_on_the_page_runs_and_prints_what_it_says(page, tmp_path):
    """All Python blocks of a page run as one program, as a reader would type them; a text block is what was printed."""
    found = blocks(page)
    program = "".join(f"{text}\nprint({MARK!r}, end='')\n" for kind, text in found if kind == "python")
    environment = os.environ | {"MPLBACKEND": "agg"}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, cwd=tmp_path, env=environment
    )
    assert done.returncode == 0, done.stderr[-2000:]
    printed = iter(done.stdout.split(MARK))
    for (kind, _), (after, promised) in zip(found, [*found[1:], ("", "")], strict=True):
        if kind == "python":
            output = next(printed)
            if after == "text":
                assert output.split() == promised.split()


def test_the_template_of_a_study_runs(tmp_path):
    done = subprocess.run(
        [sys.executable, "-W", "error", str(DOCS / "templates" / "study.py")],
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.count(": holds (") == 2


def commands() -> list[str]:
    lines = [line for page in PAGES for kind, text in blocks(page) if kind == "console" for line in text.splitlines()]
    return sorted({line.removeprefix("$ ").split("#")[0].strip() for line in lines})


@pytest.mark.parametrize("command", [line for line in commands() if line.startswith("softntk ")])
def test_command_on_a_page_can_be_typed(command):
    """The command line parses it; nothing is run."""
    program = typer.main.get_command(app)
    _, name, *arguments = shlex.split(command)
    program.commands[name].make_context(name, arguments)


@pytest.mark.parametrize("command", [line for line in commands() if line.startswith("make ")])
def test_make_target_on_a_page_exists(command):
    assert re.search(rf"^{shlex.split(command)[1]}:", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)


def test_every_command_on_a_page_is_one_of_these():
    assert {line.split()[0] for line in commands()} == {"softntk", "make"}


@pytest.fixture(scope="module")
def reference():
    spec = importlib.util.spec_from_file_location("reference", DOCS / "reference.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["reference"] = module
    spec.loader.exec_module(module)
    return module


def test_reference_pages_hold_what_packages_export_and_no_more(reference):
    for package, modules in reference.packages().items():
        page = reference.page(package, modules)
        exported = {name for module in modules if module.name == package for name in module.exported}
        for module in modules:
            for name in module.names:
                if package != "softntk":
                    assert (f"{{py:{name.kind}}} {name.signature}\n" in page) == (name.bare in exported), name.bare
    networks = {name.bare: name.kind for module in reference.packages()["softntk.networks"] for name in module.names}
    assert networks["TwoLayer"] == "class"


def test_a_public_name_without_words_stops_the_build(reference, tmp_path, monkeypatch):
    monkeypatch.setattr(reference, "SOURCE", tmp_path / "pkg")
    (tmp_path / "pkg").mkdir()
    path = tmp_path / "pkg" / "room.py"
    path.write_text('"""A room."""\n__all__ = ["walk"]\ndef walk(): pass\n')
    with pytest.raises(reference.Undocumented, match=r"pkg\.room: walk"):
        reference.read(path)
    path.write_text("__all__ = []\n")
    with pytest.raises(reference.Undocumented, match="the module"):
        reference.read(path)


def test_docstrings_become_lists(reference):
    text = "Do it.\n\nArguments:\n    one: a\n        thing.\n    two: another.\n\nRaises:\n    BadInput: no.\n"
    assert "- `one`: a\n      thing." in reference.markdown(text)
    assert "**Raises**\n\n- `BadInput`: no." in reference.markdown(text)


@pytest.mark.parametrize("page", PAGES, ids=by_name)
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text("utf-8")):
        assert (page.parent / target).exists(), target


def test_every_example_is_on_the_page_of_examples():
    page = (DOCS / "examples.md").read_text("utf-8")
    for path in (ROOT / "examples").glob("*.py"):
        title = path.read_text("utf-8").splitlines()[1].removeprefix("# # ")
        assert f"## {title}\n\n```{{literalinclude}} ../examples/{path.name}\n" in page
