"""The kernel's denoiser: gradient flow of an infinitely wide network on the pairs, stopped on held-out X_0.

    F_tau(u) = flow of |F - Y|^2/2 from F = 0 in the kernel's space, stopped at tau

The kernel is that of a limit, divided by its value on the sphere, so that its largest entry is 1 and tau counts in
units in which it is. The scale of the network's weights, the weight of time and tau are chosen together: one
decomposition on landmarks gives every stopping time (`softntk.regression.SpectralFit`). A flow on N' pairs in the place
of N is as far at tau N/N': so far goes the flow on all data after one on the training part chose tau.
"""

from collections.abc import Sequence
from typing import ClassVar, cast

import equinox as eqx
import jax
import numpy as np
from jaxtyping import Array, Float

from softntk.defaults import SCORE_LANDMARKS
from softntk.diffusion.matching import NoisySamples
from softntk.diffusion.preconditioning import Pairs, PreconditionedDenoiser, Preconditioning
from softntk.diffusion.process import Process
from softntk.diffusion.score import Denoiser, Parts
from softntk.diffusion.split import error_split
from softntk.diffusion.stopping import flow_times, stopping_times
from softntk.diffusion.task import WEIGHT_OF_TIME, Task
from softntk.kernels.limit import Kernel, LimitKernel
from softntk.kernels.normalized import NormalizedKernel
from softntk.networks.features import Features, Softmax, features_named
from softntk.numerics.expectation import Estimate
from softntk.regression import Nystrom, Predictor, Sections, SpectralFit, spectral_fit

__all__ = ["KernelDenoiser", "KernelFit", "flow_of_pairs", "kernel_scales", "learn_kernel", "path_errors"]


class KernelDenoiser(PreconditionedDenoiser):
    """F is a sum of sections of a kernel: F(u) = K(u, points) coefficients."""

    kind: ClassVar[str] = "kernel"
    differentiable: ClassVar[bool] = True

    preconditioning: Preconditioning
    kernel: NormalizedKernel
    points: Float[Array, "q columns"]
    coefficients: Float[Array, "q d"]

    def outputs(self, inputs: Float[Array, "n columns"]) -> Float[Array, "n d"]:
        return Predictor(Sections(self.kernel, self.points), self.coefficients)(inputs)

    def parts(self) -> Parts:
        limit = self.kernel.kernel
        details = {"preconditioning": self.preconditioning.to_dict(), "features": limit.features.name}
        arrays = {"points": self.points, "coefficients": self.coefficients}
        return Parts(arrays, details | {"scale": float(limit.scale)})

    @classmethod
    def from_parts(cls, process: Process, parts: Parts) -> "KernelDenoiser":
        preconditioning = Preconditioning.from_dict(process, parts.details["preconditioning"])
        limit = LimitKernel(features_named(parts.details["features"]), float(parts.details["scale"]))
        arrays = dict(parts.arrays)
        # Files of the first format hold features at landmarks: K(u, centers) whitening, times weights.
        if "whitening" in arrays:
            arrays = {"points": arrays["centers"], "coefficients": arrays["whitening"] @ arrays["weights"]}
        return cls(preconditioning, NormalizedKernel(limit), arrays["points"], arrays["coefficients"])


class KernelFit(eqx.Module):
    """The limit kernel's denoiser: `path` is every stopping time on all data, `choice` what was chosen.

    `tried` has one row for each setting and time tried: scale, weight of time, tau, held-out error.
    """

    denoiser: KernelDenoiser
    preconditioning: Preconditioning
    pairs: Pairs
    path: SpectralFit
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
        return error_split(self.path, self.choice["tau"], self.preconditioning, self.pairs.noisy, truth, noisy)


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
            kernel = NormalizedKernel(LimitKernel(features, scale))
            path = flow_of_pairs(select_key, kernel, pairs, count=count)
            taus = flow_times(path, longest=longest)
            errors = path_errors(path, taus, preconditioning, task.noisy_validation, task.targets)
            tried += [(scale, time, float(tau), float(error)) for tau, error in zip(taus, errors, strict=True)]
    table = np.asarray(tried)
    scale, time, tau, error = (float(each) for each in table[np.nanargmin(table[:, 3])])
    preconditioning, pairs = task.pairs(time, refit=True)
    kernel = NormalizedKernel(LimitKernel(features, scale))
    path = flow_of_pairs(fit_key, kernel, pairs, count=count)
    tau = tau * task.noisy_training.count / task.noisy_all.count
    choice = {"scale": scale, "time": time, "tau": tau, "held_out_error": error}
    predictor = path.flow(tau)
    points = cast(Sections, predictor.basis).inputs
    denoiser = KernelDenoiser(preconditioning, kernel, points, predictor.coefficients)
    return KernelFit(denoiser, preconditioning, pairs, path, choice, table)


def flow_of_pairs(key: Array, kernel: Kernel, pairs: Pairs, *, count: int) -> SpectralFit:
    """Every stopping time of the kernel's flow on the pairs, by `count` of them as landmarks."""
    solver = Nystrom(rank=min(count, pairs.inputs.shape[0]))
    return spectral_fit(kernel, pairs.inputs, pairs.labels, solver=solver, key=key)


def path_errors(
    path: SpectralFit,
    taus: Float[np.ndarray, " f"],
    preconditioning: Preconditioning,
    noisy: NoisySamples,
    targets: Float[Array, "p d"],
) -> Float[np.ndarray, " f"]:
    """Mean square distance of the denoiser to the targets at the noisy samples, for every stopping time."""
    t, x = noisy.times, noisy.points
    wanted, size = np.asarray(targets - preconditioning.baseline(t, x)), np.asarray(preconditioning.size(t))[:, None]
    outputs = path.predictions(preconditioning.ball(t, x), taus=taus)
    return np.array([((size * each - wanted) ** 2).sum(axis=1).mean() for each in outputs])
