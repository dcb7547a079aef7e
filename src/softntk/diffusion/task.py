"""What all learners of one data set share: the process, the law of the times, and which X_0 are set aside to choose by.

    clean X_0   all = training part + validation part, split at random
    noisy       (t, X_t) drawn from each of the three; no two parts share an X_0
    targets     what a denoiser is held against at the noisy validation samples: X_0, or its mean given X_t

A learner chooses on the validation part, and then learns again from all X_0 with what it chose. The truth is never
looked at.

Held-out error. E|f(t, X_t) - X_0|^2 over the validation part; with averaged labels the X_0 is replaced by its mean
given X_t under the X_0 of that part, which changes the expectation by a constant and takes most of the noise out of
comparisons.
"""

import equinox as eqx
import jax
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from softntk.defaults import SCORE_COPIES
from softntk.diffusion.ball import unit_ball_map
from softntk.diffusion.exact import EmpiricalDenoiser
from softntk.diffusion.matching import NoisySamples, TimeLaw, noisy_samples, split_clean
from softntk.diffusion.preconditioning import Pairs, Preconditioning, make_preconditioning, preconditioned_pairs
from softntk.diffusion.process import Process
from softntk.diffusion.score import Denoiser
from softntk.failures import BadInput
from softntk.numerics.arrays import finite_matrix

__all__ = ["LABELS", "WEIGHT_OF_TIME", "Task", "make_task", "mean_square"]

#: What the regression aims at: the X_0 of a noisy sample, or its mean given X_t under the data.
LABELS = ("averaged", "drawn")

#: Weight of time in the ball, where space has 1.
WEIGHT_OF_TIME = 0.5


class Task(eqx.Module):
    """What all learners share; build it with `make_task`.

    `training` and `validation` are the two parts of `clean`; `noisy_training`, `noisy_validation` and `noisy_all` are
    drawn from the two and from all. `targets` is what a denoiser is held against at `noisy_validation`.
    """

    process: Process
    law: TimeLaw
    clean: Float[Array, "n d"]
    training: Float[Array, "n2 d"]
    validation: Float[Array, "n3 d"]
    noisy_training: NoisySamples
    noisy_validation: NoisySamples
    noisy_all: NoisySamples
    targets: Float[Array, "p d"]
    preconditioning_name: str = eqx.field(static=True)
    labels: str = eqx.field(static=True)

    def preconditioning(self, clean: Float[Array, "n d"], time: float = WEIGHT_OF_TIME) -> Preconditioning:
        """The preconditioning of one part of the data, on the sphere, with this weight of time."""
        ball = unit_ball_map(self.process, clean, start=self.law.start, end=self.law.end, time=time, constant=None)
        return make_preconditioning(ball, clean, self.preconditioning_name)

    def pairs(self, time: float = WEIGHT_OF_TIME, *, refit: bool = False) -> tuple[Preconditioning, Pairs]:
        """Preconditioning and regression set of the training part, or of all data."""
        clean, noisy = (self.clean, self.noisy_all) if refit else (self.training, self.noisy_training)
        averaged = clean if self.labels == "averaged" else None
        return preconditioned_pairs(self.preconditioning(clean, time), noisy, averaged_over=averaged, rescale=True)

    def compared(self) -> NoisySamples:
        """The noisy validation samples, with the targets in the place of X_0."""
        return eqx.tree_at(lambda noisy: noisy.clean, self.noisy_validation, self.targets)

    def error(self, denoiser: Denoiser) -> float:
        """Held-out error."""
        return float(mean_square(denoiser(self.noisy_validation.times, self.noisy_validation.points) - self.targets))


def make_task(
    key: Array,
    clean: ArrayLike,
    process: Process,
    law: TimeLaw,
    *,
    copies: int | None = None,
    validation: float = 0.2,
    validation_copies: int = 16,
    preconditioning: str = "residual",
    labels: str = "averaged",
) -> Task:
    """Split the clean samples (n, d) and draw noisy samples of both parts.

    Arguments:
        copies: noisy samples of each clean one; by default about 8,000 in all.
        validation: share of the clean samples that is set aside to choose by.
        validation_copies: noisy samples of each of those.

    Raises:
        BadInput: `clean` is no finite matrix, has fewer than 3 rows, or a name is unknown.
    """
    if labels not in LABELS:
        raise BadInput("labels", required=f"be one of {', '.join(LABELS)}", got=repr(labels), advice="Type 'averaged'.")
    clean = finite_matrix("clean", clean)
    if len(np.unique(np.asarray(clean), axis=0)) < 3:
        raise BadInput(
            "clean",
            required="hold at least 3 different samples: two to learn from and one to choose by",
            got=f"{clean.shape[0]} rows, {len(np.unique(np.asarray(clean), axis=0))} of them different",
            advice="Pass more samples.",
        )
    copies = max(SCORE_COPIES // clean.shape[0], 1) if copies is None else copies
    split_key, training_key, validation_key, all_key = jax.random.split(key, 4)
    training, apart = split_clean(split_key, clean, validation)
    noisy_validation = noisy_samples(validation_key, apart, process, law=law, copies=validation_copies)
    targets = noisy_validation.clean
    if labels == "averaged":
        targets = EmpiricalDenoiser(process, apart)(noisy_validation.times, noisy_validation.points)
    return Task(
        process,
        law,
        clean,
        training,
        apart,
        noisy_samples(training_key, training, process, law=law, copies=copies),
        noisy_validation,
        noisy_samples(all_key, clean, process, law=law, copies=copies),
        targets,
        preconditioning,
        labels,
    )


@eqx.filter_jit
def mean_square(rows: Float[Array, "n d"]) -> Float[Array, ""]:
    """Mean over the rows of their squared length."""
    return (rows**2).sum(axis=1).mean()
