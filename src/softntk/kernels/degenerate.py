"""Why a tangent kernel is singular whatever the weights are: reasons that need no eigenvalue.

zero rows           x_i = 0 makes row i of the kernel zero
duplicates          equal inputs have equal rows; for ReLU also inputs that are positive multiples of each other
too few weights     the Jacobian (nk, dm) has rank <= d m, d (m - 1) for softmax, d m / 2 at the antisymmetric start
dependent outputs   rank A < k; for softmax rank [A; 1] < k + 1, for one row of outputs is then constant
"""

import numpy as np
from jaxtyping import Array, Float

from softntk.data.geometry import equal_rows, parallel_rows
from softntk.networks.features import ReLU, Softmax
from softntk.networks.two_layer import TwoLayer, is_antisymmetric

__all__ = ["degeneracy"]

# The sine below which two float64 directions are taken for one.
_SINE = 1e-15


def degeneracy(network: TwoLayer, inputs: Float[Array, "n d"]) -> str | None:
    """The reason in words, or None. Reads values, so it does not run under jit."""
    rows = np.asarray(inputs)
    zeros = np.flatnonzero(~rows.any(axis=1))
    if zeros.size:
        return f"input {zeros[0]} is zero, so no hidden weight changes its outputs"
    same = equal_rows(rows)
    if same:
        return f"inputs {same[0][0]} and {same[0][1]} are equal, so the kernel has two equal rows"
    if isinstance(network.features, ReLU):
        same = [pair for pair in parallel_rows(rows, _SINE) if rows[pair[0]] @ rows[pair[1]] > 0]
        if same:
            return f"inputs {same[0][0]} and {same[0][1]} are parallel, so their rows of the kernel are too"
    return _too_few_weights(network, rows.shape[0]) or _dependent_outputs(network)


def _too_few_weights(network: TwoLayer, samples: int) -> str | None:
    d, m, k = network.input_size, network.width, network.output_size
    rank, why = d * m, "d m"
    if isinstance(network.features, Softmax):
        rank, why = d * (m - 1), "d (m - 1), for a common shift of the neurons changes nothing"
    if is_antisymmetric(network) and d * m // 2 < rank:
        rank, why = d * m // 2, "d m / 2 at the antisymmetric start"
    if samples * k <= rank:
        return None
    return f"n k = {samples * k} residuals, but the Jacobian has rank {rank} at most: {why}"


def _dependent_outputs(network: TwoLayer) -> str | None:
    output = np.asarray(network.output)
    if isinstance(network.features, Softmax):
        output = np.vstack([output, np.ones((1, network.width))])
    missing = output.shape[0] - int(np.linalg.matrix_rank(output))
    if not missing:
        return None
    return f"the output weights are dependent: {missing} direction(s) of the outputs cannot change"
