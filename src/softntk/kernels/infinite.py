"""The kernels of infinitely wide networks, in closed form.

As m -> infinity with random signs A, the finite kernel tends to K (x) I_k. With s = scale^2, g = <x, x'>,
p = |x + x'|^2 / 2 and theta the angle between x and x':

    trained  softmax     exponential  ReLU
    hidden   g exp(s g)  g exp(s p)   g (pi - theta) / (2 pi)
    output   exp(s g)    exp(s p)     s |x| |x'| (sin theta + (pi - theta) cos theta) / (2 pi)
    both     the sum     the sum      the sum

Proof for softmax. m S_r(x) -> exp(<w_r, x>) / E exp(<w, x>) = exp(<w_r, x> - s |x|^2 / 2), and <a_l, S> -> 0 since the
signs are random. Then E exp(<w, x + x'>) = exp(s |x + x'|^2 / 2), in which the norms cancel against the two
normalizations and exp(s g) is left. So normalizing over the neurons turns the exponential network's kernel into a
pure dot-product kernel; on the unit sphere the exponential kernel is e^s times the softmax kernel.

The theta of nearly parallel inputs is computed from the difference of the unit vectors, not from their product:
arccos would lose half of the digits there.

Reference: softmax derived here; exponential as in arXiv 2303.16504; ReLU: Cho and Saul (2009).
"""

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from softntk.failures import BadInput
from softntk.kernels.finite import Trained, check_tile, check_trained, refuse_overflow
from softntk.networks.features import Exponential, Features, ReLU, Softmax
from softntk.numerics.arrays import finite_matrix
from softntk.numerics.blocks import row_blocks, rows_of_blocks
from softntk.numerics.memory import announce

__all__ = ["infinite"]

# Rows computed at a time when the caller does not say: a block stays near the caches.
_TILE_ROWS = 512


def infinite(
    features: Features,
    inputs: Float[Array, "n d"],
    others: Float[Array, "n2 d"] | None = None,
    *,
    scale: float | Float[Array, ""] = 1.0,
    trained: Trained = "hidden",
    tile: int | None = None,
) -> Float[Array, "n n2"]:
    """Limit kernel K (n, n') between `inputs` and `others` (default: the inputs again), for one output.

    Arguments:
        features: `Softmax()`, `Exponential()` or `ReLU()`.
        scale: standard deviation of the hidden weights at the start.
        trained: the layer whose weights are trained.
        tile: rows at a time; any value gives the same kernel.

    Raises:
        BadInput: wrong shapes, NaN or infinite inputs, an unknown layer or feature, or a kernel that overflows.
        TooLarge: the kernel does not fit into free memory.
    """
    check_trained(trained)
    check_tile(tile)
    inputs = finite_matrix("inputs", inputs)
    if others is not None:
        others = finite_matrix("others", others, columns=inputs.shape[1], dtype=inputs.dtype)
    if features.name not in _LIMITS:
        raise BadInput("features", required="have a known limit kernel", got=repr(features), advice="Type Softmax().")
    if isinstance(scale, int | float) and not 0 <= scale < float("inf"):
        raise BadInput("scale", required="be finite and not negative", got=repr(scale), advice="Type scale=1.0.")
    rows, columns = inputs.shape[0], (inputs if others is None else others).shape[0]
    tile = min(tile or _TILE_ROWS, rows)
    need = inputs.dtype.itemsize * (2 * rows + 4 * tile) * columns
    announce(
        need, what=f"the limit kernel of {rows} x {columns} samples", argument="inputs",
        advice="Use fewer samples or float32.",
    )  # fmt: skip
    kernel = _infinite(features.name, inputs, others, jnp.asarray(scale, inputs.dtype) ** 2, trained, tile)
    refuse_overflow(kernel)
    return kernel


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


@eqx.filter_jit
def _infinite(
    name: str,
    inputs: Float[Array, "n d"],
    others: Float[Array, "n2 d"] | None,
    s: Float[Array, ""],
    trained: str,
    tile: int,
) -> Float[Array, "n n2"]:
    layers = ("hidden", "output") if trained == "both" else (trained,)
    right = inputs if others is None else others

    def block(rows: Float[Array, "t d"]) -> Float[Array, "t n2"]:
        parts = [_LIMITS[name][layer](_Pairs(rows, right), s) for layer in layers]
        return parts[0] if len(parts) == 1 else parts[0] + parts[1]

    kernel = rows_of_blocks(jax.lax.map(block, row_blocks(inputs, tile)), inputs.shape[0])
    # Rounding of a matrix product need not be symmetric; the kernel is.
    return kernel if others is not None else (kernel + kernel.T) / 2
