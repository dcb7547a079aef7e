"""One bound on the distance between a network and its linearization, step by step."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from softntk.verdicts import Verdict, at_most, does_not_apply

__all__ = ["Curve", "sharpest"]


@dataclass(frozen=True)
class Curve:
    """What one theorem proves for steps 0, ..., T; infinite from the step on at which it says nothing more.

    Attributes:
        name: general, antisymmetric, smoothed, followed, or sharpest for the least of several.
        deviation: e_t >= |R(t) - Rhat(t)| (T+1,).
        distance: bound of |W(t) - W(0)| (T+1,).
        others: bound of |f_t(x) - flin_t(x)| at each new input (n', T+1).
        evaluations: points of the linearized path at which the network was evaluated, the start not counted.
    """

    name: str
    deviation: Float[np.ndarray, " T1"]
    distance: Float[np.ndarray, " T1"]
    others: Float[np.ndarray, "n2 T1"]
    evaluations: int = 0

    @property
    def informative(self) -> int:
        """How many of the T + 1 steps the bound says something about: it is finite there, and at most |R(0)|."""
        return int(np.isfinite(self.deviation).sum())

    @property
    def peak(self) -> float:
        """The largest deviation that the bound allows over all steps."""
        return float(self.deviation.max())

    def check(self, measured: Float[np.ndarray, " T1"], *, floor: float) -> Verdict:
        """Compare with a measured run.

        Arguments:
            measured: |R(t) - Rhat(t)| for steps 0, ..., T.
            floor: rounding error of the measured numbers; the bound speaks of exact arithmetic.
        """
        claim = f"the {self.name} tube contains the run"
        if len(measured) != len(self.deviation):
            missing = f"{len(measured)} steps were measured, {len(self.deviation)} are needed"
            return does_not_apply(claim, missing)
        if self.informative <= 1:
            return does_not_apply(claim, "the bound says nothing after the first step")
        inside = slice(0, self.informative)
        worst = int(np.argmax(measured[inside] - self.deviation[inside] - floor))
        return at_most(claim, float(measured[worst]), float(self.deviation[worst]) + floor)


def sharpest(curves: list[Curve]) -> Curve:
    """The least of several bounds, step by step: every one of them holds."""
    deviation, distance, others = (
        np.min(np.stack([getattr(curve, name) for curve in curves]), axis=0)
        for name in ("deviation", "distance", "others")
    )
    return Curve("sharpest", deviation, distance, others, max(curve.evaluations for curve in curves))
