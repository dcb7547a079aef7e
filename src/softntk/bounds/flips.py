"""How far the Jacobian of the ReLU network can jump: which signs can distance u pay for?

Neuron r can change its sign on sample i only if it moves by the margin mu_ir = |z_ir| / |x_i| or more. Let f_ir = 1
where it does. Then

    ||J(W) - J(W0)||^2 <= max_r |a_r|^2 lambda_max(G o E),    |E_ij| <= sum_r f_ir f_jr,    G = X X^T,

and, as the largest row sum bounds lambda_max, Delta(u)^2 = max_r |a_r|^2 max_i (best gain of sample i), where a budget
u^2 is divided among the neurons: neuron r with share t^2 gains g_ir(t) = sum_j |G_ij| 1[mu_ir <= t, mu_jr <= t]. Any
division obeys duality: for every multiplier q >= 0 it gains at most q u^2 + sum_r max_t (g_ir(t) - q t^2). On a
grid t_1 < t_2 < ... a share in (t_(a-1), t_a] gains at most g(t_a) and costs at least max(t_(a-1), mu_ir)^2.

A second bound pays for every sample on its own: sum_i |x_i|^2 (most signs on x_i that u^2 can buy). The smaller
counts. The signs that change anywhere along a path of length u obey the same bound: neuron r then moves at most by
its own path length l_r, and sum_r l_r^2 <= u^2. Proof: docs/certificates.md, Lemma R.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from softntk.bounds.roundoff import SLACK, gamma

__all__ = ["jumps"]

# Shares below the smallest radius, as fractions of it, and multipliers q in units of 1/(largest radius)^2.
_FRACTIONS = tuple(0.5**power for power in range(9, 0, -1))
_MULTIPLIERS = tuple(2.0**power for power in range(21))
_TILE_ENTRIES = 2**17


def jumps(
    margins: Float[Array, "n m"], magnitudes: Float[Array, "n n"], radii: Float[Array, " j"]
) -> Float[Array, " j"]:
    """Upper bounds Delta(u) / max_r |a_r| for ascending radii u.

    Arguments:
        margins: mu from below, infinite for a sample of zeros.
        magnitudes: |G| from above.

    Gains are raised and costs lowered by more than rounding before they are subtracted, so that what is left is never
    too small; sums over neurons have their own factor.
    """
    joint = jnp.minimum(_one_by_one(margins, magnitudes, radii), _together(margins, magnitudes * SLACK, radii))
    return jnp.sqrt(joint) * (SLACK * (1 + gamma(margins.shape[1] + len(_FRACTIONS))))


def _one_by_one(
    margins: Float[Array, "n m"], gram: Float[Array, "n n"], radii: Float[Array, " j"]
) -> Float[Array, " j"]:
    costs = jnp.cumsum(jnp.sort(margins, axis=1) ** 2, axis=1) / (SLACK * (1 + gamma(margins.shape[1])))

    def at(radius: Float[Array, ""]) -> Float[Array, ""]:
        return jnp.sum(jnp.diagonal(gram) * (costs <= radius**2).sum(axis=1).astype(gram.dtype))

    return jax.lax.map(at, radii)


def _together(margins: Float[Array, "n m"], gram: Float[Array, "n n"], radii: Float[Array, " j"]) -> Float[Array, " j"]:
    size, width = margins.shape
    shares = jnp.concatenate([radii[0] * jnp.asarray(_FRACTIONS, radii.dtype), radii])
    multipliers = jnp.asarray(_MULTIPLIERS, radii.dtype) / jnp.where(radii[-1] > 0, radii[-1], 1) ** 2

    def of(tile: Float[Array, "n t"]) -> Float[Array, "j q n"]:
        """Sum over the tile's neurons of max_t (g - q t^2), with shares up to each radius."""

        def add(carry, share: Float[Array, ""]):
            best, before = carry
            within = tile <= share
            gain = jnp.where(within, gram @ within.astype(gram.dtype), 0)
            cost = jnp.where(within, jnp.maximum(before, tile), 0) ** 2 / SLACK
            best = jnp.maximum(best, gain[None] - multipliers[:, None, None] * cost[None])
            return (best, share), best.sum(axis=2)

        start = (jnp.zeros((len(_MULTIPLIERS), *tile.shape), tile.dtype), jnp.zeros((), tile.dtype))
        return jax.lax.scan(add, start, shares)[1][len(_FRACTIONS) :]

    # A neuron that no radius can turn gains nothing; so do the padded ones.
    tile = min(max(_TILE_ENTRIES // size, 16), width)
    padded = jnp.pad(margins, ((0, 0), (0, -width % tile)), constant_values=jnp.inf)

    def accumulate(start, total: Float[Array, "j q n"]) -> Float[Array, "j q n"]:
        return total + of(jax.lax.dynamic_slice_in_dim(padded, start * tile, tile, axis=1))

    gains = jnp.zeros((radii.size, multipliers.size, size), gram.dtype)
    gains = jax.lax.fori_loop(0, padded.shape[1] // tile, accumulate, gains)
    dual = gains + (multipliers[None, :] * radii[:, None] ** 2)[:, :, None]
    return dual.min(axis=1).max(axis=1)
