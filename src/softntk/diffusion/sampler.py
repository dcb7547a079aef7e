"""Samplers: one stepper, and a table of its special cases.

A step goes from time t to s < t with numbers that depend on t and s alone; f = f(t, x) is the denoiser, z noise:

    x'  = A x + B f + M (f - f_before) + C z
    x'' = P x + Q f + R x' + U f(s, x') + V z'          (second stage, where there is one)

With a, v at the two times, k = sqrt(v_s/v_t), b = a_s - k a_t, G = int_s^t g, and half log-SNR h:

    euler-maruyama       A = 1 + G/2 - G/v_t,  B = G a_t/v_t,  C = sqrt(G)
    exponential          q = 2 (exp(G/2) - 1),  A = 1 + q/2 - q/v_t,  B = q a_t/v_t,  C = sqrt(exp(G) - 1)
    ddim (eta)           c = eta k sqrt(1 - a_t^2/a_s^2),  A = sqrt(v_s - c^2)/sqrt(v_t),  B = a_s - A a_t,  C = c
    ddim                 eta = 0: A = k, B = b, C = 0
    ddpm                 eta = 1: draws X_s from its law given X_t and X_0 = f
    dpm-solver++         A = k,  B = b,  M = b (h_s - h_t)/(2 (h_t - h_before));  the first step is that of ddim
    heun                 x' as ddim;  x'' = a_s (x/a_t + (r_s - r_t) (n_t + n_s)/2),  n_t = (x - a_t f)/sqrt(v_t),
                         n_s = (x' - a_s f')/sqrt(v_s),  r = sqrt(v)/a: the trapezoidal rule for dy/dr = n, y = x/a
    predictor-corrector  x' as ddpm;  x'' = x' + e score(s, x') + sqrt(2 e) z',  e = 2 (0.16)^2 v_s: a Langevin step

Those with noise follow the reverse equation dY = (g/2 Y + g s) dt + sqrt(g) dB: euler-maruyama with both terms of the
drift frozen during a step, exponential with the score frozen and the rest solved, which is the sampler that Girsanov's
theorem bounds. The others follow the probability-flow equation dY = (g/2 Y + g s/2) dt.

References: Chen et al., arXiv 2209.11215 (exponential); Ho et al., arXiv 2006.11239 (ddpm); Song, Meng, Ermon, arXiv
2010.02502 (ddim); Lu et al., arXiv 2211.01095 (dpm-solver++, 2M); Karras et al., arXiv 2206.00364 (heun); Song et al.,
arXiv 2011.13456 (predictor-corrector).
"""

from collections.abc import Callable
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from softntk.defaults import SAMPLER
from softntk.diffusion.process import Process
from softntk.diffusion.score import Denoiser
from softntk.failures import BadInput

__all__ = ["SAMPLERS", "Sampler", "ddim", "sample", "sampler_named"]

_CORRECTION = 2 * 0.16**2
_LENGTH = 256

Numbers = Float[Array, " steps"]


class Step(NamedTuple):
    """The numbers of all steps, (steps,) each, by the letters above; a stage without numbers is left out."""

    A: Numbers
    B: Numbers
    M: Numbers | None = None
    C: Numbers | None = None
    second: tuple[Numbers, Numbers, Numbers, Numbers] | None = None
    V: Numbers | None = None


class Sampler(NamedTuple):
    """A row of the table: the numbers of its steps, and how often a step evaluates the denoiser."""

    name: str
    numbers: Callable[[Process, Float[Array, " times"]], Step]
    evaluations: int = 1


def ddim(eta: float) -> Sampler:
    """DDIM with noise eta: 0 is deterministic, 1 is ddpm.

    Raises:
        BadInput: eta is not in [0, 1].
    """
    if not 0 <= eta <= 1:
        raise BadInput("eta", required="be from 0 to 1", got=repr(eta), advice="Type eta=0.0.")

    def numbers(process: Process, times: Float[Array, " times"]) -> Step:
        a, v, G = _levels(process, times)
        # 1 - a_t^2/a_s^2 without a difference: it is the variance that the step removes.
        c = eta * jnp.sqrt(v[1:] / v[:-1] * -jnp.expm1(-G))
        A = jnp.sqrt((v[1:] - c**2) / v[:-1])
        return Step(A, a[1:] - A * a[:-1], C=c if eta else None)

    return Sampler(f"ddim({eta:g})" if eta else "ddim", numbers)


def _euler_maruyama(process: Process, times: Float[Array, " times"]) -> Step:
    a, v, G = _levels(process, times)
    return Step(1 + G / 2 - G / v[:-1], G * a[:-1] / v[:-1], C=jnp.sqrt(G))


def _exponential(process: Process, times: Float[Array, " times"]) -> Step:
    a, v, G = _levels(process, times)
    q = 2 * jnp.expm1(G / 2)
    return Step(1 + q / 2 - q / v[:-1], q * a[:-1] / v[:-1], C=jnp.sqrt(jnp.expm1(G)))


def _dpm_solver(process: Process, times: Float[Array, " times"]) -> Step:
    first = ddim(0.0).numbers(process, times)
    h = jnp.diff(process.half_log_snr(times))
    ratio = jnp.concatenate([jnp.zeros_like(h[:1]), h[1:] / h[:-1]])
    return first._replace(M=first.B * ratio / 2)


def _heun(process: Process, times: Float[Array, " times"]) -> Step:
    a, v, _ = _levels(process, times)
    r = jnp.sqrt(v) / a
    half = a[1:] * jnp.diff(r) / 2
    second = (
        a[1:] / a[:-1] + half / jnp.sqrt(v[:-1]),
        -half * a[:-1] / jnp.sqrt(v[:-1]),
        half / jnp.sqrt(v[1:]),
        -half * a[1:] / jnp.sqrt(v[1:]),
    )
    return ddim(0.0).numbers(process, times)._replace(second=second)


def _predictor_corrector(process: Process, times: Float[Array, " times"]) -> Step:
    a, v, _ = _levels(process, times)
    none = jnp.zeros_like(a[1:])
    second = none, none, none + 1 - _CORRECTION, _CORRECTION * a[1:]
    return ddim(1.0).numbers(process, times)._replace(second=second, V=jnp.sqrt(2 * _CORRECTION * v[1:]))


#: Samplers by name; for other values of eta call `ddim`.
SAMPLERS = {
    each.name: each
    for each in (
        Sampler("euler-maruyama", _euler_maruyama),
        Sampler("exponential", _exponential),
        ddim(1.0)._replace(name="ddpm"),
        ddim(0.0),
        Sampler("heun", _heun, evaluations=2),
        Sampler("dpm-solver++", _dpm_solver),
        Sampler("predictor-corrector", _predictor_corrector, evaluations=2),
    )
}


def sampler_named(name: str) -> Sampler:
    """The sampler of this name.

    Raises:
        BadInput: there is none.
    """
    if name not in SAMPLERS:
        raise BadInput(
            "sampler", required=f"be one of {', '.join(SAMPLERS)}", got=repr(name), advice="Type 'dpm-solver++'."
        )
    return SAMPLERS[name]


def sample(
    denoiser: Denoiser,
    process: Process,
    key: Array,
    *,
    count: int,
    size: int,
    times: Float[Array, " times"],
    sampler: Sampler | str = SAMPLER,
    start: Float[Array, "n d"] | None = None,
    denoised: bool = False,
) -> Float[Array, "n d"]:
    """Draw `count` points in R^size: start from noise at times[0], follow `times` down to times[-1].

    Arguments:
        denoiser: exact or learned; a score becomes one by `DenoiserOfScore`.
        key: of the start and of all noise. Equal keys give equal points.
        times: falling, from `time_grid`.
        sampler: a row of `SAMPLERS` or its name, or `ddim(eta)`.
        start: points at times[0]; by default standard normal.
        denoised: return f(times[-1], x) in place of x, whose law still has the noise of the last time in it.

    Raises:
        BadInput: there is no such sampler, or the times do not fall.
    """
    chosen = sampler_named(sampler) if isinstance(sampler, str) else sampler
    if times.ndim != 1 or len(times) < 2 or not bool((jnp.diff(times) < 0).all()):
        raise BadInput("times", required="fall", got="others", advice="Type times=time_grid(process, 100).")
    start_key, path_key = jax.random.split(key)
    # The numbers of the steps are computed as the times are, and the path in the type of the start.
    x = jax.random.normal(start_key, (count, size), times.dtype) if start is None else start
    steps = len(times) - 1
    # Times go on to a full length, so that another number of steps is not compiled again; the rest is not stepped.
    rest = -steps % _LENGTH
    beyond = times[-1] * jnp.asarray(1 - np.arange(1, rest + 1) / (rest + 1), times.dtype)
    longer = jnp.concatenate([times, beyond])
    numbers, before, after = jax.tree.map(
        lambda each: each.astype(x.dtype), (chosen.numbers(process, longer), longer[:-1], longer[1:])
    )
    x = _follow(denoiser, numbers, before, after, jnp.asarray(steps), path_key, x)
    return denoiser(times[-1].astype(x.dtype), x) if denoised else x


@eqx.filter_jit
def _follow(
    denoiser: Denoiser, numbers: Step, before: Numbers, after: Numbers, steps: Array, key: Array, x: Float[Array, "n d"]
) -> Float[Array, "n d"]:
    def step(item, state):
        x, f_before = state
        n, t, s, number = item
        step_key = jax.random.fold_in(key, number)
        f = denoiser(t, x)
        moved = n.A * x + n.B * f
        if n.M is not None:
            moved += n.M * (f - f_before)
        if n.C is not None:
            moved += n.C * jax.random.normal(step_key, x.shape, x.dtype)
        if n.second is not None:
            P, Q, R, U = n.second
            moved = P * x + Q * f + R * moved + U * denoiser(s, moved)
        if n.V is not None:
            moved += n.V * jax.random.normal(jax.random.fold_in(step_key, 0), x.shape, x.dtype)
        return moved, f

    def step_or_stay(state, item):
        return jax.lax.cond(item[3] < steps, step, lambda _, state: state, item, state), None

    items = numbers, before, after, jnp.arange(len(before))
    return jax.lax.scan(step_or_stay, (x, jnp.zeros_like(x)), items)[0][0]


def _levels(process: Process, times: Float[Array, " times"]) -> tuple[Array, Array, Array]:
    """a and v at all times, and G between neighbors."""
    return process.alpha(times), process.variance(times), -jnp.diff(process.integral(times))
