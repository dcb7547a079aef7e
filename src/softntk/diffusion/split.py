"""The error of a learned denoiser, term by term, where the truth f* is known.

The flow of a kernel is linear in its labels: F = S_tau y. With labels y = y* + e, y* those of f* itself,

    f_net - f*  =  (f_net - f_kernel)  +  c S_tau e  +  (b + c S_tau y* - f*)
                    coupling              noise          bias of early stopping

Mean squares of the three terms over the law of (t, X_t) are measured at fresh noisy samples, each with its standard
error; twice their inner products are the rest of the total, so the parts add up exactly. Beside them

    truncation   E|f*(t, x) - f*(t, x moved into the ball)|^2, the least that any function of the truncated input errs
                 by moving it, and the share of noisy samples that are moved

Sampling. From the exact law at the end T of the process to the law of the samples at T0, by Girsanov's theorem,

    KL <= 1/2 int_T0^T g E|s - s*|^2 dt + 1/2 int_T0^T g E|s(t_k, X_{t_k}) - s(t, X_t)|^2 dt ... + KL(p_T || N(0, I))

with the frozen score in the integral: with (u + w)^2 <= 2 u^2 + 2 w^2 learning and discretization come apart. Last,
T0 > 0 leaves noise: W2(p_T0, p_0)^2 <= (1 - a)^2 E|X_0|^2 + v d.

Reference: Girsanov's theorem as in Chen et al., arXiv 2209.11215.
"""

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from softntk.data.mixture import GaussianMixture
from softntk.diffusion.exact import MixtureDenoiser
from softntk.diffusion.matching import NoisySamples, TimeLaw, noisy_samples
from softntk.diffusion.preconditioning import Preconditioning
from softntk.diffusion.process import Process
from softntk.diffusion.score import Denoiser, column
from softntk.numerics.expectation import Estimate, mean_and_error
from softntk.regression import SpectralFit

__all__ = ["chain_to_kl", "error_split", "lipschitz_constant", "mean_square_error", "truncation"]


def mean_square_error(denoiser: Denoiser, truth: Float[Array, "n d"], noisy: NoisySamples) -> Estimate:
    """E|f - f*|^2 over the noisy samples, given f* there."""
    return mean_and_error(((denoiser(noisy.times, noisy.points) - truth) ** 2).sum(axis=1))


def error_split(
    path: SpectralFit,
    tau: float,
    preconditioning: Preconditioning,
    training: NoisySamples,
    truth: Denoiser,
    noisy: NoisySamples,
    network: Callable[[Float[Array, "n columns"]], Float[Array, "n d"]] | None = None,
) -> dict[str, Estimate]:
    """The terms at fresh noisy samples: total, coupling (with a network), noise, bias, cross, the kernel's own total.

    Arguments:
        path: the regression whose labels came from the noisy samples `training`.
        tau: its stopping time; that of the network if there is one.
        noisy: fresh noisy samples to measure at.
        network: the network's outputs as a function of inputs in the ball.
    """
    clean = preconditioning.labels(training.times, training.points, truth(training.times, training.points))
    t, x = noisy.times, noisy.points
    at = preconditioning.ball(t, x)
    size = column(preconditioning.size(t))
    with_noise, without_noise = (size * each.flow(tau)(at) for each in (path, path.relabeled(clean)))
    exact, base = truth(t, x), preconditioning.baseline(t, x)
    terms = {"noise": with_noise - without_noise, "bias": base + without_noise - exact}
    if network is not None:
        terms = {"coupling": size * network(at) - with_noise} | terms
    total = jnp.stack(list(terms.values())).sum(axis=0)
    found = {name: mean_and_error((rows**2).sum(axis=1)) for name, rows in terms.items()}
    squares = (total**2).sum(axis=1)
    cross = squares - sum((rows**2).sum(axis=1) for rows in terms.values())
    kernel = ((base + with_noise - exact) ** 2).sum(axis=1)
    return {"total": mean_and_error(squares), **found, "cross": mean_and_error(cross), "kernel": mean_and_error(kernel)}


def truncation(preconditioning: Preconditioning, truth: Denoiser, noisy: NoisySamples) -> dict[str, Estimate]:
    """Share of the noisy samples that the map into the ball truncates, and what f* changes by when they are."""
    t, x = noisy.times, noisy.points
    moved = preconditioning.ball.truncated(t, x)
    alpha, noise = column(preconditioning.process.alpha(t)), column(preconditioning.process.variance(t))
    scale = jnp.sqrt(alpha**2 * preconditioning.ball.spread**2 + noise)
    z = preconditioning.ball.standardized(t, x)
    shrunk = z * jnp.minimum(
        1.0, preconditioning.ball.radius / jnp.maximum(jnp.linalg.norm(z, axis=1, keepdims=True), 1e-300)
    )
    inside = alpha * preconditioning.ball.center[None] + scale * shrunk
    change = ((truth(t, inside) - truth(t, x)) ** 2).sum(axis=1)
    return {"mass": mean_and_error(moved.astype(x.dtype)), "error": mean_and_error(jnp.where(moved, change, 0.0))}


def lipschitz_constant(truth: Denoiser, noisy: NoisySamples) -> float:
    """Largest operator norm of the Jacobian of f*(t, .) among the samples: a lower bound of the Lipschitz constant."""

    def norm(t: Float[Array, ""], x: Float[Array, " d"]) -> Float[Array, ""]:
        return jnp.linalg.norm(jax.jacfwd(lambda y: truth(t, y[None])[0])(x), ord=2)

    return float(jax.jit(jax.vmap(norm))(noisy.times, noisy.points).max())


def chain_to_kl(
    key: Array, process: Process, mixture: GaussianMixture, denoiser: Denoiser, grid: ArrayLike, *, count: int = 20_000
) -> dict[str, Estimate]:
    """The terms of the bound on KL(p_T0 || law of the samples), and the distance from T0 to the data.

    Arguments:
        denoiser: the learned one.
        grid: times of the sampler from T down to T0; the score is frozen at the larger end of each step.
        count: draws of (t, X_t) for each expectation.

    Returns:
        learning, discretization (of the exact score), prior, bound = 2 learning + 2 discretization + prior, and
        early_end, the bound on W2(p_T0, p_0).
    """
    times = jnp.asarray(grid, float)
    law = TimeLaw(start=float(times[-1]), end=float(times[0]))
    terms, early = _chain(key, process, mixture, denoiser, times, law, count)
    return {name: mean_and_error(draws) for name, draws in terms.items()} | {"early_end": Estimate(float(early), 0.0)}


@eqx.filter_jit
def _chain(
    key: Array,
    process: Process,
    mixture: GaussianMixture,
    denoiser: Denoiser,
    times: Float[Array, " s"],
    law: TimeLaw,
    count: int,
) -> tuple[dict[str, Float[Array, " n"]], Float[Array, ""]]:
    """The terms of `chain_to_kl`, one draw each, and the early end."""
    clean_key, view_key, step_key, prior_key = jax.random.split(key, 4)
    noisy = noisy_samples(view_key, mixture.sample(clean_key, count), process, law=law)
    t, x = noisy.times, noisy.points
    truth = MixtureDenoiser(process, mixture)
    exact = truth(t, x)
    alpha, noise = process.alpha(t), process.variance(t)
    # Expectations over the law of t become integrals over t.
    weight = process.g(t) / law.density(t) / 2
    learning = weight * (alpha / noise) ** 2 * ((denoiser(t, x) - exact) ** 2).sum(axis=1)
    at = jnp.searchsorted(-times, -t, side="right") - 1
    late = times[jnp.clip(at, 0, times.shape[0] - 1)]
    ratio = process.alpha(late) / alpha
    spread = jnp.sqrt(jnp.maximum(process.variance(late) - ratio**2 * noise, 0.0))
    later = ratio[:, None] * x + spread[:, None] * jax.random.normal(step_key, x.shape, x.dtype)

    def score(s: Float[Array, " n"], y: Float[Array, "n d"]) -> Float[Array, "n d"]:
        return (column(process.alpha(s)) * truth(s, y) - y) / column(process.variance(s))

    frozen = weight * ((score(late, later) - score(t, x)) ** 2).sum(axis=1)
    end = mixture.noisy(process.alpha(times[0]), process.variance(times[0]))
    drawn = end.sample(prior_key, count)
    normal = -(drawn**2).sum(axis=1) / 2 - drawn.shape[1] / 2 * jnp.log(2 * jnp.pi)
    prior = end.log_density(drawn) - normal
    bound = 2 * learning + 2 * frozen + prior
    first = process.alpha(times[-1])
    second_moment = jnp.trace(mixture.covariance()) + (mixture.mean() ** 2).sum()
    early = jnp.sqrt((1 - first) ** 2 * second_moment + process.variance(times[-1]) * mixture.size)
    return {"learning": learning, "discretization": frozen, "prior": prior, "bound": bound}, early
