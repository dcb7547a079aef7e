"""Working through samples in blocks changes no number."""

import jax
import numpy as np
import pytest

from softntk.networks import FEATURES, features_named, independent


@pytest.mark.parametrize("name", FEATURES)
def test_blocks_give_the_same_evaluation(key, monkeypatch, name):
    network = independent(key, input_size=3, output_size=2, width=8, features=features_named(name))
    inputs, labels = (jax.random.normal(jax.random.fold_in(key, i), (23, size)) for i, size in ((1, 3), (2, 2)))
    assert network.block_rows(23) == 23
    whole = network.evaluate(inputs, labels)
    monkeypatch.setattr("softntk.networks.two_layer._BLOCK_BYTES", 1)
    # 2 (d + k) = 10 rows at most, so three blocks, of 8 rows each: the last one has one row of zeros.
    assert network.block_rows(23) == 8
    for part, truth in zip(network.evaluate(inputs, labels), whole, strict=True):
        np.testing.assert_allclose(part, truth, rtol=1e-12, atol=1e-13 * np.abs(truth).max())


def test_blocks_stay_in_proportion_to_the_weights(key):
    """Never so few rows that reading the weights for each block would be the larger part of the work."""
    wide = independent(key, input_size=3, output_size=1, width=4_000_000, features=FEATURES["relu"], dtype="float32")
    assert wide.block_rows(1000) == 8
    assert wide.block_rows(5) == 5
