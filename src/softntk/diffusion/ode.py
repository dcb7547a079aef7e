"""The probability-flow equation solved to a tolerance: samples, and exact log-likelihoods.

With the half log-SNR h as the clock, dX = -(g/2)(X + s) dt becomes

    dx/dh = a (f - a x),        d log p(x)/dh = -a (div f - a d)

which is bounded where the equation in t is not: neither g nor 1/v appears. Points follow it from the horizon to the
start, or back. The density of the last law is that of the first, plus what was gathered on the way:

    log p_start(x) = log p_end(x(end)) + int_h(end)^h(start) a (a d - div f) dh,    p_end = N(0, I) for the model

The divergence is exact: d derivatives of f for each point, which is why d is limited.

References: Song et al., arXiv 2011.13456, section 4.3; Chen et al., arXiv 1806.07366 (the change of density). Solved by
diffrax: Tsitouras' method of order 5 with a step control that looks at all points at once.
"""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from softntk.diffusion.process import Process
from softntk.diffusion.score import Denoiser
from softntk.failures import BadInput, TooLarge

__all__ = ["flow_log_density", "flow_sample"]

#: Largest d whose divergence is computed exactly.
LARGEST_SIZE = 64


def flow_sample(
    denoiser: Denoiser,
    process: Process,
    points: Float[Array, "n d"],
    *,
    start: float,
    end: float,
    tolerance: float = 1e-6,
) -> Float[Array, "n d"]:
    """Carry points of the law at time `end` (noise) to time `start` along the flow.

    Raises:
        BadInput: diffrax is not installed, or not 0 < start < end <= horizon.
    """
    _check(process, start, end)
    h = (process.half_log_snr(end), process.half_log_snr(start))
    return _solve(_drift(denoiser, process), h[0], h[1], points, tolerance)


def flow_log_density(
    denoiser: Denoiser,
    process: Process,
    points: Float[Array, "n d"],
    *,
    start: float,
    end: float,
    tolerance: float = 1e-6,
    log_density_at_end: Callable[[Float[Array, "n d"]], Float[Array, " n"]] | None = None,
) -> Float[Array, " n"]:
    """log p_start at `points`, where p_start is what the flow makes of the law at `end`, by default N(0, I).

    Raises:
        BadInput: diffrax is not installed, or not 0 < start < end <= horizon.
        TooLarge: d is above 64.
    """
    _check(process, start, end)
    size = points.shape[1]
    if size > LARGEST_SIZE:
        raise TooLarge(
            "points",
            required=f"have at most {LARGEST_SIZE} columns, for the divergence takes d derivatives",
            got=f"{size} columns",
            advice="Reduce the dimension first, by principal components say.",
        )
    drift = _drift(denoiser, process)

    def with_density(h: Array, state: tuple[Array, Array]) -> tuple[Array, Array]:
        x, _ = state
        slope, divergence = _with_divergence(lambda rows: drift(h, rows), x)
        return slope, divergence

    h = (process.half_log_snr(start), process.half_log_snr(end))
    x, gained = _solve(with_density, h[0], h[1], (points, jnp.zeros_like(points[:, 0])), tolerance)
    if log_density_at_end is None:
        last = -(x**2).sum(axis=1) / 2 - size / 2 * float(np.log(2 * np.pi))
    else:
        last = log_density_at_end(x)
    return last + gained


def _drift(denoiser: Denoiser, process: Process) -> Callable[[Array, Array], Array]:
    """dx/dh = a (f - a x)."""

    def drift(h: Array, x: Float[Array, "n d"]) -> Float[Array, "n d"]:
        t = process.time_of(h)
        alpha = process.alpha(t)
        return alpha * (denoiser(t, x) - alpha * x)

    return drift


def _with_divergence(function: Callable[[Array], Array], x: Float[Array, "n d"]) -> tuple[Array, Array]:
    """Values (n, d) of a function that acts on each row by itself, and the divergence at each row (n,)."""
    values, push = jax.linearize(function, x)
    # Rows do not mix, so one direction for all rows at once gives one column of every row's Jacobian.
    sides = jnp.eye(x.shape[1], dtype=x.dtype)
    columns = jax.vmap(lambda side: push(jnp.broadcast_to(side[None], x.shape)) @ side)(sides)
    return values, columns.sum(axis=0)


@eqx.filter_jit
def _solve(drift: Callable, first: Array, last: Array, state: Any, tolerance: float) -> Any:
    import diffrax

    solution = diffrax.diffeqsolve(
        diffrax.ODETerm(lambda h, y, _: drift(h, y)),
        diffrax.Tsit5(),
        first,
        last,
        None,
        state,
        stepsize_controller=diffrax.PIDController(rtol=tolerance, atol=tolerance),
        max_steps=100_000,
        saveat=diffrax.SaveAt(t1=True),
        adjoint=diffrax.DirectAdjoint(),
    )
    assert solution.ys is not None  # noqa: S101 - for the type checker: t1 is saved
    return jax.tree.map(lambda leaf: leaf[0], solution.ys)


def _check(process: Process, start: float, end: float) -> None:
    try:
        import diffrax  # noqa: F401
    except ImportError:
        raise BadInput(
            "score extra",
            required="be installed for adaptive steps",
            got="no package diffrax",
            advice="Type pip install 'softntk[score]'.",
        ) from None
    if not 0 < start < end <= process.horizon:
        raise BadInput(
            "start",
            required=f"be positive and below end, at most {process.horizon:g}",
            got=f"{start} and {end}",
            advice="Type start=0.01.",
        )
