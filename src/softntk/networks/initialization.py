"""How networks start.

    independent   w_r ~ N(0, scale^2 I_d), a_r uniform in {-1, +1}^k, r = 1, ..., m
    antisymmetric the first m/2 neurons as above; the second half repeats w_r with -a_r: the paper's pairing

At the antisymmetric start F = 0 for every input and every feature, so the first residual is -Y.

Reference: arXiv 2405.03251v1, definition of the symmetric start.
"""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jax.typing import DTypeLike
from jaxtyping import Array, Float

from softntk.failures import BadInput
from softntk.networks.features import Features
from softntk.networks.two_layer import TwoLayer

__all__ = ["antisymmetric", "independent"]


def independent(
    key: Array,
    *,
    input_size: int,
    output_size: int,
    width: int,
    features: Features,
    scale: float = 1.0,
    dtype: DTypeLike = float,
) -> TwoLayer:
    """Draw all `width` neurons independently, hidden weights with standard deviation `scale`.

    Raises:
        BadInput: a size is not a positive integer, or `scale` is not a positive finite number.
    """
    _check(input_size=input_size, output_size=output_size, width=width, scale=scale)
    dtype = jax.dtypes.canonicalize_dtype(dtype)
    hidden, output = _drawn(key, input_size, output_size, width, dtype)
    return TwoLayer(scale * hidden, output, features)


def antisymmetric(
    key: Array,
    *,
    input_size: int,
    output_size: int,
    width: int,
    features: Features,
    scale: float = 1.0,
    dtype: DTypeLike = float,
) -> TwoLayer:
    """Draw `width`/2 neurons and repeat them with opposite output signs, the paper's pairing: F = 0 at the start.

    Raises:
        BadInput: as `independent`, or `width` is odd.
    """
    if isinstance(width, int) and width % 2:
        raise BadInput(
            "width",
            required="be even, for the antisymmetric start repeats every neuron",
            got=str(width),
            advice=f"Type width={width + 1}, or use independent(...).",
        )
    _check(input_size=input_size, output_size=output_size, width=width, scale=scale)
    half = independent(
        key,
        input_size=input_size,
        output_size=output_size,
        width=width // 2,
        features=features,
        scale=scale,
        dtype=dtype,
    )
    return TwoLayer(
        jnp.concatenate([half.hidden, half.hidden], axis=1),
        jnp.concatenate([half.output, -half.output], axis=1),
        features,
    )


@partial(jax.jit, static_argnames=("d", "k", "m", "dtype"))
def _drawn(key: Array, d: int, k: int, m: int, dtype: DTypeLike) -> tuple[Float[Array, "d m"], Float[Array, "k m"]]:
    hidden_key, output_key = jax.random.split(key)
    return jax.random.normal(hidden_key, (d, m), dtype), jax.random.rademacher(output_key, (k, m), dtype)


def _check(**arguments: Any) -> None:
    scale = arguments.pop("scale")
    for name, size in arguments.items():
        if isinstance(size, bool) or not isinstance(size, int) or size < 1:
            raise BadInput(name, required="be a positive integer", got=repr(size), advice=f"Type {name}=2, say.")
    # A traced scale (under jit or grad) has no value yet; only numbers are checked.
    if isinstance(scale, int | float) and not 0 < scale < float("inf"):
        raise BadInput("scale", required="be positive and finite", got=repr(scale), advice="Type scale=1.0.")
