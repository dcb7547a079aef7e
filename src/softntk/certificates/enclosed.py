"""What Theorem A needs of one network and one data set, enclosed in balls.

    lambda_min, lambda_max   extreme eigenvalues of H = (X X^T) o (D D^T) / m
    residual                 ||F - Y||_F
    bounds                   how fast (ReLU: how far) the Jacobian can change within a distance (see `lipschitz`)

Every float64 number that leaves this module is a proved bound, from the safe side, for the exact function of the
inputs, labels and weights as given. The formulas are those of `lipschitz` and `kernels.finite`. Where floating point
chooses among valid bounds (a test vector, an eigenvector), what it chose is checked in balls.

Cost for n = 100, d = 50, m = 4096, k = 1 on one core: three seconds, and two more for each radius.
What is trusted: see `numerics.enclosure`.
"""

import math
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
    lowers,
    perron_upper,
    product,
    softmax,
    upper,
    uppers,
    working_precision,
)
from softntk.numerics.memory import announce

__all__ = ["Enclosed"]

# A ball with its two mantissas of 128 bits, and its place in an array.
_BALL_BYTES = 112

# ReLU's bound jumps once for every sign change that a distance can pay for; so many jumps are told apart.
_MOST_JUMPS = 1024


class Enclosed:
    """A network with its data; each method answers with a proved bound. NaN or infinity: nothing could be proved.

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
        self.features = network.features
        self.arrays = {name: np.asarray(array) for name, array in named.items()}
        self.width, self.output_size = network.width, network.output_size
        entries = inputs.shape[0] * self.width * (self.output_size + 5) + 3 * labels.size**2
        announce(
            _BALL_BYTES * entries, what="the proof in ball arithmetic", argument="network",
            advice="Use a smaller width or fewer samples, or rigorous=False.",
        )  # fmt: skip

    @cached_property
    def residual(self) -> float:
        """||F - Y||_F, from above."""
        with working_precision():
            if isinstance(self.features, Softmax):
                outputs = self._means * self.width
            else:
                outputs = product(self._values, self._output.T)
            return frobenius_upper(outputs - balls(self.arrays["labels"]))

    @cached_property
    def lambda_min(self) -> float:
        """Smallest eigenvalue of H, from below."""
        with working_precision():
            return lambda_min_lower(self._kernel)

    @cached_property
    def lambda_max(self) -> float:
        """Largest eigenvalue of H, from above."""
        with working_precision():
            return lambda_max_upper(self._kernel)

    @property
    def jumps(self) -> bool:
        """Whether the Jacobian jumps, as it does for ReLU; otherwise it is Lipschitz."""
        return isinstance(self.features, ReLU)

    @property
    def size(self) -> int:
        """n k, the size of H."""
        return self.arrays["labels"].size

    @property
    def signs_bounded(self) -> bool:
        """Whether every output weight is in [-1, 1], as the lemmas want it."""
        return bool((np.abs(self.arrays["output"]) <= 1).all())

    def grid(self, radii: Float[np.ndarray, " J"]) -> Float[np.ndarray, " J2"]:
        """Where to bound the change of the Jacobian: at `radii`, or for ReLU just before the jumps of the bound."""
        if not self.jumps:
            return radii
        jumps = np.unique(np.sqrt(self._costs[self._costs <= radii[-1] ** 2]))
        jumps = jumps[:: max(len(jumps) // _MOST_JUMPS, 1)] * (1 - 1e-12)
        return np.append(jumps[(jumps > 0) & (jumps < radii[-1])], radii[-1])

    def bounds(self, radii: Float[np.ndarray, " J"]) -> list[float]:
        """L within each radius, or Delta for ReLU, from above."""
        with working_precision():
            return (
                self._changes(radii).tolist() if self.jumps else [self._lipschitz(radius) for radius in radii.tolist()]
            )

    def _lipschitz(self, radius: float) -> float:
        weights = self._weights(radius)
        if not np.isfinite(weights).all():
            return math.inf
        alpha = arb(self.output_size).sqrt()
        if isinstance(self.features, Softmax):
            means = [frobenius_upper(row) for row in self._means]
            drift = (self.output_size * arb(float(weights.max())) / self.width).sqrt() * float(
                uppers(self._norms).max()
            )
            alpha += float(np.max(means)) + radius * drift
        return upper(alpha * arb(perron_upper(weights, self._gram * self._gram)).sqrt())

    def _changes(self, radii: Float[np.ndarray, " J"]) -> Float[np.ndarray, " J"]:
        budgets = uppers(balls(radii) ** 2)
        flips = np.array([np.searchsorted(row, budgets, side="right") for row in self._costs], dtype=np.float64)
        squares = product(balls(flips.T), (self._norms**2)[:, None])[:, 0]
        return uppers(np.sqrt(squares * self.output_size))

    @cached_property
    def _costs(self) -> Float[np.ndarray, "n m"]:
        """The least squared distance that 1, 2, ..., m sign changes at sample i need, from below."""
        with working_precision():
            lengths = np.array([length if length > 0 else arb(1) for length in self._norms], dtype=object)
            margins = np.sort(lowers(np.abs(self._scores) / lengths[:, None]).clip(min=0.0), axis=1)
            return lowers(np.cumsum(balls(margins) ** 2, axis=1))

    @cached_property
    def _inputs(self) -> Shaped[np.ndarray, "n d"]:
        return balls(self.arrays["inputs"])

    @cached_property
    def _output(self) -> Shaped[np.ndarray, "k m"]:
        return balls(self.arrays["output"])

    @cached_property
    def _gram(self) -> Shaped[np.ndarray, "n n"]:
        return product(self._inputs, self._inputs.T)

    @cached_property
    def _norms(self) -> Shaped[np.ndarray, " n"]:
        return np.sqrt((self._inputs * self._inputs).sum(axis=1))

    @cached_property
    def _scores(self) -> Shaped[np.ndarray, "n m"]:
        return product(self._inputs, balls(self.arrays["hidden"]))

    @cached_property
    def _shares(self) -> Shaped[np.ndarray, "n m"]:
        return softmax(self._scores)

    @cached_property
    def _means(self) -> Shaped[np.ndarray, "n k"]:
        """A S_i."""
        return product(self._shares, self._output.T)

    @cached_property
    def _values(self) -> Shaped[np.ndarray, "n m"]:
        """phi of the exponential and the ReLU network."""
        return np.exp(self._scores) if isinstance(self.features, Exponential) else self._scores * self._steps

    @cached_property
    def _steps(self) -> Shaped[np.ndarray, "n m"]:
        """1[z > 0] where the balls decide it, NaN elsewhere."""
        decided = [arb(1) if z > 0 else arb(0) if z <= 0 else arb("nan") for z in self._scores.ravel()]
        return np.array(decided, dtype=object).reshape(self._scores.shape)

    @cached_property
    def _kernel(self) -> Shaped[np.ndarray, "N N"]:
        """H (nk, nk)."""
        n, k, m = len(self._inputs), self.output_size, self.width
        signs, slopes = self._output[None, :, :], self._steps if isinstance(self.features, ReLU) else None
        if isinstance(self.features, Softmax):
            signs, slopes = signs - self._means[:, :, None], self._shares * m
        elif slopes is None:
            slopes = self._values
        derivatives = (slopes[:, None, :] * signs).reshape(n * k, m)
        gram = np.repeat(np.repeat(self._gram, k, axis=0), k, axis=1)
        return gram * product(derivatives, derivatives.T) / m

    def _weights(self, radius: float) -> Float[np.ndarray, "n m"]:
        """c of `lipschitz.Smoothness.weights`, from above."""
        if isinstance(self.features, Exponential):
            return uppers(self._values * np.exp(self._norms * arb(radius))[:, None])
        odds, reach = self._odds
        odds = odds * np.exp(reach * arb(radius))
        weights = uppers(odds / (odds + 1) * self.width)
        # Where a share is so near 1 that its ball touches 1, the odds are not finite: m bounds every weight.
        return np.where(weights < self.width, weights, self.width)

    @cached_property
    def _odds(self) -> tuple[Shaped[np.ndarray, "n m"], Shaped[np.ndarray, "n m"]]:
        """S / (1 - S), and |x| sqrt(1 + sum_{q != r} S_q^2 / (1 - S_r)^2)."""
        squares = self._shares * self._shares
        rest = 1 - self._shares
        others = (squares.sum(axis=1)[:, None] - squares) / (rest * rest)
        return self._shares / rest, np.sqrt(others + 1) * self._norms[:, None]
