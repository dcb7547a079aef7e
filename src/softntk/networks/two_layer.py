"""The two-layer network and the gradient of its squared loss, in closed form.

    F(X) = phi(X W) A^T,      loss = 1/2 ||F - Y||_F^2,      W trained, A fixed.

With phi = s E and slope T (see `features`), weighted residual R = s (F - Y), P = R A and
c_i = centered sum_l R_il F_il / m,

    dloss/dW = X^T [ T o (P - c) ].

This needs two (n d m) and two (n m k) matrix products and n m exponentials, nothing else: the weight s is applied to
the small matrix R, and neither the softmax nor an n x m x k array of derivatives is formed. The row sums of E, of
which s is made, come with the product E A^T: a row of ones stands below A. Samples are worked through in blocks.

At the antisymmetric start A = [B, -B] for good, and the two products with A need half of the work: with E = [E', E''],

    E A^T = (E' - E'') B^T,      R A = [R B, -R B].

Symbols: n samples, d inputs, m neurons, k outputs; X (n, d), Y (n, k), W (d, m) `hidden`, A (k, m) `output`.
"""

from collections.abc import Sequence
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from softntk.failures import BadInput
from softntk.networks.features import Features
from softntk.numerics.blocks import even_rows, row_blocks, rows_of_blocks
from softntk.numerics.stable import product_exponentials

__all__ = ["Evaluation", "TwoLayer", "is_antisymmetric", "opposed"]

# Pre-activations of one block. Smaller blocks would read the weights too often, larger ones only cost memory.
_BLOCK_BYTES = 2**25


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
        """Number of inputs d."""
        return self.hidden.shape[0]

    @property
    def width(self) -> int:
        """Number of neurons m."""
        return self.hidden.shape[1]

    @property
    def output_size(self) -> int:
        """Number of outputs k."""
        return self.output.shape[0]

    def __call__(self, inputs: Float[Array, "n d"]) -> Float[Array, "n k"]:
        """Outputs F (n, k). The softmax network is finite for inputs of any finite size."""
        return self._mixed(self._values(inputs, [self.hidden]), self.output)[0]

    def evaluate(self, inputs: Float[Array, "n d"], labels: Float[Array, "n k"], *, halved: bool = False) -> Evaluation:
        """Outputs, loss and closed-form gradient, sharing all work.

        Arguments:
            halved: True if the output weights are known to be `opposed`; no values are looked at, so this works traced.
        """
        count, rows = inputs.shape[0], self.block_rows(inputs.shape[0])
        if rows >= count:
            outputs, gradient = self._at(inputs, labels, halved)
        else:

            def add(sum_: Float[Array, "d m"], block: tuple[Array, Array]):
                outputs, gradient = self._at(*block, halved)
                return sum_ + gradient, outputs  # a row of zeros adds nothing

            blocks = (row_blocks(inputs, rows), row_blocks(labels, rows))
            gradient, outputs = jax.lax.scan(add, jnp.zeros_like(self.hidden), blocks)
            outputs = rows_of_blocks(outputs, count)
        return Evaluation(outputs, 0.5 * jnp.sum((outputs - labels) ** 2), gradient)

    def block_rows(self, count: int) -> int:
        """How many of `count` samples `evaluate` works on at a time; its memory is about 3 times that many times m."""
        near = _BLOCK_BYTES // (self.width * self.hidden.dtype.itemsize)
        # Blocks much narrower than the other sides of the matrix products would make those slow.
        return even_rows(count, max(near, 2 * (self.input_size + self.output_size)))

    def _values(self, inputs: Float[Array, "n d"], hidden: Sequence[Float[Array, "d p"]]) -> list[Float[Array, "n p"]]:
        """E for each part of the neurons, for softmax up to a factor per row."""
        if self.features.centered:
            return product_exponentials(inputs, hidden)
        return [self.features.parts(inputs @ part)[0] for part in hidden]

    def _mixed(
        self, values: Sequence[Float[Array, "n p"]], output: Float[Array, "k p"]
    ) -> tuple[Float[Array, "n k"], Float[Array, "n 1"]]:
        """F and s from E, in one part or in two of opposite sign."""
        signed = values[0] if len(values) == 1 else values[0] - values[1]
        if not self.features.centered:
            return signed @ output.T, jnp.ones_like(signed[:, :1])
        if len(values) == 1:
            products = signed @ jnp.concatenate([output, jnp.ones_like(output[:1])]).T
            sums, products = products[:, -1:], products[:, :-1]
        else:
            ones = jnp.ones((output.shape[1], 1), output.dtype)
            sums, products = values[0] @ ones + values[1] @ ones, signed @ output.T
        weight = self.width / sums
        return weight * products, weight

    def _at(self, inputs: Float[Array, "n d"], labels: Float[Array, "n k"], halved: bool):
        """Outputs and gradient at one block of samples."""
        hidden = jnp.split(self.hidden, 2, axis=1) if halved else [self.hidden]
        output = self.output[:, : hidden[0].shape[1]]
        values = self._values(inputs, hidden)
        outputs, weight = self._mixed(values, output)
        residual = weight * (outputs - labels)
        spread = residual @ output
        mean = jnp.sum(residual * outputs, axis=1, keepdims=True) / self.width if self.features.centered else 0
        slopes = [self.features.slope(part) for part in values]
        parts = [slopes[0] * (spread - mean), *(slope * (-spread - mean) for slope in slopes[1:])]
        return outputs, jnp.concatenate([inputs.T @ part for part in parts], axis=1)

    def loss(self, inputs: Float[Array, "n d"], labels: Float[Array, "n k"]) -> Float[Array, ""]:
        """1/2 ||F - Y||_F^2."""
        return 0.5 * jnp.sum((self(inputs) - labels) ** 2)

    def gradient(self, inputs: Float[Array, "n d"], labels: Float[Array, "n k"]) -> Float[Array, "d m"]:
        """Gradient of the loss in the hidden weights."""
        return self.evaluate(inputs, labels).gradient

    def moved_to(self, hidden: Float[Array, "d m"]) -> "TwoLayer":
        """The same network with other hidden weights."""
        return TwoLayer(hidden, self.output, self.features)


def opposed(output: Float[Array, "*s k m"]) -> bool:
    """Whether the second half of the output weights is the first with opposite signs, as at the antisymmetric start."""
    weights = np.asarray(output)
    half = weights.shape[-1] // 2
    return weights.shape[-1] == 2 * half and bool((weights[..., :half] == -weights[..., half:]).all())


def is_antisymmetric(network: TwoLayer) -> bool:
    """Whether the second half of the neurons repeats the first with opposite output weights, exactly."""
    hidden, half = np.asarray(network.hidden), network.width // 2
    return opposed(network.output) and bool((hidden[:, :half] == hidden[:, half:]).all())
