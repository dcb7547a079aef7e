"""The region around the start in which the kernel stays well conditioned, from inside and from outside.

lambda(W) = lambda_min(H(W)) is at least lambda/2, and so the loss behaves as if it were convex, for every W within

    inner radius   the largest rho with s0 - Delta(rho) >= s0 / sqrt 2,      s0 = sqrt(m lambda)

(Weyl: sigma_min(J(W)) >= s0 - |J(W) - J(W0)|; Delta(rho) = rho L(rho) for softmax and exponential, the count of sign
changes for ReLU; see `lipschitz`): a theorem, its numbers taken in float64. It is not so everywhere within the

    outer radius   the smallest move found that brings lambda(W) to lambda/2 or below:

a fact that anyone can check with the weights in `witness`. The truth is between the two. Softmax and exponential are
searched by projected gradient descent on lambda_min from two starts; ReLU, whose kernel is piecewise constant, by sign
changes with the first half of the same effort and by a smoothed surrogate from there with the second.

Whether training stays inside is another question, and needs a bound of the real run's path: p of Theorem A. The length
of the linearized path is none. Softmax runs have left the inner radius although it was longer than that.
"""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from softntk.bounds.lipschitz import Smoothness, smoothness
from softntk.conditioning.eigenvalue_descent import Hit, closest_hit, smallest_eigenvalue, smallest_within, surrogate_of
from softntk.conditioning.sign_search import sign_search
from softntk.dynamics.linearized import linearize
from softntk.failures import BadInput
from softntk.kernels.empirical import empirical_ntk
from softntk.kernels.spectra import extremes
from softntk.networks.features import ReLU
from softntk.networks.two_layer import TwoLayer
from softntk.numerics.arrays import finite_matrix, require_float64
from softntk.verdicts import Answer, Verdict, at_most, does_not_apply

__all__ = ["Region", "attack", "fitting_distance", "inner_radius", "region"]

_GRID = 64
# Windows of radii, in units of the best radius so far (1 at first).
_WINDOWS = ((1e-9, 1e3), (0.02, 10.0), (0.02, 3.0), (0.02, 1.5), (0.9, 1.1), (0.99, 1.01))


@dataclass(frozen=True)
class Region:
    """Both radii of one network.

    Attributes:
        smallest: lambda at the start, and `error`, its numerical error.
        inner: lambda(W) >= lambda/2 for every W this close, by the theorem in float64; 0 where it says nothing.
        outer: a move this long brings lambda(W) to lambda/2 or below; infinite where none was found.
        at_outer: lambda there.
        witness: the hidden weights there (d, m).
        path: the length that is the unit of the ratios, as given; NaN where none was.
        evaluations: kernels decomposed in the outer search.
        verdict: whether the two radii are in order.
    """

    smallest: float
    error: float
    inner: float
    outer: float
    at_outer: float
    witness: Float[np.ndarray, "d m"]
    path: float
    evaluations: int
    verdict: Verdict

    @property
    def inner_in_paths(self) -> float:
        """The inner radius in units of the path; training stays inside if it is 1 or more and the path is its bound.

        A bound is p of Theorem A (`certify(...).path`). A measured path tells of its own run, a linearized one nothing.
        """
        return self.inner / self.path

    @property
    def outer_in_paths(self) -> float:
        """The outer radius in units of the path."""
        return self.outer / self.path


def region(
    network: TwoLayer, inputs: Float[Array, "n d"], *, key: Array, path: float = float("nan"), evaluations: int = 120
) -> Region:
    """Bracket the radius within which lambda_min(H(W)) stays above half of its start.

    Arguments:
        key: for the random second start of the search.
        path: a length of training, the unit of the ratios: p of Theorem A, a measured path, or `fitting_distance`.
        evaluations: kernels to decompose in the outer search: the same number for every kind of network, a few more
            for shortening what was found.

    Raises:
        BadInput: wrong shapes, NaN or infinite entries, not float64, too few evaluations.

    Where lambda is not above its numerical error, both radii are NaN and the verdict says *undecided*.
    """
    inputs = finite_matrix("inputs", inputs, columns=network.input_size)
    require_float64("inputs", inputs)
    require_float64("network.hidden", network.hidden)
    if evaluations < 8:
        raise BadInput("evaluations", required="be at least 8", got=str(evaluations), advice="Type evaluations=120.")
    claim = "the inner radius is at most the outer radius"
    found = extremes(empirical_ntk(network, inputs))
    smallest, error = float(found.smallest), float(found.smallest_radius)
    if not smallest > error:
        words = f"lambda = {smallest:.3g} is not above its numerical error {error:.2g}"
        nothing = np.full(network.hidden.shape, np.nan)
        verdict = Verdict(claim, Answer.UNDECIDED, words)
        return Region(smallest, error, np.nan, np.nan, np.nan, nothing, path, 0, verdict)
    inner = inner_radius(smoothness(network, inputs), smallest - error)
    hit = _outer(network, inputs, jnp.asarray(smallest / 2), key, evaluations)
    outer, witness = float(hit.radius), network.hidden + hit.move
    if not np.isfinite(outer):
        verdict = does_not_apply(claim, f"no move to lambda/2 was found in {evaluations} evaluations", inner, outer)
    else:
        verdict = at_most(claim, inner, outer)
    at_outer = float(smallest_eigenvalue(network.moved_to(witness), inputs))
    return Region(smallest, error, inner, outer, at_outer, np.asarray(witness), path, evaluations, verdict)


def inner_radius(smooth: Smoothness, smallest: float) -> float:
    """The largest radius found at which Delta(rho) <= s0 (1 - 1/sqrt 2); 0 where there is none.

    Arguments:
        smallest: lambda, or a lower bound of it.
    """
    allowed = np.sqrt(smooth.width * smallest) * (1 - np.sqrt(0.5))
    best = 0.0
    # ReLU's count is sharp only on a grid that ends near the radius, so the window follows what was found.
    for low, high in _WINDOWS:
        scale = best if best > 0 else 1.0
        radii = np.geomspace(low * scale, high * scale, _GRID)
        fits = np.asarray(smooth.changes(jnp.asarray(radii))) <= allowed
        if fits.any():  # each radius that fits is one, whatever the others do
            best = max(best, float(radii[np.flatnonzero(fits)[-1]]))
        if best == 0:
            break
    return best


def fitting_distance(network: TwoLayer, inputs: Float[Array, "n d"], labels: Float[Array, "n k"]) -> float:
    """|W(inf) - W(0)|_F = sqrt(r0^T H^-1 r0 / m) of the linearized flow: the shortest path on which it fits the labels.

    A unit for the radii that exists for every network, also where Theorem A does not apply; no bound of the real run's
    distance. Infinite where H is numerically singular.
    """
    run = linearize(network, inputs, labels)
    if not float(run.spectrum.values[0]) > float(run.spectrum.radius):
        return float("inf")
    return float(jnp.sqrt(jnp.sum(run.coefficients**2 / run.spectrum.values) / network.width))


def attack(
    network: TwoLayer, inputs: Float[Array, "n d"], radius: float, *, key: Array, evaluations: int = 60
) -> Float[Array, ""]:
    """The smallest lambda_min that projected gradient descent meets within the radius, from a random start."""
    start = radius * _random_direction(key, network)
    return smallest_within(network, inputs, radius, start, surrogate_of(network, inputs), evaluations)


def _outer(
    network: TwoLayer, inputs: Float[Array, "n d"], target: Float[Array, ""], key: Array, evaluations: int
) -> Hit:
    half = evaluations // 2
    surrogate = surrogate_of(network, inputs)
    # A hundredth of the start's size is a scale for the first ball, no more: it adapts.
    scale = jnp.linalg.norm(network.hidden) / 100
    if isinstance(network.features, ReLU):
        first = sign_search(network, inputs, target, evaluations=half)
        known = jnp.isfinite(first.radius)
        start = jnp.where(known, first.move, scale * _random_direction(key, network))
        second = closest_hit(
            network, inputs, target, start, jnp.where(known, first.radius, scale), surrogate, evaluations - half
        )
    else:
        nowhere = jnp.zeros_like(network.hidden)
        first = closest_hit(network, inputs, target, nowhere, scale, surrogate, half)
        rho = jnp.where(jnp.isfinite(first.radius), first.radius, scale)
        start = rho * _random_direction(key, network)
        second = closest_hit(network, inputs, target, start, rho, surrogate, evaluations - half)
    return first if float(first.radius) <= float(second.radius) else second


def _random_direction(key: Array, network: TwoLayer) -> Float[Array, "d m"]:
    direction = jax.random.normal(key, network.hidden.shape, network.hidden.dtype)
    return direction / jnp.linalg.norm(direction)
