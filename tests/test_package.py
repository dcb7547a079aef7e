"""Laws of the package as a whole: floors, light imports, documented names, short modules."""

import ast
import importlib
import inspect
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import softntk

ROOT = Path(__file__).parent.parent
SOURCES = sorted((ROOT / "src" / "softntk").rglob("*.py"))
HEAVY = {"jax", "equinox", "scipy", "sklearn", "pandas", "matplotlib", "pyarrow", "flint"}


def loaded_by(code: str) -> set[str]:
    """Top packages in a fresh interpreter after `code`."""
    program = f"{code}\nimport sys\nprint(*sorted({{name.split('.')[0] for name in sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines()[-1].split())


def test_modules_import_only_from_lower_floors():
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout


def test_importing_the_package_loads_nothing_heavy():
    assert not loaded_by("import softntk; dir(softntk)") & (HEAVY | {"numpy"})


@pytest.mark.parametrize("module", ["softntk.theorems", "softntk.verdicts", "softntk.failures"])
def test_theorems_need_the_standard_library_only(module):
    assert not loaded_by(f"import {module}") & (HEAVY | {"numpy"})


@pytest.mark.parametrize("module", ["softntk.records", "softntk.report"])
def test_records_and_report_do_not_load_jax(module):
    assert not loaded_by(f"import {module}") & {"jax", "equinox", "matfree"}


def test_help_answers_without_jax():
    code = "from typer.testing import CliRunner\nfrom softntk.cli.app import app\n"
    assert not loaded_by(code + "assert CliRunner().invoke(app, ['--help']).exit_code == 0") & HEAVY


def test_importing_changes_no_setting():
    code = (
        "import importlib, pkgutil, jax, warnings, logging\n"
        "before = (dict(jax.config.values), list(warnings.filters), logging.getLogger().handlers[:])\n"
        "import softntk\n"
        "for found in pkgutil.walk_packages(softntk.__path__, 'softntk.'):\n"
        "    if not found.name.endswith('__main__'):\n"
        "        importlib.import_module(found.name)\n"
        "assert before[0] == jax.config.values, 'jax.config'\n"
        "assert before[2] == logging.getLogger().handlers, 'logging'"
    )
    assert "softntk" in loaded_by(code)


def public_names():
    for found in pkgutil.walk_packages(softntk.__path__, "softntk."):
        if not found.name.endswith("__main__"):
            module = importlib.import_module(found.name)
            yield from ((found.name, name) for name in getattr(module, "__all__", []))


def test_every_public_name_exists():
    missing = [f"{module}.{name}" for module, name in public_names() if not hasattr(sys.modules[module], name)]
    assert missing == []
    assert [name for name in softntk.__all__ if getattr(softntk, name, None) is None] == []


def test_every_public_name_says_what_it_is():
    # Constants carry their words in the source; the reference pages check those.
    bare = []
    for module, name in public_names():
        value = getattr(sys.modules[module], name)
        if isinstance(value, type) or inspect.isfunction(inspect.unwrap(value)):
            words = vars(value).get("__doc__") if isinstance(value, type) else value.__doc__
            if not words or words.startswith(f"{name}("):
                bare.append(f"{module}.{name}")
    assert bare == []


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT / "src")))
def test_module_holds_one_idea(path):
    text = path.read_text(encoding="utf-8")
    assert ast.get_docstring(ast.parse(text)), "the module does not say what it is"
    # The checker is one file on purpose: a skeptic reads it, and runs it, without the rest.
    assert len(text.splitlines()) < (560 if path.stem == "checker" else 300)
    assert path.stem not in {"utils", "misc", "helpers", "common", "core"}
    assert "jax._src" not in text
    assert "import jax.core" not in text


def test_no_exported_name_is_also_a_module():
    # `softntk.kernels.spectrum` could be either, and which one it is would depend on what was imported before.
    both = [
        f"{package.parent.name}.{name}"
        for package in SOURCES
        if package.name == "__init__.py"
        for name in getattr(
            importlib.import_module(".".join(package.parent.relative_to(ROOT / "src").parts)), "__all__", []
        )
        if (package.parent / f"{name}.py").exists() or (package.parent / name).is_dir()
    ]
    assert both == []
