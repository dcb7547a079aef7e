"""A floor under the smallest singular value that a few heavy neurons cannot spoil.

L is decided by the heaviest neuron, lambda by all. Damp neuron r by sqrt(omega_r) <= 1: with Omega <= I and a
projector Q, sigma_min(J) >= sigma_min(J Omega^(1/2) Q), and damped neurons change less. With nu_r from
`Smoothness.peaks` and a cap tau, sqrt(omega_r) = min(1, tau / nu_r) makes sqrt(omega_r) nu_r <= tau. For every W
within u of W0, with e(u) = exp(u x) - 1, x = max|x_i| (so that nu <= tau spends tau e(u)/x) and a = max_r |a_r|,

    exponential   sigma_min(J(W)) >= s - a tau e(u)/x,                             Q = I
    softmax       sigma_min(J(W)) >= (s - (a + b(u)) tau e(u)/x) / (1 + q e(u)),   q = max_i |S_i|,
                  b(u) >= |A S_i(W)|,  Q orthogonal to the rows sqrt(omega_r) S_ir x_i

where s = sigma_min(J(W0) Omega^(1/2) Q). For softmax s^2 is at least the smallest eigenvalue of the Gram matrix of the
rows of J(W0) Omega^(1/2) together with any multiple of those rows: a Schur complement has no smaller eigenvalue. At a
antisymmetric start the two sets of rows are orthogonal and nothing is lost. Proof: docs/certificates.md, Lemma C.
"""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from softntk.bounds.lipschitz import Smoothness
from softntk.bounds.roundoff import SLACK
from softntk.bounds.start import singular_ends
from softntk.networks.features import Softmax

__all__ = ["MULTIPLE", "Floor", "capped", "damping_of"]

# The caps tried, as fractions of the largest nu, by the quality of an estimate that needs no matrix.
_FRACTIONS = 0.9 ** np.arange(60)
#: The multiple of the rows of Q: any is valid, and from 4 on nothing is gained.
MULTIPLE = 4.0


class Floor(eqx.Module):
    """A lower bound of sigma_min(J(W)) near W0.

    Attributes:
        start: s, the bound at W0; zero where the damped Gram matrix is singular to rounding.
        cap: tau, above sqrt(omega_r) nu_r for every neuron.
        norm: max |x_i|, from above, as the next three.
        mean: max |A S_i| at W0; zero for the exponential network.
        share: max |S_i|; zero for the exponential network.
        output_norm: a = max_r |a_r|.
    """

    start: Float[Array, ""]
    cap: Float[Array, ""]
    norm: Float[Array, ""]
    mean: Float[Array, ""]
    share: Float[Array, ""]
    output_norm: Float[Array, ""]

    def at(self, radii: Float[Array, " j"]) -> Float[Array, " j"]:
        """The bound for W within each radius; negative says nothing."""
        level, slope = self.lines(radii)
        return level - slope * radii

    @eqx.filter_jit
    def lines(self, radii: Float[Array, " j"]) -> tuple[Float[Array, " j"], Float[Array, " j"]]:
        """level_j and slope_j with sigma_min >= level_j - slope_j u for every u <= u_j: e(u) <= u e(u_j) / u_j."""
        growth = jnp.expm1(self.norm * radii)
        alpha = self.output_norm + self.mean
        alpha = alpha + alpha * self.share * growth * jnp.exp(self.norm * radii * self.share)
        shrink = 1 + self.share * growth
        reach = self.norm * radii
        # int_0^u exp(s x) ds = e(u) / x, and that per distance is e(u) / (u x), 1 in the limit.
        per_distance = jnp.where(reach > 0, growth / jnp.where(reach > 0, reach, 1), 1)
        # Where the line is negative it is a lower bound whatever it is divided by.
        return self.start / shrink / SLACK, alpha * self.cap * per_distance / shrink * SLACK


@eqx.filter_jit
def capped(smooth: Smoothness) -> Floor:
    """Choose the cap and compute the floor for a softmax or exponential network."""
    start = smooth.start
    centered = isinstance(start.features, Softmax)
    damping, cap = damping_of(jnp.exp(start.scores), start.norms, smooth.peaks)
    nothing = jnp.zeros_like(cap)
    return Floor(
        start=singular_ends(start, damping=damping, multiple=MULTIPLE if centered else None).low,
        cap=cap * SLACK,
        norm=smooth.longest,
        mean=start.mean_norms.max() if centered else nothing,
        share=smooth.share if centered else nothing,
        output_norm=start.output_norm,
    )


def damping_of(
    weights: Float[Array, "n m"], norms: Float[Array, " n"], peaks: Float[Array, " m"]
) -> tuple[Float[Array, " m"], Float[Array, ""]]:
    """sqrt(omega) (m,) and tau: the cap with the most kernel left for the change it allows. Any choice is valid.

    The smallest diagonal entry of the damped kernel stands in for its smallest eigenvalue.

    Arguments:
        weights: phi at W0.
        peaks: nu.
    """
    energy = (weights * norms[:, None]) ** 2
    peaks = jnp.maximum(peaks, jnp.finfo(weights.dtype).tiny)
    caps = peaks.max() * jnp.asarray(_FRACTIONS, weights.dtype)
    left = jnp.min(energy @ (jnp.minimum(1, caps[None, :] / peaks[:, None]) ** 2), axis=0)
    cap = caps[jnp.argmax(left / caps)]
    return jnp.minimum(1, cap / peaks), cap
