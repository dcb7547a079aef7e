"""What a solver of (K + r I) a = Y is: its cost before work, its answer, and a decomposition if it has one.

A member of the family is a frozen data class whose fields are its options. It says what it costs, solves, and
decomposes (all ridges and times at once) or refuses to. `Auto` is no solver but a choice among several; whatever takes
a solver takes it too, and looks at `options`.
"""

import math
from dataclasses import dataclass
from typing import ClassVar, NamedTuple, Protocol, runtime_checkable

import jax
import numpy as np
from jaxtyping import Array, Float

from softntk.failures import BadInput
from softntk.kernels.limit import Kernel
from softntk.regression.decomposition import Decomposition
from softntk.regression.predictor import Predictor

__all__ = ["Answer", "Cost", "Problem", "Solver", "SolverChoice", "Speeds", "System", "needed_key"]


@dataclass(frozen=True)
class Speeds:
    """What this machine does in a second: floating-point operations of Cholesky, and kernel entries."""

    flops: float
    entries: float


@dataclass(frozen=True)
class Problem:
    """What is known before work: kernel, inputs, number of outputs, ridge, and the accuracy of the true residual."""

    kernel: Kernel
    inputs: Float[Array, "n d"]
    outputs: int
    ridge: float
    accuracy: float


@dataclass(frozen=True)
class System:
    """The problem with its labels (in units near 1) and a key for what is drawn."""

    kernel: Kernel
    inputs: Float[Array, "n d"]
    labels: Float[np.ndarray, "n k"]
    ridge: float
    accuracy: float
    key: jax.Array | None


@dataclass(frozen=True)
class Cost:
    """Features, memory in bytes, seconds, and why the solver cannot be taken ("" if it can)."""

    rank: int
    need: float
    seconds: float
    obstacle: str = ""


class Answer(NamedTuple):
    """Coefficients to predict with, and the true relative residual of the worst column; see `Solution`."""

    predictor: Predictor
    reason: str
    residual: float
    residual_error: float = 0.0
    bound: float = math.inf
    steps: int = 0
    history: tuple[float, ...] = ()


@runtime_checkable
class SolverChoice(Protocol):
    """A solver, or a choice among several."""

    @property
    def options(self) -> tuple["Solver", ...]:
        """The solvers to choose from."""
        ...

    @property
    def seconds(self) -> float:
        """Time that may be used."""
        ...

    def decompose(
        self,
        kernel: Kernel,
        inputs: Float[Array, "n d"],
        labels: Float[np.ndarray, "n k"],
        roots: Float[np.ndarray, " n"] | None,
        *,
        epsilon: float,
        key: jax.Array | None,
    ) -> tuple[str, Decomposition]:
        """Name of the solver, and its eigendecomposition; `roots` are those of the weights of the rows."""
        ...


@runtime_checkable
class Solver(SolverChoice, Protocol):
    """One way to solve; `approximate` says that its residual need not reach the accuracy."""

    name: ClassVar[str]
    approximate: ClassVar[bool]

    def cost(self, problem: Problem, speeds: Speeds) -> Cost:
        """What it takes."""
        ...

    def work(self, kernel: Kernel, inputs: Float[Array, "n d"]) -> float:
        """Floating-point operations of an exact eigendecomposition; infinite if there is none."""
        ...

    def solve(self, system: System) -> Answer:
        """Carry it out."""
        ...


def needed_key(key: jax.Array | None) -> jax.Array:
    """The key.

    Raises:
        BadInput: there is none.
    """
    if key is None:
        raise BadInput(
            "key", required="be given where rows are drawn", got="None", advice="Type key=jax.random.key(0)."
        )
    return key
