"""Say how much memory a piece of work needs, and refuse it, before anything is allocated."""

import logging
import math
from pathlib import Path

import psutil

from softntk.failures import TooLarge

__all__ = ["announce", "free_bytes", "human"]

log = logging.getLogger("softntk")


# Where Linux says what a container may use and uses, in versions 2 and 1 of its control groups.
_CONTROL_GROUPS = (
    ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current", "/sys/fs/cgroup/memory.stat", "inactive_file"),
    (
        "/sys/fs/cgroup/memory/memory.limit_in_bytes",
        "/sys/fs/cgroup/memory/memory.usage_in_bytes",
        "/sys/fs/cgroup/memory/memory.stat",
        "total_inactive_file",
    ),
)


def free_bytes() -> int:
    """Memory that can be allocated now without swapping, in bytes: of the machine, or of the container if less."""
    return int(min(psutil.virtual_memory().available, *(_left(*group) for group in _CONTROL_GROUPS)))


def _left(limit: str, used: str, statistics: str, cached: str) -> float:
    """What a control group may still allocate; infinity where there is no limit. Cached files can be dropped."""
    try:
        most, now = int(Path(limit).read_text()), int(Path(used).read_text())
        words = dict(line.split() for line in Path(statistics).read_text().splitlines())
        return max(most - now + int(words[cached]), 0)
    except (OSError, ValueError, KeyError):  # no such group, "max", or another format
        return math.inf


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
