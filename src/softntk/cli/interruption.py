"""Ctrl-C ends a command within a second, whatever it is computing.

Python answers a signal between two instructions of its own, and a compiled computation is one instruction. So a thread
waits for the signal too: it gives the program a moment to leave by itself, which takes drafts of files away, and then
ends the process and those that it started. Files are written by one rename, so nothing is written by halves either way.
"""

import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["INTERRUPTED", "WORDS", "interruptible"]

#: What an interrupted command exits with, and says.
INTERRUPTED, WORDS = 130, "softntk: interrupted. Nothing is written by halves."

_MOMENT = 0.7


@contextmanager
def interruptible() -> Iterator[None]:
    """Within it Ctrl-C ends the process soon; outside of the main thread, where signals never come, it does nothing."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    reader, writer = socket.socketpair()
    writer.setblocking(False)
    before = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
    left = threading.Event()
    threading.Thread(target=_wait, args=(reader, left), daemon=True, name="ctrl-c").start()
    try:
        yield
    finally:
        left.set()
        signal.set_wakeup_fd(before)
        writer.close()


def _wait(reader: socket.socket, left: threading.Event) -> None:
    with reader:
        while (received := reader.recv(1)) and received[0] != signal.SIGINT:
            pass
    if not received or left.wait(_MOMENT):
        return
    # Read where it is needed: importing it would make every command start later.
    running = sys.modules.get("multiprocessing")
    for child in running.active_children() if running else ():
        child.kill()
    print(WORDS, file=sys.stderr, flush=True)
    os._exit(INTERRUPTED)
