"""What the regression sees of a denoiser: inputs in the unit ball, labels of size one.

    f(t, x) = b(t, x) + c_t F(u(t, x)),    labels (X_0 - b(t, X_t))/c_t,    u the map into the ball

F is what a network or a kernel learns. Two forms:

    residual   b = E[X_0 | X_t = x] for the Gaussian with the mean mu and covariance S = Q diag(e) Q^T of the data,
               b = mu + Q (a e/(a^2 e + v)) Q^T (x - a mu), the best affine denoiser;
               c_t^2 = bound^2 v s^2/(a^2 s^2 + v), s^2 = mean of e: the size of what b leaves unexplained
    plain      b = mu, c_t = bound

In the residual form the labels have about one size and about one level of noise at every t, so that plain least squares
weighs all times alike; and what is known without learning need not be learned. The plain form is that of the theory.
Divided by `bound`, the largest label of the training set, labels lie in [-1, 1].

The labels X_0 carry the noise of X_0 given X_t. `averaged` labels replace X_0 by its mean given X_t under the empirical
measure, the empirical denoiser at X_t. Given the data, that is the conditional mean of the label of a copy drawn at
random, so the regression estimates the same function with less noise: it is as if each X_t had been seen with
all its X_0. What noise is left comes from the n samples, not from their noisy copies.

Reference for the residual form: preconditioning of Karras et al., arXiv 2206.00364, with a full covariance.
"""

from abc import abstractmethod
from typing import Any, ClassVar

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from softntk.diffusion.ball import UnitBallMap
from softntk.diffusion.exact import EmpiricalDenoiser
from softntk.diffusion.matching import NoisySamples
from softntk.diffusion.process import Process
from softntk.diffusion.score import Parts, Times, column
from softntk.failures import BadInput
from softntk.numerics.arrays import finite_matrix

__all__ = [
    "PRECONDITIONINGS",
    "AffineDenoiser",
    "Pairs",
    "PreconditionedDenoiser",
    "Preconditioning",
    "make_preconditioning",
    "preconditioned_pairs",
]

PRECONDITIONINGS = ("residual", "plain")


class Preconditioning(eqx.Module):
    """The two maps; build it with `make_preconditioning`."""

    ball: UnitBallMap
    mean: Float[Array, " d"]
    basis: Float[Array, "d d"]
    variances: Float[Array, " d"]
    bound: Float[Array, ""]
    name: str = eqx.field(static=True, default="residual")

    @property
    def process(self) -> Process:
        """The forward process."""
        return self.ball.process

    def baseline(self, t: Times, x: Float[Array, "n d"]) -> Float[Array, "n d"]:
        """b(t, x): what is known without learning."""
        if self.name == "plain":
            return jnp.broadcast_to(self.mean[None], x.shape)
        alpha, noise = column(self.process.alpha(t)), column(self.process.variance(t))
        alpha, noise = (jnp.broadcast_to(each, (x.shape[0], 1)) for each in (alpha, noise))
        pull = alpha * self.variances[None] / (alpha**2 * self.variances[None] + noise)
        return self.mean[None] + (pull * ((x - alpha * self.mean[None]) @ self.basis)) @ self.basis.T

    def size(self, t: Times) -> Float[Array, "..."]:
        """c_t, for one time or for each."""
        if self.name == "plain":
            return self.bound * jnp.ones_like(self.process.alpha(t))
        alpha, noise = self.process.alpha(t), self.process.variance(t)
        spread = self.variances.mean()
        return self.bound * jnp.sqrt(noise * spread / (alpha**2 * spread + noise))

    def labels(self, t: Times, x: Float[Array, "n d"], clean: Float[Array, "n d"]) -> Float[Array, "n d"]:
        """(clean - b)/c_t."""
        return (clean - self.baseline(t, x)) / column(self.size(t))

    def denoised(self, t: Times, x: Float[Array, "n d"], outputs: Float[Array, "n d"]) -> Float[Array, "n d"]:
        """b + c_t F."""
        return self.baseline(t, x) + column(self.size(t)) * outputs

    def to_dict(self) -> dict[str, Any]:
        """Everything but the process, as JSON values."""
        arrays = {key: np.asarray(getattr(self, key)).tolist() for key in ("mean", "basis", "variances", "bound")}
        return arrays | {"name": self.name, "ball": self.ball.to_dict()}

    @classmethod
    def from_dict(cls, process: Process, values: dict[str, Any]) -> "Preconditioning":
        """The preconditioning that `to_dict` described."""
        ball = dict(values["ball"])
        center = jnp.asarray(ball.pop("center"), float)
        arrays = {key: jnp.asarray(values[key], float) for key in ("mean", "basis", "variances", "bound")}
        return cls(UnitBallMap(process, center, **ball), **arrays, name=str(values["name"]))


def make_preconditioning(ball: UnitBallMap, clean: ArrayLike, name: str = "residual") -> Preconditioning:
    """The preconditioning of a map into the ball and of data `clean` (n, d), with bound 1.

    Raises:
        BadInput: the name is unknown, or `clean` is not a finite matrix with two rows.
    """
    if name not in PRECONDITIONINGS:
        raise BadInput(
            "preconditioning",
            required=f"be one of {', '.join(PRECONDITIONINGS)}",
            got=repr(name),
            advice="Type 'residual'.",
        )
    clean = finite_matrix("clean", clean)
    mean = clean.mean(axis=0)
    apart = clean - mean[None]
    values, basis = jnp.linalg.eigh(apart.T @ apart / clean.shape[0])
    return Preconditioning(ball, mean, basis, jnp.maximum(values, 0.0), jnp.ones((), clean.dtype), name)


class Pairs(eqx.Module):
    """A regression set: inputs in the unit ball, labels in [-1, 1], and the noisy samples they come from."""

    inputs: Float[Array, "p columns"]
    labels: Float[Array, "p d"]
    noisy: NoisySamples


def preconditioned_pairs(
    preconditioning: Preconditioning,
    noisy: NoisySamples,
    *,
    averaged_over: Float[Array, "n d"] | None = None,
    rescale: bool = False,
) -> tuple[Preconditioning, Pairs]:
    """The regression set, and the preconditioning; with `rescale` its bound is set so that labels are at most 1.

    Arguments:
        averaged_over: the clean samples that the noisy ones come from, for averaged labels; None for labels X_0.
    """
    t, x = noisy.times, noisy.points
    clean = noisy.clean if averaged_over is None else EmpiricalDenoiser(preconditioning.process, averaged_over)(t, x)
    labels = preconditioning.labels(t, x, clean)
    if rescale:
        largest = jnp.abs(labels).max()
        largest = jnp.where(largest > 0, largest, 1.0)
        preconditioning = eqx.tree_at(lambda f: f.bound, preconditioning, preconditioning.bound * largest)
        labels = labels / largest
    return preconditioning, Pairs(preconditioning.ball(t, x), labels, noisy)


class PreconditionedDenoiser(eqx.Module):
    """f = b + c_t F(u); its members say what F is."""

    preconditioning: eqx.AbstractVar[Preconditioning]

    @abstractmethod
    def outputs(self, inputs: Float[Array, "n columns"]) -> Float[Array, "n d"]:
        """F at inputs u in the ball."""

    def __call__(self, t: Times, x: Float[Array, "n d"]) -> Float[Array, "n d"]:
        return self.preconditioning.denoised(t, x, self.outputs(self.preconditioning.ball(t, x)))


class AffineDenoiser(eqx.Module):
    """b(t, x): the exact denoiser of the Gaussian with the data's mean and covariance."""

    kind: ClassVar[str] = "affine"
    differentiable: ClassVar[bool] = True

    preconditioning: Preconditioning

    def __call__(self, t: Times, x: Float[Array, "n d"]) -> Float[Array, "n d"]:
        return self.preconditioning.baseline(t, x)

    def parts(self) -> Parts:
        return Parts({}, {"preconditioning": self.preconditioning.to_dict()})

    @classmethod
    def from_parts(cls, process: Process, parts: Parts) -> "AffineDenoiser":
        return cls(Preconditioning.from_dict(process, parts.details["preconditioning"]))
