"""Theorem A in numbers, for one network, as one compiled function.

`constants` gathers what depends on the weights and inputs: s0, b0, the floor of `capping`, the changes of `lipschitz`;
`assess` adds the residual and the step size and tries every rate of decrease psi of `methods` (see `path`), with
beta = b0 + the change within p. Where the step size is free, small steps are tried as well as 1/beta^2, and the one
with the fastest rate is kept. Gradient flow needs only psi = the floor of sigma_min: its h is found as well.
Proofs: docs/certificates.md, Theorem A.
"""

from functools import partial

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from softntk.bounds.capping import Floor, capped
from softntk.bounds.lipschitz import Smoothness, smoothness
from softntk.bounds.roundoff import SLACK
from softntk.bounds.start import residual_above, singular_ends
from softntk.certificates.methods import (
    FRACTIONS,
    METHODS,
    capped_charge,
    double_rate,
    radii_in_units,
    small_charge,
    small_rate,
)
from softntk.certificates.path import Rate, Reach, reach
from softntk.networks.features import ReLU
from softntk.networks.two_layer import TwoLayer

__all__ = ["Assessment", "Constants", "assess", "constants"]


class Constants(eqx.Module):
    """What the theorem needs of the weights and the inputs.

    Attributes:
        smooth: the bounds on the change of the Jacobian.
        floor: the damped floor of sigma_min; None for ReLU or where it was not asked for.
        lambda_min, lambda_max: extreme eigenvalues of H = J J^T / m, as computed.
        lambda_error: bound of the error of `lambda_min`.
        s0, b0: bounds of the extreme singular values of J; s0 is zero where it is not known to be positive.
        residual: r0, above ||F - Y||_F and never zero.
    """

    smooth: Smoothness
    floor: Floor | None
    lambda_min: Float[Array, ""]
    lambda_max: Float[Array, ""]
    lambda_error: Float[Array, ""]
    s0: Float[Array, ""]
    b0: Float[Array, ""]
    residual: Float[Array, ""]


class Assessment(eqx.Module):
    """What Theorem A proves; NaN where h >= 1/2.

    Attributes:
        h: of gradient descent, the least of all methods: below 1/2 exactly if one proves convergence.
        h_flow: of gradient flow.
        method: index into METHODS.
        path: p, which bounds the length of the whole path.
        s_end: lower bound of sigma_min(J) on B(p).
        decrease: psi(p).
        beta: upper bound of ||J|| on B(p).
        step_size: eta.
        contraction: ||R|| shrinks by this factor a step, at least.
        radii, bounds: the grid u_j, and L_j or Delta_j there.
    """

    h: Float[Array, ""]
    h_flow: Float[Array, ""]
    method: Array
    path: Float[Array, ""]
    s_end: Float[Array, ""]
    decrease: Float[Array, ""]
    beta: Float[Array, ""]
    step_size: Float[Array, ""]
    contraction: Float[Array, ""]
    radii: Float[Array, " j"]
    bounds: Float[Array, " j"]


@eqx.filter_jit
def constants(
    network: TwoLayer, inputs: Float[Array, "n d"], labels: Float[Array, "n k"], *, sharp: bool = True
) -> Constants:
    """Compute the constants at W0 = network.hidden; float64 wanted (see `start`). Works under jit.

    Arguments:
        sharp: whether to compute the damped floor, which costs up to four more kernels.
    """
    smooth = smoothness(network, inputs)
    ends = singular_ends(smooth.start)
    return Constants(
        smooth=smooth,
        floor=capped(smooth) if sharp and not isinstance(network.features, ReLU) else None,
        lambda_min=ends.smallest / network.width,
        lambda_max=ends.largest / network.width,
        lambda_error=ends.error / network.width,
        s0=ends.low,
        b0=ends.high,
        residual=residual_above(smooth.start, labels),
    )


def assess(
    found: Constants,
    step_size: Float[Array, ""] | None = None,
    *,
    residual: Float[Array, ""] | None = None,
    width_factor: float | Float[Array, ""] = 1.0,
    known: tuple[Float[Array, " g"], Float[Array, " g"]] | None = None,
) -> Assessment:
    """Search for the path. Works under jit.

    Arguments:
        step_size: eta in use; None to choose.
        residual: a residual to account for in place of r0.
        width_factor: pretend that the network is wider by this factor, by the laws s0^2, b0^2 ~ m and Delta^3 ~ m: an
            estimate and no proof unless it is 1.
        known: radii and bounds of an earlier assessment, to interpolate from: an estimate and no proof.
    """
    residual = found.residual if residual is None else residual
    factor, jumping = jnp.asarray(width_factor, residual.dtype), isinstance(found.smooth.features, ReLU)
    grid = _grid(found.s0, residual, factor, jumping)
    if known is not None:
        bounds = _between(grid, *known, jumping)
    else:
        bounds = found.smooth.changes(grid) if jumping else found.smooth.lipschitz_at(grid)
    return _searched(grid, bounds, (found.s0, found.b0), found.floor, residual, step_size, factor, jumping)


@partial(jax.jit, static_argnames="jumping")
def _grid(s0: Float[Array, ""], residual: Float[Array, ""], factor: Float[Array, ""], jumping: bool) -> Array:
    s0 = s0 * jnp.sqrt(factor)
    unit = jnp.where((s0 > 0) & (residual > 0), residual / jnp.where(s0 > 0, s0, 1), 1e-9)
    return unit * jnp.asarray(radii_in_units(jumping), residual.dtype)


@partial(jax.jit, static_argnames="jumping")
def _between(grid: Array, radii: Array, bounds: Array, jumping: bool) -> Float[Array, " j"]:
    """Interpolate: Delta grows like the cube root of u near 0, the logarithm of L like u."""
    if jumping:
        inside = jnp.interp(grid, radii, bounds)
        return jnp.where(grid < radii[0], bounds[0] * jnp.cbrt(grid / radii[0]), inside)
    heights = jnp.log(bounds)
    before = heights[0] + (heights[1] - heights[0]) / (radii[1] - radii[0]) * (grid - radii[0])
    return jnp.exp(jnp.where(grid < radii[0], before, jnp.interp(grid, radii, heights)))


@partial(jax.jit, static_argnames="jumping")
def _searched(
    grid: Float[Array, " j"],
    bounds: Float[Array, " j"],
    ends: tuple[Float[Array, ""], Float[Array, ""]],
    damped: Floor | None,
    residual: Float[Array, ""],
    step_size: Float[Array, ""] | None,
    factor: Float[Array, ""],
    jumping: bool,
) -> Assessment:
    """The search itself, whose shapes are those of the grid: it is compiled once for networks of any size.

    Its own rounding is a few hundred u relative to s0, b0 and r0, which is taken from them beforehand: a lower s0
    lowers every rate by as much, and beta and charges grow.
    """
    s0, b0, residual = ends[0] * jnp.sqrt(factor) / SLACK, ends[1] * jnp.sqrt(factor) * SLACK, residual * SLACK
    if jumping:
        change = bounds * jnp.cbrt(factor)
        floor, beta = _flat(s0 - change), b0 + change
        rates = _jumping(s0, b0, change, step_size)
    else:
        exact, change = _exact(s0, bounds, grid)
        floor, beta = exact, b0 + change
        if damped is not None:
            grown = (damped.start * jnp.sqrt(factor) / SLACK, damped.share / jnp.sqrt(factor))
            wider: Floor = eqx.tree_at(lambda f: (f.start, f.share), damped, grown)
            floor = _higher(exact, wider.lines(grid), grid)
        rates = _smooth(exact, floor, bounds, beta, residual, step_size)
    return _best(grid, bounds, floor, rates, beta, residual, step_size)


_Lines = tuple[Float[Array, " j"], Float[Array, " j"]]


def _flat(values: Float[Array, " j"]) -> _Lines:
    return values, jnp.zeros_like(values)


def _exact(s0: Float[Array, ""], lipschitz: Float[Array, " j"], grid: Float[Array, " j"]) -> tuple[_Lines, Array]:
    """s0 - int_0^u L as lines, with L constant on each cell, and int_0^u L at the grid."""
    lengths = jnp.diff(grid, prepend=jnp.zeros_like(grid[:1]))
    change = jnp.cumsum(lipschitz * lengths)
    return (s0 - change + lipschitz * grid, lipschitz), change


def _higher(first: _Lines, second: _Lines, grid: Float[Array, " j"]) -> _Lines:
    """On each cell the line with the larger integral."""
    middle = grid - jnp.diff(grid, prepend=jnp.zeros_like(grid[:1])) / 2
    take = second[0] - second[1] * middle > first[0] - first[1] * middle  # never true for NaN
    return jnp.where(take, second[0], first[0]), jnp.where(take, second[1], first[1])


def _fractions(beta: Float[Array, " j"], step_size: Float[Array, ""] | None) -> list[Float[Array, " j"]]:
    """c = eta beta^2 in each cell, for every step size to try."""
    if step_size is not None:
        return [step_size * beta**2]
    return [jnp.full_like(beta, fraction) for fraction in FRACTIONS]


def _smooth(
    exact: _Lines, floor: _Lines, lipschitz: Array, beta: Array, residual: Array, step_size: Array | None
) -> list[tuple[int, Array, Rate]]:
    rates = []
    for index, c in enumerate(_fractions(beta, step_size)):
        if index == 0:
            rates.append((METHODS.index("exact"), c, Rate(*exact, jnp.zeros_like(beta), c <= 1)))
        if floor is not exact:
            charge = capped_charge(c, lipschitz, residual, beta)
            rates.append((METHODS.index("capped"), c, Rate(*floor, charge, c <= 1)))
    return rates


def _jumping(s0: Array, b0: Array, change: Array, step_size: Array | None) -> list[tuple[int, Array, Rate]]:
    rates, none = [], jnp.zeros_like(change)
    for index, c in enumerate(_fractions(b0 + change, step_size)):
        if index == 0:
            rates.append((METHODS.index("double"), c, Rate(*_flat(double_rate(s0, change)), none, c <= 1)))
        whole, charge = small_rate(s0, change, _root), small_charge(c, s0, change)
        # Where c depends on the cell that p is in, so does what is subtracted all the way there.
        level, charge = (whole - charge, none) if step_size is None else (whole, charge)
        rates.append((METHODS.index("small"), c, Rate(*_flat(level), charge, c <= 1)))
    return rates


def _root(values: Array) -> Array:
    return jnp.sqrt(jnp.maximum(values, 0))


def _best(
    grid: Array,
    bounds: Array,
    floor: _Lines,
    rates: list[tuple[int, Array, Rate]],
    beta: Array,
    residual: Array,
    step_size: Array | None,
) -> Assessment:
    """The fastest proof; where there is none, the smallest h."""

    def outcome(method: int, fraction: Array, rate: Rate) -> Assessment:
        found: Reach = reach(grid, rate, residual)
        known = jnp.isfinite(found.path)
        eta = fraction[found.cell] / beta[found.cell] ** 2 if step_size is None else step_size
        s_end = floor[0][found.cell] - floor[1][found.cell] * found.path
        return Assessment(
            h=found.h,
            h_flow=flow.h,
            method=jnp.asarray(method),
            path=found.path,
            s_end=s_end,
            decrease=found.decrease,
            beta=jnp.where(known, beta[found.cell], jnp.nan),
            step_size=jnp.where(known, eta, jnp.nan),
            contraction=jnp.minimum(jnp.nextafter(1 - eta * s_end * found.decrease, 2.0), 1),
            radii=grid,
            bounds=bounds,
        )

    nothing = jnp.zeros_like(grid)
    flow = reach(grid, Rate(*floor, nothing, nothing == 0), residual)
    outcomes = [outcome(*rate) for rate in rates]
    together = jax.tree.map(lambda *leaves: jnp.stack(leaves), *outcomes)
    known = jnp.where(jnp.isnan(together.h), jnp.inf, together.h)
    gain = jnp.where(known < 0.5, 1 - together.contraction, -jnp.inf)
    chosen = jnp.where((known < 0.5).any(), jnp.argmax(gain), jnp.argmin(known))
    best = jax.tree.map(lambda leaf: leaf[chosen], together)
    # All NaN means that a constant is: then nothing is known.
    least = jnp.where(jnp.isnan(together.h).all(), jnp.nan, known.min())
    return eqx.tree_at(lambda a: a.h, best, least)
