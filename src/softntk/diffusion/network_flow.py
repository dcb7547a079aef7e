"""The two-layer network of the theory as a denoiser: full-batch gradient descent on the pairs, stopped early.

    F(u) = phi(u W) A^T from the antisymmetric start, F = 0;    loss 1/2 sum_i |F(u_i) - y_i|^2

With step eta and J J^T = m H where H tends to K, t steps of the linearized network are a gradient flow on |F - Y|^2/2
of the duration

    tau = eta m t    (up to the discreteness of the steps, (1 - x)^t against exp(-x t))

so that a network and the flow of its kernel on the same pairs can be laid side by side.

The run is cut into chunks of equal length; after each, the held-out error is measured, and the network with the
smallest one is kept.
"""

from collections.abc import Callable
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from softntk.defaults import SCORE_WIDTH
from softntk.diffusion.matching import NoisySamples
from softntk.diffusion.preconditioning import Pairs, PreconditionedDenoiser, Preconditioning
from softntk.diffusion.process import Process
from softntk.diffusion.score import Denoiser, Parts
from softntk.diffusion.task import WEIGHT_OF_TIME, Task, mean_square
from softntk.dynamics.iteration import scanned
from softntk.dynamics.step_size import largest_stable_step
from softntk.failures import BadInput
from softntk.networks.features import Features, Softmax, features_named
from softntk.networks.initialization import antisymmetric
from softntk.networks.two_layer import TwoLayer, opposed
from softntk.numerics.expectation import Estimate

__all__ = ["NetworkDenoiser", "NetworkFit", "NetworkRun", "learn_network", "train_network"]

# Pairs from which the largest stable step is estimated: lambda_max/N of a sample is near that of all.
_SAMPLE = 256


class NetworkDenoiser(PreconditionedDenoiser):
    """F is a two-layer network; one in single precision is asked in its own."""

    kind: ClassVar[str] = "network"
    differentiable: ClassVar[bool] = True

    preconditioning: Preconditioning
    network: TwoLayer

    def outputs(self, inputs: Float[Array, "n columns"]) -> Float[Array, "n d"]:
        return self.network(inputs.astype(self.network.hidden.dtype)).astype(inputs.dtype)

    def parts(self) -> Parts:
        details = {"preconditioning": self.preconditioning.to_dict(), "features": self.network.features.name}
        return Parts({"hidden": self.network.hidden, "output": self.network.output}, details)

    @classmethod
    def from_parts(cls, process: Process, parts: Parts) -> "NetworkDenoiser":
        preconditioning = Preconditioning.from_dict(process, parts.details["preconditioning"])
        features = features_named(parts.details["features"])
        return cls(preconditioning, TwoLayer(parts.arrays["hidden"], parts.arrays["output"], features))


class NetworkRun(eqx.Module):
    """A run: the `network` kept, after how many `steps`; at the end of each chunk: steps, loss, held-out error (if
    it was asked for).

    `time_of_step` is eta m, the flow time of one step.
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
    chunks: int,
    chunk_steps: int,
    held_out_error: Callable[[TwoLayer], float] | None = None,
    patience: int = 5,
    relative_step: float = 0.5,
    on_chunk: Callable[[int], None] | None = None,
) -> NetworkRun:
    """Train for at most `chunks` times `chunk_steps` steps.

    Arguments:
        held_out_error: function of the network; without it the last network is kept.
        patience: chunks without a smaller held-out error after which the run ends.
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
    for chunk in range(chunks):
        hidden, trace = scanned(network, inputs, labels, eta, chunk_steps, chunk_steps, halved=halved)
        if trace.diverged:
            raise BadInput(
                "relative_step",
                required="be small enough",
                got=f"{relative_step}, and the run diverged",
                advice=f"Type relative_step={relative_step / 4}.",
            )
        network = network.moved_to(hidden)
        at.append((chunk + 1) * chunk_steps)
        losses.append(float(trace.loss[-1]))
        if held_out_error is None:
            best, best_at = network, at[-1]
        else:
            errors.append(held_out_error(network))
            if errors[-1] <= min(errors):
                best, best_at = network, at[-1]
        if on_chunk is not None:
            on_chunk(chunk + 1)
        if held_out_error is not None and at[-1] - best_at >= patience * chunk_steps:
            break
    return NetworkRun(
        best,
        best_at,
        float(eta),
        float(eta) * start.width,
        np.asarray(at, float),
        np.asarray(losses),
        np.asarray(errors, float),
    )


class NetworkFit(eqx.Module):
    """A two-layer network's denoiser; `chosen` is the run that chose the number of steps, `run` the one on all data."""

    denoiser: NetworkDenoiser
    preconditioning: Preconditioning
    pairs: Pairs
    run: NetworkRun
    chosen: NetworkRun
    start: TwoLayer

    @property
    def choice(self) -> dict[str, float]:
        """Steps and flow time of the run on all data, and its width."""
        return {"steps": self.run.steps, "tau": self.run.tau, "width": self.start.width}

    @property
    def held_out_error(self) -> float:
        """Smallest held-out error, the one that was chosen."""
        return float(self.chosen.held_out.min())

    def stopping(self) -> dict[str, float]:
        """Nothing: no flow of a kernel is stopped."""
        return {}

    def split(self, task: Task, truth: Denoiser, noisy: NoisySamples) -> dict[str, Estimate]:
        """Nothing: the error has no parts that are known."""
        return {}


def learn_network(
    key: Array,
    task: Task,
    *,
    features: Features | None = None,
    width: int = SCORE_WIDTH,
    scale: float = 1.0,
    time: float = WEIGHT_OF_TIME,
    chunks: int = 20,
    chunk_steps: int = 100,
    dtype: Any = jnp.float32,
    on_chunk: Callable[[int], None] | None = None,
) -> NetworkFit:
    """A network of this width and scale by gradient descent, stopped on held-out X_0, then trained so long on all data.

    Arguments:
        scale: standard deviation of the hidden weights at the start.
        time: weight of time in the ball.
        chunks: how often the held-out error is measured at most, every `chunk_steps` steps.
    """
    features = features or Softmax()
    d = task.clean.shape[1]
    start = antisymmetric(
        key, input_size=d + 2, output_size=d, width=width, features=features, scale=scale, dtype=dtype
    )
    preconditioning, pairs = task.pairs(time)
    t, x = task.noisy_validation.times, task.noisy_validation.points
    inputs = preconditioning.ball(t, x).astype(dtype)
    size, baseline = preconditioning.size(t), preconditioning.baseline(t, x)

    @jax.jit
    def held_out_error(network: TwoLayer) -> Array:
        return mean_square(baseline + size[:, None] * network(inputs).astype(baseline.dtype) - task.targets)

    arguments: dict[str, Any] = {"chunk_steps": chunk_steps, "on_chunk": on_chunk}
    chosen = train_network(
        start, pairs, chunks=chunks, held_out_error=lambda network: float(held_out_error(network)), **arguments
    )
    preconditioning, pairs = task.pairs(time, refit=True)
    run = train_network(start, pairs, chunks=max(chosen.steps // chunk_steps, 1), **arguments)
    return NetworkFit(NetworkDenoiser(preconditioning, run.network), preconditioning, pairs, run, chosen, start)
