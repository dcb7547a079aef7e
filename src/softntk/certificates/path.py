"""How far a run can go: from a rate of decrease along its path to the radius that it cannot leave.

Suppose that every step from a point at path length u, of length D and inside the ball B(p), has

    ||R(t+1)|| <= ||R(t)|| - int_u^(u+D) psi,        psi positive and nonincreasing on [0, p].

If int_0^p psi >= r0 = ||R(0)||, and eta beta^2 <= 1 with beta >= ||J|| on B(p), the run stays in B(p), its path is at
most p long, and no minimum but a global one is in its way (Theorem A in docs/certificates.md). Here psi is bounded from
below on a grid 0 = u_0 < u_1 < ... by lines, psi(u) >= level_j - slope_j u on (u_(j-1), u_j], and by a charge_j that
may depend on the ball B(u_j) in which the run is to stay. Sums of such integrals are lower bounds, not a quadrature.
The number reported is

    h = r0 / (2 max_p int_0^p psi),        below 1/2 exactly if some p will do;

for a constant L, psi = s0 - L u, this is h = L r0 / s0^2.
"""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

__all__ = ["Rate", "Reach", "reach"]


class Rate(eqx.Module):
    """A lower bound of psi by lines, and its charge, on the cells of a grid.

    Attributes:
        level, slope: the line of each cell (j,).
        charge: what is subtracted on all of [0, p] if p lies in the cell (j,).
        allowed: whether p may lie in the cell (j,).
    """

    level: Float[Array, " j"]
    slope: Float[Array, " j"]
    charge: Float[Array, " j"]
    allowed: Bool[Array, " j"]


class Reach(eqx.Module):
    """What a rate proves.

    Attributes:
        h: below 1/2 exactly if the rate suffices; infinity or NaN says nothing.
        path: p; NaN if h >= 1/2.
        decrease: psi(p); NaN if h >= 1/2.
        cell: the cell that p is in.
    """

    h: Float[Array, ""]
    path: Float[Array, ""]
    decrease: Float[Array, ""]
    cell: Array


@eqx.filter_jit
def reach(grid: Float[Array, " j"], rate: Rate, residual: Float[Array, ""]) -> Reach:
    """Find p on the grid u_1 < u_2 < ... (u_0 = 0 is implied)."""
    before = jnp.concatenate([jnp.zeros_like(grid[:1]), grid[:-1]])
    areas = (rate.level - rate.slope * (before + grid) / 2) * (grid - before)
    budget = jnp.cumsum(areas) - rate.charge * grid
    usable = rate.allowed & (rate.level - rate.slope * grid > rate.charge)
    # NaN anywhere on the way makes the budget NaN, which compares false.
    best = jnp.max(jnp.where(usable & (budget > 0), budget, 0))
    enough = usable & (budget >= residual)
    cell = jnp.argmax(enough)

    # In the cell: rate (p - u) - slope (p - u)^2 / 2 = missing, by the formula that does not cancel.
    charge, start = rate.charge[cell], before[cell]
    there = rate.level[cell] - rate.slope[cell] * start - charge
    missing = residual - (budget[cell] - areas[cell] + charge * (grid[cell] - start))
    root = jnp.sqrt(jnp.maximum(there**2 - 2 * rate.slope[cell] * missing, 0))
    path = jnp.clip(start + 2 * missing / (there + root), start, grid[cell])
    decrease = rate.level[cell] - rate.slope[cell] * path - charge
    found = enough.any()
    return Reach(
        h=residual / (2 * best),
        path=jnp.where(found, path, jnp.nan),
        decrease=jnp.where(found, decrease, jnp.nan),
        cell=cell,
    )
