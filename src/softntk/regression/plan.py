"""Which rung of the ladder, how much memory, how long: said before work.

    rung        cost                        memory                   answer
    expanded    n p^2 + p^3                 p^2                      exact kernel up to a proved error (softmax, exp)
    dense       n^3 / 3                     n^2                      exact
    iterative   steps n^2                   n (p + k)                exact to the accuracy asked for
    landmarks   2 n p^2 + p^3               p^2 + blocks             an approximation; its error is measured

p is the number of features. The speeds are measured on this machine, once, in about a second; the number of steps of
the iterative rung is not known beforehand and taken as 60.
"""

import math
import time
from dataclasses import dataclass
from functools import lru_cache

import jax.numpy as jnp
import numpy as np
import scipy.linalg
from jaxtyping import Array, Float

from softntk.failures import BadInput, TooLarge
from softntk.kernels.expansion import degree_for, expandable, rank
from softntk.kernels.limit import Kernel, LimitKernel
from softntk.kernels.operator import KernelOperator
from softntk.networks.features import Softmax
from softntk.numerics.memory import free_bytes, human

__all__ = ["RUNGS", "Plan", "Rung", "Speeds", "plan", "speeds"]

#: The rungs, in the order of the ladder.
RUNGS = ("expanded", "dense", "iterative", "landmarks")

_STEPS = 60
_LARGEST_RANK = 8000  # of expanded features: beyond it a Gram matrix is no cheaper than the kernel
_PRECONDITIONER = 1000
_LANDMARKS = 2000


@dataclass(frozen=True)
class Speeds:
    """What this machine does in a second: floating-point operations of Cholesky, and kernel entries."""

    flops: float
    entries: float


@dataclass(frozen=True)
class Rung:
    """One way: its features, memory in bytes, seconds, and why it cannot be taken ("" if it can)."""

    name: str
    rank: int
    need: float
    seconds: float
    obstacle: str = ""

    def __str__(self) -> str:
        if self.obstacle:
            return f"{self.name}: {self.obstacle}"
        rank = f", {self.rank:,} features" if self.rank else ""
        return f"{self.name}{rank}: {human(self.need)}, about {_duration(self.seconds)}"


@dataclass(frozen=True)
class Plan:
    """The rung that is taken, and the others with what they would cost."""

    rung: Rung
    considered: tuple[Rung, ...]
    samples: int
    outputs: int
    degree: int | None = None

    def __str__(self) -> str:
        others = [f"  instead of {each}" for each in self.considered if each.name != self.rung.name]
        return "\n".join([f"n = {self.samples:,}, k = {self.outputs}: {self.rung}", *others])


def plan(
    kernel: Kernel,
    inputs: Float[Array, "n d"],
    *,
    outputs: int = 1,
    ridge: float = 0.0,
    accuracy: float = 1e-6,
    rung: str = "auto",
    features: int | None = None,
    memory: float | None = None,
    seconds: float = math.inf,
) -> Plan:
    """Choose a rung for a ridge solve.

    Arguments:
        outputs: k.
        accuracy: of the true residual, relative to the labels.
        rung: a rung by name, or "auto": the fastest exact one that fits.
        features: number of features of the preconditioner or of the landmarks.
        memory: bytes that may be used; default: what is free.
        seconds: time that may be used.

    Raises:
        BadInput: an unknown rung, or one that cannot serve this kernel.
        TooLarge: nothing exact fits into memory and time; the advice names what does.
    """
    if rung not in ("auto", *RUNGS):
        choices = ", ".join(("auto", *RUNGS))
        raise BadInput("rung", required=f"be one of {choices}", got=repr(rung), advice='Type rung="auto".')
    if features is not None and features < 1:
        raise BadInput("rank", required="be at least 1", got=str(features), advice="Type rank=1000.")
    (n, d), k = inputs.shape, outputs
    free = free_bytes() if memory is None else memory
    fast = speeds()
    degree, why = _degree(kernel, inputs, ridge, accuracy)
    p = rank(kernel, d, degree) if degree else 0  # pyright: ignore[reportArgumentType]
    if p > _LARGEST_RANK:
        why = f"{p:,} features are too many"
    rows = [Rung("expanded", p, 8 * (3.0 * p * p + 2.0**23 + 6 * n * (d + k)), (n * p**2 + p**3) / fast.flops, why)]
    rows.append(Rung("dense", 0, 8.0 * n * (1.1 * n + 6 * k), n**3 / 3 / fast.flops + n * n / fast.entries))
    p = min(features or _PRECONDITIONER, n)
    work = _STEPS * (n * n / fast.entries + 4 * n * p * k / fast.flops) + n * p**2 / fast.flops
    rows.append(Rung("iterative", p, 8.0 * n * (2 * p + 14 * k + 3 * d), work))
    p = min(features or _LANDMARKS, n)
    need, work = 8 * (6.0 * p * p + 2.0**24 + 4 * n * (d + k)), 3 * n * p**2 / fast.flops + n * p / fast.entries
    rows.append(Rung("landmarks", p, need, work, "" if rung == "landmarks" else "an approximation"))
    rows = [_judged(each, free, seconds) for each in rows]
    fitting = [each for each in rows if not each.obstacle]
    if rung != "auto":
        chosen = next(each for each in rows if each.name == rung)
        if rung == "expanded" and not degree:
            raise BadInput("rung", required="fit the kernel", got=f'"expanded": {why}', advice='Type rung="auto".')
        if chosen.need > free:
            raise _too_large(chosen, rows, free)
    elif not fitting:
        raise _too_large(min(rows[:3], key=lambda each: each.need), rows, free)
    else:
        chosen = min(fitting, key=lambda each: each.seconds)
    return Plan(chosen, tuple(rows), n, k, degree or None)


def _degree(kernel: Kernel, inputs: Float[Array, "n d"], ridge: float, accuracy: float) -> tuple[int, str]:
    """Degree at which the residual of the true kernel is proved to be below half the accuracy; 0 and why if none."""
    if not expandable(kernel):
        return 0, "this kernel has no explicit features"
    squares = np.sum(np.asarray(inputs, np.float64) ** 2, axis=1)
    radius = float(np.sqrt(squares.max()))
    largest = float(kernel.diagonal(jnp.asarray([[radius]]))[0])  # pyright: ignore[reportFunctionMemberAccess]
    # ||(K - Phi Phi^T) a|| <= trace ||Y|| / ridge.
    share = 0.5 * accuracy * ridge / (len(inputs) * max(largest, 1e-300))
    if share < 1e-15:
        return 0, "the ridge is too small for features in float64"
    try:
        return degree_for(kernel, radius, min(share, 0.5)), ""  # pyright: ignore[reportArgumentType]
    except BadInput:
        return 0, "no degree up to 150 reaches the accuracy"


def _judged(rung: Rung, free: float, seconds: float) -> Rung:
    why = rung.obstacle
    if not why and rung.need > free:
        why = f"only {human(free)} free"
    if not why and rung.seconds > seconds:
        why = f"more than {_duration(seconds)}"
    return Rung(rung.name, rung.rank, rung.need, rung.seconds, why)


def _too_large(wanted: Rung, rows: list[Rung], free: float) -> TooLarge:
    last = rows[-1]
    advice = f'Type rung="landmarks" ({human(last.need)}, about {_duration(last.seconds)}; an approximation).'
    if last.need > free:
        advice = f'Use fewer samples, or rung="landmarks" with rank={max(int((free / 64) ** 0.5), 1)}.'
    return TooLarge("inputs", required="leave a rung that fits", got=str(wanted), advice=advice)


@lru_cache(maxsize=1)
def speeds() -> Speeds:
    """Measure, once."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((2000, 16)) / 4
    tiles, vector = KernelOperator(LimitKernel(Softmax()), jnp.asarray(x)), x[:, :4]
    square = np.asfortranarray(np.eye(2000) + 1e-3)
    entries = _least(lambda: tiles.product(vector))
    cholesky = _least(lambda: scipy.linalg.cholesky(square, lower=True, check_finite=False))
    return Speeds(2000**3 / 3 / cholesky, 2000**2 / entries)


def _least(work) -> float:
    found = math.inf
    for _ in range(3):
        start = time.perf_counter()
        work()
        found = min(found, time.perf_counter() - start)
    return found


def _duration(seconds: float) -> str:
    if seconds < 1:
        return "a second"
    if seconds < 90:
        return f"{seconds:.0f} seconds"
    return f"{seconds / 60:.0f} minutes" if seconds < 5400 else f"{seconds / 3600:.1f} hours"
