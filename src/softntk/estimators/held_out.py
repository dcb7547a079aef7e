"""Error on held-out rows, with its standard error, in the units of the target.

classes    share p of wrong rows;                standard error sqrt(p (1 - p) / n)
numbers    root of the mean squared error q;     standard error std(squares) / (2 sqrt(n q)), by the delta method
           R^2 = 1 - q / (mean squared deviation from the mean)
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from softntk.data.preparation import Preparation
from softntk.data.training_set import TrainingSet

__all__ = ["HeldOutError", "held_out_error"]


@dataclass(frozen=True)
class HeldOutError:
    """An error and its standard error (NaN from a single row): a share of wrong rows, or in the units of the target.

    `r2` is there for numbers that are not all the same.
    """

    rows: int
    error: float
    standard_error: float
    classification: bool
    r2: float | None = None

    def __str__(self) -> str:
        if self.classification:
            return f"held-out rows: {self.rows}, wrong: {self.error:.1%}{self._spread('.1%')}"
        r2 = "" if self.r2 is None else f", R^2 {self.r2:.3f}"
        return f"held-out rows: {self.rows}, root mean squared error {self.error:.4g}{self._spread('.2g')}{r2}"

    def _spread(self, digits: str) -> str:
        return f" ± {self.standard_error:{digits}}" if np.isfinite(self.standard_error) else ""

    def to_dict(self) -> dict[str, Any]:
        """As JSON values."""
        name = "error_rate" if self.classification else "rmse"
        found = {"rows": self.rows, name: self.error, "standard_error": self.standard_error}
        return found | ({} if self.r2 is None else {"r2": self.r2}) | {"words": str(self)}


def held_out_error(
    outputs: Callable[[Any], Float[Any, "n k"]], test: TrainingSet, preparation: Preparation
) -> HeldOutError:
    """The error of a network or a kernel machine.

    Arguments:
        outputs: from prepared inputs (n, d) to outputs (n, k).
        test: held-out rows, prepared as those of the training.
    """
    predicted = preparation.decode(np.asarray(outputs(test.inputs)))
    truth = preparation.decode(np.asarray(test.labels))
    count = len(truth)
    if preparation.encoding.kind == "classification":
        share = float(np.mean(predicted != truth))
        spread = (share * (1 - share) / count) ** 0.5 if count > 1 else float("nan")
        return HeldOutError(count, share, spread, True)
    # Errors are divided by the largest before they are squared, so that targets of any size are in range.
    missed, deviations = predicted - truth, truth - truth.mean(axis=0, keepdims=True)
    unit = float(np.abs(missed).max()) or 1.0
    squares = np.sum((missed / unit) ** 2, axis=1)
    mean = float(squares.mean())
    spread = float(squares.std(ddof=1) / (2 * (count * mean) ** 0.5)) if count > 1 and mean > 0 else float("nan")
    variance = float(np.sum((deviations / unit) ** 2, axis=1).mean())
    r2 = 1 - mean / variance if variance > 0 else None
    return HeldOutError(count, unit * mean**0.5, unit * spread, False, r2)
