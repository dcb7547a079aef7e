"""The tangent kernel by its definition: slow, obviously right, for any function of any parameters.

    J = d f(theta, x)_l / d theta  over all samples, outputs and parameters,      kernel = J J^T.

`empirical_ntk` takes this way for whatever is no `TwoLayer`. The closed form of a `TwoLayer` is this in its trained
weights, divided by m, and is tested against it.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PyTree, Shaped

from softntk.failures import BadInput
from softntk.numerics.memory import announce

__all__ = ["kernel_by_autodiff"]

_CALL = "Type empirical_ntk(f, inputs, parameters=parameters) with f(parameters, inputs) -> (n,) or (n, k)"


def kernel_by_autodiff(
    function: Callable[[Any, Any], Any],
    parameters: PyTree[Any],
    inputs: Shaped[Array, "n ..."],
    others: Shaped[Array, "n2 ..."] | None = None,
) -> Float[Array, "..."]:
    """J J^T: (n, n') for outputs (n,), and (n, k, n', k) for outputs (n, k).

    Memory: (n + n') k times the number of parameters.

    Raises:
        BadInput: `function` is no such function, or `parameters` are not arrays of floating-point numbers.
        TooLarge: the Jacobians do not fit into free memory.
    """
    _check_parameters(parameters)
    rows = _output_shape(function, parameters, inputs)
    columns = rows if others is None else _output_shape(function, parameters, others)
    left, right, size = _count(rows), _count(columns), sum(jnp.size(leaf) for leaf in jax.tree.leaves(parameters))
    announce(
        8 * ((left + (0 if others is None else right)) * size + 3 * left * right),
        what=f"the Jacobian of {left} outputs in {size} parameters",
        argument="inputs",
        advice="Use fewer samples, or a part of the parameters.",
    )
    first = _jacobian(function, parameters, inputs, left)
    second = first if others is None else _jacobian(function, parameters, others, right)
    kernel = sum((a @ b.T for a, b in zip(first[1:], second[1:], strict=True)), first[0] @ second[0].T)
    # Rounding of a matrix product need not be symmetric; the kernel is.
    return (kernel if others is not None else (kernel + kernel.T) / 2).reshape(*rows, *columns)


def _jacobian(
    function: Callable[[Any, Any], Any], parameters: PyTree[Any], inputs: Shaped[Array, "n ..."], count: int
) -> list[Float[Array, "nk p"]]:
    return [leaf.reshape(count, -1) for leaf in jax.tree.leaves(jax.jacrev(function)(parameters, inputs))]


def _count(shape: tuple[int, ...]) -> int:
    return shape[0] * (shape[1] if len(shape) == 2 else 1)


def _check_parameters(parameters: PyTree[Any]) -> None:
    leaves = jax.tree.leaves(parameters)
    wrong = [leaf for leaf in leaves if not jnp.issubdtype(jnp.result_type(leaf), jnp.floating)] if leaves else [None]
    if wrong:
        raise BadInput(
            "parameters",
            required="be arrays of floating-point numbers, in any nesting of lists, dictionaries and modules",
            got="none" if not leaves else f"{type(wrong[0]).__name__} of {jnp.result_type(wrong[0])}",
            advice=f"{_CALL}; eqx.partition(model, eqx.is_inexact_array) splits a module.",
        )


def _output_shape(
    function: Callable[[Any, Any], Any], parameters: PyTree[Any], inputs: Shaped[Array, "n ..."]
) -> tuple[int, ...]:
    """(n,) or (n, k), without computing anything."""
    if not callable(function):
        raise BadInput(
            "network",
            required="be a TwoLayer, or a function (parameters, inputs) -> outputs",
            got=type(function).__name__,
            advice=f"{_CALL}.",
        )
    try:
        found = jax.eval_shape(function, parameters, inputs)
    except (TypeError, ValueError, AttributeError) as error:
        raise BadInput(
            "network",
            required=f"be a function that can be called with (parameters, inputs), inputs {jnp.shape(inputs)}",
            got=f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}",
            advice=f"{_CALL}; jax.vmap(f, (None, 0)) makes one of a function of one sample.",
        ) from error
    shape = getattr(found, "shape", None)
    if shape is None or len(shape) not in (1, 2) or shape[0] != jnp.shape(inputs)[0]:
        raise BadInput(
            "network",
            required=f"return outputs (n,) or (n, k) for the n = {jnp.shape(inputs)[0]} inputs",
            got=type(found).__name__ if shape is None else f"shape {shape}",
            advice=f"{_CALL}.",
        )
    return shape
