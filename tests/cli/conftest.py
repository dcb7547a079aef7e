"""Run the commands as a user does, with their exit codes."""

import shlex
from typing import NamedTuple

import pytest

from softntk.cli.app import main


class Ran(NamedTuple):
    code: int
    out: str
    err: str


@pytest.fixture
def softntk(capsys, monkeypatch):
    """Type a command line; get exit code, output and errors."""

    def typed(line: str) -> Ran:
        monkeypatch.setattr("sys.argv", ["softntk", *shlex.split(line)])
        with pytest.raises(SystemExit) as left:
            main()
        said = capsys.readouterr()
        return Ran(left.value.code or 0, said.out, said.err)

    return typed
