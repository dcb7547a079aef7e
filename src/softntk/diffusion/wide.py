"""The two-layer network of the theory as a denoiser: full-batch gradient descent on the pairs, stopped early.

    F(u) = phi(u W) A^T from the paired start, F = 0;    loss 1/2 sum_i |F(u_i) - y_i|^2

With step eta, N pairs, and J J^T = m H where H tends to K, t steps of the linearized network are a gradient flow
on |F - Y|^2/(2 N) of the duration

    tau = eta m N t    (up to the discreteness of the steps, (1 - x)^t against exp(-x t))

so that a network and `KernelPath.flow(tau)` on the same pairs can be laid side by side.

The run is cut into legs of equal length; after each, held-out views are looked at, and the network of the leg with the
smallest held-out error is kept.
"""

from collections.abc import Callable

import equinox as eqx
import numpy as np
from jaxtyping import Float

from softntk.diffusion.preconditioning import Pairs
from softntk.dynamics.iteration import scanned
from softntk.dynamics.step_size import largest_stable_step
from softntk.failures import BadInput
from softntk.networks.two_layer import TwoLayer, opposed

__all__ = ["NetworkRun", "train_network"]

# Pairs from which the largest stable step is estimated: lambda_max/N of a sample is near that of all.
_SAMPLE = 256


class NetworkRun(eqx.Module):
    """A run: the `network` kept, after how many `steps`; at the end of each leg: steps, loss, held-out error (if
    it was asked for).

    `time_of_step` is eta m N, the flow time of one step.
    """

    network: TwoLayer
    steps: int = eqx.field(static=True)
    step_size: float = eqx.field(static=True)
    time_of_step: float = eqx.field(static=True)
    at: Float[np.ndarray, " c"]
    loss: Float[np.ndarray, " c"]
    held_out: Float[np.ndarray, " e"]

    @property
    def tau(self) -> float:
        """Flow time of the network kept."""
        return self.steps * self.time_of_step


def train_network(
    start: TwoLayer,
    pairs: Pairs,
    *,
    legs: int,
    leg_steps: int,
    held_out_error: Callable[[TwoLayer], float] | None = None,
    patience: int = 5,
    relative_step: float = 0.5,
    on_leg: Callable[[int], None] | None = None,
) -> NetworkRun:
    """Train for at most `legs` times `leg_steps` steps.

    Arguments:
        held_out_error: function of the network; without it the last network is kept.
        patience: legs without a smaller held-out error after which the run ends.
        relative_step: the step as a share of the largest stable one.

    Raises:
        BadInput: the run diverged.
    """
    network, inputs, labels = start, pairs.inputs.astype(start.hidden.dtype), pairs.labels.astype(start.hidden.dtype)
    count = inputs.shape[0]
    stride = -(-count // _SAMPLE)
    sampled = inputs[::stride]
    # lambda_max grows with the number of pairs.
    eta = relative_step * largest_stable_step(network, sampled) * (sampled.shape[0] / count)
    halved = opposed(network.output)
    best, best_at, at, losses, errors = network, 0, [], [], []
    for leg in range(legs):
        hidden, trace = scanned(network, inputs, labels, eta, leg_steps, leg_steps, halved=halved)
        if trace.diverged:
            raise BadInput(
                "relative_step",
                required="be small enough",
                got=f"{relative_step}, and the run diverged",
                advice=f"Type relative_step={relative_step / 4}.",
            )
        network = network.moved_to(hidden)
        at.append((leg + 1) * leg_steps)
        losses.append(float(trace.loss[-1]))
        if held_out_error is None:
            best, best_at = network, at[-1]
        else:
            errors.append(held_out_error(network))
            if errors[-1] <= min(errors):
                best, best_at = network, at[-1]
        if on_leg is not None:
            on_leg(leg + 1)
        if held_out_error is not None and at[-1] - best_at >= patience * leg_steps:
            break
    return NetworkRun(
        best,
        best_at,
        float(eta),
        float(eta) * start.width * count,
        np.asarray(at, float),
        np.asarray(losses),
        np.asarray(errors, float),
    )
