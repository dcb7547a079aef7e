"""How far a network can stray from its linearization: Theorem B and its sharper forms on one training run.

    Rhat(t+1) = (I - eta J0 J0^T) Rhat(t),    Rhat(0) = R(0),    |R(t) - Rhat(t)| <= e_t for t = 0, ..., T.

    curve          theorem                                             what it looks at besides L
    general        B, any start                                        the spectrum, the labels in its eigenbasis
    antisymmetric  B', that start only: second order in the distance   the same, and the third derivative
    smoothed       B'': errors are filtered by the linear dynamics     the same
    followed       B'' around points of the linearized path            a few hundred evaluations, however many steps

None needs a lower bound on lambda. All four hold, so their least holds: `sharpest`. They speak of gradient descent in
exact arithmetic; the numbers are float64. Softmax and exponential networks only: the Jacobian of ReLU jumps.
Proofs: docs/tube.md.
"""

from dataclasses import dataclass

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from softntk.bounds.curvature import Curvature
from softntk.dynamics.linearized import linearize
from softntk.failures import BadInput
from softntk.linearization.antisymmetric import antisymmetric_tube
from softntk.linearization.curve import Curve, sharpest
from softntk.linearization.followed import followed_tube
from softntk.linearization.general import general_tube
from softntk.linearization.linearized_path import linearized_path
from softntk.linearization.reference_path import ReferencePath
from softntk.linearization.snapshots import start_only, visit
from softntk.networks.features import ReLU
from softntk.networks.two_layer import TwoLayer, is_antisymmetric
from softntk.numerics.arrays import finite_matrix, require_float64

__all__ = ["Tube", "tube"]


@dataclass(frozen=True)
class Tube:
    """The bounds for steps 0, ..., T.

    Attributes:
        step_size: eta.
        residual: |Rhat_t|, what the deviation is to be compared with (T+1,).
        distance: |What_t - W0|, the linearized path's distance from the start (T+1,).
        curves: the bounds, by name.
    """

    step_size: float
    residual: Float[np.ndarray, " T1"]
    distance: Float[np.ndarray, " T1"]
    curves: dict[str, Curve]

    @property
    def sharpest(self) -> Curve:
        """The least of all curves at every step."""
        return sharpest(list(self.curves.values()))

    def gain(self, name: str, over: str = "general") -> float:
        """How many times smaller one bound is than another, at the last step at which both say something.

        NaN where there is no such step beside the start; `informative` tells which bound lasts longer.
        """
        last = min(self.curves[name].informative, self.curves[over].informative) - 1
        ours, theirs = float(self.curves[name].deviation[last]), float(self.curves[over].deviation[last])
        if last < 1 or theirs == 0:
            return np.nan
        return theirs / ours if ours > 0 else np.inf


def tube(
    network: TwoLayer,
    inputs: Float[Array, "n d"],
    labels: Float[Array, "n k"],
    *,
    step_size: float | str = "stable",
    steps: int,
    others: Float[Array, "n2 d"] | None = None,
    visits: int = 256,
) -> Tube:
    """Bound the distance between gradient descent and its linearization over `steps` steps.

    Arguments:
        step_size: as in `gradient_descent`; at most 2 / |J0|^2, beyond which the linearization itself diverges.
        others: new inputs, at which |f_t(x) - flin_t(x)| is bounded too.
        visits: points of the linearized path at which the network is evaluated for the curve *followed*; 0 leaves it
            out. Costs about one step of descent each.

    Raises:
        BadInput: the network is ReLU, the step is too large, the arrays are not float64 or do not fit together.
        TooLarge: the path does not fit into free memory.

    Cost besides the visits: one eigendecomposition of the kernel, and about T^2 flops.
    """
    inputs = finite_matrix("inputs", inputs, columns=network.input_size)
    labels = finite_matrix("labels", labels, rows=inputs.shape[0], columns=network.output_size)
    others = None if others is None else finite_matrix("others", others, columns=network.input_size)
    require_float64("inputs", inputs)
    require_float64("labels", labels)
    _check(network, steps, visits)
    run = linearize(network, inputs, labels, step_size=step_size)
    eta, largest = float(run.step_size), 2 / (network.width * float(run.spectrum.values[-1] + run.spectrum.radius))
    if not eta <= largest:
        raise BadInput(
            "step_size",
            required="be at most 2 / |J0|^2, or the linearization diverges",
            got=f"{eta:.4g}, above {largest:.4g}",
            advice='Type step_size="stable".',
        )
    path = linearized_path(run, steps, others)
    curvature = Curvature(network, inputs, others)
    antisymmetric = is_antisymmetric(network)
    start = ReferencePath(path, start_only(len(path.own)), antisymmetric=antisymmetric)
    curves = [general_tube(path, curvature), followed_tube(path, curvature, start, name="smoothed")]
    if antisymmetric:
        curves.insert(1, antisymmetric_tube(path, curvature))
    if visits:
        found = ReferencePath(path, visit(network, inputs, others, path, visits), antisymmetric=antisymmetric)
        curves.append(followed_tube(path, curvature, found, name="followed"))
    return Tube(eta, path.residual, path.distance, {curve.name: curve for curve in curves})


def _check(network: TwoLayer, steps: int, visits: int) -> None:
    if isinstance(network.features, ReLU):
        raise BadInput(
            "network",
            required="have softmax or exponential features",
            got="relu, whose Jacobian jumps",
            advice="Type features=Softmax().",
        )
    for name, value, least in (("steps", steps, 1), ("visits", visits, 0)):
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise BadInput(
                name, required=f"be a whole number from {least} on", got=repr(value), advice=f"Type {name}=300."
            )
    if not bool(jnp.isfinite(network.hidden).all()):
        raise BadInput(
            "network",
            required="have finite hidden weights",
            got="NaN or infinity",
            advice="Start from antisymmetric(...).",
        )
