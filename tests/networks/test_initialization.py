"""The two starts: their distribution, their symmetry, what they refuse."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from softntk.failures import BadInput
from softntk.networks import FEATURES, ReLU, Softmax, antisymmetric, independent


def test_weights_have_the_promised_law(key):
    network = independent(key, input_size=20, output_size=4, width=5000, features=ReLU(), scale=0.5)
    weights = np.asarray(network.hidden).ravel() / 0.5
    count = weights.size
    # Mean 0, variance 1, fourth moment 3, with standard errors 1, sqrt(2), sqrt(96) over sqrt(count).
    assert abs(weights.mean()) <= 4 / np.sqrt(count)
    assert abs((weights**2).mean() - 1) <= 4 * np.sqrt(2 / count)
    assert abs((weights**4).mean() - 3) <= 4 * np.sqrt(96 / count)
    assert set(np.unique(network.output)) == {-1.0, 1.0}
    assert abs(network.output.mean()) <= 4 / np.sqrt(network.output.size)


def test_hidden_and_output_weights_are_independent(key):
    network = independent(key, input_size=1, output_size=1, width=100_000, features=ReLU())
    assert abs(jnp.mean(network.hidden * network.output)) <= 4 / np.sqrt(100_000)


def test_antisymmetric_start_repeats_every_neuron_with_the_other_sign(key):
    network = antisymmetric(key, input_size=3, output_size=2, width=6, features=Softmax(), scale=2.0)
    np.testing.assert_array_equal(network.hidden[:, :3], network.hidden[:, 3:])
    np.testing.assert_array_equal(network.output[:, :3], -network.output[:, 3:])
    half = independent(key, input_size=3, output_size=2, width=3, features=Softmax(), scale=2.0)
    np.testing.assert_array_equal(network.hidden[:, :3], half.hidden)


def test_the_key_decides(key):
    sizes = {"input_size": 3, "output_size": 1, "width": 4, "features": Softmax()}
    first, again, other = (antisymmetric(k, **sizes).hidden for k in (key, key, jax.random.fold_in(key, 1)))
    np.testing.assert_array_equal(first, again)
    assert not jnp.any(first == other)


def test_many_starts_at_once(key):
    keys = jax.random.split(key, 3)
    many = jax.vmap(lambda k: antisymmetric(k, input_size=3, output_size=1, width=4, features=Softmax()))(keys)
    one = antisymmetric(keys[1], input_size=3, output_size=1, width=4, features=Softmax())
    np.testing.assert_allclose(many.hidden[1], one.hidden, rtol=1e-13)


GOOD = {"input_size": 3, "output_size": 1, "width": 4, "features": Softmax(), "scale": 1.0}


@pytest.mark.parametrize(
    ("argument", "value"),
    [("width", 0), ("input_size", -1), ("output_size", 0), ("scale", 0.0), ("scale", float("nan")), ("scale", -1.0)],
)
def test_bad_sizes_are_refused(key, argument, value):
    for start in (antisymmetric, independent):
        with pytest.raises(BadInput) as failure:
            start(key, **{**GOOD, argument: value})
        assert failure.value.argument == argument
        assert str(value) in failure.value.got


def test_odd_width_is_refused_for_the_antisymmetric_start_only(key):
    with pytest.raises(BadInput, match="Type width=6") as failure:
        antisymmetric(key, **{**GOOD, "width": 5})
    assert failure.value.argument == "width"
    assert independent(key, **{**GOOD, "width": 5}).width == 5


def test_default_precision_is_that_of_jax(key):
    assert independent(key, **GOOD).hidden.dtype == jnp.float64
    assert independent(key, **GOOD, dtype="float32").hidden.dtype == jnp.float32


def test_unknown_features_are_refused():
    from softntk.networks import features_named

    with pytest.raises(BadInput, match="softmax, exponential, relu"):
        features_named("sigmoid")
    assert list(FEATURES) == ["softmax", "exponential", "relu"]
