"""The limit kernel as a value: a function of two sets of inputs that solvers, transformations and tiles can call.

With s = scale^2, g = <x, x'>, p = |x + x'|^2 / 2 and theta the angle between x and x':

    trained  softmax     exponential  ReLU
    hidden   g exp(s g)  g exp(s p)   g (pi - theta) / (2 pi)
    output   exp(s g)    exp(s p)     s |x| |x'| (sin theta + (pi - theta) cos theta) / (2 pi)
    both     the sum     the sum      the sum

The proof is in `kernels.infinite`, which computes the same numbers with checks of the input and of memory.
A `LimitKernel` checks neither: it runs under `jit`, `grad` (in the scale as well) and `vmap`, and a tile at a time.

The theta of nearly parallel inputs is computed from the difference of the unit vectors, not from their product:
arccos would lose half of the digits there.
"""

from collections.abc import Callable

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from softntk.failures import BadInput
from softntk.kernels.empirical import Trained, check_trained
from softntk.networks.features import Exponential, Features, ReLU, Softmax

__all__ = ["Kernel", "LimitKernel"]

#: What solvers take for a kernel: any function (inputs (n, d), others (n', d) or None) -> (n, n').
Kernel = Callable[[Float[Array, "n d"], Float[Array, "n2 d"] | None], Float[Array, "n n2"]]


class _Pairs(eqx.Module):
    """Two sets of inputs and the quantities of their pairs that the limits need."""

    left: Float[Array, "n d"]
    right: Float[Array, "n2 d"]

    @property
    def product(self) -> Float[Array, "n n2"]:
        return self.left @ self.right.T

    @property
    def half_square_of_sum(self) -> Float[Array, "n n2"]:
        squares = [jnp.sum(side**2, axis=1) / 2 for side in (self.left, self.right)]
        return self.product + (squares[0][:, None] + squares[1][None, :])

    @property
    def norms(self) -> Float[Array, "n n2"]:
        lengths = [jnp.linalg.norm(side, axis=1) for side in (self.left, self.right)]
        return lengths[0][:, None] * lengths[1][None, :]

    @property
    def angle(self) -> Float[Array, "n n2"]:
        u, v = (_unit(side) for side in (self.left, self.right))
        # XLA fuses the reduction, so no n x n' x d array is formed.
        apart = jnp.sum((u[:, None, :] - v[None, :, :]) ** 2, axis=2)
        together = jnp.sum((u[:, None, :] + v[None, :, :]) ** 2, axis=2)
        return 2 * jnp.atan2(jnp.sqrt(apart), jnp.sqrt(together))


def _unit(side: Float[Array, "n d"]) -> Float[Array, "n d"]:
    length = jnp.linalg.norm(side, axis=1, keepdims=True)
    return side / jnp.where(length > 0, length, 1)


def _relu_hidden(pairs: _Pairs, s: Float[Array, ""]) -> Float[Array, "n n2"]:  # noqa: ARG001  (s cancels)
    return pairs.product * (jnp.pi - pairs.angle) / (2 * jnp.pi)


def _relu_output(pairs: _Pairs, s: Float[Array, ""]) -> Float[Array, "n n2"]:
    theta = pairs.angle
    return s * pairs.norms * (jnp.sin(theta) + (jnp.pi - theta) * jnp.cos(theta)) / (2 * jnp.pi)


#: Feature -> layer -> limit kernel as a function of the pairs and s = scale^2.
_LIMITS: dict[str, dict[str, Callable[[_Pairs, Float[Array, ""]], Float[Array, "n n2"]]]] = {
    Softmax.name: {
        "hidden": lambda pairs, s: pairs.product * jnp.exp(s * pairs.product),
        "output": lambda pairs, s: jnp.exp(s * pairs.product),
    },
    Exponential.name: {
        "hidden": lambda pairs, s: pairs.product * jnp.exp(s * pairs.half_square_of_sum),
        "output": lambda pairs, s: jnp.exp(s * pairs.half_square_of_sum),
    },
    ReLU.name: {"hidden": _relu_hidden, "output": _relu_output},
}

#: Feature -> layer -> K(x, x) as a function of |x|^2 and s.
_DIAGONALS: dict[str, dict[str, Callable[[Float[Array, " n"], Float[Array, ""]], Float[Array, " n"]]]] = {
    Softmax.name: {"hidden": lambda q, s: q * jnp.exp(s * q), "output": lambda q, s: jnp.exp(s * q)},
    Exponential.name: {"hidden": lambda q, s: q * jnp.exp(2 * s * q), "output": lambda q, s: jnp.exp(2 * s * q)},
    ReLU.name: {"hidden": lambda q, s: q / 2, "output": lambda q, s: s * q / 2},  # noqa: ARG005
}


class LimitKernel(eqx.Module):
    """The kernel of an infinitely wide network: `LimitKernel(Softmax())(inputs, others)` is (n, n').

    Arguments:
        features: `Softmax()`, `Exponential()` or `ReLU()`.
        scale: standard deviation of the hidden weights at the start; it can be differentiated.
        trained: the layer whose weights are trained: "hidden", "output" or "both".

    Raises:
        BadInput: an unknown layer or feature, or a scale that is negative or not finite.
    """

    features: Features = eqx.field(static=True)
    scale: Float[Array, ""]
    trained: Trained = eqx.field(static=True)

    def __init__(self, features: Features, scale: float | Float[Array, ""] = 1.0, trained: Trained = "hidden"):
        check_trained(trained)
        if features.name not in _LIMITS:
            raise BadInput(
                "features", required="have a known limit kernel", got=repr(features), advice="Type Softmax()."
            )
        if isinstance(scale, int | float) and not 0 <= scale < float("inf"):
            raise BadInput("scale", required="be finite and not negative", got=repr(scale), advice="Type scale=1.0.")
        self.features, self.scale, self.trained = features, jnp.asarray(scale, float), trained

    @property
    def layers(self) -> tuple[str, ...]:
        """The layers that are trained."""
        return ("hidden", "output") if self.trained == "both" else (self.trained,)

    def __call__(self, inputs: Float[Array, "n d"], others: Float[Array, "n2 d"] | None = None) -> Float[Array, "n n2"]:
        """K (n, n') between `inputs` and `others` (default: the inputs again), in the precision of the inputs."""
        kernel = self._between(_Pairs(inputs, inputs if others is None else others))
        # Rounding of a matrix product need not be symmetric; the kernel is.
        return kernel if others is not None else (kernel + kernel.T) / 2

    def diagonal(self, inputs: Float[Array, "n d"]) -> Float[Array, " n"]:
        """K(x_i, x_i) (n,)."""
        squares, s = jnp.sum(inputs**2, axis=1), self._variance(inputs)
        parts = [_DIAGONALS[self.features.name][layer](squares, s) for layer in self.layers]
        return sum(parts[1:], parts[0])

    def _between(self, pairs: _Pairs) -> Float[Array, "n n2"]:
        s = self._variance(pairs.left)
        parts = [_LIMITS[self.features.name][layer](pairs, s) for layer in self.layers]
        return sum(parts[1:], parts[0])

    def _variance(self, like: Array) -> Float[Array, ""]:
        return self.scale.astype(like.dtype) ** 2
