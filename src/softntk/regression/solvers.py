"""The table of solvers, and the choice among them.

    name                  cost             memory        answer
    expanded              n p^2 + p^3      p^2           exact kernel up to a proved error (softmax, exponential)
    dense                 n^3 / 3          n^2           exact
    conjugate-gradients   steps n^2        n (p + k)     exact to the accuracy asked for
    nystrom               3 n p^2 + p^3    p^2           an approximation; its error is measured

p is the number of features.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jax
import numpy as np
from jaxtyping import Array, Float

from softntk.failures import BadInput
from softntk.kernels.limit import Kernel
from softntk.regression.by_features import Expanded, Nystrom
from softntk.regression.decomposition import Decomposition
from softntk.regression.direct import Dense
from softntk.regression.krylov import ConjugateGradients
from softntk.regression.solver import Solver, SolverChoice

__all__ = ["SOLVERS", "Auto", "solver_named"]

#: The family, in the order it is offered in.
SOLVERS = (Expanded, Dense, ConjugateGradients, Nystrom)


@dataclass(frozen=True)
class Auto:
    """The fastest exact solver that fits into memory and time; for a decomposition the one of the least work.

    Arguments:
        options: solvers to choose from. The approximate ones are named where no other fits, and never taken.
        seconds: time that may be used, by the plan; default an hour.
    """

    options: tuple[Solver, ...] = field(default_factory=lambda: tuple(each() for each in SOLVERS))
    seconds: float = 3600.0

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
        """That of the least work."""
        chosen = min(self.options, key=lambda each: each.work(kernel, inputs))
        return chosen.decompose(kernel, inputs, labels, roots, epsilon=epsilon, key=key)


def solver_named(
    name: str,
    *,
    rank: int | None = None,
    checkpoint: str | Path | None = None,
    on_step: Callable[[int, float], None] | None = None,
) -> SolverChoice:
    """The solver of a name in the table, or "auto"; the options go to those that have them.

    Arguments:
        rank: features of the preconditioner or landmarks; default: theirs.
        checkpoint, on_step: as in `ConjugateGradients`.

    Raises:
        BadInput: an unknown name, or a rank below 1.
    """
    ranks: dict[str, Any] = {} if rank is None else {"rank": rank}
    options: tuple[Solver, ...] = (
        Expanded(),
        Dense(),
        ConjugateGradients(checkpoint=checkpoint, on_step=on_step, **ranks),
        Nystrom(**ranks),
    )
    choices: dict[str, SolverChoice] = {"auto": Auto(options), **{each.name: each for each in options}}
    if name not in choices:
        raise BadInput("solver", required=f"be one of {', '.join(choices)}", got=repr(name), advice='Type "auto".')
    return choices[name]
