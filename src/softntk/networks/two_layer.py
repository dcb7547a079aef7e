"""The two-layer network and the gradient of its squared loss, in closed form.

    F(X) = phi(X W) A^T,      loss = 1/2 ||F - Y||_F^2,      W trained, A fixed.

With phi = s E and slope T (see `features`), residual R = F - Y, P = R A and c_i = centered sum_l R_il F_il / m,

    dloss/dW = (s X)^T [ T o (P - c) ].

This needs two (n d m) and two (n m k) matrix products and n m exponentials, nothing else: the weight s is applied to
the small matrix X, and neither the softmax nor an n x m x k array of derivatives is formed.

Symbols: n samples, d inputs, m neurons, k outputs; X (n, d), Y (n, k), W (d, m) `hidden`, A (k, m) `output`.
"""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from softntk.failures import BadInput
from softntk.networks.features import Features, Softmax
from softntk.numerics.stable import row_peaks

__all__ = ["Evaluation", "TwoLayer"]


class Evaluation(NamedTuple):
    """Outputs F (n, k), loss, and gradient (d, m) of the loss at one network."""

    outputs: Float[Array, "n k"]
    loss: Float[Array, ""]
    gradient: Float[Array, "d m"]


class TwoLayer(eqx.Module):
    """A two-layer network with hidden weights (d, m), output weights (k, m) and one feature.

    Raises:
        BadInput: the two weight matrices do not have the same number of neurons.
    """

    hidden: Float[Array, "d m"]
    output: Float[Array, "k m"]
    features: Features = eqx.field(static=True)

    def __check_init__(self):
        # A pytree may be rebuilt with leaves that are not arrays; those have no shape to check.
        shapes: list[tuple[int, ...]] = [getattr(weights, "shape", ()) for weights in (self.hidden, self.output)]
        hidden, output = shapes
        if len(hidden) == len(output) == 2 and hidden[1] != output[1]:
            raise BadInput(
                "output",
                required="have one column for each column of hidden",
                got=f"hidden {hidden} and output {output}",
                advice="Type TwoLayer(hidden (d, m), output (k, m), features).",
            )

    @property
    def input_size(self) -> int:
        """d."""
        return self.hidden.shape[0]

    @property
    def width(self) -> int:
        """m."""
        return self.hidden.shape[1]

    @property
    def output_size(self) -> int:
        """k."""
        return self.output.shape[0]

    def __call__(self, inputs: Float[Array, "n d"]) -> Float[Array, "n k"]:
        """Outputs F (n, k). The softmax network is finite for inputs of any finite size."""
        if not isinstance(self.features, Softmax):
            values, weight = self.features.parts(inputs @ self.hidden)
            return weight * (values @ self.output.T)
        # Softmax weights do not change under a shift of a row, so the shift is taken before the row's
        # power of two is multiplied back: differences may overflow to -inf, whose exponential is the right 0.
        peaks = row_peaks(inputs)
        scores = (inputs / peaks) @ self.hidden
        scores = (scores - jax.lax.stop_gradient(scores.max(axis=1, keepdims=True))) * peaks
        values, weight = self.features.parts(scores)
        return weight * (values @ self.output.T)

    def evaluate(self, inputs: Float[Array, "n d"], labels: Float[Array, "n k"]) -> Evaluation:
        """Outputs, loss and closed-form gradient, sharing all work."""
        values, weight = self.features.parts(inputs @ self.hidden)
        outputs = weight * (values @ self.output.T)
        residual = outputs - labels
        spread = residual @ self.output
        if self.features.centered:
            spread = spread - jnp.sum(residual * outputs, axis=1, keepdims=True) / self.width
        gradient = (weight * inputs).T @ (self.features.slope(values) * spread)
        return Evaluation(outputs, 0.5 * jnp.sum(residual**2), gradient)

    def loss(self, inputs: Float[Array, "n d"], labels: Float[Array, "n k"]) -> Float[Array, ""]:
        """1/2 ||F - Y||_F^2."""
        return 0.5 * jnp.sum((self(inputs) - labels) ** 2)

    def gradient(self, inputs: Float[Array, "n d"], labels: Float[Array, "n k"]) -> Float[Array, "d m"]:
        """Gradient of the loss in the hidden weights."""
        return self.evaluate(inputs, labels).gradient

    def moved_to(self, hidden: Float[Array, "d m"]) -> "TwoLayer":
        """The same network with other hidden weights."""
        return TwoLayer(hidden, self.output, self.features)
