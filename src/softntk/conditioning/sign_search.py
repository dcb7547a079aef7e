"""Which sign changes of a ReLU network bring lambda_min down at the least cost?

Hold the eigenvector q and put p_ir = sum_l q_il a_lr. With the signs s_ir = 1[z_ir > 0],

    q^T H q = (1/m) sum_r |sum_i p_ir s_ir x_i|^2 = (1/m) sum_r (p s)_r^T G (p s)_r,

one term a neuron. Moving w_r along x_i across the plane of sample i costs, for a neuron at its start, the margin
|z_ir| / |x_i|; it changes the sign of i, and that of every other sample that the move carries across. Two rules choose
where every neuron goes:

    cheapest   across its cheapest margin, if that lowers the term and costs less than a threshold
    priced     to the position with the largest (decrease of the term) - price (distance)^2, if that is positive

Positions: across one plane from the start; where the neuron is now; across one more plane from there. `priced` is
Lagrange's relaxation: at its price, no choice among these positions decreases q^T H q as much at the same cost. The
threshold and the price are bisected until lambda_min of the true kernel meets the target; then q is taken from there,
and the search repeats.
"""

from collections.abc import Callable
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from softntk.conditioning.eigenvalue_descent import Hit, smallest_eigenvalue
from softntk.kernels.empirical import empirical_ntk
from softntk.kernels.spectra import as_matrix
from softntk.networks.two_layer import TwoLayer

__all__ = ["sign_search"]

# A move goes this much beyond the plane, so that rounding cannot leave the sign as it was.
_BEYOND = 1 + 1e-6
# Kernels to decompose in one round of bisection.
_ROUND = 12


class _Positions(NamedTuple):
    """Where each neuron could go: n moves from the start, n from where it is, and to stay.

    Attributes:
        steps: lengths along x_i; the last row is zero (2n + 1, m).
        costs: squared distance from the start (2n + 1, m).
        gains: decrease of the neuron's term (2n + 1, m).
        now: where the neurons are (d, m).
    """

    steps: Float[Array, "c m"]
    costs: Float[Array, "c m"]
    gains: Float[Array, "c m"]
    now: Float[Array, "d m"]


def sign_search(network: TwoLayer, inputs: Float[Array, "n d"], target: Float[Array, ""], *, evaluations: int) -> Hit:
    """The smallest move found that changes signs until lambda_min <= target.

    Arguments:
        evaluations: kernels to decompose; a first round of `cheapest`, then rounds of `priced`.
    """
    rounds = max(evaluations // _ROUND, 2)
    return _search(network, inputs, target, rounds, max(evaluations // rounds - 1, 1))


@eqx.filter_jit
def _search(network: TwoLayer, inputs: Float[Array, "n d"], target: Float[Array, ""], rounds: int, each: int) -> Hit:
    tiny = jnp.finfo(inputs.dtype).tiny

    def span(values: Float[Array, "c m"], useful: Array) -> tuple[Array, Array]:
        """Logarithms between which all useful values lie."""
        low = jnp.where(useful, values, jnp.inf).min(initial=jnp.inf)
        high = jnp.where(useful, values, 0).max(initial=0)
        return jnp.log(jnp.clip(low, tiny, 1 / tiny)) - 1, jnp.log(jnp.maximum(high, tiny)) + 1

    def bisected(choose: Callable, ends: tuple[Array, Array], state: tuple[Hit, Array]) -> tuple[Hit, Array]:
        def halve(_, state):
            low, high, best, last = state
            middle = (low + high) / 2
            move = choose(middle)
            hits = smallest_eigenvalue(network.moved_to(network.hidden + move), inputs) <= target
            size = jnp.linalg.norm(move)
            better = hits & (size < best.radius)
            best = Hit(jnp.where(better, size, best.radius), jnp.where(better, move, best.move))
            low, high = jnp.where(hits, low, middle), jnp.where(hits, middle, high)
            return low, high, best, jnp.where(hits, move, last)

        return jax.lax.fori_loop(0, each, halve, (*ends, *state))[2:]

    def again(_, state: tuple[Hit, Float[Array, "d m"]]):
        found = _positions(network, inputs, state[1])
        useful = (found.gains > 0) & jnp.isfinite(found.costs)
        ratios = found.costs / jnp.where(useful, found.gains, 1)
        return bisected(lambda logarithm: _priced(found, inputs, logarithm), span(ratios, useful), state)

    first = _positions(network, inputs, jnp.zeros_like(network.hidden))
    nothing = Hit(jnp.asarray(jnp.inf, inputs.dtype), jnp.zeros_like(network.hidden))
    ends = span(first.costs, jnp.isfinite(first.costs))
    start = bisected(lambda logarithm: _cheapest(first, inputs, logarithm), ends, (nothing, nothing.move))
    return jax.lax.fori_loop(0, rounds - 1, again, start)[0]


def _positions(network: TwoLayer, inputs: Float[Array, "n d"], now: Float[Array, "d m"]) -> _Positions:
    gram = inputs @ inputs.T
    squares = jnp.diagonal(gram)[:, None]
    vectors = jnp.linalg.eigh(as_matrix(empirical_ntk(network.moved_to(network.hidden + now), inputs)))[1]
    spread = vectors[:, 0].reshape(len(inputs), -1) @ network.output

    def term(scores: Float[Array, "n m"]) -> Float[Array, " m"]:
        weighted = jnp.where(scores > 0, spread, 0)
        return jnp.sum(weighted * (gram @ weighted), axis=0)

    start = inputs @ network.hidden
    before = term(start)

    def across(scores: Float[Array, "n m"], moved: Float[Array, "d m"]):
        steps = -_BEYOND * scores / jnp.where(squares > 0, squares, 1)
        after = jax.lax.map(lambda move: term(scores + move[1][:, None] * move[0][None, :]), (steps, gram))
        costs = jnp.sum(moved**2, axis=0)[None] + steps * (2 * (inputs @ moved) + steps * squares)
        return steps, jnp.where(squares > 0, costs, jnp.inf), before[None] - after

    there = inputs @ now
    stay = jnp.zeros_like(before)[None], jnp.sum(now**2, axis=0)[None], (before - term(start + there))[None]
    rows = zip(across(start, jnp.zeros_like(now)), across(start + there, now), stay, strict=True)
    steps, costs, gains = (jnp.concatenate(parts) for parts in rows)
    return _Positions(steps, costs, gains, now)


def _moved(positions: _Positions, inputs: Float[Array, "n d"], chosen: Array, going: Array) -> Float[Array, "d m"]:
    """The move in which neuron r goes to position chosen[r], or back to its start."""
    n = len(inputs)
    steps = jnp.take_along_axis(positions.steps, chosen[None], axis=0)
    moved = jnp.where(chosen < n, 0, 1)[None] * positions.now + inputs[chosen % n].T * steps
    return jnp.where(going[None], moved, 0)


def _cheapest(positions: _Positions, inputs: Float[Array, "n d"], logarithm: Float[Array, ""]) -> Float[Array, "d m"]:
    chosen = jnp.argmin(positions.costs[: len(inputs)], axis=0)
    costs, gains = (
        jnp.take_along_axis(values, chosen[None], axis=0)[0] for values in (positions.costs, positions.gains)
    )
    return _moved(positions, inputs, chosen, (gains > 0) & (costs < jnp.exp(logarithm)))


def _priced(positions: _Positions, inputs: Float[Array, "n d"], logarithm: Float[Array, ""]) -> Float[Array, "d m"]:
    """The price is exp(-logarithm)."""
    worth = positions.gains - jnp.exp(-logarithm) * positions.costs
    return _moved(positions, inputs, jnp.argmax(worth, axis=0), worth.max(axis=0) > 0)
