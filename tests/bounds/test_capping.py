"""Lemma C: the floor is below every smallest singular value nearby, and not far below at the center."""

import jax.numpy as jnp
import numpy as np
import pytest

from jacobians import draw, jacobian, moves, sigma_min
from softntk.bounds.capping import capped
from softntk.bounds.lipschitz import smoothness


def weakening(network, inputs, radius):
    """A move against the smallest singular value, by the derivative of |J^T u|^2 in finite differences of J."""
    start = np.asarray(jacobian(network, inputs))
    left = np.linalg.svd(start)[0][:, -1]
    pulled = (left @ start).reshape(network.hidden.shape)
    ahead = jacobian(network.moved_to(network.hidden + 1e-6 * jnp.asarray(pulled)), inputs)
    slope = (left @ np.asarray(ahead - start)).reshape(network.hidden.shape)
    return jnp.asarray(-radius * slope / np.linalg.norm(slope))


@pytest.mark.parametrize("name", ["softmax", "exponential"])
@pytest.mark.parametrize("start", ["antisymmetric", "independent"])
@pytest.mark.parametrize("norms", [(1.0, 1.0), (0.2, 0.5)])
def test_floor_is_below_everything_near(name, start, norms):
    network, inputs = draw(name, n=3, d=4, m=40, k=2, start=start, norms=norms)
    floor = capped(smoothness(network, inputs))
    exact = sigma_min(jacobian(network, inputs))
    assert 0.4 * exact < float(floor.at(jnp.zeros(1))[0]) <= exact
    for radius in (0.05, 0.3):
        promised = float(floor.at(jnp.asarray([radius]))[0])
        for move in [*moves(network, inputs, radius), weakening(network, inputs, radius)]:
            assert promised <= sigma_min(jacobian(network.moved_to(network.hidden + move), inputs))


@pytest.mark.parametrize("length", [0.2, 1.0, 3.0])
def test_one_exponential_neuron_attains_the_slope(length):
    """sigma_min = |x| exp(z) falls by |x|^2 exp(z) for each unit of distance: the floor's slope, for any norm."""
    network, inputs = draw("exponential", n=1, d=2, m=1, k=1, norms=(length, length))
    floor, step = capped(smoothness(network, inputs)), 1e-6
    back = network.moved_to(network.hidden - step * inputs.T / length)
    drop = sigma_min(jacobian(network, inputs)) - sigma_min(jacobian(back, inputs))
    promised = floor.at(jnp.asarray([0.0, step]))
    assert float(promised[0] - promised[1]) == pytest.approx(drop, rel=1e-4)


def test_lines_bound_the_floor_inside_their_cells():
    network, inputs = draw("softmax", n=3, d=4, m=30, k=1)
    floor = capped(smoothness(network, inputs))
    ends = jnp.asarray([0.2, 0.5])
    level, slope = (np.asarray(part) for part in floor.lines(ends))
    for cell, end in enumerate(ends):
        inside = jnp.linspace(0.01, float(end), 7)
        assert (level[cell] - slope[cell] * np.asarray(inside) <= np.asarray(floor.at(inside)) * (1 + 1e-12)).all()


def test_heavy_neurons_are_damped():
    """One neuron a hundred times as heavy as the rest must not decide the floor."""
    network, inputs = draw("exponential", n=3, d=6, m=60, k=1, start="independent")
    heavy = network.moved_to(network.hidden.at[:, 0].set(5 * inputs[0]))
    smooth = smoothness(heavy, inputs)
    floor = capped(smooth)
    assert float(floor.cap) < 0.2 * float(smooth.peaks.max())
    exact = sigma_min(jacobian(heavy, inputs)) - 0.3 * float(smooth.lipschitz(0.3))
    assert exact < 0 < float(floor.at(jnp.asarray([0.3]))[0])
