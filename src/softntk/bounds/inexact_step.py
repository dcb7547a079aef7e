"""How far one float64 step of gradient descent is from the exact one, before it is taken.

With unit roundoff u = 2^-53, gamma_N = N u / (1 - N u) bounds the relative error of a sum of N terms in any order. For
W within p of W0, write phi for the features, r >= ||R||, a = max_r |a_r|, and follow `TwoLayer.evaluate`:

    pre-activations    |dz| <= zeta = gamma_(d+2) max|x| (max|w| + p), twice that for softmax, whose peak is subtracted
    features           relative tau_E = (1 + 8 u) exp(zeta) - 1 (exp itself is trusted to 8 u), for softmax also its sum
    outputs, residual  ||dR|| <= rho = (1 + u) tau_F ||phi |A|^T||_F + u r,  tau_F: tau_E and the sum over neurons
    R A - c            ||dq|| <= theta = b a ((1 + gamma_(k+4)) rho + (gamma_(k+4) + tau_F sqrt(k)) (r + rho)),
                       b = 1 for the exponential network, 2 for softmax
    gradient           ||dg|| <= Phi (tau_g (b a r + theta) + theta),  Phi^2 = sum_i |x_i|^2 |phi_i|^2,
                       tau_g: tau_F and the sum over samples

and the step W - eta g adds u eta ||g|| + u ||W||. The worst case over all orders of summation: measured errors are
hundreds of times smaller. Not for ReLU, whose slope rounding can turn.
"""

import math

import jax.numpy as jnp
from jaxtyping import Array, Float

from softntk.bounds.lipschitz import Smoothness
from softntk.bounds.roundoff import TRANSCENDENTAL, UNIT, gamma
from softntk.failures import BadInput
from softntk.networks.features import ReLU, Softmax
from softntk.networks.two_layer import TwoLayer

__all__ = ["step_error"]


def step_error(
    network: TwoLayer,
    inputs: Float[Array, "n d"],
    smooth: Smoothness,
    *,
    step_size: float,
    radius: float,
    residual: float,
    beta: float,
) -> float:
    """Bound of ||W+ - (W - eta g(W))||_F for one computed step from any W within `radius` of W0.

    Arguments:
        residual: bound of ||R|| there.
        beta: bound of ||J|| there.

    Raises:
        BadInput: the network is ReLU.
    """
    if isinstance(network.features, ReLU):
        raise BadInput(
            "error",
            required="be given for the relu network, whose slope rounding can turn",
            got="None",
            advice="Type error=1e-12, say, if that is known.",
        )
    centered = isinstance(network.features, Softmax)
    n, d, m, k = *inputs.shape, network.width, network.output_size
    start = smooth.start
    a, norm = float(start.output_norm), float(smooth.longest)
    longest = float(jnp.sqrt(jnp.max(jnp.sum(network.hidden**2, axis=0)))) + radius

    zeta = gamma(d + 2) * norm * longest * (2 if centered else 1)
    tau = (1 + TRANSCENDENTAL) * math.exp(zeta) - 1
    total = (1 + tau) * (1 + gamma(m + 2)) - 1
    if centered:
        total = (1 + total) * (1 + gamma(2)) / ((1 - tau) * (1 - gamma(m))) - 1
    growth = jnp.exp(radius * start.norms * (math.sqrt(2) if centered else 1))[:, None]
    features = jnp.exp(start.scores_above) * growth
    outputs = m * a * math.sqrt(n * k) if centered else float(jnp.linalg.norm(features @ jnp.abs(network.output).T))

    factor = (2 if centered else 1) * a
    rho = (1 + UNIT) * total * outputs + UNIT * residual
    theta = factor * ((1 + gamma(k + 4)) * rho + (gamma(k + 4) + total * math.sqrt(k)) * (residual + rho))
    phi = float(jnp.linalg.norm(features * start.norms[:, None]))
    sums = (1 + total) * (1 + gamma(n + 3)) - 1
    gradient = phi * (sums * (factor * residual + theta) + theta)
    size = float(jnp.linalg.norm(network.hidden)) + radius
    step = step_size * (gradient + UNIT * (beta * residual + gradient))
    return (1 + UNIT) * step + UNIT * (size + step_size * beta * residual + step)
