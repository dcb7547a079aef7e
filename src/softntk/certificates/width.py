"""How wide is wide enough? Measured: the smallest width for which Theorem A holds, and the smallest that trains.

A width succeeds if at least 4 of 5 seeds do. Widths are powers of two, taken in turn from below until one succeeds; on
demand the width a factor sqrt(2) below is tried as well. A width is given up as soon as it cannot succeed any more.

    holds     Theorem A applies at the antisymmetric start, in float64 unless another check is given
    trains    gradient descent from the antisymmetric start brings the loss to 1e-3 of its start within 10^4 stable
    steps
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import equinox as eqx
import jax
import numpy as np
from jaxtyping import Array, Bool, Float

from softntk.certificates.during_training import margin
from softntk.dynamics.descent import gradient_descent
from softntk.failures import BadInput
from softntk.networks.features import Features
from softntk.networks.initialization import antisymmetric
from softntk.networks.two_layer import TwoLayer

__all__ = ["SmallestWidth", "smallest_established_width", "smallest_trained_width", "smallest_width"]

#: Loss at the end in units of the loss at the start, and the steps it may take.
REDUCTION = 1e-3
STEPS = 10_000
_RECORD_EVERY = 100


@dataclass(frozen=True)
class SmallestWidth:
    """Outcome of a search.

    Attributes:
        width: the smallest width that succeeded; None if none up to the largest did.
        tried: for every width tried, in order: seeds that succeeded and seeds that were run.
    """

    width: int | None
    tried: dict[int, tuple[int, int]] = field(default_factory=dict)

    def __str__(self) -> str:
        if self.width is None:
            return f"over {max(self.tried)}" if self.tried else "none tried"
        return str(self.width)


def smallest_width(
    succeeds: Callable[[int, int], bool],
    *,
    smallest: int = 4,
    largest: int,
    seeds: int = 5,
    needed: int = 4,
    halfway: bool = False,
) -> SmallestWidth:
    """Search the smallest width at which at least `needed` of `seeds` seeds succeed.

    Arguments:
        succeeds: (width, seed) -> whether the network of this width and seed does.
        smallest, largest: the search begins at the first power of two that is at least `smallest`.
        halfway: whether to try the width a factor sqrt(2) below the first power of two that succeeds.

    Raises:
        BadInput: numbers out of order.
    """
    if not 1 <= needed <= seeds:
        raise BadInput("needed", required=f"be between 1 and seeds = {seeds}", got=str(needed), advice="Type needed=4.")
    if not 2 <= smallest <= largest:
        raise BadInput(
            "largest",
            required=f"be at least smallest = {smallest}, which is at least 2",
            got=str(largest),
            advice="Type smallest=4, largest=2**16.",
        )
    tried: dict[int, tuple[int, int]] = {}

    def enough(width: int) -> bool:
        good = 0
        for seed in range(seeds):
            good += bool(succeeds(width, seed))
            tried[width] = (good, seed + 1)
            if good >= needed or seed + 1 - good > seeds - needed:
                break
        return good >= needed

    width = 2 ** math.ceil(math.log2(smallest))
    while width <= largest and not enough(width):
        width *= 2
    if width > largest:
        return SmallestWidth(None, tried)
    below = 2 * round(width / math.sqrt(2) / 2)
    if halfway and smallest <= below < width and enough(below):
        width = below
    return SmallestWidth(width, tried)


def smallest_established_width(
    inputs: Float[Array, "n d"],
    labels: Float[Array, "n k"],
    features: Features,
    *,
    key: Array,
    largest: int,
    scale: float = 1.0,
    seeds: int = 5,
    needed: int = 4,
    halfway: bool = False,
    established: Callable[[TwoLayer], bool] | None = None,
) -> SmallestWidth:
    """Search the smallest width at which Theorem A applies at the antisymmetric start.

    Arguments:
        key: seeds are its successive folds.
        largest: the largest width to try.
        scale: standard deviation of the hidden weights.
        established: network -> whether it counts; default: whether `certify` would hold. Use it for gradient flow
            (`certify(...).flow.established`) or for a rigorous proof.

    Raises:
        BadInput: wrong shapes, NaN or infinite entries, not float64, numbers out of range.
    """
    build = _builder(inputs, labels, features, key, scale)
    probe = eqx.filter_jit(margin(inputs, labels))
    check = established or (lambda network: bool(probe(network) > 0))
    # Below this width the Jacobian cannot have full rank at an antisymmetric start.
    smallest = min(max(2 * math.ceil(labels.size / inputs.shape[1]), 4), largest)
    return smallest_width(
        lambda width, seed: check(build(width, seed)),
        smallest=smallest,
        largest=largest,
        seeds=seeds,
        needed=needed,
        halfway=halfway,
    )


def smallest_trained_width(
    inputs: Float[Array, "n d"],
    labels: Float[Array, "n k"],
    features: Features,
    *,
    key: Array,
    largest: int,
    scale: float = 1.0,
    seeds: int = 5,
    needed: int = 4,
    halfway: bool = False,
    steps: int = STEPS,
    reduction: float = REDUCTION,
) -> SmallestWidth:
    """Search the smallest width that trains: the loss falls to `reduction` of its start within `steps` stable steps.

    Arguments: as for `smallest_established_width`; the same key gives the same networks.

    Raises:
        BadInput: wrong shapes, NaN or infinite entries, numbers out of range.
    """
    build = _builder(inputs, labels, features, key, scale)

    def trains(width: int, seed: int) -> bool:
        network = build(width, seed)
        goal = reduction * network.loss(inputs, labels)
        _, trace = gradient_descent(
            network,
            inputs,
            labels,
            steps=steps,
            record_every=min(_RECORD_EVERY, steps),
            until="goal",
            probes={"goal": _Goal(inputs, labels, goal)},
        )
        return bool(np.asarray(trace.probes["goal"]).any())

    return smallest_width(trains, smallest=4, largest=largest, seeds=seeds, needed=needed, halfway=halfway)


class _Goal(eqx.Module):
    """Probe: whether the loss has come down to the goal. A value, so that seeds share one compilation."""

    inputs: Float[Array, "n d"]
    labels: Float[Array, "n k"]
    goal: Float[Array, ""]

    def __call__(self, network: TwoLayer) -> Bool[Array, ""]:
        return network.loss(self.inputs, self.labels) <= self.goal


def _builder(
    inputs: Float[Array, "n d"], labels: Float[Array, "n k"], features: Features, key: Array, scale: float
) -> Callable[[int, int], TwoLayer]:
    def build(width: int, seed: int) -> TwoLayer:
        return antisymmetric(
            jax.random.fold_in(key, seed),
            input_size=inputs.shape[1],
            output_size=labels.shape[1],
            width=width,
            features=features,
            scale=scale,
            dtype=inputs.dtype,
        )

    return build
