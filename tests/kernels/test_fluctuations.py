"""Leading-order spread and bias against many drawn networks."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from softntk.kernels import LimitKernel, empirical_ntk, fluctuation
from softntk.networks import FEATURES, antisymmetric, independent

DRAWS, WIDTH, SCALE = 4000, 1024, 0.5  # at scale 1/2 the tails are light enough for sharp tests


@pytest.mark.parametrize("start", [antisymmetric, independent])
@pytest.mark.parametrize("name", FEATURES)
def test_spread_and_bias_are_those_of_drawn_networks(key, name, start):
    features, unit = FEATURES[name], jnp.ones((1, 1))

    @jax.jit
    def entry(key):
        network = start(key, input_size=1, output_size=1, width=WIDTH, features=features, scale=SCALE)
        return empirical_ntk(network, unit)[0, 0, 0, 0]

    entries = np.asarray(jax.lax.map(entry, jax.random.split(key, DRAWS), batch_size=100))
    theory = fluctuation(features, scale=SCALE, antisymmetric=start is antisymmetric)
    spread = entries.std(ddof=1) * np.sqrt(WIDTH)
    # The spread of a spread: 1/sqrt(2 N) for Gaussian draws; terms of order 1/m are below 1 %.
    assert spread == pytest.approx(theory.spread, rel=4 / np.sqrt(2 * DRAWS) + 0.01)
    error = entries.std(ddof=1) / np.sqrt(DRAWS)
    limit = float(LimitKernel(features, SCALE)(unit)[0, 0])
    assert abs(entries.mean() - limit - theory.bias / WIDTH) <= 4 * error


def test_the_numbers_at_unit_norm_and_scale():
    softmax, exponential = FEATURES["softmax"], FEATURES["exponential"]
    assert fluctuation(softmax, antisymmetric=False).spread == pytest.approx(16.1, abs=0.05)
    assert fluctuation(softmax, antisymmetric=False).bias == pytest.approx(-53.5, abs=0.05)
    assert fluctuation(softmax).spread == pytest.approx(22.7, abs=0.05)
    assert fluctuation(softmax).bias == pytest.approx(-41.4, abs=0.05)
    assert fluctuation(exponential, antisymmetric=False).spread == pytest.approx(54.1, abs=0.05)
    assert fluctuation(exponential).spread == pytest.approx(76.5, abs=0.05)
