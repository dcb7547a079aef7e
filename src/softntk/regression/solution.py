"""Ridge regression at any size: plan, solve, and say what was reached.

    (K + r I) a = Y,      f(x) = K(x, X) a.

Whatever the solver, the result carries the residual of *this* system, with the kernel itself and not an approximation
of it: |Y - (K + r I) a| / |Y|, on all rows (dense, conjugate gradients) or on sampled rows with its standard error
(features).

The system is linear in Y, so each column is divided by the power of two next to its largest entry and multiplied back
at the end: exact, and labels of 1e-200 or 1e200 neither vanish nor overflow in a sum of squares.
"""

import logging
import math
import time
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from softntk.failures import BadInput
from softntk.kernels.limit import Kernel
from softntk.numerics.arrays import finite_matrix, require_float64
from softntk.regression.by_features import SAMPLED_ROWS
from softntk.regression.planning import Plan, duration, plan
from softntk.regression.predictor import Predictor
from softntk.regression.solver import SolverChoice, System, needed_key

__all__ = ["HeldOut", "Solution", "power_of_two", "solve"]

log = logging.getLogger("softntk")

# From this many seconds on the plan is announced as a warning.
_LONG = 60.0


@dataclass(frozen=True)
class HeldOut:
    """Root mean squared error (over rows, summed over outputs) on rows that were not used, and its standard error."""

    rows: int
    error: float
    standard_error: float


@dataclass(frozen=True)
class Solution:
    """What was asked, what was reached.

    `residual` is the true relative residual of the worst column; `residual_error` its standard error, 0 if it was
    computed on all rows. `bound` is a proved bound of the same number where there is one, else infinity. `history` has
    the residual after every step of conjugate gradients, as its recursion sees it.
    """

    predictor: Predictor
    plan: Plan
    accuracy: float
    residual: float
    residual_error: float
    bound: float
    converged: bool
    steps: int
    history: tuple[float, ...]
    held_out: HeldOut | None
    reason: str
    seconds: float

    def __str__(self) -> str:
        rows = "" if not self.residual_error else f" ± {self.residual_error:.1g} (on {SAMPLED_ROWS} sampled rows)"
        said = "converged" if self.converged else "did NOT converge"
        text = (
            f"{self.plan.solver.name}: {said}: true relative residual {self.residual:.2g}{rows}, asked "
            f"{self.accuracy:g}; {self.steps} steps, {self.seconds:.3g} s: {self.reason}"
        )
        if self.held_out is not None:
            held = self.held_out
            text += f"\n{held.rows:,} held-out rows: error {held.error:.4g} ± {held.standard_error:.1g}"
        return text


def solve(
    kernel: Kernel,
    inputs: Float[Array, "n d"],
    labels: Float[Array, "n k"],
    *,
    ridge: float,
    solver: SolverChoice | None = None,
    accuracy: float = 1e-6,
    key: jax.Array | None = None,
    held_out: int | None = None,
    memory: float | None = None,
) -> Solution:
    """Solve (K + ridge I) a = Y.

    Arguments:
        kernel: a `LimitKernel`, or any function (inputs, others) -> (n, n') with a positive semi-definite matrix.
        solver: `Expanded()`, `Dense()`, `ConjugateGradients()`, `Nystrom()` with their options; default `Auto()`.
        accuracy: of the true residual, relative to the labels, for every column.
        key: for landmarks, pivoted preconditioners and held-out rows, which are drawn; else none is needed.
        held_out: rows set aside to measure the error on; default: none, and with an approximation a twentieth of the
            rows, at most 10,000.
        memory: bytes that may be used; default: what is free.

    Raises:
        BadInput: wrong shapes, NaN, float32, a missing key, or a ridge too small for float64.
        TooLarge: nothing exact fits into memory and time; the advice names what does.
    """
    start = time.perf_counter()
    inputs = finite_matrix("inputs", inputs)
    require_float64("inputs", inputs)
    labels = finite_matrix("labels", labels, rows=inputs.shape[0], dtype=inputs.dtype)
    _check(ridge, accuracy)
    n, k = labels.shape
    planned = plan(kernel, inputs, outputs=k, ridge=ridge, accuracy=accuracy, solver=solver, memory=memory)
    if held_out is None:
        held_out = min(n // 20, 10_000) if planned.solver.approximate else 0
    long = planned.cost.seconds >= _LONG
    log.log(
        logging.WARNING if long else logging.INFO,
        "%s for %s rows takes about %s",
        planned.solver.name,
        f"{n:,}",
        duration(planned.cost.seconds),
    )
    used, aside = np.arange(n), np.zeros(0, int)
    if held_out:
        key, split = jax.random.split(needed_key(key))
        order = np.asarray(jax.random.permutation(split, n))
        used, aside = np.sort(order[held_out:]), np.sort(order[:held_out])
    numbers = np.asarray(labels)
    units = power_of_two(numbers)
    numbers = numbers / units[None, :]
    x, y = (inputs[used], numbers[used]) if held_out else (inputs, numbers)
    answer = planned.solver.solve(System(kernel, x, y, ridge, accuracy, key))
    held = None
    if held_out:
        held = _held_out(answer.predictor, inputs[aside], numbers[aside], units)
    return Solution(
        _in_units(answer.predictor, units),
        planned,
        accuracy,
        answer.residual,
        answer.residual_error,
        answer.bound,
        answer.residual <= accuracy,
        answer.steps,
        answer.history,
        held,
        answer.reason,
        time.perf_counter() - start,
    )


def power_of_two(labels: Float[np.ndarray, "n k"]) -> Float[np.ndarray, " k"]:
    """The power of two above the largest entry of each column; 1 for a column of zeros."""
    largest = np.abs(labels).max(axis=0)
    return np.ldexp(1.0, np.where(largest > 0, np.clip(np.frexp(largest)[1], -1021, 1023), 0))


def _in_units(predictor: Predictor, units: Float[np.ndarray, " k"]) -> Predictor:
    with np.errstate(over="ignore"):
        coefficients = np.asarray(predictor.coefficients) * units[None, :]
    if not np.isfinite(coefficients).all():
        raise BadInput(
            "labels",
            required="leave the coefficients in the range of float64",
            got=f"entries of up to {units.max():.1g}",
            advice="Divide the labels by their largest entry.",
        )
    return Predictor(predictor.basis, jnp.asarray(coefficients))


def _check(ridge: float, accuracy: float) -> None:
    if not 0 <= ridge < math.inf:
        raise BadInput("ridge", required="be finite and not negative", got=repr(ridge), advice="Type ridge=1e-3.")
    if not 0 < accuracy < 1:
        raise BadInput("accuracy", required="lie between 0 and 1", got=repr(accuracy), advice="Type accuracy=1e-6.")


def _held_out(
    predictor: Predictor, inputs: Float[Array, "h d"], labels: Float[np.ndarray, "h k"], units: Float[np.ndarray, " k"]
) -> HeldOut:
    unit = units.max()
    errors = (np.asarray(predictor(inputs)) - labels) * (units / unit)[None, :]
    squares = np.sum(errors**2, axis=1)
    root = math.sqrt(float(squares.mean()))
    spread = float(squares.std(ddof=1)) / math.sqrt(len(squares)) if len(squares) > 1 else math.nan
    return HeldOut(len(squares), root * unit, unit * spread / (2 * root) if root else 0.0)
