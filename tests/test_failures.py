"""Failures say four things, and are still the exceptions that callers know."""

import pickle

import pytest

from softntk.failures import BadInput, Failure, TooLarge

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
