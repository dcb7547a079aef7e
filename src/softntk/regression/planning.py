"""Which solver, how much memory, how long: said before work.

The speeds are measured on this machine, once, in about a second; the number of steps of conjugate gradients is not
known beforehand and taken as 60. Of several solvers the fastest exact one is taken that fits into memory and time.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache

import jax.numpy as jnp
import numpy as np
import scipy.linalg
from jaxtyping import Array, Float

from softntk.failures import BadInput, TooLarge
from softntk.kernels.limit import Kernel, LimitKernel
from softntk.kernels.operator import KernelOperator
from softntk.networks.features import Softmax
from softntk.numerics.memory import free_bytes, human
from softntk.regression.solver import Cost, Problem, Solver, SolverChoice, Speeds
from softntk.regression.solvers import SOLVERS, Auto

__all__ = ["Plan", "duration", "plan", "speeds"]


@dataclass(frozen=True)
class Plan:
    """The solver that is taken, and what each that was looked at would cost."""

    solver: Solver
    costs: dict[str, Cost]
    samples: int
    outputs: int

    @property
    def cost(self) -> Cost:
        """That of the solver that is taken."""
        return self.costs[self.solver.name]

    def __str__(self) -> str:
        others = [f"  instead of {_words(name, cost)}" for name, cost in self.costs.items() if name != self.solver.name]
        taken = _words(self.solver.name, replace(self.cost, obstacle=""))
        return "\n".join([f"n = {self.samples:,}, k = {self.outputs}: {taken}", *others])


def plan(
    kernel: Kernel,
    inputs: Float[Array, "n d"],
    *,
    outputs: int = 1,
    ridge: float = 0.0,
    accuracy: float = 1e-6,
    solver: SolverChoice | None = None,
    memory: float | None = None,
) -> Plan:
    """Choose a solver for one ridge.

    Arguments:
        outputs: k.
        accuracy: of the true residual, relative to the labels.
        solver: one of `SOLVERS`, or a choice of several; default `Auto()`.
        memory: bytes that may be used; default: what is free.

    Raises:
        BadInput: the solver cannot serve this kernel.
        TooLarge: nothing exact fits into memory and time; the advice names what does.
    """
    solver = Auto() if solver is None else solver
    free = free_bytes() if memory is None else memory
    problem, fast = Problem(kernel, inputs, outputs, ridge, accuracy), speeds()
    offered = {each.name: each for each in solver.options}
    everything = {each.name: each() for each in SOLVERS} | offered
    costs = {name: each.cost(problem, fast) for name, each in everything.items()}
    if len(offered) == 1:
        (chosen,) = offered.values()
        cost = costs[chosen.name]
        if cost.obstacle:
            got = f"{type(chosen).__name__}(): {cost.obstacle}"
            raise BadInput("solver", required="fit the kernel", got=got, advice="Type solver=Auto().")
        if cost.need > free:
            raise _too_large({chosen.name: cost}, costs, free)
        return Plan(chosen, costs, inputs.shape[0], outputs)
    judged = {name: _judged(each.approximate, costs[name], free, solver.seconds) for name, each in everything.items()}
    fitting = [each for name, each in offered.items() if not judged[name].obstacle]
    if not fitting:
        exact = {name: costs[name] for name, each in offered.items() if not each.approximate}
        raise _too_large(exact, costs, free, solver.seconds)
    chosen = min(fitting, key=lambda each: judged[each.name].seconds)
    return Plan(chosen, judged, inputs.shape[0], outputs)


def _judged(approximate: bool, cost: Cost, free: float, seconds: float) -> Cost:
    if cost.obstacle:
        return cost
    if approximate:
        return replace(cost, obstacle=f"an approximation ({human(cost.need)}, about {duration(cost.seconds)})")
    if cost.need > free:
        return replace(cost, obstacle=f"needs {human(cost.need)}, {human(free)} are free")
    if cost.seconds > seconds:
        return replace(cost, obstacle=f"takes about {duration(cost.seconds)}, more than {duration(seconds)}")
    return cost


def _too_large(wanted: dict[str, Cost], costs: dict[str, Cost], free: float, seconds: float = math.inf) -> TooLarge:
    able = {name: cost for name, cost in wanted.items() if not cost.obstacle} or wanted
    name, cost = min(able.items(), key=lambda each: (each[1].need > free, each[1].seconds))
    last = costs["nystrom"]
    advice = f"Type solver=Nystrom() ({human(last.need)}, about {duration(last.seconds)}; an approximation)"
    if last.need > free:
        advice = f"Use fewer samples, or solver=Nystrom(rank={max(int((free / 100) ** 0.5), 1)})"
    if cost.need <= free:
        advice += f", or Auto(seconds={math.ceil(cost.seconds / 3600) * 3600})"
    limit = "" if math.isinf(seconds) else f" and into {duration(seconds)}"
    return TooLarge("inputs", required=f"fit into {human(free)}{limit}", got=_words(name, cost), advice=f"{advice}.")


def _words(name: str, cost: Cost) -> str:
    if cost.obstacle:
        return f"{name}: {cost.obstacle}"
    rank = f", {cost.rank:,} features" if cost.rank else ""
    return f"{name}{rank}: {human(cost.need)}, about {duration(cost.seconds)}"


@lru_cache(maxsize=1)
def speeds() -> Speeds:
    """Measure, once."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((2000, 16)) / 4
    operator, vectors = KernelOperator(LimitKernel(Softmax()), jnp.asarray(x)), x[:, :4]
    square = np.asfortranarray(np.eye(2000) + 1e-3)
    entries = _least(lambda: operator.product(vectors))
    cholesky = _least(lambda: scipy.linalg.cholesky(square, lower=True, check_finite=False))
    return Speeds(2000**3 / 3 / cholesky, 2000**2 / entries)


def _least(work: Callable[[], object]) -> float:
    found = math.inf
    for _ in range(3):
        start = time.perf_counter()
        work()
        found = min(found, time.perf_counter() - start)
    return found


def duration(seconds: float) -> str:
    """A number of seconds in words."""
    if seconds < 1:
        return "a second"
    if seconds < 90:
        return f"{seconds:.0f} seconds"
    return f"{seconds / 60:.0f} minutes" if seconds < 5400 else f"{seconds / 3600:.1f} hours"
