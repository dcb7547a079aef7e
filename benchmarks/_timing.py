"""Running times that can be compared, and lines that say what was claimed, what was measured, and whether it holds.

Contenders take turns, round after round, in one process on one machine; the time of each is the least of its rounds,
since noise only ever adds. A contender's first call, which compiles, is not timed.
"""

import sys
import time
from collections.abc import Callable, Mapping

__all__ = ["Claims", "least_times", "optional_torch"]


def least_times(contenders: Mapping[str, tuple[Callable[[], object], int]], *, rounds: int) -> dict[str, float]:
    """Seconds for one unit of work, by name; a contender is a function, which waits for its result, and its units."""
    for run, _ in contenders.values():
        run()
    least = dict.fromkeys(contenders, float("inf"))
    for _ in range(rounds):
        for name, (run, units) in contenders.items():
            start = time.perf_counter()
            run()
            least[name] = min(least[name], (time.perf_counter() - start) / units)
    return least


def optional_torch():
    """PyTorch, or None with a word on how to get it."""
    try:
        import torch
    except ImportError:
        print('PyTorch is not installed, so nothing is compared with it. Type: pip install -e ".[bench]"')
        return None
    return torch


def in_words(seconds: float) -> str:
    """A time with a fitting unit."""
    return f"{seconds:.3g} s" if seconds >= 1 else f"{1e3 * seconds:.3g} ms"


class Claims:
    """Print one line for each claim; leave with code 1 if one of them does not hold."""

    def __init__(self, title: str):
        self.failed = 0
        print(title)

    def faster(self, what: str, times: Mapping[str, float], ours: str, other: str, factor: float) -> None:
        """Claim that `ours` takes at most 1/factor of the time of `other`."""
        ratio = times[other] / times[ours]
        claim = f"{what}: at least {factor:g} times as fast as {other}"
        if factor < 1:
            claim = f"{what}: at most {1 / factor:g} times as long as {other}"
        measured = f"{ratio:.2f} times" if factor >= 1 else f"{1 / ratio:.2f} times"
        self.line(claim, f"{measured} ({in_words(times[ours])} against {in_words(times[other])})", ratio >= factor)

    def line(self, claim: str, measured: str, holds: bool) -> None:
        """Print a claim, what was measured, and whether it holds."""
        self.failed += not holds
        print(f"  {claim} | measured {measured} | {'holds' if holds else 'FAILS'}", flush=True)

    def leave(self) -> None:
        """End the script."""
        sys.exit(1 if self.failed else 0)
