"""Gaussian mixtures: data whose density, score and denoiser are known exactly.

    p = sum_c w_c N(mu_c, S_c),    S_c = Q_c diag(e_c) Q_c^T

Scaling by a and adding noise of variance v gives a mixture again, with means a mu_c and covariances a^2 S_c + v I,
which have the same eigenvectors: that is all a forward process does. Covariances may be singular as long as v > 0.

Sampling draws the component, then mu_c + Q_c sqrt(e_c) z. Densities are sums of exponentials, taken in log form.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int
from numpy.typing import ArrayLike

from softntk.failures import BadInput

__all__ = ["MIXTURES", "GaussianMixture", "mixture_named"]


class GaussianMixture(eqx.Module):
    """Weights (c,), means (c, d), covariances (c, d, d) by their eigenvalues (c, d) and eigenvectors (c, d, d).

    Raises:
        BadInput: shapes do not fit, weights are not positive, or a covariance is not positive semi-definite.
    """

    weights: Float[Array, " c"]
    means: Float[Array, "c d"]
    eigenvalues: Float[Array, "c d"]
    eigenvectors: Float[Array, "c d d"]

    def __init__(self, weights: ArrayLike, means: ArrayLike, covariances: ArrayLike):
        weights, means, covariances = (np.asarray(each, float) for each in (weights, means, covariances))
        count, size = means.shape if means.ndim == 2 else (0, 0)
        if weights.shape != (count,) or covariances.shape != (count, size, size) or 0 in means.shape:
            raise BadInput(
                "means",
                required="have shape (c, d), with weights (c,) and covariances (c, d, d)",
                got=f"{means.shape}, {weights.shape} and {covariances.shape}",
                advice="Check the shapes.",
            )
        if not ((weights > 0) & np.isfinite(weights)).all() or not np.isfinite(means).all():
            raise BadInput("weights", required="be positive, means finite", got=f"{weights}", advice="Check them.")
        if not np.isfinite(covariances).all() or not np.allclose(covariances, covariances.transpose(0, 2, 1)):
            raise BadInput(
                "covariances", required="be finite and symmetric", got="others", advice="Type (S + S.T)/2, say."
            )
        values, vectors = np.linalg.eigh(covariances)
        if (values < -1e-12 * np.abs(values).max(axis=1, keepdims=True)).any():
            raise BadInput(
                "covariances",
                required="be positive semi-definite",
                got=f"an eigenvalue {values.min():.3g}",
                advice="Build them as B @ B.T.",
            )
        self.weights = jnp.asarray(weights / weights.sum())
        self.means = jnp.asarray(means)
        self.eigenvalues = jnp.asarray(np.maximum(values, 0.0))
        self.eigenvectors = jnp.asarray(vectors)

    @property
    def size(self) -> int:
        """Numbers in a sample, d."""
        return self.means.shape[1]

    @property
    def covariances(self) -> Float[Array, "c d d"]:
        """S_c = Q_c diag(e_c) Q_c^T."""
        return jnp.einsum("cij,cj,ckj->cik", self.eigenvectors, self.eigenvalues, self.eigenvectors)

    def mean(self) -> Float[Array, " d"]:
        """Mean of the mixture."""
        return self.weights @ self.means

    def covariance(self) -> Float[Array, "d d"]:
        """Covariance of the mixture: within components and between them."""
        offsets = self.means - self.mean()[None, :]
        return jnp.einsum("c,cij->ij", self.weights, self.covariances) + offsets.T @ (self.weights[:, None] * offsets)

    def sample(self, key: Array, count: int) -> Float[Array, "n d"]:
        """`count` independent points."""
        return self.sample_with_components(key, count)[0]

    def sample_with_components(self, key: Array, count: int) -> tuple[Float[Array, "n d"], Int[Array, " n"]]:
        """`count` independent points and the component each comes from."""
        component_key, noise_key = jax.random.split(key)
        chosen = jax.random.choice(component_key, len(self.weights), (count,), p=self.weights)
        normal = jax.random.normal(noise_key, (count, self.size), self.means.dtype)
        stretched = jnp.sqrt(self.eigenvalues)[chosen] * normal
        return self.means[chosen] + jnp.einsum("nij,nj->ni", self.eigenvectors[chosen], stretched), chosen

    def noisy(self, factor: Float[Array, ""] | float, variance: Float[Array, ""] | float) -> "GaussianMixture":
        """The law of factor X + sqrt(variance) Z: a mixture with the same eigenvectors. Works under `jit`."""
        values = factor**2 * self.eigenvalues + variance
        return eqx.tree_at(lambda m: (m.means, m.eigenvalues), self, (factor * self.means, values))

    def component_log_densities(self, points: Float[Array, "n d"]) -> Float[Array, "n c"]:
        """log(w_c N(x; mu_c, S_c)) for each point and component."""
        rotated = self.rotated(points)
        spread = (rotated**2 / self.eigenvalues[None]).sum(axis=2)
        constant = jnp.log(self.weights) - (jnp.log(2 * np.pi * self.eigenvalues)).sum(axis=1) / 2
        return constant[None, :] - spread / 2

    def rotated(self, points: Float[Array, "n d"]) -> Float[Array, "n c d"]:
        """Q_c^T (x - mu_c) for each point and component."""
        count, size = self.means.shape
        sides = self.eigenvectors.transpose(1, 0, 2).reshape(size, count * size)
        shift = jnp.einsum("ci,cij->cj", self.means, self.eigenvectors)
        return (points @ sides).reshape(-1, count, size) - shift[None]

    def log_density(self, points: Float[Array, "n d"]) -> Float[Array, " n"]:
        """log p(x); covariances must not be singular."""
        return jax.nn.logsumexp(self.component_log_densities(points), axis=1)


def _gaussian() -> GaussianMixture:
    return GaussianMixture([1.0], [[0.5, -0.25]], [[[1.0, 0.6], [0.6, 0.8]]])


def _three() -> GaussianMixture:
    return GaussianMixture(
        [0.5, 0.3, 0.2],
        [[-1.0, -0.4], [1.0, 0.7], [0.6, -1.2]],
        [[[0.10, 0.06], [0.06, 0.10]], [[0.12, -0.05], [-0.05, 0.06]], [[0.05, 0.0], [0.0, 0.05]]],
    )


def _eight() -> GaussianMixture:
    angles = np.arange(8) * np.pi / 4
    means = 1.5 * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    return GaussianMixture(np.full(8, 1 / 8), means, np.tile(0.15**2 * np.eye(2), (8, 1, 1)))


def _scales() -> GaussianMixture:
    means = np.array([[-1.0, 0.0], [1.0, 0.0]])
    return GaussianMixture([0.5, 0.5], means, np.stack([0.6**2 * np.eye(2), 0.05**2 * np.eye(2)]))


def _ten() -> GaussianMixture:
    random = np.random.default_rng(10)
    factors = 0.35 * random.standard_normal((5, 10, 10)) / 10**0.5
    means = 2.0 * random.standard_normal((5, 10)) / 10**0.5
    return GaussianMixture(np.arange(1.0, 6.0), means, factors @ factors.transpose(0, 2, 1) + 0.02 * np.eye(10))


#: Name of each built-in mixture -> what builds it. gaussian: one correlated component; three: three of different
#: shape; eight: small ones on a circle; scales: a wide one beside one twelve times as narrow (all d = 2);
#: ten: five random ones in d = 10.
MIXTURES = {
    "gaussian": _gaussian,
    "three-gaussians": _three,
    "eight-gaussians": _eight,
    "two-scales": _scales,
    "ten-dimensions": _ten,
}


def mixture_named(name: str) -> GaussianMixture:
    """The built-in mixture of this name.

    Raises:
        BadInput: there is none.
    """
    if name not in MIXTURES:
        raise BadInput(
            "name", required=f"be one of {', '.join(MIXTURES)}", got=repr(name), advice="Type 'three-gaussians'."
        )
    return MIXTURES[name]()
