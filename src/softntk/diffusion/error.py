"""How far a denoiser is from the truth, or from the best that the data allow.

    by time       e(t) = w(t) E|f(t, X_t) - f*(t, X_t)|^2         one number for each t
    integrated    E_t e(t) under a law of times
    excess risk   E w (|f - X_0|^2 - |f' - X_0|^2)                two denoisers held against clean samples

Given the truth f*, the excess risk over f' = f* is the integrated error, since X_0 - f* is orthogonal to functions of
(t, X_t); without it, the excess over any reference still ranks denoisers on held-out X_0. With w from `WEIGHTS` the
errors become those of the score. Standard errors come from independent X_0: copies of one X_0 are averaged first.
"""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from numpy.typing import ArrayLike

from softntk.diffusion.matching import WEIGHTS, TimeLaw, noisy_samples
from softntk.diffusion.process import Process
from softntk.diffusion.score import Denoiser
from softntk.failures import BadInput
from softntk.numerics.expectation import Estimate, mean_and_error

__all__ = ["error_by_time", "excess_risk", "integrated_error"]


def error_by_time(
    key: Array,
    denoiser: Denoiser,
    truth: Denoiser,
    process: Process,
    clean: Float[Array, "n d"],
    times: ArrayLike,
    *,
    weight: str = "denoising",
) -> list[Estimate]:
    """e(t) for each of `times`, over one X_t for each clean sample and time.

    Raises:
        BadInput: the weight is unknown.
    """
    weigh = _weight(weight)
    found = []
    for number, t in enumerate(np.asarray(times, float)):
        noise = jax.random.normal(jax.random.fold_in(key, number), clean.shape, clean.dtype)
        t = jnp.asarray(t, clean.dtype)
        x = process.alpha(t) * clean + process.deviation(t) * noise
        squares = ((denoiser(t, x) - truth(t, x)) ** 2).sum(axis=1)
        found.append(mean_and_error(weigh(process, t) * squares))
    return found


def integrated_error(
    key: Array,
    denoiser: Denoiser,
    truth: Denoiser,
    process: Process,
    clean: Float[Array, "n d"],
    *,
    law: TimeLaw,
    weight: str = "denoising",
    copies: int = 4,
) -> Estimate:
    """E_t e(t), over `copies` copies of each clean sample.

    Raises:
        BadInput: the weight is unknown, or as `noisy_samples`.
    """
    weigh = _weight(weight)
    seen = noisy_samples(key, clean, process, law=law, copies=copies)
    t, x = seen.times, seen.points
    return _by_sample(weigh(process, t) * ((denoiser(t, x) - truth(t, x)) ** 2).sum(axis=1), copies)


def excess_risk(
    key: Array,
    denoiser: Denoiser,
    reference: Denoiser,
    process: Process,
    held_out: Float[Array, "n d"],
    *,
    law: TimeLaw,
    weight: str = "denoising",
    copies: int = 4,
) -> Estimate:
    """Denoising risk of `denoiser` less that of `reference` on held-out X_0, at the same copies.

    Raises:
        BadInput: the weight is unknown, or as `noisy_samples`.
    """
    weigh = _weight(weight)
    seen = noisy_samples(key, held_out, process, law=law, copies=copies)
    t, x = seen.times, seen.points
    own, other = (((f(t, x) - seen.clean) ** 2).sum(axis=1) for f in (denoiser, reference))
    return _by_sample(weigh(process, t) * (own - other), copies)


def _by_sample(values: Float[Array, " p"], copies: int) -> Estimate:
    """Mean with its error; the copies of one X_0 stand side by side."""
    return mean_and_error(values.reshape(-1, copies).mean(axis=1))


def _weight(name: str):
    if name not in WEIGHTS:
        raise BadInput("weight", required=f"be one of {', '.join(WEIGHTS)}", got=repr(name), advice="Type 'denoising'.")
    return WEIGHTS[name]
