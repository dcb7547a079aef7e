"""How fast the Jacobian of a network can change with its hidden weights.

    ||J(W) - J(W0)|| <= change(u) for every W with ||W - W0||_F <= u,
    J is lipschitz(u)-Lipschitz on that ball                             (softmax and exponential only).

Softmax and exponential. With a bound c_ir on the weight of neuron r at sample i anywhere in the ball,

    softmax       c_ir = m sigmoid(logit S_ir + u |x_i| sqrt(1 + sum_{q != r} S_iq^2 / (1 - S_ir)^2))
    exponential   c_ir = exp(z_ir + u |x_i|)

    L = alpha max_r sqrt(lambda_max(diag(c_r) (G o G) diag(c_r))),       G = X X^T,

alpha = sqrt(k) for the exponential network and sqrt(k) + max_i |A S_i| over the ball for softmax.
ReLU. The Jacobian jumps where a pre-activation changes sign; `change` counts how many signs distance u can pay for.
The proofs are in docs/certificates.md.
"""

import math

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from softntk.failures import BadInput
from softntk.networks.features import Exponential, Features, ReLU, Softmax
from softntk.networks.two_layer import TwoLayer
from softntk.numerics.arrays import finite_matrix, require_float64

__all__ = ["Smoothness", "smoothness"]


class Smoothness(eqx.Module):
    """What the bounds need, computed once at W0.

    Attributes:
        scores: log(m S) for softmax, the pre-activations z for the others (n, m).
        norms: |x_i| (n,).
        gram: G = X X^T (n, n).
        means: |A S_i| for softmax, zeros for the others (n,).
        output_size: k.
        features: the feature of the network.
    """

    scores: Float[Array, "n m"]
    norms: Float[Array, " n"]
    gram: Float[Array, "n n"]
    means: Float[Array, " n"]
    output_size: int = eqx.field(static=True)
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
        reach = jnp.asarray(radius, self.norms.dtype) * self.norms[:, None]
        if isinstance(self.features, Exponential):
            return jnp.exp(self.scores + reach)
        log_share = jnp.minimum(self.scores - math.log(self.width), 0)
        rest = -jnp.expm1(log_share)
        squares = jnp.exp(2 * log_share)
        others = jnp.maximum(squares.sum(axis=1, keepdims=True) - squares, 0)
        # The others' squares are at most (1 - S)^2; where 1 - S is lost to rounding, that is what is used.
        spread = jnp.where(rest > 0, jnp.minimum(others / jnp.where(rest > 0, rest, 1) ** 2, 1), 1)
        logit = log_share - jnp.log(rest) + reach * jnp.sqrt(1 + spread)
        return self.width * jnp.exp(-jax.nn.softplus(-logit))

    @eqx.filter_jit
    def lipschitz(self, radius: float | Float[Array, ""]) -> Float[Array, ""]:
        """L: the Jacobian is L-Lipschitz in operator norm on the ball of this Frobenius radius around W0.

        Raises:
            BadInput: the network is ReLU, whose Jacobian is not Lipschitz.
        """
        self._require_smooth("lipschitz")
        weights = self.weights(radius)
        alpha = math.sqrt(self.output_size) + jnp.zeros_like(self.norms[0])
        if isinstance(self.features, Softmax):
            drift = jnp.sqrt(self.output_size * weights.max() / self.width) * self.norms.max()
            alpha = alpha + self.means.max() + jnp.asarray(radius, drift.dtype) * drift
        return alpha * jnp.sqrt(_largest(self.gram**2, weights).max())

    @eqx.filter_jit
    def change(self, radius: float | Float[Array, ""]) -> Float[Array, ""]:
        """Delta: ||J(W) - J(W0)|| is at most this for every W within the Frobenius radius of W0."""
        radius = jnp.asarray(radius, self.norms.dtype)
        if not isinstance(self.features, ReLU):
            return radius * self.lipschitz(radius)
        margins = jnp.abs(self.scores) / jnp.where(self.norms > 0, self.norms, 1)[:, None]
        costs = jnp.cumsum(jnp.sort(margins, axis=1) ** 2, axis=1)
        flips = (costs <= radius**2).sum(axis=1)
        return jnp.sqrt(self.output_size * jnp.sum(self.norms**2 * flips.astype(self.norms.dtype)))

    def _require_smooth(self, name: str) -> None:
        if isinstance(self.features, ReLU):
            raise BadInput(
                "features", required=f"be softmax or exponential for {name}", got="relu, whose Jacobian jumps",
                advice="Type change(radius), which bounds how far it can jump.",
            )  # fmt: skip


def smoothness(network: TwoLayer, inputs: Float[Array, "n d"]) -> Smoothness:
    """Compute at W0 = network.hidden what the bounds need.

    Raises:
        BadInput: wrong shapes, NaN or infinite entries, not float64.
    """
    inputs = finite_matrix("inputs", inputs, columns=network.input_size)
    require_float64("inputs", inputs)
    require_float64("network.hidden", network.hidden)
    return _at(network, inputs)


@eqx.filter_jit
def _at(network: TwoLayer, inputs: Float[Array, "n d"]) -> Smoothness:
    scores, means = inputs @ network.hidden, jnp.zeros_like(inputs[:, 0])
    if isinstance(network.features, Softmax):
        shares = jax.nn.softmax(scores, axis=1)
        means = jnp.linalg.norm(shares @ network.output.T, axis=1)
        scores = jax.nn.log_softmax(scores, axis=1) + math.log(network.width)
    return Smoothness(
        scores=scores, norms=jnp.linalg.norm(inputs, axis=1), gram=inputs @ inputs.T, means=means,
        output_size=network.output_size, features=network.features,
    )  # fmt: skip


def _largest(matrix: Float[Array, "n n"], weights: Float[Array, "n m"], steps: int = 4) -> Float[Array, " m"]:
    """Upper bounds of lambda_max(diag(c_r) M diag(c_r)) for entrywise nonnegative M, all r at once.

    Collatz and Wielandt: for a nonnegative matrix B and any positive v, lambda_max(B) <= max_i (B v)_i / v_i.
    """
    vectors = jnp.maximum(weights, jnp.finfo(weights.dtype).tiny)
    best = jnp.full(weights.shape[1], jnp.inf, weights.dtype)
    for _ in range(steps):
        image = weights * (matrix @ (weights * vectors))
        best = jnp.minimum(best, (image / vectors).max(axis=0))
        peak = image.max(axis=0, keepdims=True)
        vectors = jnp.maximum(image / jnp.where(peak > 0, peak, 1), 1e-9)
    return best
