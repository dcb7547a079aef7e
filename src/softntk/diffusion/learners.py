"""Learning a denoiser from clean samples: several learners of one task, everything chosen on held-out X_0.

    kernel                       gradient flow of an infinitely wide softmax network
    softmax, exponential, relu   a two-layer network of that feature by full-batch gradient descent
    neighbors                    mean label of the nearest pairs
    smoothed                     the average of the data, each point blurred
    mlp                          two hidden layers by Adam

Each chooses on the validation part of a `Task`, and then learns again from all data with what it chose. `learn` takes
one of them by name; the functions behind them take what can be set.
"""

from collections.abc import Callable
from typing import Protocol, runtime_checkable

import jax
from jaxtyping import Array

from softntk.defaults import SCORE_LANDMARKS, SCORE_LEARNER, SCORE_WIDTH
from softntk.diffusion.blur import best_blur
from softntk.diffusion.choice import Chosen
from softntk.diffusion.deep import train_mlp
from softntk.diffusion.exact import EmpiricalDenoiser
from softntk.diffusion.kernel_flow import learn_kernel
from softntk.diffusion.matching import NoisySamples
from softntk.diffusion.neighbors import best_neighbors
from softntk.diffusion.network_flow import learn_network
from softntk.diffusion.score import Denoiser, SavedDenoiser
from softntk.diffusion.task import WEIGHT_OF_TIME, Task
from softntk.failures import BadInput
from softntk.networks.features import FEATURES, Features
from softntk.numerics.expectation import Estimate

__all__ = ["LEARNERS", "Fit", "learn", "learn_blur", "learn_mlp", "learn_neighbors"]


@runtime_checkable
class Fit(Protocol):
    """What every learner returns: the denoiser of all data, what was chosen, and the held-out error of that choice."""

    @property
    def denoiser(self) -> SavedDenoiser:
        """The denoiser."""
        ...

    @property
    def choice(self) -> dict[str, float]:
        """What was chosen, by name."""
        ...

    @property
    def held_out_error(self) -> float:
        """Smallest held-out error, the one that was chosen."""
        ...

    def stopping(self) -> dict[str, float]:
        """Stopping time of each rule; empty for a learner that has none."""
        ...

    def split(self, task: Task, truth: Denoiser, noisy: NoisySamples) -> dict[str, Estimate]:
        """Terms of the error at fresh noisy samples, the truth given; empty for a learner that has none."""
        ...


def learn_neighbors(task: Task, *, time: float = WEIGHT_OF_TIME) -> Chosen:
    """k nearest pairs, k chosen on held-out X_0."""
    preconditioning, pairs = task.pairs(time)
    chosen = best_neighbors(preconditioning, pairs, task.compared())
    preconditioning, pairs = task.pairs(time, refit=True)
    again = best_neighbors(preconditioning, pairs, task.compared(), (int(chosen.choice["neighbors"]),))
    return chosen.with_denoiser(again.denoiser)


def learn_blur(task: Task) -> Chosen:
    """The smoothed empirical denoiser, blur chosen on held-out X_0."""
    chosen = best_blur(task.process, task.training, task.compared())
    return chosen.with_denoiser(EmpiricalDenoiser(task.process, task.clean, chosen.choice["blur"]))


def learn_mlp(
    key: Array, task: Task, *, time: float = WEIGHT_OF_TIME, seconds: float = 300.0, steps: int = 20_000
) -> Chosen:
    """A small deep network by Adam, stopped on held-out X_0, then trained so long on all data.

    Raises:
        BadInput: optax is not installed.
    """
    first, second = jax.random.split(key)
    preconditioning, pairs = task.pairs(time)
    chosen = train_mlp(first, preconditioning, pairs, task.compared(), seconds=seconds / 2, steps=steps)
    preconditioning, pairs = task.pairs(time, refit=True)
    again = train_mlp(second, preconditioning, pairs, None, seconds=seconds / 2, steps=int(chosen.choice["steps"]))
    return chosen.with_denoiser(again.denoiser)


def _network(features: Features) -> Callable[[Array, Task, int, int], Fit]:
    return lambda key, task, width, _: learn_network(key, task, features=features, width=width)


#: Learners by name: (key, task, width of a network, landmarks of a kernel) -> fit.
LEARNERS: dict[str, Callable[[Array, Task, int, int], Fit]] = {
    "kernel": lambda key, task, _, landmarks: learn_kernel(key, task, count=landmarks),
    **{name: _network(features) for name, features in FEATURES.items()},
    "neighbors": lambda _, task, __, ___: learn_neighbors(task),
    "smoothed": lambda _, task, __, ___: learn_blur(task),
    "mlp": lambda key, task, _, __: learn_mlp(key, task),
}


def learn(
    key: Array, task: Task, learner: str = SCORE_LEARNER, *, width: int = SCORE_WIDTH, landmarks: int = SCORE_LANDMARKS
) -> Fit:
    """Learn by the learner of this name, a row of `LEARNERS`.

    Arguments:
        width: hidden neurons, for a network.
        landmarks: for the kernel.

    Raises:
        BadInput: there is no such learner, a number is not positive, or a package that it needs is not installed.
    """
    if learner not in LEARNERS:
        raise BadInput(
            "learner", required=f"be one of {', '.join(LEARNERS)}", got=repr(learner), advice="Type 'kernel'."
        )
    for name, value in (("width", width), ("landmarks", landmarks)):
        if value < 1:
            raise BadInput(name, required="be positive", got=repr(value), advice=f"Type {name}=1000.")
    return LEARNERS[learner](key, task, width, landmarks)
