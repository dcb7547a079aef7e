"""The rank of the Jacobian against what symmetry allows.

    rank J <= d m / 2          at the antisymmetric start
    rank J <= d (m - 1)        softmax anywhere,   d m for the others
    rank J <= n (k - number of directions u with u^T A = 0, for softmax u^T A constant)

Measured as the numerical rank of J itself (nk, dm), not of H = J J^T / m, which would lose half of the digits: the
number of singular values above max(nk, dm) eps times the largest.

Proofs: `theorems.ranks`.
"""

from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from softntk.kernels.jacobian import sensitivity
from softntk.lemmas.finding import Finding, facts, found
from softntk.networks.features import Softmax
from softntk.networks.two_layer import TwoLayer, is_antisymmetric
from softntk.numerics.arrays import finite_matrix
from softntk.numerics.memory import announce
from softntk.theorems.ranks import FULL_ROW_RANK, JACOBIAN_RANK

__all__ = ["jacobian_rank", "numerical_rank", "output_rank"]


def numerical_rank(network: TwoLayer, inputs: Float[Array, "n d"]) -> int:
    """Numerical rank of the Jacobian (nk, dm) in the hidden weights.

    Raises:
        BadInput: wrong shapes, NaN or infinite entries.
        TooLarge: the Jacobian does not fit into free memory.
    """
    inputs = finite_matrix("inputs", inputs, columns=network.input_size)
    rows, columns = inputs.shape[0] * network.output_size, network.hidden.size
    announce(
        3 * rows * columns * inputs.dtype.itemsize,
        what=f"the Jacobian ({rows}, {columns})",
        argument="inputs",
        advice="Use fewer samples or fewer neurons: ranks show at small sizes.",
    )
    values = np.asarray(jnp.linalg.svd(_jacobian(network, inputs), compute_uv=False))
    if not values.max() > 0:
        return 0
    return int((values > max(rows, columns) * np.finfo(values.dtype).eps * values.max()).sum())


@eqx.filter_jit
def _jacobian(network: TwoLayer, inputs: Float[Array, "n d"]) -> Float[Array, "nk dm"]:
    slopes, means, _ = sensitivity(network, inputs)
    derivative = slopes[:, None, :] * (network.output[None] - means[:, :, None])
    jacobian = derivative[:, :, None, :] * inputs[:, None, :, None]
    return jacobian.reshape(means.size, -1)


def jacobian_rank(network: TwoLayer, inputs: Float[Array, "n d"]) -> Finding:
    """Check rank J against the bound by symmetry (antisymmetric start, common shift)."""
    return found(JACOBIAN_RANK.evaluate(**_numbers(network, inputs)), float(numerical_rank(network, inputs)))


def output_rank(network: TwoLayer, inputs: Float[Array, "n d"]) -> Finding:
    """Check rank J against the bound by the rank of the output weights."""
    output = np.asarray(network.output)
    ones = np.vstack([output, np.ones((1, network.width), output.dtype)])
    ranks: dict[str, Any] = {
        "output_rank": float(np.linalg.matrix_rank(output)),
        "output_rank_with_ones": float(np.linalg.matrix_rank(ones)),
    }
    evaluation = FULL_ROW_RANK.evaluate(**_numbers(network, inputs), **ranks)
    return found(evaluation, float(numerical_rank(network, inputs)))


def _numbers(network: TwoLayer, inputs: Float[Array, "n d"]) -> dict[str, Any]:
    numbers = facts(network, inputs)
    del numbers["largest_input"]
    return numbers | {
        "d": float(network.input_size),
        "antisymmetric": float(is_antisymmetric(network)),
        "softmax": float(isinstance(network.features, Softmax)),
    }
