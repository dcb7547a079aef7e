"""A network and its data at one point, in balls: outputs, tangent kernel, the weights of the lemmas.

    lambda_min, lambda_max   extreme eigenvalues of H = (X X^T) o (D D^T) / m
    residual                 ||F - Y||_F

Every float64 number that leaves a method is a proved bound, from the safe side, for the exact function of the inputs,
labels and weights as given; arrays of balls contain the exact numbers. The formulas are those of `kernels.empirical`.
What is trusted: see `numerics.enclosure`.
"""

from functools import cached_property

import numpy as np
from flint import arb
from jaxtyping import Array, Float, Shaped

from softntk.networks.features import Exponential, ReLU, Softmax
from softntk.networks.two_layer import TwoLayer
from softntk.numerics.arrays import finite_matrix, require_float64
from softntk.numerics.enclosure import (
    balls,
    frobenius_upper,
    lambda_max_upper,
    lambda_min_lower,
    product,
    softmax,
    uppers,
)
from softntk.numerics.memory import announce

__all__ = ["Enclosed"]

# A ball with its two mantissas of 128 bits, and its place in an array.
_BALL_BYTES = 112


class Enclosed:
    """A network with its data; what is asked for is computed once, with the precision of the first request.

    A bound that is NaN or infinite proves nothing.

    Raises:
        BadInput: wrong shapes, not float64, NaN or infinite entries.
        TooLarge: the balls do not fit into free memory.
    """

    def __init__(self, network: TwoLayer, inputs: Float[Array, "n d"], labels: Float[Array, "n k"]):
        inputs = finite_matrix("inputs", inputs, columns=network.input_size)
        labels = finite_matrix("labels", labels, rows=inputs.shape[0], columns=network.output_size)
        hidden, output = finite_matrix("hidden", network.hidden), finite_matrix("output", network.output)
        named = {"inputs": inputs, "labels": labels, "hidden": hidden, "output": output}
        for name, array in named.items():
            require_float64(name, array)
        arrays = {name: np.asarray(array) for name, array in named.items()}
        self.labels, self.hidden = arrays["labels"], arrays["hidden"]
        self.width, self.output_size = network.width, network.output_size
        entries = inputs.shape[0] * self.width * (self.output_size + 5) + 3 * labels.size**2
        announce(
            _BALL_BYTES * entries,
            what="the proof in ball arithmetic",
            argument="network",
            advice="Use a smaller width or fewer samples, or leave rigorous out.",
        )
        self.centered = isinstance(network.features, Softmax)
        #: Whether the Jacobian jumps, as it does for ReLU; otherwise it is Lipschitz.
        self.jumps = isinstance(network.features, ReLU)
        self._exponential = isinstance(network.features, Exponential)
        self.inputs, self.output = balls(arrays["inputs"]), balls(arrays["output"])

    @cached_property
    def residual(self) -> float:
        """||F - Y||_F, from above."""
        values = self.scores * self.slopes if self.jumps else self.slopes
        outputs = self.means * self.width if self.centered else product(values, self.output.T)
        return frobenius_upper(outputs - balls(self.labels))

    @cached_property
    def lambda_min(self) -> float:
        """Smallest eigenvalue of H, from below."""
        return lambda_min_lower(self._kernel)

    @cached_property
    def lambda_max(self) -> float:
        """Largest eigenvalue of H, from above."""
        return lambda_max_upper(self._kernel)

    @cached_property
    def gram(self) -> Shaped[np.ndarray, "n n"]:
        """G = X X^T."""
        return product(self.inputs, self.inputs.T)

    @cached_property
    def norms(self) -> Shaped[np.ndarray, " n"]:
        """|x_i|."""
        return np.sqrt((self.inputs * self.inputs).sum(axis=1))

    @cached_property
    def longest(self) -> arb:
        """max |x_i|, from above."""
        return arb(float(uppers(self.norms).max()))

    @cached_property
    def strongest(self) -> arb:
        """max |a_r|, from above."""
        return arb(float(uppers(np.sqrt((self.output * self.output).sum(axis=0))).max()))

    @cached_property
    def scores(self) -> Shaped[np.ndarray, "n m"]:
        """Pre-activations Z = X W."""
        return product(self.inputs, balls(self.hidden))

    @cached_property
    def shares(self) -> Shaped[np.ndarray, "n m"]:
        """S, of softmax."""
        return softmax(self.scores)

    @cached_property
    def means(self) -> Shaped[np.ndarray, "n k"]:
        """A S_i, of softmax; zeros for the others."""
        if not self.centered:
            return balls(np.zeros((len(self.inputs), self.output_size)))
        return product(self.shares, self.output.T)

    @cached_property
    def slopes(self) -> Shaped[np.ndarray, "n m"]:
        """m S, exp(z), or 1[z > 0] where the balls decide it and NaN elsewhere."""
        if self.centered:
            return self.shares * self.width
        if self._exponential:
            return np.exp(self.scores)
        decided = [arb(1) if z > 0 else arb(0) if z <= 0 else arb("nan") for z in self.scores.ravel()]
        return np.array(decided, dtype=object).reshape(self.scores.shape)

    def gram_of_rows(
        self, slopes: Shaped[np.ndarray, "n m"], signs: Shaped[np.ndarray, "n l m"]
    ) -> Shaped[np.ndarray, "N N"]:
        """Gram matrix (n l, n l) of the rows slopes_ir signs_ilr x_i, r = 1, ..., m."""
        count, rows, width = signs.shape
        derivatives = (slopes[:, None, :] * signs).reshape(count * rows, width)
        gram = np.repeat(np.repeat(self.gram, rows, axis=0), rows, axis=1)
        return gram * product(derivatives, derivatives.T)

    @cached_property
    def _kernel(self) -> Shaped[np.ndarray, "N N"]:
        """H (nk, nk)."""
        return self.gram_of_rows(self.slopes, self.output[None, :, :] - self.means[:, :, None]) / self.width
