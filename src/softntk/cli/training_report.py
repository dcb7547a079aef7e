"""What `softntk train` says of a run: the numbers, the test error, and the claims of the theory that can be checked."""

from collections.abc import Callable
from typing import Any

import numpy as np
from jaxtyping import Array, Float

from softntk.data import Preparation, TrainingSet
from softntk.dynamics import Trace
from softntk.kernels import empirical_ntk, extremes
from softntk.lemmas import loss_contracts, neurons_stay
from softntk.networks import TwoLayer
from softntk.verdicts import Verdict, does_not_apply

__all__ = ["described", "first_certified", "tested"]

# A kernel with more rows takes longer to decompose than most runs take.
_MOST_ROWS = 2000


def described(
    start: TwoLayer,
    trained: TwoLayer,
    trace: Trace,
    training: TrainingSet,
    test: TrainingSet | None,
    preparation: Preparation,
    *,
    scale: float,
) -> dict[str, Any]:
    """The run as JSON values."""
    verdicts = _verdicts(start, trace, training, scale)
    found: dict[str, Any] = {
        "n": training.count,
        "d": training.input_size,
        "k": training.output_size,
        "notes": list(preparation.notes),
        "steps": int(trace.steps[-1]),
        "step_size": float(trace.step_size),
        "record_steps": np.asarray(trace.steps).tolist(),
        "loss": np.asarray(trace.loss).tolist(),
        "distance": float(trace.distance[-1]),
        "neuron_distance": float(trace.neuron_distance[-1]),
        "diverged": trace.diverged,
        "ended": trace.explanation if trace.diverged else "",
        "obstacles": training.obstacles(parallel=start.features.name == "relu", places=preparation.places),
        "verdicts": [
            {"claim": v.claim, "answer": v.answer.value, "reason": v.reason, "words": str(v)} for v in verdicts
        ],
    }
    if test is not None:
        found["test"] = tested(trained, test, preparation)
    return found


def first_certified(trace: Trace) -> int | None:
    """The first recorded step at which the probe "margin" is positive."""
    certified = np.asarray(trace.probes["margin"]) > 0
    return int(np.asarray(trace.steps)[certified.argmax()]) if certified.any() else None


def _verdicts(start: TwoLayer, trace: Trace, training: TrainingSet, scale: float) -> list[Verdict]:
    rows = training.count * training.output_size
    if rows > _MOST_ROWS:
        claim = "The claims about lambda"
        return [does_not_apply(claim, f"the kernel has {rows:,} rows, of at most {_MOST_ROWS:,}; use --count")]
    if start.features.name != "softmax":
        return []  # the statements about a run are the softmax theorem's
    around = extremes(empirical_ntk(start, training.inputs))
    known: dict[str, Any] = {
        "lambda_min": float(around.smallest),
        "lambda_radius": float(around.smallest_radius),
        "scale": scale,
    }
    checks = (loss_contracts, neurons_stay)
    return [check(trace, start, training.inputs, training.labels, **known).verdict for check in checks]


def tested(
    trained: Callable[[Float[Array, "n d"]], Float[Array, "n k"]], test: TrainingSet, preparation: Preparation
) -> dict[str, Any]:
    """Error on the held-out rows, in the units of the target, with its standard error."""
    predicted = preparation.decode(np.asarray(trained(test.inputs)))
    truth = preparation.decode(np.asarray(test.labels))
    count = len(truth)
    if preparation.encoding.kind == "classification":
        share = float(np.mean(predicted != truth))
        error = (share * (1 - share) / count) ** 0.5
        words = f"held-out rows: {count}, wrong: {share:.1%} ± {error:.1%}"
        return {"rows": count, "error_rate": share, "standard_error": error, "words": words}
    squares = np.sum((predicted - truth) ** 2, axis=1)
    spread = np.sum((truth - truth.mean(axis=0, keepdims=True)) ** 2, axis=1).mean()
    mean = float(squares.mean())
    # The delta method turns the standard error of the mean square into that of its root.
    error = float(squares.std(ddof=1) / count**0.5 / (2 * mean**0.5)) if count > 1 and mean > 0 else float("nan")
    root = mean**0.5
    words = f"held-out rows: {count}, root mean squared error {root:.4g} ± {error:.2g}, R^2 {1 - mean / spread:.3f}"
    return {"rows": count, "rmse": root, "standard_error": error, "words": words}
