"""The data themselves as a denoiser, each point blurred: the score of a kernel density estimate.

Its only parameter is the blur b, chosen on held-out X_0. Noise of variance v + a^2 b^2 at the factor a is that of a
later time, after a change of scale, so every blur is computed by the denoiser without one.
"""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from softntk.diffusion.choice import Chosen, squared_error
from softntk.diffusion.exact import EmpiricalDenoiser
from softntk.diffusion.matching import NoisySamples
from softntk.diffusion.process import Process

__all__ = ["best_blur", "blurred"]


def best_blur(
    process: Process, clean: Float[Array, "n d"], held_out: NoisySamples, blurs: tuple[float, ...] = ()
) -> Chosen:
    """Choose the blur of the smoothed empirical denoiser at held-out noisy samples; 0 is among the choices."""
    spread = float(jnp.sqrt(clean.var(axis=0).mean()))
    blurs = blurs or (0.0, *(float(b) for b in spread * np.geomspace(0.03, 1.0, 6)))
    data = EmpiricalDenoiser(process, clean)
    errors = [squared_error(blurred(data, blur, held_out), held_out) for blur in blurs]
    best = blurs[int(np.argmin(errors))]
    return Chosen(EmpiricalDenoiser(process, clean, best), {"blur": best}, np.asarray(blurs), np.asarray(errors))


def blurred(data: EmpiricalDenoiser, blur: float, noisy: NoisySamples) -> Float[Array, "p d"]:
    """`EmpiricalDenoiser` with this blur, computed by the one without: nothing is compiled again for another blur."""
    process, t, x = data.process, noisy.times, noisy.points
    alpha = process.alpha(t)
    spread = process.variance(t) + alpha**2 * blur**2
    later = process.time_of(jnp.log(alpha) - jnp.log(spread) / 2)
    mean = data(later, (process.alpha(later) / alpha)[:, None] * x)
    return mean + (alpha * blur**2 / spread)[:, None] * (x - alpha[:, None] * mean)
