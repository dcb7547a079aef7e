"""How far a real run is from its linearization: what a tube is to be compared with.

    |R(t) - Rhat(t)|  and  |f_t(x) - flin_t(x)|    for t = 0, ..., T,

from `gradient_descent` and the closed form of the linearized run. Both are float64, so numbers below `floor` are
rounding: outputs are sums of m features, and every step rounds the weights.
"""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from softntk.dynamics.descent import gradient_descent
from softntk.dynamics.linearized import linearize
from softntk.kernels.jacobian import sensitivity
from softntk.linearization.linearized_path import linearized_path
from softntk.networks.two_layer import TwoLayer
from softntk.numerics.arrays import finite_matrix

__all__ = ["Deviation", "deviation"]


@dataclass(frozen=True)
class Deviation:
    """Measured along one run.

    Attributes:
        training: |R(t) - Rhat(t)|, NaN after a divergence (T+1,).
        others: |f_t(x) - flin_t(x)| at each new input (n', T+1).
        distance: |W(t) - W(0)| (T+1,).
        floor: rounding error of the measured numbers.
    """

    training: Float[np.ndarray, " T1"]
    others: Float[np.ndarray, "n2 T1"]
    distance: Float[np.ndarray, " T1"]
    floor: float


def deviation(
    network: TwoLayer,
    inputs: Float[Array, "n d"],
    labels: Float[Array, "n k"],
    *,
    step_size: float | str = "stable",
    steps: int,
    others: Float[Array, "n2 d"] | None = None,
) -> Deviation:
    """Run gradient descent beside its linearization for `steps` steps.

    Arguments: as `tube`.

    Raises:
        BadInput: wrong shapes, NaN or infinite entries.
        TooLarge: the run does not fit into free memory.
    """
    inputs = finite_matrix("inputs", inputs, columns=network.input_size)
    labels = finite_matrix("labels", labels, rows=inputs.shape[0], columns=network.output_size)
    points = inputs
    if others is not None:
        others = finite_matrix("others", others, columns=network.input_size)
        points = jnp.concatenate([inputs, others])
    run = linearize(network, inputs, labels, step_size=step_size)
    path = linearized_path(run, steps, others)
    # A partial application with arrays inside is data to the compiler, so that runs of one shape share a program.
    probes = {"outputs": jax.tree_util.Partial(_outputs, points)}
    _, trace = gradient_descent(network, inputs, labels, step_size=float(run.step_size), steps=steps, probes=probes)
    outputs = np.full((steps + 1, *trace.probes["outputs"].shape[1:]), np.nan)
    outputs[: len(trace.loss)] = trace.probes["outputs"]
    distance = np.full(steps + 1, np.nan)
    distance[: len(trace.loss)] = trace.distance

    n = len(inputs)
    residual = path.powers @ path.vectors.T
    training = np.linalg.norm((outputs[:, :n] - np.asarray(labels)[None]).reshape(steps + 1, -1) - residual, axis=1)
    at_others = np.zeros((0, steps + 1))
    if others is not None:
        linear = np.asarray(network(others))[None] - np.einsum("xkN,tN->txk", path.cross, path.sums)
        at_others = np.linalg.norm(outputs[:, n:] - linear, axis=2).T
    sizes = float(jnp.abs(sensitivity(network, points)[2]).sum(axis=1).max())
    moves = path.norm * float(jnp.linalg.norm(network.hidden)) * np.sqrt(steps)
    floor = np.finfo(float).eps * (np.sqrt(labels.size) * sizes + moves)
    return Deviation(training, at_others, distance, float(floor))


def _outputs(points: Float[Array, "p d"], network: TwoLayer) -> Float[Array, "p k"]:
    return network(points)
