"""What can be said of a learned denoiser: its error beside references, where the error comes from, when rules stop.

Without the truth: held-out errors beside those of the data themselves and of the best affine denoiser, the share of
noisy inputs outside of the ball, and, for a kernel, the stopping times of the rules. With it: the errors E|f - f*|^2,
their split (`diffusion.split`), the Lipschitz constant of the truth, and the terms of the bound on KL.
"""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from softntk.data.mixture import GaussianMixture
from softntk.diffusion.exact import EmpiricalDenoiser, MixtureDenoiser
from softntk.diffusion.learners import Fit
from softntk.diffusion.matching import noisy_samples
from softntk.diffusion.preconditioning import AffineDenoiser
from softntk.diffusion.split import chain_to_kl, lipschitz_constant, mean_square_error, truncation
from softntk.diffusion.task import Task
from softntk.numerics.expectation import Estimate

__all__ = ["AgainstTruth", "Diagnosis", "diagnose"]

# Noisy samples that the truth is compared at, and steps of the sampler that the bound on KL speaks of.
_FRESH, _STEPS = 5000, 100


@dataclass(frozen=True)
class AgainstTruth:
    """What only the truth tells.

    Attributes:
        error: E|f - f*|^2 of the learned, the empirical and the affine denoiser.
        variance: of the data, the sum over the coordinates.
        lipschitz_constant: a lower bound of that of f*.
        split: terms of the learned error; empty if the learner has none.
        chain: terms of the bound on KL.
    """

    error: dict[str, Estimate]
    variance: float
    lipschitz_constant: float
    split: dict[str, Estimate]
    chain: dict[str, Estimate]


@dataclass(frozen=True)
class Diagnosis:
    """What can be said of a learned denoiser.

    Attributes:
        held_out_error: of the chosen, the empirical and the affine denoiser, learned from the training part.
        truncated_mass: share of the noisy validation samples that the map into the ball truncates.
        stopping: time of each rule; empty if the learner has none.
        truth: None where the law of the data is not known.
    """

    held_out_error: dict[str, float]
    truncated_mass: float
    stopping: dict[str, float]
    truth: AgainstTruth | None


def diagnose(key: Array, task: Task, fit: Fit, mixture: GaussianMixture | None = None) -> Diagnosis:
    """Measure all of it; `mixture` is the law of the clean samples, in the units of the task, if it is known."""
    preconditioning = task.preconditioning(task.clean)
    held = {
        "chosen": fit.held_out_error,
        "empirical": task.error(EmpiricalDenoiser(task.process, task.training)),
        "affine": task.error(AffineDenoiser(task.preconditioning(task.training))),
    }
    cut = truncation(preconditioning, AffineDenoiser(preconditioning), task.noisy_validation)
    truth = None if mixture is None else _against_truth(key, task, fit, mixture)
    return Diagnosis(held, cut["mass"].mean, fit.stopping(), truth)


def _against_truth(key: Array, task: Task, fit: Fit, mixture: GaussianMixture) -> AgainstTruth:
    fresh_key, noise_key, chain_key = jax.random.split(key, 3)
    fresh = noisy_samples(noise_key, mixture.sample(fresh_key, _FRESH), task.process, law=task.law)
    truth = MixtureDenoiser(task.process, mixture)
    exact = truth(fresh.times, fresh.points)
    denoisers = {
        "learned": fit.denoiser,
        "empirical": EmpiricalDenoiser(task.process, task.clean),
        "affine": AffineDenoiser(task.preconditioning(task.clean)),
    }
    grid = np.geomspace(task.law.end, task.law.start, _STEPS + 1)
    return AgainstTruth(
        {name: mean_square_error(each, exact, fresh) for name, each in denoisers.items()},
        float(jnp.trace(mixture.covariance())),
        lipschitz_constant(truth, fresh),
        fit.split(task, truth, fresh),
        chain_to_kl(chain_key, task.process, mixture, fit.denoiser, grid, count=_FRESH),
    )
