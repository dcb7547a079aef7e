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
The proofs are in docs/certificates.md (Lemmas S, E and R).
"""

import math

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from softntk.bounds.flips import jumps
from softntk.failures import BadInput
from softntk.networks.features import Exponential, Features, ReLU, Softmax
from softntk.networks.two_layer import TwoLayer
from softntk.numerics.arrays import finite_matrix, require_float64

__all__ = ["Smoothness", "largest_by_neuron", "smoothness"]

# Neurons whose bound is computed again inside a ball; for inputs of one norm the order of the neurons never changes.
_HIGHEST = 64
# Entries of one tile of neurons: 32 MB in float64.
_TILE_ENTRIES = 2**22


class Smoothness(eqx.Module):
    """What the bounds need, computed once at W0.

    Attributes:
        scores: log(m S) for softmax, the pre-activations z for the others (n, m).
        norms: |x_i| (n,).
        gram: G = X X^T (n, n).
        means: |A S_i| for softmax, zeros for the others (n,).
        squares: sum_r S_ir^2 for softmax, zeros for the others (n,).
        peaks: sqrt(lambda_max(diag(c_r) (G o G) diag(c_r))) at W0, from above (m,); zeros for ReLU.
        output_norm: max_r |a_r|, sqrt(k) for signs.
        features: the feature of the network.
    """

    scores: Float[Array, "n m"]
    norms: Float[Array, " n"]
    gram: Float[Array, "n n"]
    means: Float[Array, " n"]
    squares: Float[Array, " n"]
    peaks: Float[Array, " m"]
    output_norm: Float[Array, ""]
    features: Features = eqx.field(static=True)

    @property
    def width(self) -> int:
        """m."""
        return self.scores.shape[1]

    @eqx.filter_jit
    def weights(self, radius: float | Float[Array, ""]) -> Float[Array, "n m"]:
        """c (n, m): upper bounds of m S (softmax) or exp(z) (exponential) on the ball; at radius 0 the values.

        Raises:
            BadInput: the network is ReLU.
        """
        self._require_smooth("weights")
        return self._bound(self.scores, jnp.asarray(radius, self.norms.dtype))

    @eqx.filter_jit
    def lipschitz(self, radius: float | Float[Array, ""]) -> Float[Array, ""]:
        """L: the Jacobian is L-Lipschitz in operator norm on the ball of this Frobenius radius around W0.

        Raises:
            BadInput: the network is ReLU, whose Jacobian is not Lipschitz.
        """
        return self.lipschitz_at(jnp.asarray(radius, self.norms.dtype)[None])[0]

    @eqx.filter_jit
    def lipschitz_at(self, radii: Float[Array, " j"]) -> Float[Array, " j"]:
        """L on balls of several radii; the highest neurons are found once.

        Raises:
            BadInput: the network is ReLU.
        """
        self._require_smooth("lipschitz")
        heights, order = jax.lax.top_k(self.peaks, min(_HIGHEST + 1, self.width))
        scores = self.scores[:, order[:_HIGHEST]]
        # No weight grows faster than exp(u |x| sqrt 2) (softmax) or exp(u |x|) (exponential).
        speed = self.norms.max() * (math.sqrt(2) if isinstance(self.features, Softmax) else 1)
        top, squared = jnp.exp(self.scores.max()), self.gram**2

        def at(radius: Float[Array, ""]) -> Float[Array, ""]:
            growth = jnp.exp(speed * radius)
            height = jnp.sqrt(largest_by_neuron(squared, self._bound(scores, radius)).max())
            if self.width > _HIGHEST:
                height = jnp.maximum(height, heights[-1] * growth)
            if not isinstance(self.features, Softmax):
                return self.output_norm * height
            drift = self.output_norm * jnp.sqrt(jnp.minimum(top * growth / self.width, 1)) * self.norms.max()
            return (self.output_norm + self.means.max() + radius * drift) * height

        return jax.lax.map(at, radii)

    @eqx.filter_jit
    def change(self, radius: float | Float[Array, ""]) -> Float[Array, ""]:
        """Delta: ||J(W) - J(W0)|| is at most this for every W within the Frobenius radius of W0."""
        return self.changes(jnp.asarray(radius, self.norms.dtype)[None])[0]

    @eqx.filter_jit
    def changes(self, radii: Float[Array, " j"]) -> Float[Array, " j"]:
        """Delta at several radii in ascending order, sharing the work."""
        if not isinstance(self.features, ReLU):
            return radii * self.lipschitz_at(radii)
        margins = jnp.where(
            self.norms[:, None] > 0, jnp.abs(self.scores) / jnp.where(self.norms > 0, self.norms, 1)[:, None], jnp.inf
        )
        return self.output_norm * jumps(margins, self.gram, radii)

    def _bound(self, scores: Float[Array, "n c"], radius: Float[Array, ""]) -> Float[Array, "n c"]:
        """c for some of the neurons, given by their columns of `scores`."""
        reach = radius * self.norms[:, None]
        if isinstance(self.features, Exponential):
            return jnp.exp(scores + reach)
        log_share = jnp.minimum(scores - math.log(self.width), 0)
        rest = -jnp.expm1(log_share)
        others = jnp.maximum(self.squares[:, None] - jnp.exp(2 * log_share), 0)
        # The others' squares are at most (1 - S)^2; where 1 - S is lost to rounding, that is what is used.
        spread = jnp.where(rest > 0, jnp.minimum(others / jnp.where(rest > 0, rest, 1) ** 2, 1), 1)
        logit = log_share - jnp.log(rest) + reach * jnp.sqrt(1 + spread)
        return self.width * jnp.exp(-jax.nn.softplus(-logit))

    def _require_smooth(self, name: str) -> None:
        if isinstance(self.features, ReLU):
            raise BadInput(
                "features",
                required=f"be softmax or exponential for {name}",
                got="relu, whose Jacobian jumps",
                advice="Type change(radius), which bounds how far it can jump.",
            )


def smoothness(network: TwoLayer, inputs: Float[Array, "n d"]) -> Smoothness:
    """Compute at W0 = network.hidden what the bounds need; memory a few times n m numbers.

    Raises:
        BadInput: wrong shapes, NaN or infinite entries, not float64.
    """
    inputs = finite_matrix("inputs", inputs, columns=network.input_size)
    require_float64("inputs", inputs)
    require_float64("network.hidden", network.hidden)
    return _at(network, inputs)


@eqx.filter_jit
def _at(network: TwoLayer, inputs: Float[Array, "n d"]) -> Smoothness:
    scores, gram = inputs @ network.hidden, inputs @ inputs.T
    nothing, peaks = jnp.zeros_like(inputs[:, 0]), jnp.zeros_like(network.hidden[0])
    means, squares = nothing, nothing
    if isinstance(network.features, Softmax):
        scores = jax.nn.log_softmax(scores, axis=1)
        shares = jnp.exp(scores)
        means = jnp.linalg.norm(shares @ network.output.T, axis=1)
        squares = jnp.sum(shares**2, axis=1)
        scores = scores + math.log(network.width)
    if not isinstance(network.features, ReLU):
        peaks = jnp.sqrt(largest_by_neuron(gram**2, jnp.exp(scores)))
    return Smoothness(
        scores=scores,
        norms=jnp.linalg.norm(inputs, axis=1),
        gram=gram,
        means=means,
        squares=squares,
        peaks=peaks,
        output_norm=jnp.sqrt(jnp.max(jnp.sum(network.output**2, axis=0))),
        features=network.features,
    )


def largest_by_neuron(matrix: Float[Array, "n n"], weights: Float[Array, "n m"], steps: int = 3) -> Float[Array, " m"]:
    """Upper bounds of lambda_max(diag(c_r) M diag(c_r)) for entrywise nonnegative M, all r at once.

    Collatz and Wielandt: for a nonnegative matrix B and any positive v, lambda_max(B) <= max_i (B v)_i / v_i. Here v
    is a few steps of the power method from c_r, and the best of the bounds on the way is kept.
    """
    size, width = weights.shape

    def of(tile: Float[Array, "n t"]) -> Float[Array, " t"]:
        # Any positive vector will do; the floor keeps quotients finite and costs nothing where weights matter.
        vectors = jnp.maximum(tile / jnp.maximum(tile.max(axis=0), jnp.finfo(tile.dtype).tiny)[None], 1e-9)
        best = jnp.full(tile.shape[1], jnp.inf, tile.dtype)
        for _ in range(steps):
            image = tile * (matrix @ (tile * vectors))
            best = jnp.minimum(best, (image / vectors).max(axis=0))
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
