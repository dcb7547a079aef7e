"""Learning a denoiser from clean samples: one task, several learners, everything chosen on held-out X_0.

A `Task` fixes what all learners share: the forward process, the law of the times, which X_0 are set aside to choose by,
and the noisy views of both parts. Each learner chooses on the held-out views, and then learns again from the views of
all X_0 with what it chose. The truth is never looked at.

Held-out error. E|f(t, X_t) - X_0|^2 over held-out X_0; with averaged labels the X_0 of a held-out view is replaced by
its mean given X_t under the held-out X_0, which changes the expectation by a constant and takes most of the noise out
of comparisons.
"""

from collections.abc import Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from softntk.diffusion.ball import unit_ball_map
from softntk.diffusion.exact import EmpiricalDenoiser
from softntk.diffusion.landmarks import Bounded, KernelPath, draw_landmarks, kernel_path
from softntk.diffusion.matching import NoisySamples, TimeLaw, noisy_samples, split_clean
from softntk.diffusion.preconditioning import (
    Pairs,
    PreconditionedDenoiser,
    Preconditioning,
    make_preconditioning,
    preconditioned_pairs,
)
from softntk.diffusion.process import Process
from softntk.diffusion.references import Chosen, best_blur, best_neighbors, train_mlp
from softntk.diffusion.score import Denoiser
from softntk.diffusion.stopping import flow_times
from softntk.diffusion.wide import NetworkRun, train_network
from softntk.failures import BadInput
from softntk.kernels.limit import LimitKernel
from softntk.networks.features import Features, Softmax
from softntk.networks.initialization import paired
from softntk.networks.two_layer import TwoLayer
from softntk.numerics.arrays import finite_matrix

__all__ = [
    "LABELS",
    "KernelFit",
    "NetworkFit",
    "Task",
    "learn_blur",
    "learn_kernel",
    "learn_mlp",
    "learn_neighbors",
    "learn_network",
    "make_task",
    "path_errors",
]

#: What the regression aims at: the X_0 of a view, or its mean given X_t under the data.
LABELS = ("averaged", "drawn")


class Task(eqx.Module):
    """What all learners share; build it with `make_task`.

    `kept` and `apart` are the two parts of `clean`; `views`, `held_out`, `every` are the views of kept, apart, clean.
    `targets` is what a denoiser is held against at the held-out views.
    """

    process: Process
    law: TimeLaw
    clean: Float[Array, "n d"]
    kept: Float[Array, "n2 d"]
    apart: Float[Array, "n3 d"]
    views: NoisySamples
    held_out: NoisySamples
    every: NoisySamples
    targets: Float[Array, "p d"]
    frame_name: str = eqx.field(static=True)
    labels: str = eqx.field(static=True)

    def frame(self, clean: Float[Array, "n d"], time: float) -> Preconditioning:
        """The frame of one part of the data, on the sphere, with this weight of time."""
        ball = unit_ball_map(self.process, clean, start=self.law.start, end=self.law.end, time=time, constant=None)
        return make_preconditioning(ball, clean, self.frame_name)

    def pairs(self, time: float, *, refit: bool = False) -> tuple[Preconditioning, Pairs]:
        """Frame and regression set of the kept part, or of all data."""
        clean, views = (self.clean, self.every) if refit else (self.kept, self.views)
        averaged = clean if self.labels == "averaged" else None
        return preconditioned_pairs(self.frame(clean, time), views, averaged_over=averaged, rescale=True)

    def compared(self) -> NoisySamples:
        """The held-out views, with the targets in the place of X_0."""
        return eqx.tree_at(lambda v: v.clean, self.held_out, self.targets)

    def error(self, denoiser: Denoiser) -> float:
        """Held-out error."""
        return float(_mean_square(denoiser(self.held_out.times, self.held_out.points) - self.targets))


def make_task(
    key: Array,
    clean: ArrayLike,
    process: Process,
    law: TimeLaw,
    *,
    views: int = 4,
    held_out: float = 0.2,
    held_out_views: int = 16,
    frame: str = "residual",
    labels: str = "averaged",
) -> Task:
    """Split the clean samples and draw views of both parts.

    Raises:
        BadInput: `clean` is no finite matrix or has too few rows, or a name is unknown.
    """
    if labels not in LABELS:
        raise BadInput("labels", required=f"be one of {', '.join(LABELS)}", got=repr(labels), advice="Type 'averaged'.")
    clean = finite_matrix("clean", clean)
    split_key, kept_key, apart_key, every_key = jax.random.split(key, 4)
    kept, apart = split_clean(split_key, clean, held_out)
    held = noisy_samples(apart_key, apart, process, law=law, views=held_out_views)
    targets = held.clean
    if labels == "averaged":
        targets = EmpiricalDenoiser(process, apart)(held.times, held.points)
    return Task(
        process,
        law,
        clean,
        kept,
        apart,
        noisy_samples(kept_key, kept, process, law=law, views=views),
        held,
        noisy_samples(every_key, clean, process, law=law, views=views),
        targets,
        frame,
        labels,
    )


class KernelFit(eqx.Module):
    """The limit kernel's denoiser: `path` is the regression on all data, `choice` what was chosen.

    `tried` has one row for each setting and time tried: scale, weight of time, tau, held-out error.
    """

    denoiser: PreconditionedDenoiser
    frame: Preconditioning
    pairs: Pairs
    path: KernelPath
    choice: dict[str, float]
    tried: Float[np.ndarray, "c four"]

    @property
    def held_out_error(self) -> float:
        """Smallest held-out error, the one that was chosen."""
        return float(np.nanmin(self.tried[:, 3]))


def learn_kernel(
    key: Array,
    task: Task,
    *,
    features: Features | None = None,
    scales: Sequence[float] = (4.0, 6.0, 8.0, 11.0),
    times: Sequence[float] = (0.5,),
    count: int = 1000,
    longest: float = 1e10,
) -> KernelFit:
    """Gradient flow of the infinitely wide network: scale, weight of time and stopping time chosen on held-out X_0.

    The kernel is divided by its value on the sphere, so tau is in units in which its largest entry is 1.

    Arguments:
        scales: standard deviations of the hidden weights at the start to choose from.
        times: weights of time in the ball to choose from.
        count: landmarks.
        longest: last stopping time, in units of 1/l_max.
    """
    features = features or Softmax()
    select_key, fit_key = jax.random.split(key)
    tried = []
    for time in times:
        frame, pairs = task.pairs(time)
        for scale in scales:
            phi = draw_landmarks(select_key, Bounded(LimitKernel(features, scale)), pairs.inputs, count=count)
            path = kernel_path(phi, pairs.inputs, pairs.labels)
            taus = flow_times(path, longest=longest)
            errors = path_errors(path, path.flow_factors(taus), frame, task.held_out, task.targets)
            tried += [(scale, time, float(tau), float(error)) for tau, error in zip(taus, errors, strict=True)]
    table = np.asarray(tried)
    scale, time, tau, error = (float(each) for each in table[np.nanargmin(table[:, 3])])
    frame, pairs = task.pairs(time, refit=True)
    phi = draw_landmarks(fit_key, Bounded(LimitKernel(features, scale)), pairs.inputs, count=count)
    path = kernel_path(phi, pairs.inputs, pairs.labels)
    choice = {"scale": scale, "time": time, "tau": tau, "held_out_error": error}
    return KernelFit(PreconditionedDenoiser(frame, path.flow(tau)), frame, pairs, path, choice, table)


class NetworkFit(eqx.Module):
    """A two-layer network's denoiser; `chosen` is the run that chose the number of steps, `run` the one on all data."""

    denoiser: PreconditionedDenoiser
    frame: Preconditioning
    pairs: Pairs
    run: NetworkRun
    chosen: NetworkRun
    start: TwoLayer

    @property
    def held_out_error(self) -> float:
        """Smallest held-out error, the one that was chosen."""
        return float(self.chosen.held_out.min())


def learn_network(
    key: Array,
    task: Task,
    *,
    features: Features | None = None,
    width: int = 1024,
    scale: float = 2.0,
    time: float = 0.5,
    legs: int = 20,
    leg_steps: int = 100,
    dtype: Any = jnp.float32,
    on_leg: Any = None,
) -> NetworkFit:
    """A network of this width and scale by gradient descent, stopped on held-out X_0, then trained so long on all data.

    Raises:
        BadInput: the width is odd, or the run diverged.
    """
    features = features or Softmax()
    d = task.clean.shape[1]
    start = paired(key, input_size=d + 2, output_size=d, width=width, features=features, scale=scale, dtype=dtype)
    frame, pairs = task.pairs(time)
    inputs = frame.ball(task.held_out.times, task.held_out.points).astype(dtype)
    size, baseline = frame.size(task.held_out.times), frame.baseline(task.held_out.times, task.held_out.points)

    @jax.jit
    def held_out_error(network: TwoLayer) -> Array:
        return _mean_square(baseline + size[:, None] * network(inputs).astype(baseline.dtype) - task.targets)

    arguments: dict[str, Any] = {"leg_steps": leg_steps, "on_leg": on_leg}
    chosen = train_network(
        start, pairs, legs=legs, held_out_error=lambda network: float(held_out_error(network)), **arguments
    )
    frame, pairs = task.pairs(time, refit=True)
    run = train_network(start, pairs, legs=max(chosen.steps // leg_steps, 1), **arguments)
    return NetworkFit(PreconditionedDenoiser(frame, run.network), frame, pairs, run, chosen, start)


def learn_neighbors(task: Task, *, time: float = 0.5) -> Chosen:
    """k nearest pairs, k chosen on held-out X_0."""
    frame, pairs = task.pairs(time)
    chosen = best_neighbors(frame, pairs, task.compared())
    frame, pairs = task.pairs(time, refit=True)
    return _with_denoiser(
        chosen, best_neighbors(frame, pairs, task.compared(), (int(chosen.choice["neighbors"]),)).denoiser
    )


def learn_blur(task: Task) -> Chosen:
    """The smoothed empirical denoiser, blur chosen on held-out X_0."""
    chosen = best_blur(task.process, task.kept, task.compared())
    return _with_denoiser(chosen, EmpiricalDenoiser(task.process, task.clean, chosen.choice["blur"]))


def learn_mlp(key: Array, task: Task, *, time: float = 0.5, seconds: float = 300.0, steps: int = 20_000) -> Chosen:
    """A small deep network by Adam, stopped on held-out X_0, then trained so long on all data.

    Raises:
        BadInput: optax is not installed.
    """
    first, second = jax.random.split(key)
    frame, pairs = task.pairs(time)
    chosen = train_mlp(first, frame, pairs, task.compared(), seconds=seconds / 2, steps=steps)
    frame, pairs = task.pairs(time, refit=True)
    again = train_mlp(second, frame, pairs, None, seconds=seconds / 2, steps=int(chosen.choice["steps"]))
    return _with_denoiser(chosen, again.denoiser)


def _with_denoiser(chosen: Chosen, denoiser: Any) -> Chosen:
    return Chosen(denoiser, chosen.choice, chosen.tried, chosen.held_out)


@eqx.filter_jit
def _mean_square(rows: Float[Array, "n d"]) -> Float[Array, ""]:
    return (rows**2).sum(axis=1).mean()


def path_errors(
    path: KernelPath,
    factors: Float[Array, "f rank"],
    frame: Preconditioning,
    views: NoisySamples,
    targets: Float[Array, "p d"],
) -> Float[np.ndarray, " f"]:
    """Mean square distance of the denoiser to the targets at the views, for every set of factors."""
    wanted = targets - frame.baseline(views.times, views.points)
    outputs = path.outputs(frame.ball(views.times, views.points), factors)
    return np.asarray(_squares(outputs, wanted, frame.size(views.times)))


@jax.jit
def _squares(outputs: Array, wanted: Array, size: Array) -> Array:
    return jax.lax.map(lambda F: _mean_square(size[:, None] * F - wanted), outputs)
