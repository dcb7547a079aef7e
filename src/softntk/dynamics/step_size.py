"""Step sizes by name.

    "stable"   1 / (m lambda_max(H)): half of the largest stable step 2 / (m lambda_max), so that every mode of the
               linearized run shrinks without changing sign
    "theorem"  0.1 lambda / (m n^2 k^2 exp(~16 B)), what the convergence theorem of the softmax network asks for
    a number   taken as it is

J J^T = m H, so the residual follows I - eta m H to first order: stable for eta < 2 / (m lambda_max).
"""

import math

import jax.numpy as jnp
from jaxtyping import Array, Float

from softntk.failures import BadInput
from softntk.kernels.empirical import empirical_ntk
from softntk.kernels.spectra import extremes, extremes_by_products
from softntk.networks.features import Softmax
from softntk.networks.two_layer import TwoLayer
from softntk.numerics.eigen import Extremes
from softntk.theorems.convergence import log10_step_size

__all__ = ["largest_stable_step", "resolved"]

# Kernels up to this many rows are decomposed densely: exact, and about as fast as Lanczos.
_DENSE_ROWS = 1024


def largest_stable_step(network: TwoLayer, inputs: Float[Array, "n d"]) -> Float[Array, ""]:
    """2 / (m lambda_max), from an upper bound of lambda_max; infinite where the kernel is zero and nothing moves."""
    found = _extremes(network, inputs)
    return 2 / (network.width * (found.largest + found.largest_radius))


def resolved(
    step_size: float | str | Float[Array, ""], network: TwoLayer, inputs: Float[Array, "n d"], *, delta: float = 0.01
) -> Float[Array, ""]:
    """The step size as a number.

    Arguments:
        step_size: "stable", "theorem", or a positive number.
        delta: for "theorem", the probability with which the theorem may fail.

    Raises:
        BadInput: an unknown name, a number that is not positive and finite, or "theorem" where it says nothing
            (another network than softmax, lambda not above its numerical error, a step that underflows).
    """
    if not isinstance(step_size, str):
        try:
            usable = 0 < float(step_size) < math.inf
        except (TypeError, ValueError):
            usable = False
        if not usable:
            raise BadInput(
                "step_size",
                required="be positive and finite, or a name",
                got=repr(step_size),
                advice='Type step_size="stable".',
            )
        return jnp.asarray(step_size, network.hidden.dtype)
    if step_size == "stable":
        half = largest_stable_step(network, inputs) / 2
        return jnp.where(jnp.isinf(half), jnp.ones_like(half), half)
    if step_size == "theorem":
        return _by_theorem(network, inputs, delta)
    raise BadInput(
        "step_size", required="be stable, theorem or a number", got=repr(step_size), advice='Type step_size="stable".'
    )


def _by_theorem(network: TwoLayer, inputs: Float[Array, "n d"], delta: float) -> Float[Array, ""]:
    advice = 'Type step_size="stable".'
    if not isinstance(network.features, Softmax):
        raise BadInput(
            "step_size",
            required="be stable or a number for this network, whose theorem names no step size",
            got=f"'theorem' for {network.features.name}",
            advice=advice,
        )
    found = _extremes(network, inputs)
    if not found.smallest > found.smallest_radius:
        raise BadInput(
            "step_size",
            required="not be 'theorem' where lambda is not above its numerical error",
            got=f"lambda = {found.smallest:.3g} with error {found.smallest_radius:.2g}",
            advice=advice,
        )
    # The theorem speaks of the scale at the start; a network carries it as the spread of its weights.
    log10_step = log10_step_size(
        n=inputs.shape[0],
        k=network.output_size,
        log10_width=math.log10(network.width),
        lambda_min=float(found.smallest),
        sigma=float(jnp.std(network.hidden)),
        delta=delta,
    )
    step = jnp.asarray(10.0**log10_step if log10_step > -300 else 0.0, network.hidden.dtype)
    if not step > 0:
        raise BadInput(
            "step_size",
            required="be a step that floating point can hold",
            got=f"the theorem's 10^{log10_step:.1f}",
            advice=advice,
        )
    return step


def _extremes(network: TwoLayer, inputs: Float[Array, "n d"]) -> Extremes:
    if inputs.shape[0] * network.output_size <= _DENSE_ROWS:
        return extremes(empirical_ntk(network, inputs))
    return extremes_by_products(network, inputs)
