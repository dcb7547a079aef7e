"""Conjugate gradients for (K + r I) A = Y, several right-hand sides at once, the kernel never formed.

One product with K serves all columns; each column has its own step lengths and is left alone when it is done. The
residual of the recursion drifts from the true one by rounding (much, if the tiles are float32), so the work is in
cycles: a cycle ends when its recursion says that it is done, then the true residual Y - (K + r I) A is computed in
float64. If it is not small enough, the next cycle solves for the correction. A cycle that gains less than a factor 2
ends the work, and the result says so.

The state after a step is all that the next step needs. It is written to a file by one rename, so a run that is killed
at any moment goes on from the last state and takes the very same steps.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float

from softntk.kernels.operator import KernelOperator
from softntk.regression.checkpoint import read_state, write_state
from softntk.regression.preconditioning import Preconditioner

__all__ = ["Run", "conjugate_gradients"]

# What a cycle can gain before the rounding of float32 tiles takes over.
_GAIN_OF_SINGLE = 1e-4


@dataclass
class Run:
    """How it went: `solution` (n, k), `residual` (k,) is |Y - (K + r) A| / |Y| by column in float64, after `steps`.

    `history` has the relative residual of the worst column after every step, by the recursion; `true` the pairs (step,
    true residual) at the ends of the cycles.
    """

    solution: Float[np.ndarray, "n k"]
    residual: Float[np.ndarray, " k"]
    converged: bool
    steps: int
    reason: str
    history: list[float] = field(default_factory=list)
    true: list[tuple[int, float]] = field(default_factory=list)


@dataclass
class _State:
    solution: Float[np.ndarray, "n k"]  # at the start of the cycle
    change: Float[np.ndarray, "n k"]  # of this cycle
    residual: Float[np.ndarray, "n k"]
    direction: Float[np.ndarray, "n k"]
    inner: Float[np.ndarray, " k"]  # r^T P^-1 r
    goal: Float[np.ndarray, " k"]  # norm of the residual at which a column of this cycle is done
    before: Float[np.ndarray, " k"]  # true norm at the start of the cycle
    steps: Float[np.ndarray, ""]
    history: Float[np.ndarray, " s"]
    true: Float[np.ndarray, "c 2"]


def conjugate_gradients(
    operator: KernelOperator,
    labels: Float[np.ndarray, "n k"],
    *,
    ridge: float,
    accuracy: float,
    preconditioner: Preconditioner,
    exact: KernelOperator | None = None,
    most_steps: int = 500,
    checkpoint: Path | None = None,
    every: float = 30.0,
    fingerprint: str = "",
    on_step: Callable[[int, float], None] | None = None,
) -> Run:
    """Solve to a true relative residual of `accuracy` in every column.

    Arguments:
        operator: the kernel, in the precision of the steps.
        exact: the kernel in float64, for true residuals; default `operator`.
        checkpoint: file of the state; if it exists, with the same `fingerprint`, the run goes on from it.
        every: seconds between writings.
        on_step: called after each step with its number and the relative residual of the worst column.

    Raises:
        BadInput: the checkpoint belongs to another problem, or is damaged.
    """
    exact = exact or operator
    size = np.linalg.norm(labels, axis=0)
    size = np.where(size > 0, size, 1)
    single = operator is not exact
    target = accuracy * size
    state = read_state(checkpoint, fingerprint, _State)
    if state is None:
        zero = np.zeros_like(labels)
        state = _cycle(zero, labels.copy(), target, preconditioner, single, None)
    written = time.monotonic()
    reason = ""
    while True:
        active = np.linalg.norm(state.residual, axis=0) > state.goal
        steps, solution, norms = int(state.steps), state.solution, state.before
        if not active.any():
            solution = state.solution + state.change
            true = labels - exact.product(solution) - ridge * solution
            norms = np.linalg.norm(true, axis=0)
            state.true = np.vstack([state.true, [[steps, np.max(norms / size)]]])
            if (norms <= target).all():
                reason = "every column reached the accuracy asked for"
            elif np.max(norms / size) > 0.5 * np.max(state.before / size):
                reason = "rounding: the true residual no longer falls; ask for less accuracy, or a larger ridge"
            else:
                state = _cycle(solution, true, target, preconditioner, single, state)
                continue
        elif steps >= most_steps:
            solution = state.solution + state.change
            norms = np.linalg.norm(labels - exact.product(solution) - ridge * solution, axis=0)
            state.true = np.vstack([state.true, [[steps, np.max(norms / size)]]])
            reason = f"{most_steps} steps were not enough; allow more, or raise the rank of the preconditioner"
        if reason:
            done = bool((norms <= target).all())
            true_ends = [(int(step), float(value)) for step, value in state.true]
            return Run(solution, norms / size, done, steps, reason, state.history.tolist(), true_ends)
        lost = _step(state, active, operator, ridge, preconditioner)
        worst = float(np.max(np.linalg.norm(state.residual, axis=0) / size))
        state.steps, state.history = np.asarray(state.steps + 1), np.append(state.history, worst)
        if lost.any():
            # The matrix or the preconditioner is not positive along these directions in this precision: stop them.
            state.goal = np.where(lost, np.inf, state.goal)
        if on_step is not None:
            on_step(int(state.steps), worst)
        if checkpoint is not None and time.monotonic() - written >= every:
            write_state(checkpoint, fingerprint, state)
            written = time.monotonic()


def _cycle(
    solution: Float[np.ndarray, "n k"],
    residual: Float[np.ndarray, "n k"],
    target: Float[np.ndarray, " k"],
    preconditioner: Preconditioner,
    single: bool,
    previous: _State | None,
) -> _State:
    norms = np.linalg.norm(residual, axis=0)
    goal = np.maximum(0.5 * target, _GAIN_OF_SINGLE * norms) if single else 0.7 * target
    # A column that is done stays as it is.
    goal = np.where(norms <= target, np.inf, goal)
    direction = preconditioner(residual)
    inner = np.sum(residual * direction, axis=0)
    steps, history, true = np.array(0.0), np.zeros(0), np.zeros((0, 2))
    if previous is not None:
        steps, history, true = previous.steps, previous.history, previous.true
    return _State(
        solution, np.zeros_like(solution), residual, direction.copy(), inner, goal, norms, steps, history, true
    )


def _step(
    state: _State,
    active: Bool[np.ndarray, " k"],
    operator: KernelOperator,
    ridge: float,
    preconditioner: Preconditioner,
) -> Bool[np.ndarray, " k"]:
    """One step of the active columns, in place; which columns lost positive definiteness."""
    columns = np.flatnonzero(active)
    direction = state.direction[:, columns]
    image = operator.product(direction) + ridge * direction
    curvature = np.sum(direction * image, axis=0)
    sound = curvature > 0
    length = np.where(sound, state.inner[columns] / np.where(sound, curvature, 1), 0)
    state.change[:, columns] += length * direction
    state.residual[:, columns] -= length * image
    solved = preconditioner(state.residual[:, columns])
    inner = np.sum(state.residual[:, columns] * solved, axis=0)
    state.direction[:, columns] = (
        solved + inner / np.where(state.inner[columns] != 0, state.inner[columns], 1) * direction
    )
    state.inner[columns] = inner
    lost = np.zeros(len(active), bool)
    lost[columns] = ~sound | ~np.isfinite(inner)
    return lost
