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

ReLU's limits have corners: at a zero input, and the hidden one at parallel inputs too. Their derivatives are finite
there, the mean of both sides (`kernels.angles`).

Reference: softmax derived here; exponential as in arXiv 2303.16504; ReLU: Cho and Saul (2009).
"""

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from softntk.failures import BadInput
from softntk.kernels.angles import angles, lengths, units
from softntk.kernels.empirical import Trained, check_trained, refuse_overflow
from softntk.networks.features import Exponential, Features, ReLU, Softmax
from softntk.numerics.arrays import finite_matrix
from softntk.numerics.blocks import row_blocks, rows_of_blocks
from softntk.numerics.memory import announce
from softntk.numerics.words import in_words

__all__ = ["Kernel", "LimitKernel"]

#: What solvers take for a kernel: any function (inputs (n, d), others (n', d) or None) -> (n, n').
Kernel = Callable[[Float[Array, "n d"], Float[Array, "n2 d"] | None], Float[Array, "n n2"]]

# Rows computed at a time: a block of them stays near the caches, and temporaries stay small.
_BLOCK_ROWS = 512


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
        return lengths(self.left)[:, None] * lengths(self.right)[None, :]

    @property
    def angle(self) -> Float[Array, "n n2"]:
        return angles(units(self.left), units(self.right))


def _relu_hidden(pairs: _Pairs, s: Float[Array, ""]) -> Float[Array, "n n2"]:  # noqa: ARG001  (s cancels)
    return pairs.product * (jnp.pi - pairs.angle) / (2 * jnp.pi)


def _relu_output(pairs: _Pairs, s: Float[Array, ""]) -> Float[Array, "n n2"]:
    return s * _arc(pairs.norms, pairs.product, pairs.angle) / (2 * jnp.pi)


@jax.custom_jvp
def _arc(norms: Float[Array, "n n2"], product: Float[Array, "n n2"], theta: Float[Array, "n n2"]):
    """N sin theta + (pi - theta) g, where g = N cos theta."""
    return norms * jnp.sin(theta) + (jnp.pi - theta) * product


@_arc.defjvp
def _arc_moved(primals: tuple[Array, Array, Array], tangents: tuple[Array, Array, Array]) -> tuple[Array, Array]:
    # N cos theta d theta and -g d theta cancel: without them the derivative has no corner at parallel inputs.
    (norms, product, theta), (longer, nearer, _) = primals, tangents
    return _arc(norms, product, theta), jnp.sin(theta) * longer + (jnp.pi - theta) * nearer


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
    """The kernel of an infinitely wide network, for one output: `LimitKernel(Softmax())(inputs, others)` is (n, n').

    A pytree that runs under `jit`, `vmap` and `grad`, in the inputs and in the scale. What is known is checked: shapes
    always, numbers and overflow wherever they have values, which under `jit` and `vmap` they have not.

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

    __repr__ = in_words

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
        """K (n, n') between `inputs` and `others` (default: the inputs again), in the precision of the inputs.

        Raises:
            BadInput: wrong shapes, NaN or infinite inputs, or a kernel that overflows.
            TooLarge: the kernel does not fit into free memory.
        """
        inputs = finite_matrix("inputs", inputs)
        if others is not None:
            others = finite_matrix("others", others, columns=inputs.shape[1], dtype=inputs.dtype)
        rows, columns = inputs.shape[0], (inputs if others is None else others).shape[0]
        announce(
            inputs.dtype.itemsize * (2 * rows + 4 * min(rows, _BLOCK_ROWS)) * columns,
            what=f"the limit kernel of {rows} x {columns} samples",
            argument="inputs",
            advice="Use fewer samples or float32, or solve without the matrix: softntk.regression.",
        )
        kernel = _in_blocks(self, inputs, others, _BLOCK_ROWS)
        refuse_overflow(kernel)
        return kernel

    def diagonal(self, inputs: Float[Array, "n d"]) -> Float[Array, " n"]:
        """K(x_i, x_i) (n,)."""
        squares, s = jnp.sum(inputs**2, axis=1), self._variance(inputs)
        return _sum([_DIAGONALS[self.features.name][layer](squares, s) for layer in self.layers])

    def _between(self, left: Float[Array, "n d"], right: Float[Array, "n2 d"]) -> Float[Array, "n n2"]:
        pairs, s = _Pairs(left, right), self._variance(left)
        return _sum([_LIMITS[self.features.name][layer](pairs, s) for layer in self.layers])

    def _variance(self, like: Array) -> Float[Array, ""]:
        return self.scale.astype(like.dtype) ** 2


def _sum(layers: list[Float[Array, "..."]]) -> Float[Array, "..."]:
    return layers[0] if len(layers) == 1 else layers[0] + layers[1]


@eqx.filter_jit
def _in_blocks(
    kernel: LimitKernel, inputs: Float[Array, "n d"], others: Float[Array, "n2 d"] | None, block: int
) -> Float[Array, "n n2"]:
    right, count = inputs if others is None else others, inputs.shape[0]
    if count <= block:
        found = kernel._between(inputs, right)
    else:
        blocks = jax.lax.map(lambda rows: kernel._between(rows, right), row_blocks(inputs, block))
        found = rows_of_blocks(blocks, count)
    # Rounding of a matrix product need not be symmetric; the kernel is.
    return found if others is not None else (found + found.T) / 2
