"""Bounds at the reference point of every step, and near it.

The reference of step t is What_t, bounded from the last visited point What_g (see `snapshots`) by the straight line
between the two, of length gap = |What_t - What_g|. With L, L3 for a ball that holds it, any other start has

    |J(What_t) - J0|  <= change + L gap
    |Q(What_t)|       <= defect + change gap + L gap^2 / 2,           Q(W) = F(W) - F(W0) - J0 (W - W0).

At an antisymmetric start the second derivative along (V, V) and (U, U) is odd in V, so at most L3 |V|. With a = |V| at
What_g, b = |V| at What_t, and s = |Uhat_t - Uhat_g|,

    |J_V - J0|        <= change + L3 (a + b) / 2 gap + L s
    |J_U|             <= sideways + L gap + L3 b s
    |Q|               <= defect + change gap + L3 (a/3 + b/6) gap^2 + s (sideways + L gap + L3 b s / 2).

A point that lags behind by z in V and y in U adds L z, or L3 (b + z) z + L y; and to J_U, L z + L3 (b + z) y.
"""

import math
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
from jaxtyping import Int

from softntk.linearization.linearized_path import LinearizedPath
from softntk.linearization.snapshots import Snapshots

__all__ = ["Nearby", "ReferencePath"]

#: A number for the training set, an array for new inputs.
Bound = TypeVar("Bound", float, np.ndarray)


@dataclass(frozen=True)
class Nearby(Generic[Bound]):
    """Bounds of |J_V - J0|, |J_U| and |Q| near one reference point."""

    change: Bound
    sideways: Bound
    defect: Bound


class ReferencePath:
    """The reference point of every step t = 0, ..., T."""

    def __init__(self, path: LinearizedPath, snapshots: Snapshots, *, antisymmetric: bool):
        self.antisymmetric, self.snapshots = antisymmetric, snapshots
        self.visited: Int[np.ndarray, " T1"] = (
            np.searchsorted(snapshots.times, np.arange(path.steps + 1), side="right") - 1
        )
        since = path.sums - path.sums[snapshots.times][self.visited]
        self.gap = np.linalg.norm(np.sqrt(path.curvatures) * since, axis=1)
        self.before = path.distance[snapshots.times][self.visited]
        self.along = path.distance
        # Between two visits U is led by J_U(What_g)^T times the residuals met since.
        self.aside = snapshots.sideways[self.visited, 0] * np.linalg.norm(since, axis=1)
        self.drift = snapshots.drift[self.visited] + self.aside

    def radius(self, t: int, y: float, z: float) -> float:
        """Of a ball around W0 that holds What_g, What_t, the line between them, and all that lags by y and z."""
        return math.hypot(self.drift[t] + y, max(self.along[t], self.before[t]) + z)

    def near(self, t: int, y: float, z: float, second: Bound, third: Bound) -> Nearby[Bound]:
        """Bounds for every point that lags by at most y in U and z in V.

        Arguments:
            second, third: L and L3 on a ball that holds it: numbers for the training set, arrays for new inputs.
        """
        gap, aside, a, b = self.gap[t], self.aside[t], self.before[t], self.along[t]
        columns = 0 if isinstance(second, float) else slice(1, None)
        change, sideways, defect = (
            values[self.visited[t], columns]
            for values in (self.snapshots.change, self.snapshots.sideways, self.snapshots.defect)
        )
        if not self.antisymmetric:
            defect = defect + change * gap + second * gap**2 / 2
            change = change + second * (gap + z)
            return Nearby(change, 0.0 * change, defect + change * z)
        defect = (
            defect
            + change * gap
            + third * (a / 3 + b / 6) * gap**2
            + aside * (sideways + second * gap + third * b * aside / 2)
        )
        change = change + third * (a + b) / 2 * gap + second * aside + second * y + third * (b + z) * z
        sideways = sideways + second * gap + third * b * aside + second * z + third * (b + z) * y
        return Nearby(change, sideways, defect + change * z + sideways * y)

    def lag_gained(self, t: int, y: float, z: float, e: float, linear: float, second: float, third: float) -> float:
        """How much |J_U^T R - J_U(What_g)^T Rhat| can be at step t: the rate at which U leaves its reference."""
        if not self.antisymmetric:
            return 0.0
        gap, aside, b = self.gap[t], self.aside[t], self.along[t]
        led = float(self.snapshots.sideways[self.visited[t], 0])
        wrong = second * gap + third * b * aside
        return wrong * linear + (led + wrong) * e + (second * z + third * (b + z) * y) * (linear + e)
