"""How fast the Jacobian of a network can change with its hidden weights.

    ||J(W) - J(W0)|| <= change(u) for every W with ||W - W0||_F <= u,
    J is lipschitz(u)-Lipschitz on that ball                             (softmax and exponential only).

Softmax and exponential. With a bound c_ir on the weight of neuron r at sample i anywhere in the ball,

    softmax       c_ir = m sigmoid(logit S_ir + u |x_i| sqrt(1 + sum_{q != r} S_iq^2 / (1 - S_ir)^2))
    exponential   c_ir = exp(z_ir + u |x_i|)

    L = alpha max_r sqrt(lambda_max(diag(c_r) (G o G) diag(c_r))),       G = X X^T,

alpha = a = max_r |a_r| (sqrt(k) for signs) for the exponential network, a + max_i |A S_i| over the ball for softmax.
`peaks` holds the square roots at W0, one a neuron; inside a ball only the highest few are computed again.
ReLU. The Jacobian jumps where a pre-activation changes sign: see `flips`.
Every number is an upper bound for the exact network: what rounding can do to scores, means and G is added (`start`),
and a factor `roundoff.SLACK` covers the rest. The proofs are in docs/certificates.md (Lemmas S, E and R).
"""

import math

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from softntk.bounds.flips import jumps
from softntk.bounds.roundoff import SLACK, TINY, UNIT
from softntk.bounds.start import Start, evaluated
from softntk.failures import BadInput
from softntk.networks.features import Exponential, Features, ReLU, Softmax
from softntk.networks.two_layer import TwoLayer

__all__ = ["HIGHEST", "Smoothness", "largest_by_neuron", "smoothness"]

#: Neurons whose bound is computed again inside a ball; for inputs of one norm the order of the neurons never changes.
HIGHEST = 64
# Entries of one tile of neurons: 32 MB in float64.
_TILE_ENTRIES = 2**22
# Squares below this are as good as none: what is flushed to zero is less.
_FLUSHED = 2.0**-960


class Smoothness(eqx.Module):
    """What the bounds need, computed once at W0.

    Attributes:
        start: the network at W0, with errors.
        peaks: sqrt(lambda_max(diag(c_r) (G o G) diag(c_r))) at W0, from above (m,); zeros for ReLU.
    """

    start: Start
    peaks: Float[Array, " m"]

    @property
    def width(self) -> int:
        """Hidden neurons, m."""
        return self.start.width

    @property
    def features(self) -> Features:
        """The feature of the network."""
        return self.start.features

    @property
    def longest(self) -> Float[Array, ""]:
        """max |x_i|, from above."""
        return self.start.norms.max()

    @property
    def share(self) -> Float[Array, ""]:
        """max |S_i|, from above (softmax)."""
        return jnp.minimum(jnp.sqrt(self.start.energies.max()) / self.width, 1) * SLACK

    @eqx.filter_jit
    def weights(self, radius: float | Float[Array, ""]) -> Float[Array, "n m"]:
        """c (n, m): upper bounds of m S (softmax) or exp(z) (exponential) on the ball.

        Raises:
            BadInput: the network is ReLU.
        """
        self._require_smooth("weights")
        return self._bound(self.start.scores_above, jnp.asarray(radius, self.peaks.dtype))

    @eqx.filter_jit
    def lipschitz(self, radius: float | Float[Array, ""]) -> Float[Array, ""]:
        """L: the Jacobian is L-Lipschitz in operator norm on the ball of this Frobenius radius around W0.

        Raises:
            BadInput: the network is ReLU, whose Jacobian is not Lipschitz.
        """
        return self.lipschitz_at(jnp.asarray(radius, self.peaks.dtype)[None])[0]

    @eqx.filter_jit
    def lipschitz_at(self, radii: Float[Array, " j"]) -> Float[Array, " j"]:
        """L on balls of several radii; the highest neurons are found once.

        Raises:
            BadInput: the network is ReLU.
        """
        self._require_smooth("lipschitz")
        start = self.start
        heights, order = jax.lax.top_k(self.peaks, min(HIGHEST + 1, self.width))
        scores = start.scores_above[:, order[:HIGHEST]]
        # No weight grows faster than exp(u |x| sqrt 2) (softmax) or exp(u |x|) (exponential).
        speed = self.longest * (math.sqrt(2) if isinstance(self.features, Softmax) else 1)
        top, squared = jnp.exp(start.scores_above.max()), start.magnitudes**2

        def at(radius: Float[Array, ""]) -> Float[Array, ""]:
            growth = jnp.exp(speed * radius)
            height = jnp.sqrt(largest_by_neuron(squared, self._bound(scores, radius)).max())
            if self.width > HIGHEST:
                height = jnp.maximum(height, heights[-1] * growth)
            if not isinstance(self.features, Softmax):
                return start.output_norm * height * SLACK
            drift = start.output_norm * jnp.sqrt(jnp.minimum(top * growth / self.width, 1)) * self.longest
            return (start.output_norm + start.mean_norms.max() + radius * drift) * height * SLACK

        return jax.lax.map(at, radii)

    @eqx.filter_jit
    def change(self, radius: float | Float[Array, ""]) -> Float[Array, ""]:
        """Delta: ||J(W) - J(W0)|| is at most this for every W within the Frobenius radius of W0."""
        return self.changes(jnp.asarray(radius, self.peaks.dtype)[None])[0]

    @eqx.filter_jit
    def changes(self, radii: Float[Array, " j"]) -> Float[Array, " j"]:
        """Delta at several radii in ascending order, sharing the work."""
        if not isinstance(self.features, ReLU):
            return radii * self.lipschitz_at(radii) * SLACK
        return self.start.output_norm * jumps(self.start.margins, self.start.magnitudes, radii) * SLACK

    def _bound(self, scores: Float[Array, "n c"], radius: Float[Array, ""]) -> Float[Array, "n c"]:
        """c for some of the neurons, given by their columns of `scores_above`."""
        reach = radius * self.start.norms[:, None]
        if isinstance(self.features, Exponential):
            return jnp.exp(scores + reach) * SLACK + TINY
        few = 4 * UNIT * (1 + math.log(self.width))
        log_share = jnp.minimum(scores - math.log(self.width) + few, 0)
        rest = -jnp.expm1(log_share)
        # sum_q S_q^2 - S_r^2 cancels where one share has it all: the error of both is added.
        squares = self.start.energies[:, None] / self.width**2 * SLACK
        others = squares - jnp.exp(2 * (log_share - 2 * self.start.score_error[:, None])) + 4 * few * squares
        # The others' squares are at most (1 - S)^2; where 1 - S is lost to rounding, that is what is used.
        spread = jnp.where(rest > 0, jnp.clip(others / jnp.where(rest > 0, rest, 1) ** 2, 0, 1), 1)
        logit = log_share - jnp.log(rest) + reach * jnp.sqrt(1 + spread) * SLACK
        # Logarithms of the size of a few hundred are off by some 1e-13.
        weights = self.width * jnp.exp(-jax.nn.softplus(-logit - 64 * UNIT * (1 + jnp.abs(logit)))) * SLACK + TINY
        return jnp.where(jnp.isnan(logit) | ~(rest > 0), self.width, jnp.minimum(weights, self.width))

    def _require_smooth(self, name: str) -> None:
        if isinstance(self.features, ReLU):
            raise BadInput(
                "features",
                required=f"be softmax or exponential for {name}",
                got="relu, whose Jacobian jumps",
                advice="Type change(radius), which bounds how far it can jump.",
            )


@eqx.filter_jit
def smoothness(network: TwoLayer, inputs: Float[Array, "n d"]) -> Smoothness:
    """Compute at W0 = network.hidden what the bounds need; memory a few times n m numbers. Works under jit and vmap.

    Raises:
        BadInput: wrong shapes, NaN or infinite entries, not float64.
    """
    start = evaluated(network, inputs)
    peaks = jnp.zeros_like(start.scores[0])
    if not isinstance(start.features, ReLU):
        peaks = jnp.sqrt(largest_by_neuron(start.magnitudes**2, jnp.exp(start.scores_above))) * SLACK
    return Smoothness(start, peaks)


def largest_by_neuron(matrix: Float[Array, "n n"], weights: Float[Array, "n m"], steps: int = 3) -> Float[Array, " m"]:
    """Upper bounds of lambda_max(diag(c_r) M diag(c_r)) for entrywise nonnegative M, all r at once.

    Collatz and Wielandt: for a nonnegative matrix B and any positive v, lambda_max(B) <= max_i (B v)_i / v_i. Here v
    is a few steps of the power method from c_r, and the best of the bounds on the way is kept, with slack for rounding.
    """
    size, width = weights.shape

    def of(tile: Float[Array, "n t"]) -> Float[Array, " t"]:
        # Any positive vector will do; the floor keeps quotients finite and costs nothing where weights matter.
        vectors = jnp.maximum(tile / jnp.maximum(tile.max(axis=0), jnp.finfo(tile.dtype).tiny)[None], 1e-9)
        best = jnp.full(tile.shape[1], jnp.inf, tile.dtype)
        for _ in range(steps):
            weighted = tile * vectors
            image = tile * (matrix @ weighted + 4 * size * TINY * (1 + weighted.max(axis=0, keepdims=True)))
            best = jnp.minimum(best, (image / vectors).max(axis=0) * SLACK + _FLUSHED)
            peak = image.max(axis=0)[None]
            vectors = jnp.maximum(image / jnp.where(peak > 0, peak, 1), 1e-9)
        return best

    tile = max(_TILE_ENTRIES // size, 16)
    if width <= tile:
        return of(weights)
    padded = jnp.pad(weights, ((0, 0), (0, -width % tile)))
    return jax.lax.map(
        lambda start: of(jax.lax.dynamic_slice_in_dim(padded, start, tile, axis=1)), jnp.arange(0, width, tile)
    ).reshape(-1)[:width]
