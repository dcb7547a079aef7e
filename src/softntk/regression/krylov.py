"""The iterative solver: preconditioned conjugate gradients on tiles of the kernel, which is never formed.

Any kernel; each step is one product with K, n^2 entries. Memory n (2 p + 14 k + 3 d).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from softntk.failures import BadInput
from softntk.kernels.limit import Kernel
from softntk.kernels.operator import KernelOperator, diagonal
from softntk.regression.checkpoint import fingerprint
from softntk.regression.cycles import conjugate_gradients
from softntk.regression.decomposition import Decomposition
from softntk.regression.dense import refuse_infinite
from softntk.regression.preconditioning import preconditioner
from softntk.regression.predictor import Predictor, Sections
from softntk.regression.solver import Answer, Cost, Problem, Speeds, System

__all__ = ["ConjugateGradients"]

# Steps are not known beforehand; this many are planned with.
_STEPS = 60


@dataclass(frozen=True)
class ConjugateGradients:
    """Exact to the accuracy asked for.

    Arguments:
        preconditioner: "degree" (explicit features), "pivoted" (landmarks), "none", or "auto": the first that serves.
        rank: its features.
        precision: of the steps; true residuals are always float64.
        most_steps: steps after which the run ends.
        checkpoint: file to save the state in, and to go on from if it exists.
        checkpoint_every: seconds between savings.
        on_step: called after each step with its number and the relative residual of the worst column.
    """

    name: ClassVar[str] = "conjugate-gradients"
    approximate: ClassVar[bool] = False
    preconditioner: str = "auto"
    rank: int = 1000
    precision: Literal["float64", "float32"] = "float64"
    most_steps: int = 500
    checkpoint: str | Path | None = None
    checkpoint_every: float = 30.0
    on_step: Callable[[int, float], None] | None = None
    seconds: float = math.inf

    def __post_init__(self) -> None:
        if self.rank < 1:
            raise BadInput("rank", required="be at least 1", got=str(self.rank), advice="Type rank=1000.")
        if self.precision not in ("float32", "float64"):
            advice = 'Type precision="float64".'
            raise BadInput("precision", required="be float32 or float64", got=repr(self.precision), advice=advice)

    @property
    def options(self) -> tuple["ConjugateGradients", ...]:
        """The solvers to choose from: this one."""
        return (self,)

    def cost(self, problem: Problem, speeds: Speeds) -> Cost:
        """The entries of 60 products, and the preconditioner."""
        (n, d), k = problem.inputs.shape, problem.outputs
        p = min(self.rank, n)
        work = _STEPS * (n * n / speeds.entries + 4 * n * p * k / speeds.flops) + n * p**2 / speeds.flops
        return Cost(p, 8.0 * n * (2 * p + 14 * k + 3 * d), work)

    def work(self, kernel: Kernel, inputs: Float[Array, "n d"]) -> float:
        """There is none."""
        return math.inf

    def solve(self, system: System) -> Answer:
        """Carry it out."""
        kernel, x, y, ridge = system.kernel, system.inputs, system.labels, system.ridge
        refuse_infinite(diagonal(kernel, x))
        single, exact = self.precision == "float32", KernelOperator(kernel, x)
        made = preconditioner(kernel, x, ridge=ridge, name=self.preconditioner, largest_rank=self.rank, key=system.key)
        mark = ""
        if self.checkpoint is not None:
            settings = (ridge, system.accuracy, made.name, made.shift, self.precision, exact.threads)
            mark = fingerprint(x, y, kernel(x[:5], x[:5]), *settings)
        run = conjugate_gradients(
            KernelOperator(kernel, x, dtype="float32") if single else exact,
            y,
            ridge=ridge,
            accuracy=system.accuracy,
            preconditioner=made,
            exact=exact,
            most_steps=self.most_steps,
            checkpoint=None if self.checkpoint is None else Path(self.checkpoint),
            every=self.checkpoint_every,
            fingerprint=mark,
            on_step=self.on_step,
        )
        predictor = Predictor(Sections(kernel, x), jnp.asarray(run.solution))
        reason = f"{run.reason} (preconditioner {made.name}, {made.rank} features)"
        residual = float(run.residual.max())
        return Answer(predictor, reason, residual, steps=run.steps, history=tuple(run.history))

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
        """Raises BadInput: there is no decomposition."""
        raise BadInput(
            "solver",
            required="give all eigenvalues",
            got="ConjugateGradients(), which solves for one ridge",
            advice="Type solver=Dense(), Expanded() or Nystrom().",
        )
