"""The tangent kernel by its definition: slow, obviously right, for any network.

    J = d f(theta, x)_l / d theta  over all samples, outputs and parameters,      kernel = J J^T.

`finite` is the closed form of this divided by m; every fast path is tested against it.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PyTree

__all__ = ["ntk_by_autodiff"]


def ntk_by_autodiff(
    function: Callable[[Any, Float[Array, "n d"]], Float[Array, "n k"]],
    parameters: PyTree[Float[Array, "..."]],
    inputs: Float[Array, "n d"],
    others: Float[Array, "n2 d"] | None = None,
) -> Float[Array, "n k n2 k"]:
    """J J^T (n, k, n', k) by automatic differentiation of `function(parameters, inputs)`.

    Memory: (n + n') k times the number of parameters.
    """
    left = _jacobian(function, parameters, inputs)
    right = left if others is None else _jacobian(function, parameters, others)
    return jnp.einsum("ilp,jkp->iljk", left, right)


def _jacobian(
    function: Callable[[Any, Float[Array, "n d"]], Float[Array, "n k"]],
    parameters: PyTree[Float[Array, "..."]],
    inputs: Float[Array, "n d"],
) -> Float[Array, "n k p"]:
    leaves = jax.tree.leaves(jax.jacrev(function)(parameters, inputs))
    n, k = leaves[0].shape[:2]
    return jnp.concatenate([leaf.reshape(n, k, -1) for leaf in leaves], axis=2)
