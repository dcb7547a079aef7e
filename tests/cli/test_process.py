"""The command as a process: version, pipes that are closed early, Ctrl-C."""

import os
import signal
import subprocess
import sys
import time

import pytest

import softntk as package
from softntk.cli.app import main


def test_version(softntk):
    assert softntk("--version").out == f"softntk {package.__version__}\n"


def test_a_reader_that_has_seen_enough_is_no_failure(monkeypatch):
    """As `softntk ... | head -1`: the pipe is closed before anything is written into it."""
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as closed:
        monkeypatch.setattr("sys.stdout", closed)
        monkeypatch.setattr("sys.argv", ["softntk", "--version"])
        with pytest.raises(SystemExit) as left:
            main()
    assert left.value.code == 0


def test_ctrl_c_ends_what_is_deep_in_compiled_code_within_a_second():
    """A billion rounds of a hash in C, which never looks at signals."""
    code = (
        "import hashlib, signal\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # a shell lets background jobs ignore it
        "from softntk.cli.interruption import interruptible\n"
        "with interruptible():\n"
        "    while True:\n"
        "        try:\n"
        "            print('ready', flush=True)\n"
        "            hashlib.pbkdf2_hmac('sha256', b'', b'', 10**9)\n"
        "        except KeyboardInterrupt:\n"  # where the signal comes before the hash begins
        "            pass"
    )
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", code], **pipes) as running:
        assert running.stdout.readline() == "ready\n"
        started = time.perf_counter()
        running.send_signal(signal.SIGINT)
        try:
            _, said = running.communicate(timeout=30)
        finally:
            running.kill()
    assert running.returncode == 130
    assert time.perf_counter() - started < 20  # 0.7 seconds on an idle machine, ten minutes without the watch
    assert said == "softntk: interrupted. Nothing is written by halves.\n"


@pytest.mark.parametrize("seed", ["99999999999999999999", "-1"])
def test_a_seed_that_no_key_holds_is_refused(softntk, seed):
    ran = softntk(f"kernel wine --seed {seed}")
    assert ran.code == 2
    assert "--seed" in ran.err
