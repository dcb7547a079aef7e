"""Say how much memory a piece of work needs, and refuse it, before anything is allocated."""

import logging
import math

import psutil

from softntk.failures import TooLarge

__all__ = ["announce", "free_bytes", "human"]

log = logging.getLogger("softntk")


def free_bytes() -> int:
    """Memory that can be allocated now without swapping, in bytes."""
    return int(psutil.virtual_memory().available)


def human(size: float) -> str:
    """A number of bytes in words: 1.5e9 becomes "1.5 GB"."""
    power = min(int(math.log(max(size, 1), 1000)), 6)
    return f"{size / 1000**power:.3g} {('B', 'kB', 'MB', 'GB', 'TB', 'PB', 'EB')[power]}"


def announce(need: float, *, what: str, argument: str, advice: str) -> None:
    """Log the need of `what` in bytes (level INFO; WARNING from 1 GB on).

    Raises:
        TooLarge: the need is above what is free; `argument` and `advice` say what to change.
    """
    free = free_bytes()
    log.log(logging.WARNING if need >= 1e9 else logging.INFO, "%s needs %s, free: %s", what, human(need), human(free))
    if need > free:
        raise TooLarge(
            argument,
            required=f"leave room in memory: {what} needs {human(need)}",
            got=f"{human(free)} free",
            advice=advice,
        )
