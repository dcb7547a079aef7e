"""What every solver returns to predict with: features of the new inputs, times coefficients.

    f(x) = B(x) C,      B(x) = K(x, X) for a dense solve, the features phi(x) of the kernel for an expanded one.

A predictor runs under `jit`, `vmap` and `grad`, so a learned score can stand inside a sampler. Many new inputs are
taken in blocks, so that B is never formed for all of them.
"""

from collections.abc import Callable

import equinox as eqx
import jax
from jaxtyping import Array, Float

from softntk.kernels.limit import Kernel
from softntk.numerics.blocks import even_rows, row_blocks, rows_of_blocks

__all__ = ["Predictor", "Sections"]

# Entries of B in one block: 32 MB in float64.
_BLOCK_ENTRIES = 2**22


class Sections(eqx.Module):
    """The functions K(., x_i), one for each training input: B(x) = K(x, X) (n', n)."""

    kernel: Kernel
    inputs: Float[Array, "n d"]

    @property
    def rank(self) -> int:
        """Number of samples, n."""
        return self.inputs.shape[0]

    def __call__(self, others: Float[Array, "n2 d"]) -> Float[Array, "n2 n"]:
        """K(x', x_i) (n', n)."""
        return self.kernel(others, self.inputs)


class Predictor(eqx.Module):
    """f(x) = B(x) C: call it with new inputs (n', d) to get (n', k)."""

    basis: Callable[[Float[Array, "n2 d"]], Float[Array, "n2 p"]]
    coefficients: Float[Array, "p k"]

    def __call__(self, inputs: Float[Array, "n2 d"]) -> Float[Array, "n2 k"]:
        """Predictions (n', k), in the units of the labels."""
        return in_blocks(self.basis, inputs, self.coefficients)


@eqx.filter_jit
def in_blocks(
    basis: Callable[[Float[Array, "n2 d"]], Float[Array, "n2 p"]],
    inputs: Float[Array, "n2 d"],
    coefficients: Float[Array, "p k"],
) -> Float[Array, "n2 k"]:
    """B(x) C with B a block of rows at a time."""
    count = inputs.shape[0]
    most = max(_BLOCK_ENTRIES // coefficients.shape[0], 1)
    if count <= most:
        return basis(inputs) @ coefficients
    rows = even_rows(count, most)
    blocks = jax.lax.map(lambda block: basis(block) @ coefficients, row_blocks(inputs, rows))
    return rows_of_blocks(blocks, count)
