"""What `softntk score` says of a learned denoiser: its error beside references, the split, the stopping rules."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from softntk.data.mixture import GaussianMixture
from softntk.diffusion.exact import EmpiricalDenoiser, MixtureDenoiser
from softntk.diffusion.learn import KernelFit, Task
from softntk.diffusion.matching import noisy_samples
from softntk.diffusion.references import AffineDenoiser
from softntk.diffusion.split import chain_to_kl, error_split, lipschitz_constant, mean_square_error, truncation
from softntk.diffusion.stopping import stopping_times

__all__ = ["described", "words"]

_FRESH = 5000


def described(key: Array, task: Task, fit: Any, mixture: GaussianMixture | None) -> dict[str, Any]:
    """The errors as JSON values."""
    preconditioning = task.preconditioning(task.clean, 0.5)
    data = EmpiricalDenoiser(task.process, task.training)
    affine = AffineDenoiser(task.preconditioning(task.training, 0.5))
    held = {"chosen": fit.held_out_error, "empirical": task.error(data), "affine": task.error(affine)}
    found: dict[str, Any] = {"held_out_error": held}
    cut = truncation(preconditioning, AffineDenoiser(preconditioning), task.noisy_validation)
    found["truncated_mass"] = cut["mass"].mean
    if isinstance(fit, KernelFit):
        found["stopping"] = stopping_times(fit.path, fit.choice["tau"])
    if mixture is None:
        return found
    fresh_key, view_key, chain_key = jax.random.split(key, 3)
    fresh = noisy_samples(view_key, mixture.sample(fresh_key, _FRESH), task.process, law=task.law)
    truth = MixtureDenoiser(task.process, mixture)
    exact = truth(fresh.times, fresh.points)
    errors = {
        "learned": fit.denoiser,
        "empirical": EmpiricalDenoiser(task.process, task.clean),
        "affine": AffineDenoiser(preconditioning),
    }
    found["error"] = {name: mean_square_error(each, exact, fresh)._asdict() for name, each in errors.items()}
    found["variance"] = float(jnp.trace(mixture.covariance()))
    found["lipschitz_constant"] = lipschitz_constant(truth, fresh)
    if isinstance(fit, KernelFit):
        split = error_split(fit.path, fit.choice["tau"], fit.preconditioning, fit.pairs.inputs, task.noisy_all, truth, fresh)
        found["split"] = {name: mean._asdict() for name, mean in split.items()}
    grid = np.geomspace(task.law.end, task.law.start, 101)
    chain = chain_to_kl(chain_key, task.process, mixture, fit.denoiser, grid, count=_FRESH)
    found["chain"] = {name: mean._asdict() for name, mean in chain.items()}
    return found


def words(found: dict[str, Any]) -> str:
    """The report as lines of text."""
    chosen = ", ".join(f"{name} {value:.4g}" for name, value in found["chosen"].items())
    lines = [
        f"{found['data']}: n = {found['n']:,}, d = {found['d']}, {found['views']:,} noisy views, times "
        f"{found['start']:g} to {found['end']:g}",
        f"{found['kind']}, chosen on held-out samples: {chosen}",
        "held-out error: " + ", ".join(f"{name} {value:.4g}" for name, value in found["held_out_error"].items()),
        f"noisy inputs outside of the ball: {found['truncated_mass']:.2%}",
    ]
    if "stopping" in found:
        lines.append("stopping times: " + ", ".join(f"{name} {tau:.3g}" for name, tau in found["stopping"].items()))
    if "error" in found:
        lines.append(f"error E|f - f*|^2 (variance of the data {found['variance']:.3g}): " + _means(found["error"]))
        lines.append(f"Lipschitz constant of the truth: at least {found['lipschitz_constant']:.3g}")
    if "split" in found:
        lines.append("  of which " + _means({k: found["split"][k] for k in ("noise", "bias", "cross")}))
    if "chain" in found:
        lines.append("bound on the law of the samples (KL): " + _means(found["chain"]))
    return "\n".join(lines + ([f"written: {found['written']}"] if "written" in found else []))


def _means(means: dict[str, dict[str, float]]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {m['mean']:.3g} ± {m['error']:.1g}" for name, m in means.items())
