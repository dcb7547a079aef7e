"""A training set and the facts about it that theorems ask for.

Inputs X (n, d), one sample a row, and labels Y (n, k). Theorems ask for

    max |x_i| and max |y_il| at most 1          largest_norm, label_size
    distinct inputs, none of them zero          duplicates, zero_rows, separation = min |x_i - x_j|
    for ReLU no two inputs on one line          sine = min |sin angle(x_i, x_j)|, parallel

because the smallest eigenvalue lambda of the limit kernel is zero otherwise, and a zero loss is out of reach when equal
inputs carry different labels (`conflicts`). Zero rows, equal rows and n = 1 are correct inputs: they are
reported, not refused.

Facts read values, so they do not run under `jit`; they are computed in float64 from the inputs as stored.
"""

from collections.abc import Sequence

import equinox as eqx
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from softntk.data.geometry import (
    Pair,
    closest_pair,
    equal_rows,
    most_parallel_pair,
    parallel_rows,
    row_norms,
    unit_rows,
)
from softntk.data.places import Places
from softntk.numerics.arrays import finite_matrix

__all__ = ["TrainingSet"]


class TrainingSet(eqx.Module):
    """Inputs (n, d) and labels (n, k), checked once, both of the floating-point type of the inputs.

    Raises:
        BadInput: one of them is not a finite real matrix, or they have different numbers of rows.
    """

    inputs: Float[Array, "n d"]
    labels: Float[Array, "n k"]

    def __init__(self, inputs: ArrayLike, labels: ArrayLike):
        self.inputs = finite_matrix("inputs", inputs)
        self.labels = finite_matrix("labels", labels, rows=self.inputs.shape[0]).astype(self.inputs.dtype)

    @property
    def count(self) -> int:
        """Number of samples, n."""
        return self.inputs.shape[0]

    @property
    def input_size(self) -> int:
        """Input size, d."""
        return self.inputs.shape[1]

    @property
    def output_size(self) -> int:
        """Number of outputs, k."""
        return self.labels.shape[1]

    def rows(self, indices: Sequence[int] | np.ndarray) -> "TrainingSet":
        """The set of the given rows, counted from 0, in the given order."""
        indices = np.asarray(indices)
        return TrainingSet(self.inputs[indices], self.labels[indices])

    def norms(self) -> Float[np.ndarray, " n"]:
        """|x_i| for each row."""
        return row_norms(self._inputs())

    def largest_norm(self) -> float:
        """max |x_i|. A row put on the unit sphere can come out above 1 by a unit of rounding."""
        return float(self.norms().max())

    def label_size(self) -> float:
        """max |y_il| over all entries of the labels."""
        return float(np.abs(np.asarray(self.labels)).max())

    def label_norm(self) -> float:
        """max |y_i| over all rows of the labels."""
        return float(row_norms(np.asarray(self.labels, np.float64)).max())

    def zero_rows(self) -> list[int]:
        """Rows, counted from 0, with x_i = 0."""
        return np.flatnonzero(~np.asarray(self.inputs).any(axis=1)).tolist()

    def duplicates(self) -> list[tuple[int, int]]:
        """Pairs (first, later) with x_first = x_later; every later copy once."""
        return equal_rows(self._inputs())

    def conflicts(self) -> list[tuple[int, int]]:
        """Pairs (first, later) with equal inputs and different labels: no network fits both."""
        labels = np.asarray(self.labels)
        return [(i, j) for i, j in self.duplicates() if (labels[i] != labels[j]).any()]

    def closest(self) -> Pair | None:
        """The two closest inputs and their distance; None for n = 1. Costs n^2 d/2, in tiles.

        Raises:
            TooLarge: more rows than a search over all pairs can take.
        """
        return closest_pair(self._inputs())

    def separation(self) -> float:
        """min |x_i - x_j| over i < j; infinite for n = 1. Raises as `closest`."""
        pair = self.closest()
        return float("inf") if pair is None else pair.value

    def most_parallel(self) -> Pair | None:
        """The two non-zero inputs with the smallest sine of their angle; None if there are no two. Costs n^2 d/2.

        Raises:
            TooLarge: more rows than a search over all pairs can take.
        """
        return most_parallel_pair(self._inputs())

    def sine(self) -> float:
        """min |sin angle(x_i, x_j)| over non-zero inputs; infinite if there are no two. Raises as `most_parallel`."""
        pair = self.most_parallel()
        return float("inf") if pair is None else pair.value

    def parallel(self) -> list[tuple[int, int]]:
        """Pairs (first, later) of non-zero inputs on one line through 0, up to rounding in the type of the inputs.

        Raises:
            TooLarge: more rows than a search over all pairs can take.
        """
        rounding = 8 * float(np.finfo(np.asarray(self.inputs).dtype).eps)
        return parallel_rows(self._inputs(), rounding * max(1.0, self.input_size**0.5))

    def obstacles(self, *, parallel: bool, places: Places | None = None) -> list[str]:
        """What stands against a positive smallest eigenvalue of the limit kernel (hidden layer trained), in words.

        A zero row, equal rows and, with `parallel` (ReLU), rows that point the same way make it zero. Opposite rows
        leave the ReLU theorems without their hypothesis; the eigenvalue may still be positive. Empty if nothing is
        found. Rows are named by their `places` in the source; of more than three of a kind, three and how many more.

        Raises:
            TooLarge: with `parallel`, more rows than a search over all pairs can take.
        """
        places = places or Places()
        equal = self.duplicates()
        reasons = _few([f"{places.one(row)} is zero" for row in self.zero_rows()], "zero rows")
        reasons += _few([f"{places.several(pair)} are equal" for pair in equal], "rows equal to an earlier one")
        if parallel:
            units, known = unit_rows(self._inputs()), {j for _, j in equal}
            ways: dict[str, list[str]] = {"the same way": [], "opposite ways": []}
            for i, j in self.parallel():
                if j not in known:
                    way = "the same way" if units[i] @ units[j] > 0 else "opposite ways"
                    ways[way].append(f"{places.several((i, j))} point {way}")
            for way, found in ways.items():
                reasons += _few(found, f"rows that point {way} with an earlier one")
        return reasons

    def _inputs(self) -> Float[np.ndarray, "n d"]:
        return np.asarray(self.inputs, np.float64)


def _few(reasons: list[str], what: str) -> list[str]:
    """The reasons, or three of them and how many more there are."""
    return reasons if len(reasons) <= 4 else [*reasons[:3], f"and {len(reasons) - 3:,} more {what}"]
