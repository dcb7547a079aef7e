"""The dense solver: the kernel matrix, Cholesky or all eigenvalues. Any kernel; cost n^3 / 3 and 9 n^3, memory n^2."""

from dataclasses import dataclass
from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from softntk.kernels.limit import Kernel
from softntk.regression.decomposition import Decomposition, of_matrix
from softntk.regression.dense import cholesky_solution
from softntk.regression.predictor import Predictor, Sections
from softntk.regression.solver import Answer, Cost, Problem, Speeds, System

__all__ = ["Dense"]


@dataclass(frozen=True)
class Dense:
    """Exact, by Cholesky with refinement."""

    name: ClassVar[str] = "dense"
    approximate: ClassVar[bool] = False
    seconds: float = float("inf")

    @property
    def options(self) -> tuple["Dense", ...]:
        """The solvers to choose from: this one."""
        return (self,)

    def cost(self, problem: Problem, speeds: Speeds) -> Cost:
        """n^3 / 3 operations and n^2 entries."""
        n = len(problem.inputs)
        return Cost(0, 8.0 * n * (1.1 * n + 6 * problem.outputs), n**3 / 3 / speeds.flops + n * n / speeds.entries)

    def work(self, kernel: Kernel, inputs: Float[Array, "n d"]) -> float:
        """9 n^3."""
        return 9.0 * len(inputs) ** 3

    def solve(self, system: System) -> Answer:
        """Carry it out."""
        coefficients, residuals, steps = cholesky_solution(
            system.kernel, system.inputs, system.labels, ridge=system.ridge, accuracy=system.accuracy
        )
        predictor = Predictor(Sections(system.kernel, system.inputs), jnp.asarray(coefficients))
        return Answer(predictor, f"Cholesky with {steps} refinements", float(residuals.max()), steps=steps)

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
        """All eigenvalues of the kernel matrix."""
        return self.name, of_matrix(kernel, inputs, labels, roots, epsilon)
