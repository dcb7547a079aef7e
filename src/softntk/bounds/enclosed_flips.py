"""Which signs of a ReLU network a distance can turn, counted in balls.

Neuron r can change its sign on sample i only if it moves by mu_ir = |z_ir| / |x_i| or more. Within distance u,
||J(W) - J(W0)||^2 <= max_r |a_r|^2 Delta^2 with

    Delta^2 = max_i [ q u^2 + sum_r max(0, max_t (g_ir(t) - q t^2)) ],   g_ir(t) = sum_j |G_ij| 1[mu_jr <= t],

for any multiplier q >= 0, the inner maximum over the t <= u that are margins of neuron r and at least mu_ir (see
`flips`, Lemma R). The multiplier is chosen in floating point and the bound for it is computed in balls. Margins are
float64 numbers from below and |G_ij| from above, which only makes the bound larger.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from jaxtyping import Float, Shaped

from softntk.numerics.enclosure import balls, upper, uppers

__all__ = ["turned"]

# More pairs of samples than this that one neuron can turn, and nothing is computed: the bound is infinite.
_MOST_PAIRS = 2**23

_larger = np.frompyfunc(lambda left, right: left.max(right), 2, 1)


def turned(
    margins: Float[np.ndarray, "n m"], gram: Shaped[np.ndarray, "n n"], radii: Float[np.ndarray, " J"]
) -> tuple[list[float], list[float]]:
    """Delta^2 at ascending radii, from above, and the multipliers with which it was found.

    Arguments:
        margins: mu, from below.
        gram: G, in balls.
    """
    heights = uppers(np.abs(gram))
    found, multipliers = [], []
    for radius in radii.tolist():
        pairs = float(((margins <= radius).sum(axis=0).astype(float) ** 2).sum())
        if pairs > _MOST_PAIRS:
            rest = len(radii) - len(found)
            return found + rest * [np.inf], multipliers + rest * [0.0]
        multipliers.append(_multiplier(margins, heights, radius))
        found.append(upper(_together(margins, heights, radius, multipliers[-1], balls, _larger.reduce)))
    return found, multipliers


def _together(
    margins: Float[np.ndarray, "n m"],
    heights: Float[np.ndarray, "n n"],
    radius: float,
    multiplier: float,
    numbers: Callable[[np.ndarray], np.ndarray],
    largest: Callable[..., Any],
) -> Any:
    """The bound for one multiplier, in the arithmetic that `numbers` makes: balls, or floating point to choose it."""
    order = np.argsort(margins, axis=0)
    ranked = np.take_along_axis(margins, order, axis=0)
    counts = (ranked <= radius).sum(axis=0)
    totals = numbers(np.zeros(len(margins)))
    for count in np.unique(counts[counts > 0]).tolist():
        # Neurons that can turn `count` samples, cheapest first; gains[r, i, a]: paying for the first a + 1 of them.
        neurons = np.flatnonzero(counts == count)
        samples, costs = order[:count, neurons].T, numbers(ranked[:count, neurons].T) ** 2
        gains = np.cumsum(numbers(heights[samples[:, :, None], samples[:, None, :]]), axis=2)
        # A neuron that turns sample i pays for all that are cheaper, so a >= i; or it stays, and gains nothing.
        profits = (gains - numbers(np.array(multiplier)) * costs[:, None, :]) * np.triu(np.ones((count, count)))
        profits = np.concatenate([profits, numbers(np.zeros((len(neurons), count, 1)))], axis=2)
        np.add.at(totals, samples, largest(profits, axis=2))
    return largest(totals + numbers(np.array(multiplier)) * numbers(np.array(radius)) ** 2)


def _multiplier(margins: Float[np.ndarray, "n m"], heights: Float[np.ndarray, "n n"], radius: float) -> float:
    """The best of a few multipliers in floating point."""

    def bound(multiplier: float) -> float:
        return _together(margins, heights, radius, multiplier, np.asarray, np.maximum.reduce)

    # Zero is the best where no or few signs can turn: moving costs nothing, but there is little to gain.
    best = min([0.0, *(2.0 ** np.arange(0, 41, 2) / radius**2)], key=bound)
    return float(min(best * 2.0 ** np.linspace(-1.75, 1.75, 15), key=bound))
