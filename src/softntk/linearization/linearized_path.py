"""The linearized run in numbers that a tube needs: norms along the path and what filters an error.

In the eigenbasis J0 J0^T = V diag(mu) V^T, with f_i = 1 - eta mu_i, c = V^T R(0) and q_i(t) = eta sum_{s<t} f_i^s c_i,

    residual   |Rhat_t| = |f^t c|          pulled     |J0^T Rhat_t| = |sqrt(mu) f^t c|
    weights    What_t - W0 = -J0^T V q     distance   |What_t - W0| = |sqrt(mu) q|

An error made tau steps ago has been filtered since by (I - eta J0 J0^T)^tau. What is left of it is at most

    omega_tau = max |f|^tau,    kappa_tau = max sqrt(mu) |f|^tau,    nu_tau = max mu |f|^tau

times its size, if it came in as it is, through J0, or through J0 J0^T: kappa falls like (eta tau)^(-1/2) and nu like
1 / (eta tau), however small the smallest eigenvalue is. For eta |J0|^2 <= 2, omega <= 1.
"""

from dataclasses import dataclass
from functools import cached_property

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from softntk.dynamics.linearized import Linearized
from softntk.kernels.empirical import empirical_ntk
from softntk.numerics.memory import announce

__all__ = ["LinearizedPath", "linearized_path"]


@dataclass(frozen=True)
class LinearizedPath:
    """T steps of a linearized run.

    Attributes:
        step_size: eta.
        curvatures: mu (N,), eigenvalues of J0 J0^T, N = nk.
        vectors: V (N, N).
        powers: f^t c (T+1, N).
        sums: q (T+1, N).
        cross: J0(x) J0^T V for new inputs x (n', k, N).
        own: |J0(x)|_F^2 (n',).
    """

    step_size: float
    curvatures: Float[np.ndarray, " N"]
    vectors: Float[np.ndarray, "N N"]
    powers: Float[np.ndarray, "T1 N"]
    sums: Float[np.ndarray, "T1 N"]
    cross: Float[np.ndarray, "n2 k N"]
    own: Float[np.ndarray, " n2"]

    @property
    def steps(self) -> int:
        """Number of steps T."""
        return len(self.powers) - 1

    @property
    def norm(self) -> float:
        """Norm of the Jacobian at the start, b0 = |J0|."""
        return float(np.sqrt(self.curvatures.max()))

    @cached_property
    def residual(self) -> Float[np.ndarray, " T1"]:
        """Size of the linearized residual at every step, |Rhat_t|."""
        return np.linalg.norm(self.powers, axis=1)

    @cached_property
    def pulled(self) -> Float[np.ndarray, " T1"]:
        """Size of the linearized gradient at every step, |J0^T Rhat_t|."""
        return np.linalg.norm(np.sqrt(self.curvatures) * self.powers, axis=1)

    @cached_property
    def distance(self) -> Float[np.ndarray, " T1"]:
        """Distance of the linearized weights from the start, |What_t - W0|."""
        return np.linalg.norm(np.sqrt(self.curvatures) * self.sums, axis=1)

    @cached_property
    def filters(self) -> Float[np.ndarray, "3 T1"]:
        """What is left of an error after tau = 0, ..., T steps: omega, kappa, nu."""
        shrink = self._shrink
        roots = np.sqrt(self.curvatures)
        return np.stack([shrink.max(axis=1), (roots * shrink).max(axis=1), (self.curvatures * shrink).max(axis=1)])

    @cached_property
    def filters_at_others(self) -> Float[np.ndarray, "2 n2 T1"]:
        """|J0(x) (I - eta J0^T J0)^tau|_F and |J0(x) (I - eta J0^T J0)^tau J0^T|_F for each new input."""
        squares = (self.cross**2).sum(axis=1)  # (n', N), of J0(x) J0^T V
        solvable = self.curvatures > self.curvatures.max() * self.curvatures.size * np.finfo(float).eps
        inside = np.where(solvable, squares / np.where(solvable, self.curvatures, 1), 0)
        # What J0(x) has outside the row space of J0, or where J0 is numerically zero, is not filtered at all.
        outside = np.maximum(self.own - inside.sum(axis=1), 0)
        powers = self._shrink**2
        return np.sqrt(np.stack([inside @ powers.T + outside[:, None], squares @ powers.T]))

    @cached_property
    def _shrink(self) -> Float[np.ndarray, "T1 N"]:
        factors = np.abs(1 - self.step_size * self.curvatures)
        return factors[None] ** np.arange(self.steps + 1)[:, None]


def linearized_path(run: Linearized, steps: int, others: Float[Array, "n2 d"] | None = None) -> LinearizedPath:
    """Follow a linearized run for `steps` steps.

    Raises:
        TooLarge: the path does not fit into free memory.
    """
    size, k = run.coefficients.size, run.labels.shape[1]
    announce(
        8 * 8 * (steps + 1) * size,
        what=f"a tube of {steps} steps",
        argument="steps",
        advice="Use fewer steps or fewer samples.",
    )
    width = run.network.width
    # Rounding can leave a numerical zero eigenvalue slightly negative.
    curvatures = width * np.maximum(np.asarray(run.spectrum.values), 0)
    eta, vectors = float(run.step_size), np.asarray(run.spectrum.vectors)
    powers = (1 - eta * curvatures)[None] ** np.arange(steps + 1)[:, None] * np.asarray(run.coefficients)[None]
    sums = np.concatenate([np.zeros((1, size)), eta * np.cumsum(powers[:-1], axis=0)])
    cross, own = np.zeros((0, k, size)), np.zeros(0)
    if others is not None:
        kernel = width * np.asarray(empirical_ntk(run.network, others, run.inputs))
        cross = kernel.reshape(len(others), k, size) @ vectors
        own = np.array([width * float(jnp.trace(empirical_ntk(run.network, x[None]).reshape(k, k))) for x in others])
    return LinearizedPath(eta, curvatures, vectors, powers, sums, cross, own)
