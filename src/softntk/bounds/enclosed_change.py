"""How the Jacobian changes within a distance of W, in balls.

    lipschitz   L within a radius, for softmax and exponential (see `lipschitz`, Lemmas S and E)
    jumps       Delta within a radius, for ReLU (see `flips`, Lemma R)
    Floor       a lower bound of the smallest singular value of J, by damping heavy neurons (see `capping`, Lemma C)

The formulas are those of the modules named. Where floating point chooses among valid bounds (a test vector, a damping,
a multiplier), what it chose is bounded in balls.
"""

from dataclasses import dataclass
from functools import cached_property

import jax.numpy as jnp
import numpy as np
from flint import arb
from jaxtyping import Float, Shaped

from softntk.bounds.capping import MULTIPLE, damping_of
from softntk.bounds.enclosed import Enclosed
from softntk.bounds.enclosed_flips import turned
from softntk.bounds.lipschitz import HIGHEST
from softntk.numerics.enclosure import (
    balls,
    frobenius_upper,
    lambda_max_upper,
    lambda_min_lower,
    lower,
    lowers,
    perron_upper,
    upper,
    uppers,
)

__all__ = ["Change", "Floor"]


@dataclass(frozen=True, eq=False)
class Floor:
    """sigma_min(J) >= level_j - slope_j u within u_j; see `capping` for the symbols.

    Attributes:
        damping: sqrt(omega) (m,).
        cap: tau, above sqrt(omega_r) nu_r for every neuron.
        start: s, from below.
        lowest: below the smallest eigenvalue of the damped Gram matrix, `start`^2 with slack for the checker, which
            factors the matrix minus s^2 I in float64.
        highest: above sqrt(omega_r) nu_r for every neuron, `cap` without slack.
    """

    damping: Float[np.ndarray, " m"]
    cap: float
    start: float
    lowest: float
    highest: float


class Change:
    """The bounds for one network and its data."""

    def __init__(self, enclosed: Enclosed):
        self.enclosed = enclosed

    def lipschitz(self, radius: float) -> float:
        """L within the radius, from above, for softmax and exponential."""
        at = self.enclosed
        # No weight grows faster: c <= m S exp(u |x| sqrt 2), or exp(z + u |x|).
        growth = (radius * at.longest * (arb(2).sqrt() if at.centered else 1)).exp()
        peaks = [peak * growth for peak in self._peaks[self._order[HIGHEST : HIGHEST + 1]].tolist()]
        top = perron_upper(self._weights(arb(radius), self._order[:HIGHEST]), self._squared, rounds=200)
        height = np.max([upper(peak) for peak in [*peaks, arb(float(top.max())).sqrt()]])
        alpha = at.strongest
        if at.centered:
            heaviest = (arb(self._heaviest) * growth).min(arb(at.width))
            alpha += self._mean + radius * at.strongest * (heaviest / at.width).sqrt() * at.longest
        return upper(alpha * float(height))

    def jumps(self, radii: Float[np.ndarray, " J"]) -> tuple[list[float], list[float]]:
        """Delta within ascending radii, from above, for ReLU, and the multipliers it was found with."""
        at = self.enclosed
        lengths = np.array([length if length > 0 else arb("nan") for length in at.norms], dtype=object)
        margins = lowers(np.abs(at.scores) / lengths[:, None])
        # An input of zeros has no sign to turn; its length counts for nothing in any bound.
        margins = np.where(np.isnan(margins), 1e150, np.maximum(margins, 0.0))
        squares, multipliers = turned(margins, at.gram, radii)
        return [upper(at.strongest * arb(square).sqrt()) for square in squares], multipliers

    @cached_property
    def floor(self) -> Floor:
        """The floor for softmax and exponential, with the damping that `capping` chooses. Any damping is valid."""
        at, peaks = self.enclosed, self._peaks
        nothing = Floor(np.ones(at.width), np.inf, 0.0, 0.0, np.inf)
        if not np.isfinite(peaks).all() or not (peaks > 0).all():
            return nothing
        chosen = damping_of(jnp.asarray(self._heights), jnp.asarray(uppers(at.norms)), jnp.asarray(peaks))[0]
        damping = np.asarray(chosen)
        signs = at.output[None, :, :] - at.means[:, :, None]
        if at.centered:
            signs = np.concatenate([signs, np.full((len(signs), 1, at.width), arb(MULTIPLE))], axis=1)
        gram = at.gram_of_rows(at.slopes * balls(damping), signs)
        lowest = lambda_min_lower(gram)
        slack = 64 * len(gram) * 2.0**-52 * lambda_max_upper(gram)
        if not lowest > slack:
            return nothing
        highest = float(uppers(balls(damping) * balls(peaks)).max())
        return Floor(
            damping,
            cap=upper(arb(highest) * (1 + arb(2) ** -36)),
            start=lower((arb(lowest) - slack).sqrt()),
            lowest=lowest,
            highest=highest,
        )

    def lines(self, floor: Floor, radii: tuple[float, ...]) -> list[tuple[arb, arb]]:
        """level_j and slope_j of a floor."""
        at, share = self.enclosed, arb(self._share)
        lines = []
        for radius in radii:
            reach = at.longest * radius
            growth = reach.expm1()
            shrink = 1 + share * growth
            alpha = (at.strongest + self._mean) * (1 + share * growth * (reach * share).exp())
            # Below zero a line is a lower bound of a singular value whatever it is divided by.
            lines.append((floor.start / shrink, alpha * floor.cap * growth / reach / shrink))
        return lines

    @cached_property
    def _squared(self) -> Shaped[np.ndarray, "n n"]:
        """Squares of the entries of the Gram matrix, G o G."""
        return self.enclosed.gram * self.enclosed.gram

    @cached_property
    def _heights(self) -> Float[np.ndarray, "n m"]:
        """c at W: m S or exp(z), from above."""
        return uppers(self.enclosed.slopes)

    @cached_property
    def _heaviest(self) -> float:
        return float(self._heights.max())

    @cached_property
    def _peaks(self) -> Float[np.ndarray, " m"]:
        """nu_r = sqrt(lambda_max(diag(c_r) (G o G) diag(c_r))) at W, from above."""
        found = perron_upper(self._heights, self._squared, rounds=4)
        return np.array([upper(arb(value).sqrt()) for value in found.tolist()])

    @cached_property
    def _order(self) -> Shaped[np.ndarray, " m"]:
        """Neurons from the highest peak down."""
        return np.argsort(-self._peaks, kind="stable")

    @cached_property
    def _mean(self) -> float:
        """max |A S_i| at W, from above; 0 but for softmax."""
        return float(np.max([frobenius_upper(row) for row in self.enclosed.means]))

    @cached_property
    def _share(self) -> float:
        """max |S_i| at W, from above; 0 but for softmax."""
        if not self.enclosed.centered:
            return 0.0
        return float(uppers(np.sqrt((self.enclosed.shares * self.enclosed.shares).sum(axis=1))).max())

    def _weights(self, radius: arb, neurons: Shaped[np.ndarray, " c"]) -> Float[np.ndarray, "n c"]:
        """c within the radius for some neurons, from above."""
        at = self.enclosed
        if not at.centered:
            return uppers(at.slopes[:, neurons] * np.exp(at.norms * radius)[:, None])
        shares = at.shares[:, neurons]
        rest = 1 - shares
        spread = (self._squares[:, None] - shares * shares) / (rest * rest)
        odds = shares / rest * np.exp(np.sqrt(spread + 1) * at.norms[:, None] * radius)
        weights = uppers(odds / (odds + 1) * at.width)
        # Where a share is so near 1 that its ball touches 1, the odds are not finite: m bounds every weight.
        return np.where(weights < at.width, weights, at.width)

    @cached_property
    def _squares(self) -> Shaped[np.ndarray, " n"]:
        """|S_i|^2."""
        return (self.enclosed.shares * self.enclosed.shares).sum(axis=1)
