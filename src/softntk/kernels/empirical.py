"""The tangent kernel of one finite network: in closed form for a `TwoLayer`, by autodiff for any other function.

With D_ilr = dF_il / dz_ir = (s T)_ir (a_lr - u_il) (see `kernels.jacobian`),

    hidden  H_{(i,l),(j,l')} = <x_i, x_j> (1/m) sum_r D_ilr D_jl'r
    output  H_{(i,l),(j,l')} = 1[l = l'] (1/m) sum_r phi_ir phi_jr
    both    the sum.

So the hidden kernel is (X X^T) o (D D^T) / m: symmetric and positive semi-definite by construction (a product of
Gram matrices, entry by entry). D is formed a tile of neurons at a time; the Jacobian (nk, dm) never is.

Cost: (nk)^2 m for the matrix, n m (d + k) for a product with it.

Scale. A kernel is J J^T, divided by m where the network says so: a `TwoLayer` adds up its m neurons undivided, and its
H carries the 1/m of the paper. A function of one's own gets J J^T as it is; a 1/m belongs into it, as 1/sqrt(m).

Reference: arXiv 2405.03251v1, definition of H.
"""

from collections.abc import Callable
from typing import Any, Literal

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PyTree, Shaped

from softntk.failures import BadInput
from softntk.kernels.autodiff import kernel_by_autodiff
from softntk.kernels.jacobian import jvp, sensitivity, vjp
from softntk.networks.two_layer import TwoLayer
from softntk.numerics.arrays import finite_matrix
from softntk.numerics.blocks import row_blocks, rows_of_blocks
from softntk.numerics.memory import announce

__all__ = ["Trained", "check_tile", "check_trained", "empirical_ntk", "empirical_ntk_product", "refuse_overflow"]

#: Which layer is trained.
Trained = Literal["hidden", "output", "both"]

# Entries of D in one tile: 32 MB in float64, enough columns for the matrix product to run at full speed.
_TILE_ENTRIES = 2**22


def empirical_ntk(
    network: TwoLayer | Callable[[Any, Any], Any],
    inputs: Shaped[Array, "n ..."],
    others: Shaped[Array, "n2 ..."] | None = None,
    *,
    parameters: PyTree[Any] = None,
    trained: Trained = "hidden",
    tile: int | None = None,
) -> Float[Array, "..."]:
    """Tangent kernel of a network between `inputs` and `others` (default: the inputs again).

    For a `TwoLayer` it is J J^T / m, of shape (n, k, n', k). For a function of (parameters, inputs) it is J J^T in the
    parameters, without a factor: (n, n') for outputs (n,), and (n, k, n', k) for outputs (n, k).

    Arguments:
        network: a `TwoLayer`, or any function (parameters, inputs) -> outputs (n,) or (n, k) that JAX differentiates.
        parameters: what such a function is differentiated in, any pytree of floating-point arrays.
        trained: the layer of the `TwoLayer` whose weights are differentiated.
        tile: neurons of the `TwoLayer` at a time; any value gives the same kernel to rounding.

    Raises:
        BadInput: neither a `TwoLayer` nor such a function with its parameters, wrong shapes, NaN or infinite inputs, an
            unknown layer, a tile below 1, or a kernel that overflows.
        TooLarge: the kernel, or the Jacobian of a function, does not fit into free memory.
    """
    check_trained(trained)
    check_tile(tile)
    if not isinstance(network, TwoLayer):
        kernel = kernel_by_autodiff(network, parameters, inputs, others)
        refuse_overflow(kernel)
        return kernel
    if parameters is not None:
        raise BadInput(
            "parameters",
            required="be left out for a TwoLayer, whose trained weights `trained` names",
            got=type(parameters).__name__,
            advice='Type trained="both", or pass a function of (parameters, inputs).',
        )
    dtype = network.hidden.dtype
    inputs = finite_matrix("inputs", inputs, columns=network.input_size, dtype=dtype)
    if others is not None:
        others = finite_matrix("others", others, columns=network.input_size, dtype=dtype)
    rows, columns = inputs.shape[0], (inputs if others is None else others).shape[0]
    k, m = network.output_size, network.width
    if tile is None:
        tile = max(_TILE_ENTRIES // ((rows + columns) * k), 64)
    tile = min(tile, m)
    need = dtype.itemsize * (3 * rows * columns * k * k + (rows + columns) * (3 * m + k * tile))
    announce(
        need,
        what=f"the tangent kernel of {rows} x {columns} samples with {k} outputs",
        argument="inputs",
        advice="Use fewer samples, empirical_ntk_product(network, inputs, vector), or float32.",
    )
    kernel = _closed_form(network, inputs, others, trained, tile)
    refuse_overflow(kernel)
    return kernel


def empirical_ntk_product(
    network: TwoLayer,
    inputs: Float[Array, "n d"],
    vector: Float[Array, "n k"],
    *,
    trained: Trained = "hidden",
    tile: int | None = None,
) -> Float[Array, "n k"]:
    """H V (n, k) for the kernel H of `empirical_ntk` at the inputs, without H: J (J^T V) / m.

    Arguments:
        tile: samples at a time (default: few enough for the caches); the memory is a few times tile m numbers.

    Raises:
        BadInput: wrong shapes, NaN or infinite entries, an unknown layer, a tile below 1.
    """
    check_trained(trained)
    check_tile(tile)
    dtype = network.hidden.dtype
    inputs = finite_matrix("inputs", inputs, columns=network.input_size, dtype=dtype)
    vector = finite_matrix("vector", vector, rows=inputs.shape[0], columns=network.output_size, dtype=dtype)
    return _product(network, inputs, vector, trained, tile)


def check_trained(trained: str) -> None:
    """Refuse the name of a layer that does not exist.

    Raises:
        BadInput: `trained` is not one of hidden, output, both.
    """
    if trained not in ("hidden", "output", "both"):
        raise BadInput("trained", required="be hidden, output or both", got=repr(trained), advice='Type "hidden".')


def check_tile(tile: int | None) -> None:
    """Refuse a tile without rows or columns.

    Raises:
        BadInput: `tile` is below 1.
    """
    if tile is not None and tile < 1:
        raise BadInput("tile", required="be at least 1", got=str(tile), advice="Type tile=256, or leave it out.")


def refuse_overflow(kernel: Float[Array, "..."]) -> None:
    """Refuse a kernel with an infinite or undefined entry; under `jit` the entries are not known, and nothing is said.

    Raises:
        BadInput: an entry is not finite.
    """
    try:
        all_finite = bool(jnp.isfinite(kernel).all())
    except jax.errors.TracerBoolConversionError:
        return
    if not all_finite:
        raise BadInput(
            "inputs",
            required="be small enough for the kernel to be finite",
            got="a kernel entry that overflows",
            advice="Scale the inputs to the unit sphere: inputs / np.linalg.norm(inputs, axis=1, keepdims=True).",
        )


@eqx.filter_jit
def _closed_form(
    network: TwoLayer, inputs: Float[Array, "n d"], others: Float[Array, "n2 d"] | None, trained: str, tile: int
) -> Float[Array, "n k n2 k"]:
    left = sensitivity(network, inputs)
    right = left if others is None else sensitivity(network, others)
    n, n2, k, m = inputs.shape[0], right[0].shape[0], network.output_size, network.width
    total = jnp.zeros((n, k, n2, k), inputs.dtype)
    if trained != "output":
        gram = inputs @ (inputs if others is None else others).T
        total = total + gram[:, None, :, None] * _gram_of_slopes(network, left, right, tile).reshape(n, k, n2, k)
    if trained != "hidden":
        features = left[2] @ right[2].T
        total = total + features[:, None, :, None] * jnp.eye(k, dtype=inputs.dtype)[None, :, None, :]
    total = total / m
    # Rounding of a matrix product need not be symmetric; the kernel is.
    return total if others is not None else (total + total.transpose(2, 3, 0, 1)) / 2


def _gram_of_slopes(network: TwoLayer, left: tuple, right: tuple, tile: int) -> Float[Array, "nk n2k"]:
    """sum_r D_ilr D_jl'r, accumulated over tiles of neurons."""
    same = left is right

    def columns(array: Float[Array, "rows m"], start) -> Float[Array, "rows t"]:
        return jax.lax.dynamic_slice_in_dim(array, start, tile, axis=1)

    def padded(array: Float[Array, "rows m"]) -> Float[Array, "rows m2"]:
        # A padded neuron has slope zero, so it adds nothing.
        return jnp.pad(array, ((0, 0), (0, -network.width % tile)))

    output, slopes = padded(network.output), (padded(left[0]), padded(right[0]))

    def derivative(slope: Float[Array, "n m2"], means: Float[Array, "n k"], start) -> Float[Array, "nk t"]:
        centered = columns(output, start)[None] - means[:, :, None]
        return (columns(slope, start)[:, None, :] * centered).reshape(-1, tile)

    def add(index, total: Float[Array, "nk n2k"]) -> Float[Array, "nk n2k"]:
        first = derivative(slopes[0], left[1], index * tile)
        second = first if same else derivative(slopes[1], right[1], index * tile)
        return total + first @ second.T

    start = jnp.zeros((left[1].size, right[1].size), output.dtype)
    return jax.lax.fori_loop(0, output.shape[1] // tile, add, start)


@eqx.filter_jit
def _product(
    network: TwoLayer, inputs: Float[Array, "n d"], vector: Float[Array, "n k"], trained: str, tile: int | None
) -> Float[Array, "n k"]:
    total = jnp.zeros_like(vector)
    if trained != "output":
        total = total + jvp(network, inputs, vjp(network, inputs, vector, tile=tile), tile=tile)
    if trained != "hidden":
        total = total + _product_of_features(network, inputs, vector, tile or network.block_rows(inputs.shape[0]))
    return total / network.width


def _product_of_features(
    network: TwoLayer, inputs: Float[Array, "n d"], vector: Float[Array, "n k"], rows: int
) -> Float[Array, "n k"]:
    """phi phi^T V, `rows` samples at a time."""

    def features(x: Float[Array, "rows d"]) -> Float[Array, "rows m"]:
        return sensitivity(network, x)[2]

    blocks = (row_blocks(inputs, rows), row_blocks(vector, rows))
    start = jnp.zeros_like(network.output.T)
    # Rows of zeros fill the last block: their vector is zero, so they add nothing.
    mixed, _ = jax.lax.scan(lambda sum_, block: (sum_ + features(block[0]).T @ block[1], None), start, blocks)
    return rows_of_blocks(jax.lax.map(lambda x: features(x) @ mixed, blocks[0]), inputs.shape[0])
