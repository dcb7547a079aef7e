"""The law of a sampler's points, without drawing any: data from one Gaussian N(mu, S).

The exact denoiser is then affine, f = mu + K_t (x - a_t mu) with K_t = a_t S (a_t^2 S + v_t I)^-1, and a step of one
stage without memory is

    x' = (A + B K_t) x + B (mu - a_t K_t mu) + C z

so that points which start normal stay normal: mean and covariance follow a recursion. KL between normal laws is

    KL(N(m, P) || N(n, Q)) = (tr(Q^-1 P) - d + (n - m)^T Q^-1 (n - m) + log det Q - log det P)/2.

What a number of steps costs is thus known to rounding, and bounds can be held against it.
"""

from typing import NamedTuple

import jax
import numpy as np
from jaxtyping import Array, Float

from softntk.data.mixture import GaussianMixture
from softntk.diffusion.process import Process
from softntk.diffusion.sampler import Sampler, sampler_named
from softntk.failures import BadInput

__all__ = ["NormalLaw", "law_of_samples", "normal_divergence"]


class NormalLaw(NamedTuple):
    """Mean (d,) and covariance (d, d) of a normal law."""

    mean: Float[np.ndarray, " d"]
    covariance: Float[np.ndarray, "d d"]


def law_of_samples(
    process: Process, gaussian: GaussianMixture, times: Float[Array, " times"], sampler: Sampler | str
) -> NormalLaw:
    """Law of the points at times[-1] of a sampler that starts from N(0, I) and has the exact denoiser.

    Raises:
        BadInput: there is more than one component, or the sampler has two stages or a memory.
    """
    chosen = sampler_named(sampler) if isinstance(sampler, str) else sampler
    numbers = jax.tree.map(np.asarray, chosen.numbers(process, times))
    if len(gaussian.weights) > 1 or numbers.M is not None or numbers.second is not None:
        raise BadInput(
            "sampler",
            required="have one stage and no memory, and the data one component",
            got=f"{chosen.name} and {len(gaussian.weights)} components",
            advice="Type 'ddpm' and mixture 'gaussian'.",
        )
    S, mu = np.asarray(gaussian.covariances[0]), np.asarray(gaussian.means[0])
    eye = np.eye(gaussian.size)
    alphas, variances = np.asarray(process.alpha(times)), np.asarray(process.variance(times))
    mean, covariance = np.zeros_like(mu), eye
    for i, (A, B) in enumerate(zip(numbers.A, numbers.B, strict=True)):
        gain = alphas[i] * np.linalg.solve(alphas[i] ** 2 * S + variances[i] * eye, S).T
        push = A * eye + B * gain
        mean = push @ mean + B * (mu - alphas[i] * gain @ mu)
        covariance = push @ covariance @ push.T + (0.0 if numbers.C is None else numbers.C[i] ** 2) * eye
    return NormalLaw(mean, covariance)


def normal_divergence(first: NormalLaw, second: NormalLaw) -> float:
    """KL(first || second)."""
    apart = second.mean - first.mean
    ratio = np.linalg.solve(second.covariance, first.covariance)
    between = apart @ np.linalg.solve(second.covariance, apart)
    return float((np.trace(ratio) - len(apart) + between - np.linalg.slogdet(ratio)[1]) / 2)
