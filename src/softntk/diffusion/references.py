"""What a learned denoiser has to beat: the affine one, neighbors, the (smoothed) data, and a small deep network.

    affine      b of the residual frame alone, the best denoiser for Gaussian data
    neighbors   mean label of the k nearest pairs in the ball, Euclidean distance
    empirical   the softmax average of the data (`exact.EmpiricalDenoiser`), with a blur for the smoothed one
    mlp         two hidden layers of 256 neurons (SiLU), Adam, minibatches, in float32: optax

Neighbors and the deep network see the same pairs in the same frame as kernels and two-layer networks, and everything
that is chosen (k, blur, when to stop) is chosen on the same held-out views.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from scipy.spatial import KDTree

from softntk.diffusion.exact import EmpiricalDenoiser
from softntk.diffusion.matching import NoisySamples
from softntk.diffusion.preconditioning import Pairs, PreconditionedDenoiser, Preconditioning
from softntk.diffusion.process import Process
from softntk.diffusion.score import Denoiser, Times
from softntk.failures import BadInput

__all__ = ["MLP", "AffineDenoiser", "Chosen", "NeighborDenoiser", "best_blur", "best_neighbors", "train_mlp"]


class Chosen(eqx.Module):
    """A denoiser, what was chosen, and the held-out error that it was chosen by, for each choice."""

    denoiser: Any
    choice: dict[str, float]
    tried: Float[np.ndarray, " c"]
    held_out: Float[np.ndarray, " c"]

    @property
    def held_out_error(self) -> float:
        """Smallest held-out error, the one that was chosen."""
        return float(self.held_out.min())


class AffineDenoiser(eqx.Module):
    """b(t, x): the exact denoiser of the Gaussian with the data's mean and covariance."""

    frame: Preconditioning

    def __call__(self, t: Times, x: Float[Array, "n d"]) -> Float[Array, "n d"]:
        return self.frame.baseline(t, x)


@dataclass(frozen=True, eq=False)
class Known:
    """Labels that stay outside of JAX, compared by identity."""

    rows: Float[np.ndarray, "p d"]


class NeighborDenoiser(eqx.Module):
    """Mean label of the `neighbors` nearest pairs. The search runs outside of JAX."""

    frame: Preconditioning
    labels: Known = eqx.field(static=True)
    neighbors: int = eqx.field(static=True)
    tree: KDTree = eqx.field(static=True)

    def __call__(self, t: Times, x: Float[Array, "n d"]) -> Float[Array, "n d"]:
        shape = jax.ShapeDtypeStruct(x.shape, x.dtype)

        def average(inputs: Any) -> np.ndarray:
            return _nearest_labels(self.tree, self.labels.rows, np.asarray(inputs), [self.neighbors])[0]

        outputs = jax.pure_callback(average, shape, self.frame.ball(t, x), vmap_method="sequential")
        return self.frame.denoised(t, x, outputs)


def best_neighbors(
    frame: Preconditioning, pairs: Pairs, held_out: NoisySamples, counts: tuple[int, ...] = ()
) -> Chosen:
    """Choose the number of neighbors on held-out views; by default among powers of two up to a quarter of the pairs."""
    total = pairs.inputs.shape[0]
    counts = counts or tuple(2**i for i in range(2, 11) if 2**i <= max(total // 4, 4))
    tree, labels = KDTree(np.asarray(pairs.inputs)), Known(np.asarray(pairs.labels))
    inputs = np.asarray(frame.ball(held_out.times, held_out.points))
    errors = [
        _error(frame.denoised(held_out.times, held_out.points, jnp.asarray(outputs)), held_out)
        for outputs in _nearest_labels(tree, labels.rows, inputs, list(counts))
    ]
    best = counts[int(np.argmin(errors))]
    return Chosen(
        NeighborDenoiser(frame, labels, best, tree), {"neighbors": best}, np.asarray(counts, float), np.asarray(errors)
    )


def _nearest_labels(tree: KDTree, labels: np.ndarray, inputs: np.ndarray, counts: list[int]) -> list[np.ndarray]:
    found = tree.query(inputs, k=max(counts), workers=1)[1].reshape(len(inputs), -1)
    sums = np.cumsum(labels[found], axis=1)
    return [sums[:, count - 1] / count for count in counts]


def best_blur(
    process: Process, clean: Float[Array, "n d"], held_out: NoisySamples, blurs: tuple[float, ...] = ()
) -> Chosen:
    """Choose the blur of the smoothed empirical denoiser on held-out views; 0 is among the choices."""
    spread = float(jnp.sqrt(clean.var(axis=0).mean()))
    blurs = blurs or (0.0, *(float(b) for b in spread * np.geomspace(0.03, 1.0, 6)))
    data = EmpiricalDenoiser(process, clean)
    errors = [_error(_blurred(data, blur, held_out), held_out) for blur in blurs]
    best = blurs[int(np.argmin(errors))]
    return Chosen(EmpiricalDenoiser(process, clean, best), {"blur": best}, np.asarray(blurs), np.asarray(errors))


def _blurred(data: EmpiricalDenoiser, blur: float, views: NoisySamples) -> Float[Array, "p d"]:
    """`EmpiricalDenoiser` with this blur, computed by the one without: nothing is compiled again for another blur.

    Noise of variance v + a^2 b^2 at the factor a is that of a later time, after a change of scale.
    """
    process, t, x = data.process, views.times, views.points
    alpha = process.alpha(t)
    spread = process.variance(t) + alpha**2 * blur**2
    later = process.time_of(jnp.log(alpha) - jnp.log(spread) / 2)
    mean = data(later, (process.alpha(later) / alpha)[:, None] * x)
    return mean + (alpha * blur**2 / spread)[:, None] * (x - alpha[:, None] * mean)


class MLP(eqx.Module):
    """Weights (in, out) and biases of each layer; SiLU between them."""

    layers: list[tuple[Float[Array, "_ _"], Float[Array, " _"]]]

    def __call__(self, inputs: Float[Array, "n d"]) -> Float[Array, "n k"]:
        h = inputs.astype(jnp.float32)
        for weights, bias in self.layers[:-1]:
            h = jax.nn.silu(h @ weights + bias[None])
        weights, bias = self.layers[-1]
        return (h @ weights + bias[None]).astype(inputs.dtype)


def train_mlp(
    key: Array,
    frame: Preconditioning,
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

    Without held-out views the last weights are kept.

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
        return _mean_error(PreconditionedDenoiser(frame, finished(network)), held_out)

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
        PreconditionedDenoiser(frame, finished(best)), {"steps": best_step}, np.asarray(at, float), np.asarray(errors)
    )


def _mean_error(denoiser: Denoiser, held_out: NoisySamples) -> Float[Array, ""]:
    return ((denoiser(held_out.times, held_out.points) - held_out.clean) ** 2).sum(axis=1).mean()


def _error(denoised: Float[Array, "n d"], held_out: NoisySamples) -> float:
    return float(((denoised - held_out.clean) ** 2).sum(axis=1).mean())
