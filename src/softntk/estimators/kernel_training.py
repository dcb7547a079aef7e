"""Kernel regression on prepared data: what `softntk regress` and `KernelRegressor` do.

the same rows, scaled in several ways -> `regression.choose`: scaling, scale and ridge of the least leave-one-out
residual -> `regression.plan` -> `regression.solve`
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

import jax
import numpy as np

from softntk.data.preparation import Preparation
from softntk.data.training_set import TrainingSet
from softntk.defaults import ACCURACY, FEATURES, REGRESSION_TRAINED, RIDGE, SCALES, SOLVER
from softntk.failures import BadInput
from softntk.kernels.limit import LimitKernel
from softntk.networks.features import features_named
from softntk.regression.planning import Plan, plan
from softntk.regression.selection import choose
from softntk.regression.solution import Solution, solve
from softntk.regression.solvers import solver_named

__all__ = ["KernelFit", "fit_kernel", "numbers"]


@dataclass(frozen=True)
class KernelFit:
    """What was chosen, and the solution on it; `place` counts among the sets that were offered."""

    place: int
    training: TrainingSet
    preparation: Preparation
    kernel: LimitKernel
    ridge: float
    solution: Solution

    def to_dict(self) -> dict[str, Any]:
        """What a reader of the model wants to know, as JSON values."""
        return {
            "features": self.kernel.features.name,
            "scaling": self.preparation.scaling.name,
            "scale": float(self.kernel.scale),
            "trained": self.kernel.trained,
            "ridge": self.ridge,
            "solver": self.solution.plan.solver.name,
            "residual": self.solution.residual,
        }


def fit_kernel(
    sets: Sequence[tuple[TrainingSet, Preparation]],
    *,
    key: jax.Array,
    features: str = FEATURES,
    scale: Any = SCALES,
    trained: str = REGRESSION_TRAINED,
    ridge: Any = RIDGE,
    solver: Any = SOLVER,
    accuracy: float = ACCURACY,
    rank: int | None = None,
    checkpoint: Any = None,
    on_plan: Callable[[str, float, float, Plan], None] | None = None,
    on_step: Callable[[int, float], None] | None = None,
) -> KernelFit:
    """Choose, plan, solve.

    Arguments:
        sets: the same rows, scaled in different ways, and how.
        key: draws the rows to choose on, and what the solver draws.
        features: softmax, exponential or relu.
        scale: standard deviation of the hidden weights, or several to choose from.
        trained: "hidden", "output" or "both".
        ridge: a number, or "auto": by leave-one-out.
        solver: a name, for which `rank`, `checkpoint` and `on_step` may be given as in `regression.solver_named`, or
            a solver.
        accuracy: of the true residual, relative to the labels.
        on_plan: called before the work with the name of the scaling, scale, ridge, and the plan.

    Raises:
        BadInput: a number is not one, or as `choose` and `solve`.
        TooLarge: as `solve`.
    """
    if not 0 < accuracy < 1:
        raise BadInput("accuracy", required="be between 0 and 1", got=repr(accuracy), advice="Type 1e-6.")
    layer = cast(Literal["hidden", "output", "both"], trained)
    kernels = [LimitKernel(features_named(features), each, layer) for each in numbers("scale", scale)]
    given = None if isinstance(ridge, str) and ridge == "auto" else numbers("ridge", ridge)[0]
    choose_key, solve_key = jax.random.split(key)
    offered, labels = [training.inputs for training, _ in sets], sets[0][0].labels
    place, kernel, strength = choose(kernels, offered, labels, key=choose_key, ridge=given)
    training, preparation = sets[place]
    if isinstance(solver, str):
        solver = solver_named(solver, rank=rank, checkpoint=checkpoint, on_step=on_step)
    asked: dict[str, Any] = {"ridge": strength, "accuracy": accuracy, "solver": solver}
    if on_plan is not None:
        planned = plan(kernel, training.inputs, outputs=labels.shape[1], **asked)
        on_plan(preparation.scaling.name, float(kernel.scale), strength, planned)
    solution = solve(kernel, training.inputs, labels, key=solve_key, held_out=0, **asked)
    return KernelFit(place, training, preparation, kernel, strength, solution)


def numbers(name: str, value: Any) -> list[float]:
    """One number or several, also as text with commas.

    Raises:
        BadInput: something among them is no number.
    """
    entries = value.split(",") if isinstance(value, str) else np.atleast_1d(value).tolist()
    try:
        return [float(each) for each in entries]
    except (TypeError, ValueError):
        raise BadInput(name, required="be a number, or several", got=repr(value), advice=f"Type {name} 1.") from None
