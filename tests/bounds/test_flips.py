"""Lemma R: no move turns more of the Jacobian than the bound allows, and some come near it."""

import jax.numpy as jnp
import numpy as np
import pytest

from jacobians import draw, jacobian, moves, norm
from softntk.bounds.flips import jumps
from softntk.bounds.lipschitz import smoothness


def turned(network, inputs, radius, samples):
    """Turn the cheapest signs on some samples, dividing the budget among them."""
    scores, norms = np.asarray(inputs @ network.hidden), np.linalg.norm(inputs, axis=1)
    move = np.zeros(network.hidden.shape)
    for i in samples:
        margins = np.abs(scores[i]) / norms[i]
        order = np.argsort(margins)
        kept = order[np.cumsum(margins[order] ** 2) * (1 + 1e-9) <= radius**2 / len(samples)]
        for r in kept:
            if not move[:, r].any():
                move[:, r] = -np.sign(scores[i, r]) * (margins[r] + 1e-12) * np.asarray(inputs[i]) / norms[i]
    return jnp.asarray(move)


@pytest.mark.parametrize("norms", [(1.0, 1.0), (0.3, 1.0)])
@pytest.mark.parametrize("radius", [0.05, 0.3, 1.0])
def test_no_move_changes_more(norms, radius):
    network, inputs = draw("relu", n=4, d=3, m=60, k=2, norms=norms)
    bound, start = float(smoothness(network, inputs).change(radius)), jacobian(network, inputs)
    adversarial = [turned(network, inputs, radius, samples) for samples in ([0], [3], [0, 1], range(4))]
    for move in [*moves(network, inputs, radius), *adversarial]:
        assert float(jnp.linalg.norm(move)) <= radius * (1 + 1e-6)
        assert norm(jacobian(network.moved_to(network.hidden + move), inputs) - start) <= bound * (1 + 1e-12)


def test_one_sample_is_exact():
    """For one sample the cheapest signs are the worst move: Delta is attained."""
    network, inputs = draw("relu", n=1, d=3, m=80, k=1, norms=(0.6, 0.6))
    smooth = smoothness(network, inputs)
    margins = np.sort(np.abs(np.asarray(inputs @ network.hidden))[0]) / 0.6
    for count in (1, 5, 20):
        radius = np.sqrt(np.sum(margins[:count] ** 2)) * (1 + 1e-9)
        assert float(smooth.change(radius)) == pytest.approx(0.6 * np.sqrt(count), rel=1e-6)


def test_one_budget_for_all_samples_says_more():
    """Many samples: the joint bound is far below the one in which every sample has the whole budget."""
    network, inputs = draw("relu", n=30, d=20, m=600, k=1)
    smooth, radius = smoothness(network, inputs), 0.2
    margins = np.sort(np.abs(np.asarray(smooth.start.scores)), axis=1)
    separate = np.sqrt(np.sum(np.cumsum(margins**2, axis=1) <= radius**2))
    worst = norm(
        jacobian(network.moved_to(network.hidden + turned(network, inputs, radius, [0])), inputs)
        - jacobian(network, inputs)
    )
    assert worst <= float(smooth.change(radius)) <= min(0.5 * separate, 3 * worst)


def test_radii_together_and_alone_agree_roughly():
    network, inputs = draw("relu", n=4, d=3, m=60, k=2)
    smooth, radii = smoothness(network, inputs), jnp.asarray([0.1, 0.2, 0.4])
    together = np.asarray(smooth.changes(radii))
    assert (np.diff(together) >= 0).all()
    assert np.allclose(together, [float(smooth.change(radius)) for radius in radii], rtol=0.1)


def test_tiles_add_up():
    """More neurons than one tile holds, against one sum over all of them in NumPy."""
    rng = np.random.default_rng(0)
    n, m, radius = 300, 700, 0.05
    margins, inputs = rng.random((n, m)), rng.standard_normal((n, 40))
    gram = inputs @ inputs.T
    found = float(jumps(jnp.asarray(margins), jnp.asarray(np.abs(gram)), jnp.asarray([radius]))[0])
    shares = radius * 0.5 ** np.arange(9, -1, -1.0)
    dual = []
    for price in 2.0 ** np.arange(21) / radius**2:
        best, before = np.zeros((n, m)), 0.0
        for share in shares:
            within = margins <= share
            cost = np.maximum(before, margins) ** 2
            best = np.maximum(best, np.where(within, np.abs(gram) @ within - price * cost, 0))
            before = share
        dual.append(price * radius**2 + best.sum(axis=1))
    assert found == pytest.approx(np.sqrt(np.min(dual, axis=0).max()), rel=1e-9)


def test_a_zero_input_has_no_signs_to_turn():
    network, inputs = draw("relu", n=4, d=3, m=60, k=2)
    whole, without = (float(smoothness(network, x).change(0.3)) for x in (inputs, inputs.at[1].set(0)))
    assert 0 < without <= whole
