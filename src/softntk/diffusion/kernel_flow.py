"""The kernel's denoiser: gradient flow of an infinitely wide network on the pairs, stopped on held-out X_0.

    F_tau(u) = flow of |F - Y|^2/(2 N) from F = 0 in the kernel's space, stopped at tau

The kernel is that of a limit, divided by its value on the sphere, so that its largest entry is 1 and tau counts in
units in which it is. The scale of the network's weights, the weight of time and tau are chosen together: one
decomposition gives every stopping time.
"""

from collections.abc import Sequence

import equinox as eqx
import jax
import numpy as np
from jaxtyping import Array, Float

from softntk.defaults import SCORE_LANDMARKS
from softntk.diffusion.landmarks import Bounded, KernelDenoiser, KernelPath, draw_landmarks, kernel_path
from softntk.diffusion.matching import NoisySamples
from softntk.diffusion.preconditioning import Pairs, Preconditioning
from softntk.diffusion.score import Denoiser
from softntk.diffusion.split import error_split
from softntk.diffusion.stopping import flow_times, stopping_times
from softntk.diffusion.task import WEIGHT_OF_TIME, Task, mean_square
from softntk.kernels.limit import LimitKernel
from softntk.networks.features import Features, Softmax
from softntk.numerics.expectation import Estimate

__all__ = ["KernelFit", "kernel_scales", "learn_kernel", "path_errors"]


class KernelFit(eqx.Module):
    """The limit kernel's denoiser: `path` is the regression on all data, `choice` what was chosen.

    `tried` has one row for each setting and time tried: scale, weight of time, tau, held-out error.
    """

    denoiser: KernelDenoiser
    preconditioning: Preconditioning
    pairs: Pairs
    path: KernelPath
    choice: dict[str, float]
    tried: Float[np.ndarray, "c four"]

    @property
    def held_out_error(self) -> float:
        """Smallest held-out error, the one that was chosen."""
        return float(np.nanmin(self.tried[:, 3]))

    def stopping(self) -> dict[str, float]:
        """Stopping time of each rule that needs no truth."""
        return stopping_times(self.path, self.choice["tau"])

    def split(self, task: Task, truth: Denoiser, noisy: NoisySamples) -> dict[str, Estimate]:
        """Terms of the error at fresh noisy samples, as `split.error_split`."""
        inputs = self.pairs.inputs
        return error_split(self.path, self.choice["tau"], self.preconditioning, inputs, self.pairs.noisy, truth, noisy)


def kernel_scales(size: int) -> tuple[float, ...]:
    """Standard deviations of the hidden weights to choose from in R^size: the wider the data, the smoother."""
    return (4.0, 6.0, 8.0, 11.0) if size <= 16 else (1.0, 2.0)


def learn_kernel(
    key: Array,
    task: Task,
    *,
    features: Features | None = None,
    scales: Sequence[float] | None = None,
    times: Sequence[float] = (WEIGHT_OF_TIME,),
    count: int = SCORE_LANDMARKS,
    longest: float = 1e10,
) -> KernelFit:
    """Gradient flow of the infinitely wide network: scale, weight of time and stopping time chosen on held-out X_0.

    The kernel is divided by its value on the sphere, so tau is in units in which its largest entry is 1.

    Arguments:
        scales: standard deviations of the hidden weights at the start to choose from; by default `kernel_scales`.
        times: weights of time in the ball to choose from.
        count: landmarks.
        longest: last stopping time, in units of 1/l_max.
    """
    features = features or Softmax()
    scales = kernel_scales(task.clean.shape[1]) if scales is None else scales
    select_key, fit_key = jax.random.split(key)
    tried = []
    for time in times:
        preconditioning, pairs = task.pairs(time)
        for scale in scales:
            phi = draw_landmarks(select_key, Bounded(LimitKernel(features, scale)), pairs.inputs, count=count)
            path = kernel_path(phi, pairs.inputs, pairs.labels)
            taus = flow_times(path, longest=longest)
            errors = path_errors(path, path.flow_factors(taus), preconditioning, task.noisy_validation, task.targets)
            tried += [(scale, time, float(tau), float(error)) for tau, error in zip(taus, errors, strict=True)]
    table = np.asarray(tried)
    scale, time, tau, error = (float(each) for each in table[np.nanargmin(table[:, 3])])
    preconditioning, pairs = task.pairs(time, refit=True)
    phi = draw_landmarks(fit_key, Bounded(LimitKernel(features, scale)), pairs.inputs, count=count)
    path = kernel_path(phi, pairs.inputs, pairs.labels)
    choice = {"scale": scale, "time": time, "tau": tau, "held_out_error": error}
    denoiser = KernelDenoiser(preconditioning, path.flow(tau))
    return KernelFit(denoiser, preconditioning, pairs, path, choice, table)


def path_errors(
    path: KernelPath,
    factors: Float[Array, "f rank"],
    preconditioning: Preconditioning,
    noisy: NoisySamples,
    targets: Float[Array, "p d"],
) -> Float[np.ndarray, " f"]:
    """Mean square distance of the denoiser to the targets at the noisy samples, for every set of factors."""
    wanted = targets - preconditioning.baseline(noisy.times, noisy.points)
    outputs = path.outputs(preconditioning.ball(noisy.times, noisy.points), factors)
    return np.asarray(_squares(outputs, wanted, preconditioning.size(noisy.times)))


@jax.jit
def _squares(outputs: Array, wanted: Array, size: Array) -> Array:
    return jax.lax.map(lambda F: mean_square(size[:, None] * F - wanted), outputs)
