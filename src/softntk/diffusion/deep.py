"""A small deep network as a denoiser: two hidden layers of 256 neurons (SiLU), Adam, minibatches, in float32.

What two-layer networks and kernels are held against: it sees the same pairs in the same preconditioning, and when to
stop is chosen on the same held-out X_0. Adam is that of optax.
"""

import time
from collections.abc import Callable
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from softntk.diffusion.choice import Chosen
from softntk.diffusion.matching import NoisySamples
from softntk.diffusion.preconditioning import Pairs, PreconditionedDenoiser, Preconditioning
from softntk.diffusion.process import Process
from softntk.diffusion.score import Parts
from softntk.failures import BadInput

__all__ = ["MLP", "DeepDenoiser", "train_mlp"]


class MLP(eqx.Module):
    """Weights (in, out) and biases of each layer; SiLU between them."""

    layers: list[tuple[Float[Array, "_ _"], Float[Array, " _"]]]

    def __call__(self, inputs: Float[Array, "n d"]) -> Float[Array, "n k"]:
        h = inputs.astype(jnp.float32)
        for weights, bias in self.layers[:-1]:
            h = jax.nn.silu(h @ weights + bias[None])
        weights, bias = self.layers[-1]
        return (h @ weights + bias[None]).astype(inputs.dtype)


class DeepDenoiser(PreconditionedDenoiser):
    """F is a deep network."""

    kind: ClassVar[str] = "mlp"
    differentiable: ClassVar[bool] = True

    preconditioning: Preconditioning
    network: MLP

    def outputs(self, inputs: Float[Array, "n columns"]) -> Float[Array, "n d"]:
        return self.network(inputs)

    def parts(self) -> Parts:
        arrays = {}
        for i, (weights, bias) in enumerate(self.network.layers):
            arrays |= {f"w{i}": weights, f"b{i}": bias}
        details = {"preconditioning": self.preconditioning.to_dict(), "layers": len(self.network.layers)}
        return Parts(arrays, details)

    @classmethod
    def from_parts(cls, process: Process, parts: Parts) -> "DeepDenoiser":
        preconditioning = Preconditioning.from_dict(process, parts.details["preconditioning"])
        count = int(parts.details["layers"])
        layers = [(parts.arrays[f"w{i}"], parts.arrays[f"b{i}"]) for i in range(count)]
        return cls(preconditioning, MLP(layers))


def train_mlp(
    key: Array,
    preconditioning: Preconditioning,
    pairs: Pairs,
    held_out: NoisySamples | None,
    *,
    hidden: tuple[int, ...] = (256, 256),
    rate: float = 1e-3,
    batch: int = 256,
    steps: int = 20_000,
    check_every: int = 250,
    seconds: float = 300.0,
    clock: Callable[[], float] = time.perf_counter,
) -> Chosen:
    """Train by Adam and keep the weights with the smallest held-out error; stop after `steps` or `seconds`.

    Without held-out samples the last weights are kept.

    Raises:
        BadInput: optax is not installed.
    """
    try:
        import optax
    except ImportError:
        raise BadInput(
            "kind",
            required="be one whose packages are installed",
            got="mlp, which needs optax",
            advice="Type pip install 'softntk[score]'.",
        ) from None
    start_key, order_key = jax.random.split(key)
    sizes = (pairs.inputs.shape[1], *hidden, pairs.labels.shape[1])
    keys = jax.random.split(start_key, len(sizes) - 1)
    layers = [
        (jax.random.normal(k, (i, o), jnp.float32) / np.float32(np.sqrt(i)), jnp.zeros(o, jnp.float32))
        for k, i, o in zip(keys, sizes[:-1], sizes[1:], strict=True)
    ]
    # Adam starts well from labels of size one and inputs of size one a coordinate.
    scale = jnp.sqrt((pairs.labels**2).mean()).astype(jnp.float32)
    center, width = pairs.inputs.mean(axis=0), jnp.maximum(pairs.inputs.std(axis=0), 1e-6)
    inputs = ((pairs.inputs - center[None]) / width[None]).astype(jnp.float32)
    labels = pairs.labels.astype(jnp.float32) / scale
    network = MLP(layers)
    optimizer = optax.adam(rate)

    def loss(network: MLP, u: Array, y: Array) -> Array:
        return ((network(u) - y) ** 2).sum(axis=1).mean()

    @jax.jit
    def some_steps(network: MLP, state: Any, key: Array):
        def one(carry, key):
            network, state = carry
            rows = jax.random.randint(key, (batch,), 0, inputs.shape[0])
            gradient = jax.grad(loss)(network, inputs[rows], labels[rows])
            # optax counts its steps in integers and mixes them with floats.
            with jax.numpy_dtype_promotion("standard"):
                updates, state = optimizer.update(gradient, state)
            return (optax.apply_updates(network, updates), state), None

        return jax.lax.scan(one, (network, state), jax.random.split(key, check_every))[0]

    def finished(network: MLP) -> MLP:
        """The network for inputs and labels as they are: the standardization goes into its first and last layer."""
        (first, bias), (last, end) = network.layers[0], network.layers[-1]
        inner = (first / width[:, None].astype(jnp.float32), bias - (center / width).astype(jnp.float32) @ first)
        return MLP([inner, *network.layers[1:-1], (last * scale, end * scale)])

    @jax.jit
    def error(network: MLP) -> Array:
        assert held_out is not None  # noqa: S101 - called only if there is something to look at
        denoised = DeepDenoiser(preconditioning, finished(network))(held_out.times, held_out.points)
        return ((denoised - held_out.clean) ** 2).sum(axis=1).mean()

    state, began = optimizer.init(network), clock()  # pyright: ignore[reportArgumentType]
    best, best_step, errors, at = network, 0, [], []
    for i, key_ in enumerate(jax.random.split(order_key, steps // check_every), 1):
        network, state = some_steps(network, state, key_)
        errors.append(0.0 if held_out is None else float(error(network)))
        at.append(i * check_every)
        if errors[-1] <= min(errors):
            best, best_step = network, i * check_every
        # Held-out error that has not fallen for half of the run will not fall again.
        if clock() - began > seconds or i * check_every > max(2 * best_step, 4000):
            break
    return Chosen(
        DeepDenoiser(preconditioning, finished(best)), {"steps": best_step}, np.asarray(at, float), np.asarray(errors)
    )
