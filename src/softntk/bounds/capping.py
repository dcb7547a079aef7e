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
paired start the two sets of rows are orthogonal and nothing is lost. Proof: docs/certificates.md, Lemma C.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from softntk.bounds.lipschitz import Smoothness
from softntk.networks.features import Softmax
from softntk.networks.two_layer import TwoLayer

__all__ = ["Floor", "capped", "rounding", "weighted_gram"]

# The caps tried, as fractions of the largest nu, by the quality of an estimate that needs no matrix.
_FRACTIONS = tuple(0.9**power for power in range(60))
# The multiple of the rows of Q: any is valid, and from 4 on nothing is gained.
_MULTIPLE = 4.0
_TILE_ENTRIES = 2**22


class Floor(eqx.Module):
    """A lower bound of sigma_min(J(W)) near W0.

    Attributes:
        start: s, the bound at W0; zero where the damped Gram matrix is singular to rounding.
        cap: tau.
        norm: max |x_i|.
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
        return self.start / shrink, alpha * self.cap * per_distance / shrink


@eqx.filter_jit
def capped(network: TwoLayer, inputs: Float[Array, "n d"], smooth: Smoothness) -> Floor:
    """Choose the cap and compute the floor for a softmax or exponential network."""
    weights = jnp.exp(smooth.scores)
    damping, cap = _damping(weights, smooth)
    centered = isinstance(network.features, Softmax)
    gram = weighted_gram(network, inputs, smooth, damping=damping)
    values = jnp.linalg.eigvalsh(gram)
    lowest = values[0] - rounding(gram, network, smooth)
    nothing = jnp.zeros_like(cap)
    return Floor(
        start=jnp.sqrt(jnp.maximum(lowest, 0)),
        cap=cap,
        norm=smooth.norms.max(),
        mean=smooth.means.max() if centered else nothing,
        share=jnp.sqrt(smooth.squares.max()) if centered else nothing,
        output_norm=smooth.output_norm,
    )


def _damping(weights: Float[Array, "n m"], smooth: Smoothness) -> tuple[Float[Array, " m"], Float[Array, ""]]:
    """sqrt(omega) (m,) and tau: the cap with the most kernel left for the change it allows.

    The smallest diagonal entry of the damped kernel stands in for its smallest eigenvalue; any choice is valid.
    """
    energy = (weights * smooth.norms[:, None]) ** 2
    peaks = jnp.maximum(smooth.peaks, jnp.finfo(weights.dtype).tiny)
    caps = peaks.max() * jnp.asarray(_FRACTIONS, weights.dtype)
    left = jnp.min(energy @ (jnp.minimum(1, caps[None, :] / peaks[:, None]) ** 2), axis=0)
    cap = caps[jnp.argmax(left / caps)]
    return jnp.minimum(1, cap / peaks), cap


def weighted_gram(
    network: TwoLayer, inputs: Float[Array, "n d"], smooth: Smoothness, *, damping: Float[Array, " m"]
) -> Float[Array, "N N"]:
    """Gram matrix of the rows of J(W0) Omega^(1/2); for softmax also of the rows that Q removes, n more of them.

    Neurons come in tiles, so that memory stays that of a few n m numbers.
    """
    centered = isinstance(network.features, Softmax)
    outputs, means = network.output, jnp.zeros((inputs.shape[0], network.output_size), inputs.dtype)
    if centered:
        means = jnp.exp(smooth.scores) @ outputs.T / network.width
        outputs = jnp.concatenate([outputs, jnp.full((1, network.width), _MULTIPLE, outputs.dtype)])
        means = jnp.pad(means, ((0, 0), (0, 1)))
    rows, size = outputs.shape[0], inputs.shape[0]
    tile = min(max(_TILE_ENTRIES // (size * rows), 16), network.width)
    padding = ((0, 0), (0, -network.width % tile))
    # A padded neuron is damped to nothing.
    scores, outputs = jnp.pad(smooth.scores, padding), jnp.pad(outputs, padding)
    damping = jnp.pad(damping, padding[1])

    def columns(array: Float[Array, "r m2"], start) -> Float[Array, "r t"]:
        return jax.lax.dynamic_slice_in_dim(array, start, tile, axis=1)

    def add(index, total: Float[Array, "N N"]) -> Float[Array, "N N"]:
        start = index * tile
        slopes = jnp.exp(columns(scores, start)) * columns(damping[None], start)
        derivatives = slopes[:, None, :] * (columns(outputs, start)[None] - means[:, :, None])
        derivatives = derivatives.reshape(size * rows, tile)
        return total + derivatives @ derivatives.T

    total = jax.lax.fori_loop(0, scores.shape[1] // tile, add, jnp.zeros((size * rows, size * rows), inputs.dtype))
    return total * jnp.repeat(jnp.repeat(smooth.gram, rows, axis=0), rows, axis=1)


def rounding(gram: Float[Array, "N N"], network: TwoLayer, smooth: Smoothness) -> Float[Array, ""]:
    """Error radius of the eigenvalues of a Gram matrix of rows of J: its rounding and the solver's.

    A product over m neurons is off by at most m eps (|D| |D|^T), at most m eps trace in norm; an error d eps |x| |w| of
    a pre-activation multiplies a derivative by 1 + that; the solver adds N eps lambda_max.
    """
    eps = jnp.finfo(gram.dtype).eps
    reach = smooth.norms.max() * jnp.sqrt(jnp.max(jnp.sum(network.hidden**2, axis=0)))
    return eps * (gram.shape[0] + network.width + 4 * network.input_size * (1 + reach)) * jnp.trace(gram)
