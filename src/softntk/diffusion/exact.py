"""Exact denoisers: mixtures of Gaussians, and the data themselves.

Mixture. X_t given component c is N(a mu_c, a^2 S_c + v I), so with y_c = Q_c^T (x - a mu_c)

    E[X_0 | x, c] = mu_c + Q_c (a e_c / (a^2 e_c + v)) y_c,    P(c | x) = softmax_c(log w_c N(x; c))

and f = sum_c P(c | x) E[X_0 | x, c].

Empirical measure (1/n) sum_j delta_{y_j}. All components are points:

    f = sum_j P(j | x) y_j,    P(j | x) = softmax_j((a <x, y_j> - a^2 |y_j|^2 / 2) / v)

which is softmax attention from the query x to the keys and values y_j. It is the minimizer of the empirical
denoising loss, so a learner that reaches it reproduces its data and nothing else. `without` leaves out one point for
each query, its own, which makes an honest estimate of its error. With a blur b every point is a Gaussian of variance
b^2 instead, the score is that of a kernel density estimate, v becomes v + a^2 b^2 in the softmax, and the average y of
the points becomes y + (a b^2 / (v + a^2 b^2)) (x - a y).

Data are visited in blocks with a running maximum, so memory is (n queries) x (block).
"""

from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Int

from softntk.data.mixture import GaussianMixture
from softntk.diffusion.process import Process
from softntk.diffusion.score import Parts, ScoreOfDenoiser, Times, column
from softntk.numerics.arrays import finite_matrix

__all__ = ["EmpiricalDenoiser", "MixtureDenoiser", "empirical_score", "mixture_score"]

_BLOCK = 1024


class MixtureDenoiser(eqx.Module):
    """f(t, x) for data from a Gaussian mixture."""

    kind: ClassVar[str] = "mixture"
    differentiable: ClassVar[bool] = True

    process: Process
    mixture: GaussianMixture

    def __call__(self, t: Times, x: Float[Array, "n d"]) -> Float[Array, "n d"]:
        return _conditional_mean(self, jnp.asarray(t, x.dtype), x)

    def parts(self) -> Parts:
        mixture = self.mixture
        return Parts({"weights": mixture.weights, "means": mixture.means, "covariances": mixture.covariances}, {})

    @classmethod
    def from_parts(cls, process: Process, parts: Parts) -> "MixtureDenoiser":
        arrays = parts.arrays
        return cls(process, GaussianMixture(arrays["weights"], arrays["means"], arrays["covariances"]))


class EmpiricalDenoiser(eqx.Module):
    """f(t, x) for data drawn from the rows of `points`, each blurred by `blur` (standard deviation, 0 for none).

    Raises:
        BadInput: `points` is not a finite matrix.
    """

    kind: ClassVar[str] = "empirical"
    differentiable: ClassVar[bool] = True

    process: Process
    points: Float[Array, "m d"]
    blur: float

    def __init__(self, process: Process, points: ArrayLike, blur: float = 0.0):
        self.process, self.points, self.blur = process, finite_matrix("points", points), blur

    def __call__(self, t: Times, x: Float[Array, "n d"]) -> Float[Array, "n d"]:
        return _average(self, jnp.asarray(t, x.dtype), x, None)

    def parts(self) -> Parts:
        return Parts({"points": self.points}, {"blur": float(self.blur)})

    @classmethod
    def from_parts(cls, process: Process, parts: Parts) -> "EmpiricalDenoiser":
        return cls(process, parts.arrays["points"], float(parts.details["blur"]))

    def without(self, t: Times, x: Float[Array, "n d"], owners: Int[Array, " n"]) -> Float[Array, "n d"]:
        """f without the point `owners[i]` for query i, for queries that are noisy copies of the data themselves."""
        return _average(self, jnp.asarray(t, x.dtype), x, owners)


def mixture_score(process: Process, mixture: GaussianMixture) -> ScoreOfDenoiser:
    """The exact score of a Gaussian mixture under the process."""
    return ScoreOfDenoiser(process, MixtureDenoiser(process, mixture))


def empirical_score(process: Process, points: ArrayLike, blur: float = 0.0) -> ScoreOfDenoiser:
    """The exact score of the empirical measure, or with `blur` of a kernel density estimate. Raises as its denoiser."""
    return ScoreOfDenoiser(process, EmpiricalDenoiser(process, points, blur))


# Compiled as one, for calls outside of `jit`.
@eqx.filter_jit
def _conditional_mean(self: MixtureDenoiser, t: Times, x: Float[Array, "n d"]) -> Float[Array, "n d"]:
    times = jnp.asarray(t)
    if times.ndim == 1:
        return jax.vmap(lambda time, point: _at(self, time, point[None])[0])(times, x)
    return _at(self, times, x)


def _at(self: MixtureDenoiser, t: Float[Array, ""], x: Float[Array, "n d"]) -> Float[Array, "n d"]:
    alpha, variance = self.process.alpha(t), self.process.variance(t)
    # In the layout (c, d, n) the points are last, so that small c and d cost little.
    Q, e, mu = self.mixture.eigenvectors, self.mixture.eigenvalues, self.mixture.means
    noisy = alpha**2 * e + variance
    shift = alpha * jnp.einsum("ci,cij->cj", mu, Q)
    y = jnp.einsum("cij,in->cjn", Q, x.T) - shift[:, :, None]
    constant = jnp.log(self.mixture.weights) - jnp.log(noisy).sum(axis=1) / 2
    logits = constant[:, None] - (y**2 / noisy[:, :, None]).sum(axis=1) / 2
    share = jax.nn.softmax(logits, axis=0)
    pulled = share[:, None, :] * (alpha * e / noisy)[:, :, None] * y
    return (mu.T @ share + jnp.einsum("cij,cjn->in", Q, pulled)).T


@eqx.filter_jit
def _average(
    self: EmpiricalDenoiser, t: Times, x: Float[Array, "n d"], owners: Int[Array, " n"] | None
) -> Float[Array, "n d"]:
    alpha, noise = column(self.process.alpha(t)), column(self.process.variance(t))
    spread = noise + alpha**2 * self.blur**2
    rows = min(_BLOCK, self.points.shape[0])
    count = self.points.shape[0]
    # Distances are small where the weights are large, so the middle of the data is the origin.
    middle = self.points.mean(axis=0)
    keys, queries = self.points - middle[None], x - alpha * middle[None]
    blocks = jnp.pad(keys, ((0, -count % rows), (0, 0))).reshape(-1, rows, keys.shape[1])
    numbers = jnp.arange(blocks.shape[0] * rows).reshape(-1, rows)

    def visit(state, block):
        peak, total, sums = state
        y, index = block
        logits = (alpha * (queries @ y.T) - alpha**2 * ((y**2).sum(axis=1) / 2)[None]) / spread
        absent = (index >= count)[None]
        if owners is not None:
            absent = absent | (index[None] == owners[:, None])
        logits = jnp.where(absent, -jnp.inf, logits)
        higher = jnp.maximum(peak, logits.max(axis=1))
        weights = jnp.exp(logits - higher[:, None])
        keep = jnp.exp(peak - higher)
        return (higher, keep * total + weights.sum(axis=1), keep[:, None] * sums + weights @ y), None

    # A finite start: -inf would give -inf - -inf where a block has nothing for a query.
    lowest = jnp.full(x.shape[0], jnp.finfo(x.dtype).min / 4)
    start = lowest, jnp.zeros_like(lowest), jnp.zeros_like(x)
    (_, total, sums), _ = jax.lax.scan(visit, start, (blocks, numbers))
    mean = sums / total[:, None] + middle[None]
    if self.blur == 0:
        return mean
    return mean + (alpha * self.blur**2 / spread) * (x - alpha * mean)
