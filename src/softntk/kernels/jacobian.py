"""Products with the Jacobian J (nk, dm) of a network in its hidden weights, without J.

With phi = s E, slope T, mean u_il = centered F_il / m (see `networks.features`):

    J^T V = (s X)^T [ T o (V A - c) ],      c_i = sum_l V_il u_il        (d, m)
    J G   = s [ (T o X G) A^T - u o r ],    r_i = sum_r (T o X G)_ir     (n, k)

Each needs two (n d m) and (n m k) products and n m exponentials, as the gradient does.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from softntk.networks.two_layer import TwoLayer
from softntk.numerics.blocks import row_blocks, rows_of_blocks

__all__ = ["jvp", "sensitivity", "vjp"]


def sensitivity(
    network: TwoLayer, inputs: Float[Array, "n d"]
) -> tuple[Float[Array, "n m"], Float[Array, "n k"], Float[Array, "n m"]]:
    """s T (n, m), u (n, k) and phi (n, m), so that dF_il/dz_ir = (s T)_ir (a_lr - u_il)."""
    values, weight = network.features.parts(inputs @ network.hidden)
    means = weight * (values @ network.output.T) / network.width
    if not network.features.centered:
        means = jnp.zeros_like(means)
    return weight * network.features.slope(values), means, weight * values


@eqx.filter_jit
def vjp(
    network: TwoLayer, inputs: Float[Array, "n d"], vector: Float[Array, "n k"], *, tile: int | None = None
) -> Float[Array, "d m"]:
    """J^T V (d, m), `tile` samples at a time (default: few enough for the caches)."""

    def block(rows: tuple[Array, Array]) -> Float[Array, "d m"]:
        x, v = rows
        slope, means, _ = sensitivity(network, x)
        spread = v @ network.output
        if network.features.centered:
            spread = spread - jnp.sum(v * means, axis=1, keepdims=True)
        return x.T @ (slope * spread)

    rows = tile or network.block_rows(inputs.shape[0])
    if rows >= inputs.shape[0]:
        return block((inputs, vector))
    # Rows of zeros fill the last block: their vector is zero, so they add nothing.
    blocks = (row_blocks(inputs, rows), row_blocks(vector, rows))
    return jax.lax.scan(lambda sum_, one: (sum_ + block(one), None), jnp.zeros_like(network.hidden), blocks)[0]


@eqx.filter_jit
def jvp(
    network: TwoLayer, inputs: Float[Array, "n d"], direction: Float[Array, "d m"], *, tile: int | None = None
) -> Float[Array, "n k"]:
    """J G (n, k), `tile` samples at a time (default: few enough for the caches)."""

    def block(x: Float[Array, "rows d"]) -> Float[Array, "rows k"]:
        slope, means, _ = sensitivity(network, x)
        moved = slope * (x @ direction)
        change = moved @ network.output.T
        if network.features.centered:
            change = change - means * moved.sum(axis=1, keepdims=True)
        return change

    rows = tile or network.block_rows(inputs.shape[0])
    if rows >= inputs.shape[0]:
        return block(inputs)
    return rows_of_blocks(jax.lax.map(block, row_blocks(inputs, rows)), inputs.shape[0])
