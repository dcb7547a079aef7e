"""Failures say four things, and are still the exceptions that callers know."""

import pickle
import shlex

import pytest

from softntk.failures import BadInput, Failure, TooLarge, typed

PARTS = {"required": "be positive", "got": "-1", "advice": "Type width=2."}


@pytest.mark.parametrize(("kind", "builtin", "code"), [(BadInput, ValueError, 2), (TooLarge, MemoryError, 3)])
def test_four_parts_and_an_exit_code(kind, builtin, code):
    failure = kind("width", **PARTS)
    assert str(failure) == "`width` must be positive; got -1. Type width=2."
    assert isinstance(failure, builtin)
    assert isinstance(failure, Failure)
    assert failure.exit_code == code


@pytest.mark.parametrize("kind", [BadInput, TooLarge])
def test_they_survive_another_process(kind):
    failure = pickle.loads(pickle.dumps(kind("width", **PARTS)))
    assert type(failure) is kind
    assert (failure.argument, failure.required, failure.got, failure.advice) == ("width", *PARTS.values())


def test_advice_is_right_from_python_and_on_the_command_line():
    assert typed(held_out=0.25) == "held_out=0.25 (on the command line: --held-out 0.25)"
    assert typed(within="Options", drop=["a b", "c"]) == (
        "Options(drop=['a b', 'c']) (on the command line: --drop \"a b\" --drop c)"
    )
    assert typed(header=False).endswith("--no-header)")
    line = typed(missing='"? \\').partition("command line: ")[2][:-1]
    assert shlex.split(line) == ["--missing", '"? \\']
