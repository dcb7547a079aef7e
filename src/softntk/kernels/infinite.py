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

The formulas are in `kernels.limit`; here the input and the memory are checked, and the rows are taken in tiles.

Reference: softmax derived here; exponential as in arXiv 2303.16504; ReLU: Cho and Saul (2009).
"""

import equinox as eqx
import jax
from jaxtyping import Array, Float

from softntk.kernels.empirical import Trained, check_tile, refuse_overflow
from softntk.kernels.limit import LimitKernel
from softntk.networks.features import Features
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
    limit = LimitKernel(features, scale, trained)
    check_tile(tile)
    inputs = finite_matrix("inputs", inputs)
    if others is not None:
        others = finite_matrix("others", others, columns=inputs.shape[1], dtype=inputs.dtype)
    rows, columns = inputs.shape[0], (inputs if others is None else others).shape[0]
    tile = min(tile or _TILE_ROWS, rows)
    need = inputs.dtype.itemsize * (2 * rows + 4 * tile) * columns
    announce(
        need,
        what=f"the limit kernel of {rows} x {columns} samples",
        argument="inputs",
        advice="Use fewer samples or float32.",
    )
    kernel = _infinite(limit, inputs, others, tile)
    refuse_overflow(kernel)
    return kernel


@eqx.filter_jit
def _infinite(
    limit: LimitKernel, inputs: Float[Array, "n d"], others: Float[Array, "n2 d"] | None, tile: int
) -> Float[Array, "n n2"]:
    right = inputs if others is None else others
    blocks = jax.lax.map(lambda rows: limit(rows, right), row_blocks(inputs, tile))
    kernel = rows_of_blocks(blocks, inputs.shape[0])
    # Rounding of a matrix product need not be symmetric; the kernel is.
    return kernel if others is not None else (kernel + kernel.T) / 2
