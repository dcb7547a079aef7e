"""Memory is announced, and refused, before it is allocated."""

import logging

import pytest

from softntk.failures import TooLarge
from softntk.numerics.memory import announce, free_bytes, human


@pytest.mark.parametrize(
    ("size", "words"),
    [(0, "0 B"), (1, "1 B"), (999, "999 B"), (1000, "1 kB"), (1.5e9, "1.5 GB"), (2e15, "2 PB"), (1e25, "1e+07 EB")],
)
def test_bytes_in_words(size, words):
    assert human(size) == words


@pytest.mark.parametrize(("need", "level"), [(1e3, logging.INFO), (1e9, logging.WARNING)])
def test_the_need_is_logged(caplog, monkeypatch, need, level):
    monkeypatch.setattr("softntk.numerics.memory.free_bytes", lambda: 2 * 10**9)
    caplog.set_level(logging.INFO, "softntk")
    announce(need, what="the kernel", argument="inputs", advice="Use fewer rows.")
    assert caplog.records[0].levelno == level
    assert f"the kernel needs {human(need)}, free: 2 GB" in caplog.text


def test_more_than_there_is_is_refused():
    free = free_bytes()
    assert 0 < free < 2**50
    with pytest.raises(TooLarge, match="Use fewer rows") as failure:
        announce(2 * free, what="the kernel", argument="inputs", advice="Use fewer rows.")
    assert failure.value.exit_code == 3
    assert isinstance(failure.value, MemoryError)


def test_a_container_has_less_than_the_machine(monkeypatch, tmp_path):
    """Limit 1000, of which 700 are used and 200 of these are cached files: 500 are left."""
    files = {"limit": "1000\n", "used": "700\n", "stat": "anon 500\ninactive_file 200\n", "none": "max\n"}
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    limit, used, stat, none = (str(tmp_path / name) for name in files)
    groups = [(limit, used, stat, "inactive_file"), (none, used, stat, "inactive_file"), ("/nowhere",) * 3 + ("",)]
    monkeypatch.setattr("softntk.numerics.memory._CONTROL_GROUPS", groups[1:])
    machine = free_bytes()
    monkeypatch.setattr("softntk.numerics.memory._CONTROL_GROUPS", groups)
    assert free_bytes() == 500 < machine
