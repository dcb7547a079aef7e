"""Help answers without the heavy imports, and every command has it."""

import subprocess
import sys

import pytest

from softntk.cli.app import app

COMMANDS = [command.name for command in app.registered_commands]


def test_the_commands():
    assert {"reproduce", "kernel", "train", "predict", "report"} <= set(COMMANDS)


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_is_there(softntk, command):
    ran = softntk(f"{command} --help")
    assert ran.code == 0
    assert "Usage" in ran.out


def test_help_imports_neither_jax_nor_numpy():
    code = (
        "import sys; sys.argv = ['softntk', 'train', '--help']\n"
        "from softntk.cli.app import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print(sorted({'jax', 'numpy', 'scipy', 'pandas', 'matplotlib'} & set(sys.modules)))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines()[-1] == "[]"


def test_an_unknown_option_exits_with_2(softntk):
    assert softntk("train wine --nosuch").code == 2
