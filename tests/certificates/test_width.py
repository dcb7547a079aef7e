"""The smallest width by search: the rule on a known answer, then both searches on a small problem."""

import jax
import jax.numpy as jnp
import pytest

from softntk.certificates.convergence import certify
from softntk.certificates.width import smallest_width
from softntk.certificates.width_comparison import compare_widths
from softntk.failures import BadInput
from softntk.networks.features import FEATURES
from softntk.networks.initialization import antisymmetric


def test_four_of_five_seeds_are_enough_and_failures_stop_early():
    bad = {8: {0}, 16: {1, 3}}
    found = smallest_width(lambda width, seed: width >= 8 and seed not in bad.get(width, set()), largest=64)
    assert found.width == 8
    assert found.tried == {4: (0, 2), 8: (4, 5)}
    stricter = smallest_width(lambda width, seed: seed not in bad.get(width, set()), smallest=16, largest=64)
    assert stricter.width == 32
    assert stricter.tried[16] == (2, 4)


@pytest.mark.parametrize(("threshold", "width"), [(20, 22), (23, 32), (33, 46), (5, 6)])
def test_halfway_widths_are_even_and_tried_on_demand(threshold, width):
    found = smallest_width(lambda m, _: m >= threshold, largest=128, halfway=True)
    assert found.width == width
    assert smallest_width(lambda m, _: m >= threshold, largest=128).width in (8, 32, 64)


def test_none_is_an_answer():
    found = smallest_width(lambda *_: False, largest=100)
    assert found.width is None
    assert str(found) == "over 64"


def test_numbers_out_of_order_are_refused():
    with pytest.raises(BadInput, match="needed"):
        smallest_width(lambda *_: True, largest=8, needed=6)
    with pytest.raises(BadInput, match="largest"):
        smallest_width(lambda *_: True, smallest=16, largest=8)


def test_training_needs_less_width_than_a_certificate():
    x_key, key = jax.random.split(jax.random.key(5))
    inputs = jax.random.normal(x_key, (3, 6))
    inputs, labels = inputs / jnp.linalg.norm(inputs, axis=1, keepdims=True), jnp.asarray([[1.0], [-1.0], [1.0]])
    features = FEATURES["exponential"]
    found = compare_widths(inputs, labels, features, key=key, largest=256)
    proved, trained = found.established, found.trained
    assert trained.width is not None
    assert proved.width is not None
    assert trained.width <= proved.width
    network = antisymmetric(
        jax.random.fold_in(key, 0), input_size=6, output_size=1, width=proved.width, features=features
    )
    assert certify(network, inputs, labels).established
    said = found.to_dict()
    assert (said["certified_width"], said["trained_width"]) == (proved.width, trained.width)
    assert said["words"][0].endswith(f"that trains {trained.width} (4 of 5 starts; powers of two)")
