"""Ridge regression at any size: plan, solve, and say what was reached.

    (K + r I) a = Y,      f(x) = K(x, X) a.

Whatever the rung, the result carries the residual of *this* system, with the kernel itself and not an approximation of
it: |Y - (K + r I) a| / |Y|, on all rows (dense, iterative) or on sampled rows with its standard error (expanded,
landmarks). Features Phi give a = (Y - Phi w) / r, so their residual is (K - Phi Phi^T) a: what the features left out.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import scipy.linalg
from jaxtyping import Array, Float

from softntk.failures import BadInput
from softntk.kernels.expansion import Expansion, expand
from softntk.kernels.limit import Kernel
from softntk.kernels.operator import KernelOperator, diagonal
from softntk.kernels.pivoting import Landmarks, landmarks
from softntk.numerics.arrays import finite_matrix, require_float64
from softntk.regression.checkpoint import fingerprint
from softntk.regression.dense import refuse_infinite, solved
from softntk.regression.expanded import gram
from softntk.regression.iterative import conjugate_gradients
from softntk.regression.plan import Plan, plan
from softntk.regression.preconditioner import preconditioner
from softntk.regression.predictor import Predictor, Sections

__all__ = ["HeldOut", "Solution", "solve"]

_SAMPLED_ROWS = 500
_POOL = 25  # candidates for each landmark


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
    the residual after every step of the iterative rung, as its recursion sees it.
    """

    predictor: Predictor
    plan: Plan
    accuracy: float
    residual: float
    residual_error: float
    bound: float
    converged: bool
    steps: int
    history: list[float]
    held_out: HeldOut | None
    reason: str
    seconds: float

    def __str__(self) -> str:
        rows = "" if not self.residual_error else f" ± {self.residual_error:.1g} (on {_SAMPLED_ROWS} sampled rows)"
        said = "converged" if self.converged else "did NOT converge"
        text = (
            f"{self.plan.rung.name}: {said}: true relative residual {self.residual:.2g}{rows}, asked {self.accuracy:g}"
            f"; {self.steps} steps, {self.seconds:.3g} s: {self.reason}"
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
    accuracy: float = 1e-6,
    rung: str = "auto",
    key: jax.Array | None = None,
    rank: int | None = None,
    method: str = "auto",
    precision: str = "float64",
    most_steps: int = 500,
    held_out: int | None = None,
    checkpoint: str | Path | None = None,
    checkpoint_every: float = 30.0,
    on_step: Callable[[int, float], None] | None = None,
    memory: float | None = None,
) -> Solution:
    """Solve (K + ridge I) a = Y.

    Arguments:
        kernel: a `Limit`, or any function (inputs, others) -> (n, n') with a positive semi-definite matrix.
        accuracy: of the true residual, relative to the labels, for every column.
        rung: "expanded", "dense", "iterative", "landmarks", or "auto": the fastest exact one that fits.
        key: for landmarks and pivoted preconditioners, which draw; the other ways need none.
        rank: features of the preconditioner (default 1,000) or landmarks (2,000).
        method: preconditioner of the iterative rung: "auto", "degree", "pivoted" or "none".
        precision: of the steps of the iterative rung; true residuals are always float64.
        held_out: rows set aside to measure the error on, drawn with the key; default: none, and with landmarks a
            twentieth of the rows, at most 10,000.
        checkpoint: file to save the iterative rung's state in, and to go on from if it exists.
        on_step: called with the step and the residual.

    Raises:
        BadInput: wrong shapes, NaN, float32, a missing key, or a ridge too small for float64.
        TooLarge: no rung fits into memory; the advice names what does.
    """
    start = time.perf_counter()
    inputs = finite_matrix("inputs", inputs)
    require_float64("inputs", inputs)
    labels = finite_matrix("labels", labels, rows=inputs.shape[0], dtype=inputs.dtype)
    _check(ridge, accuracy, precision)
    chosen = plan(
        kernel, inputs, outputs=labels.shape[1], ridge=ridge, accuracy=accuracy, rung=rung, features=rank, memory=memory
    )
    name = chosen.rung.name
    if held_out is None:
        held_out = min(inputs.shape[0] // 20, 10_000) if name == "landmarks" else 0
    if key is None and (held_out or name == "landmarks"):
        raise BadInput(
            "key", required="be given where rows are drawn", got="None", advice="Type key=jax.random.key(0)."
        )
    used, aside = np.arange(inputs.shape[0]), np.zeros(0, int)
    if held_out:
        key, split = jax.random.split(key)  # pyright: ignore[reportArgumentType]
        order = np.asarray(jax.random.permutation(split, inputs.shape[0]))
        used, aside = np.sort(order[held_out:]), np.sort(order[:held_out])
    x, y = (inputs[used], labels[used]) if held_out else (inputs, labels)
    refuse_infinite(diagonal(kernel, x))
    steps, history, error, bound = 0, [], 0.0, math.inf
    if name == "dense":
        coefficients, columns, steps = solved(kernel, x, np.asarray(y), ridge=ridge, accuracy=accuracy)
        predictor = Predictor(Sections(kernel, x), jnp.asarray(coefficients))
        reason, residual = f"Cholesky with {steps} refinements", float(columns.max())
    elif name == "iterative":
        single = precision == "float32"
        tiles = KernelOperator(kernel, x)
        made = preconditioner(kernel, x, ridge=ridge, name=method, largest_rank=chosen.rung.rank, key=key)
        mark = (
            ""
            if checkpoint is None
            else fingerprint(
                x, y, kernel(x[:5], x[:5]), ridge, accuracy, made.name, made.shift, precision, tiles.threads
            )
        )
        run = conjugate_gradients(
            KernelOperator(kernel, x, dtype="float32") if single else tiles,
            np.asarray(y),
            ridge=ridge,
            accuracy=accuracy,
            preconditioner=made,
            exact=tiles,
            most_steps=most_steps,
            checkpoint=None if checkpoint is None else Path(checkpoint),
            every=checkpoint_every,
            fingerprint=mark,
            on_step=on_step,
        )
        predictor = Predictor(Sections(kernel, x), jnp.asarray(run.solution))
        steps, history, residual = run.steps, run.history, float(run.residual.max())
        reason = f"{run.reason} (preconditioner {made.name}, {made.rank} features)"
    else:
        features, bound = _features(name, kernel, x, chosen, ridge, key)
        predictor, weights = _by_features(features, x, y, ridge)
        residual, error = _sampled(kernel, x, np.asarray(y), predictor, ridge)
        reason = f"{weights} features"
    converged = residual <= accuracy
    held = None if not held_out else _held(predictor, inputs[aside], np.asarray(labels)[aside])
    return Solution(
        predictor,
        chosen,
        accuracy,
        residual,
        error,
        bound,
        converged,
        steps,
        history,
        held,
        reason,
        time.perf_counter() - start,
    )


def _check(ridge: float, accuracy: float, precision: str) -> None:
    if not 0 <= ridge < math.inf:
        raise BadInput("ridge", required="be finite and not negative", got=repr(ridge), advice="Type ridge=1e-3.")
    if not 0 < accuracy < 1:
        raise BadInput("accuracy", required="lie between 0 and 1", got=repr(accuracy), advice="Type accuracy=1e-6.")
    if precision not in ("float32", "float64"):
        advice = 'Type precision="float64".'
        raise BadInput("precision", required="be float32 or float64", got=repr(precision), advice=advice)


def _features(
    name: str, kernel: Kernel, inputs: Float[Array, "n d"], chosen: Plan, ridge: float, key: jax.Array | None
) -> tuple[Expansion | Landmarks, float]:
    if ridge == 0:
        raise BadInput("ridge", required="be positive for features", got="0", advice="Type ridge=1e-6.")
    if name == "expanded":
        features = expand(kernel, inputs, degree=chosen.degree)  # pyright: ignore[reportArgumentType]
        return features, float(np.sum(features.remainder(inputs))) / ridge
    pool_key, draw = jax.random.split(key)  # pyright: ignore[reportArgumentType]
    count = min(inputs.shape[0], _POOL * chosen.rung.rank)
    pool = inputs[jax.random.permutation(pool_key, inputs.shape[0])[:count]]
    return landmarks(kernel, pool, rank=min(chosen.rung.rank, count), key=draw), math.inf


def _by_features(
    features: Expansion | Landmarks, inputs: Float[Array, "n d"], labels: Float[Array, "n k"], ridge: float
) -> tuple[Predictor, int]:
    total, moment = gram(features, inputs, labels)
    total[np.diag_indices_from(total)] += ridge
    try:
        factor = scipy.linalg.cho_factor(total, lower=True, overwrite_a=True, check_finite=False)
    except np.linalg.LinAlgError:
        raise BadInput(
            "ridge",
            required="exceed the rounding of the features' Gram matrix",
            got=f"{ridge:g}",
            advice=f"Type ridge={1e-14 * float(np.abs(np.diagonal(total)).sum()):.1g}.",
        ) from None
    weights = scipy.linalg.cho_solve(factor, moment, check_finite=False)
    if isinstance(features, Landmarks):
        back = scipy.linalg.solve_triangular(np.asarray(features.factor), weights, lower=True, trans=1)
        return Predictor(Sections(features.kernel, features.points), jnp.asarray(back)), features.rank
    return Predictor(features, jnp.asarray(weights)), features.rank


def _sampled(
    kernel: Kernel, inputs: Float[Array, "n d"], labels: Float[np.ndarray, "n k"], predictor: Predictor, ridge: float
) -> tuple[float, float]:
    """Relative residual of the worst column from evenly scattered rows, and its standard error (0 if all rows)."""
    n = len(labels)
    count = min(_SAMPLED_ROWS, n)
    golden = (math.sqrt(5) - 1) / 2
    rows = np.unique((np.mod(np.arange(1, count + 1) * golden, 1) * n).astype(int)) if count < n else np.arange(n)
    dual = (labels - np.asarray(predictor(inputs))) / ridge
    tiles = KernelOperator(kernel, inputs)
    parts = [tiles.rows(each) @ dual for each in np.array_split(rows, max(len(rows) * n // 2**24, 1))]
    squares = (labels[rows] - np.concatenate(parts) - ridge * dual[rows]) ** 2
    size = np.sum(labels**2, axis=0)
    size = np.where(size > 0, size, 1)
    means = np.mean(squares, axis=0) * n / size
    worst = int(np.argmax(means))
    residual = math.sqrt(means[worst])
    if count == n:
        return residual, 0.0
    # The delta method turns the standard error of the mean square into that of its root.
    spread = float(np.std(squares[:, worst], ddof=1)) / math.sqrt(len(rows)) * n / size[worst]
    return residual, spread / (2 * residual) if residual else 0.0


def _held(predictor: Predictor, inputs: Float[Array, "h d"], labels: Float[np.ndarray, "h k"]) -> HeldOut:
    squares = np.sum((np.asarray(predictor(inputs)) - labels) ** 2, axis=1)
    root = math.sqrt(float(squares.mean()))
    spread = float(squares.std(ddof=1)) / math.sqrt(len(squares)) if len(squares) > 1 else math.nan
    return HeldOut(len(squares), root, spread / (2 * root) if root else 0.0)
