"""One step of gradient descent on a softmax network, taken apart.

    ||R(t+1)||^2 - ||R(t)||^2 = C0 + C1 + C2 + C3,    Ck = 2 <R(t), v_k>,    C3 = ||F(t+1) - F(t)||^2,

F(t+1) - F(t) = v0 + v1 + v2 as in `theorems.induction`. With S at W(t), dz = X dW, dW = -eta dL/dW and

    E1 = sum_r S_r dz_r,    E2 = sum_r S_r (exp(dz_r) - 1 - dz_r),    N(t+1)/N(t) = 1 + E1 + E2

the parts are, without any large exponential and without cancellation for small steps,

    v0 = -F(t+1) (E1 + E2)         v1 = m sum_r a_r S_r dz_r         v2 = m sum_r a_r S_r (exp(dz_r) - 1 - dz_r)

and the exact split into first order and remainder is

    J dW = v1 - F(t) E1            remainder = v2 - F(t) E2 - (F(t+1) - F(t)) (E1 + E2).

(J dW has the slope m S (a - u) with m u = F.) So v0 is of first order too, unless F(t) = 0, as at the antisymmetric
start.

Reference: arXiv 2405.03251v1, proof of the contraction; the exact split is derived here.
"""

import math

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from softntk.dynamics.iteration import Probe
from softntk.dynamics.trace import Trace
from softntk.failures import BadInput
from softntk.lemmas.finding import Finding, found
from softntk.networks.features import Softmax
from softntk.networks.two_layer import TwoLayer
from softntk.numerics.words import in_words
from softntk.theorems.induction import EXACT_SPLIT, SPLIT

__all__ = ["Split", "remainder_order", "split", "split_adds_up", "split_adds_up_on_trace", "split_probe"]


class Split(eqx.Module):
    """One step in parts; all parts of the output change have shape (n, k), the others are numbers.

    Attributes:
        v0, v1, v2: the paper's parts of F(t+1) - F(t).
        first_order, remainder: the exact split of the same.
        c0, c1, c2, c3: the paper's parts of the change of the squared residual.
        change: that change, measured.
        error: rounding error of `change`.
    """

    v0: Float[Array, "n k"]
    v1: Float[Array, "n k"]
    v2: Float[Array, "n k"]
    first_order: Float[Array, "n k"]
    remainder: Float[Array, "n k"]
    c0: Float[Array, ""]
    c1: Float[Array, ""]
    c2: Float[Array, ""]
    c3: Float[Array, ""]
    change: Float[Array, ""]
    error: Float[Array, ""]

    __repr__ = in_words


def split(network: TwoLayer, inputs: Float[Array, "n d"], labels: Float[Array, "n k"], *, step_size: float) -> Split:
    """Take one step of gradient descent and return its parts.

    Raises:
        BadInput: the network is not a softmax network.
    """
    if not isinstance(network.features, Softmax):
        raise BadInput(
            "network", required="be a softmax network", got=network.features.name, advice="Type features=Softmax()."
        )
    return _split(network, inputs, labels, jnp.asarray(step_size, inputs.dtype))


@eqx.filter_jit
def _split(
    network: TwoLayer, inputs: Float[Array, "n d"], labels: Float[Array, "n k"], step_size: Float[Array, ""]
) -> Split:
    m = network.width
    outputs, _, gradient = network.evaluate(inputs, labels)
    step = -step_size * gradient
    new = network.moved_to(network.hidden + step)(inputs)
    shares, dz = jax.nn.softmax(inputs @ network.hidden, axis=1), inputs @ step
    curved = shares * _exp_minus_line(dz)
    E1, E2 = jnp.sum(shares * dz, axis=1, keepdims=True), jnp.sum(curved, axis=1, keepdims=True)
    v1, v2 = m * (shares * dz) @ network.output.T, m * curved @ network.output.T
    v0 = -new * (E1 + E2)
    residual, moved = outputs - labels, new - outputs
    parts = [2 * jnp.sum(residual * v) for v in (v0, v1, v2)]
    # Outputs are m times a mean of signs: their rounding error is eps m, whatever their size.
    size = jnp.linalg.norm(residual) + jnp.linalg.norm(new - labels)
    return Split(
        v0=v0,
        v1=v1,
        v2=v2,
        first_order=v1 - outputs * E1,
        remainder=v2 - outputs * E2 - moved * (E1 + E2),
        c0=parts[0],
        c1=parts[1],
        c2=parts[2],
        c3=jnp.sum(moved**2),
        change=jnp.sum((new - labels) ** 2) - jnp.sum(residual**2),
        error=8.0 * m * math.sqrt(labels.size) * jnp.finfo(labels.dtype).eps * size,
    )


def _exp_minus_line(x: Float[Array, "n m"]) -> Float[Array, "n m"]:
    """exp(x) - 1 - x, to full relative precision for small x too."""
    series = jnp.zeros_like(x)
    for power in range(16, 1, -1):
        series = series * x + 1 / math.factorial(power)
    small = jnp.abs(x) < 0.5
    return jnp.where(small, series * x * x, jnp.expm1(jnp.where(small, 1, x)) - jnp.where(small, 1, x))


def split_adds_up(
    network: TwoLayer, inputs: Float[Array, "n d"], labels: Float[Array, "n k"], *, step_size: float
) -> Finding:
    """Check that C0 + C1 + C2 + C3 is the change of the squared residual in one step, to rounding."""
    parts = split(network, inputs, labels, step_size=step_size)
    return _adds_up(*(float(value) for value in (parts.c0, parts.c1, parts.c2, parts.c3, parts.change, parts.error)))


def split_probe(inputs: Float[Array, "n d"], labels: Float[Array, "n k"], *, step_size: float) -> Probe:
    """A probe that records C0, C1, C2, C3, the change, its rounding error, 2 <R, J dW> and 2 <R, remainder> (8,)."""

    def probe(network: TwoLayer) -> Float[Array, " 8"]:
        parts = split(network, inputs, labels, step_size=step_size)
        residual = network(inputs) - labels
        exact = [2 * jnp.sum(residual * v) for v in (parts.first_order, parts.remainder)]
        return jnp.stack([parts.c0, parts.c1, parts.c2, parts.c3, parts.change, parts.error, *exact])

    return probe


def split_adds_up_on_trace(trace: Trace, *, probe: str = "split") -> Finding:
    """Check the same at every record of a run; returns the record with the largest gap in units of its error.

    Raises:
        BadInput: the trace does not have the probe.
    """
    if probe not in trace.probes:
        raise BadInput(
            "probe",
            required="name a probe of the trace",
            got=repr(probe),
            advice=f"Type gradient_descent(..., probes={{{probe!r}: split_probe(inputs, labels, step_size=eta)}}).",
        )
    rows = np.asarray(trace.probes[probe], np.float64)
    gap = np.abs(rows[:, :4].sum(axis=1) - rows[:, 4]) / rows[:, 5]
    # A NaN is the worst of all: argmax returns the first one.
    return _adds_up(*(float(value) for value in rows[int(np.argmax(gap)), :6]))


def _adds_up(c0: float, c1: float, c2: float, c3: float, change: float, error: float) -> Finding:
    return found(SPLIT.evaluate(c0=c0, c1=c1, c2=c2, c3=c3, softmax=1.0), change, error=error)


def remainder_order(
    network: TwoLayer, inputs: Float[Array, "n d"], labels: Float[Array, "n k"], *, step_size: float
) -> Finding:
    """Check that the remainder of the exact split falls with the square of the step size.

    Measured by halving the step twice; the error is how much the order still changes from the first to the second.
    """
    sizes = [
        float(jnp.linalg.norm(split(network, inputs, labels, step_size=step_size / 2**halvings).remainder))
        for halvings in range(3)
    ]
    if not min(sizes) > 0:
        return found(EXACT_SPLIT.evaluate(softmax=1.0), float("nan"))
    coarse, fine = (math.log2(sizes[i] / sizes[i + 1]) for i in (0, 1))
    return found(EXACT_SPLIT.evaluate(softmax=1.0), fine, error=2 * abs(coarse - fine) + 1e-6)
