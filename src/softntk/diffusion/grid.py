"""Times at which a sampler stops, from the noisiest to the last.

    name       equally spaced in
    uniform    t
    log-snr    h_t, the half log-SNR
    rho        (sqrt(v_t)/a_t)^(1/rho), rho = 7: between the two, most steps where there is little noise

Reference: Karras et al., arXiv 2206.00364 (rho).
"""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from softntk.defaults import SAMPLER_GRID
from softntk.diffusion.process import Process
from softntk.failures import BadInput

__all__ = ["GRIDS", "time_grid"]

_RHO = 7.0

#: Name -> the level (a function of the process and t) that is equally spaced, and its inverse.
GRIDS = {
    "uniform": (lambda _, t: t, lambda _, level: level),
    "log-snr": (lambda process, t: process.half_log_snr(t), lambda process, level: process.time_of(level)),
    "rho": (
        lambda process, t: jnp.exp(-process.half_log_snr(t) / _RHO),
        lambda process, level: process.time_of(-_RHO * jnp.log(level)),
    ),
}


def time_grid(
    process: Process, steps: int, *, grid: str = SAMPLER_GRID, start: float | None = None, end: float | None = None
) -> Float[Array, " times"]:
    """`steps` + 1 times that fall from `end` (the horizon by default) to `start` (0.001 of it).

    Raises:
        BadInput: there is no such grid, `steps` is not a positive integer, or not 0 < start < end <= horizon.
    """
    start = 1e-3 * process.horizon if start is None else start
    end = process.horizon if end is None else end
    if grid not in GRIDS:
        raise BadInput("grid", required=f"be one of {', '.join(GRIDS)}", got=repr(grid), advice="Type 'log-snr'.")
    if isinstance(steps, bool) or not isinstance(steps, int | np.integer) or steps < 1:
        raise BadInput("steps", required="be a positive integer", got=repr(steps), advice="Type steps=100.")
    if not 0 < start < end <= process.horizon:
        raise BadInput(
            "start",
            required=f"be positive and below end, at most {process.horizon:g}",
            got=f"{start} and {end}",
            advice=f"Type start={1e-3 * process.horizon:g}.",
        )
    level_of, time_of = GRIDS[grid]
    levels = [level_of(process, jnp.asarray(t, float)) for t in (end, start)]
    inner = time_of(process, jnp.linspace(levels[0], levels[1], int(steps) + 1)[1:-1])
    ends = (jnp.full(1, end, float), inner, jnp.full(1, start, float))
    return jnp.concatenate(ends)
