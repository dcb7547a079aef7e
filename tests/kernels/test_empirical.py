"""The closed form of the finite kernel against its definition, against loops, and what it keeps and refuses."""

import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import oracles
from softntk.failures import BadInput, TooLarge
from softntk.kernels import empirical_ntk, empirical_ntk_product
from softntk.networks import Exponential, ReLU, Softmax, TwoLayer, antisymmetric

pytestmark = pytest.mark.optimized

LAYERS = ("hidden", "output", "both")


def definition(case, layer: str, others=None):
    """J J^T / m by autodiff in the trained weights."""
    network = case.network
    weights = {"hidden": network.hidden, "output": network.output}
    trained = {name: value for name, value in weights.items() if layer in (name, "both")}

    def function(parameters, x):
        return TwoLayer(features=network.features, **{**weights, **parameters})(x)

    return empirical_ntk(function, case.inputs, others, parameters=trained) / network.width


@pytest.mark.parametrize("layer", LAYERS)
def test_equals_its_definition(case, close, layer):
    close(empirical_ntk(case.network, case.inputs, trained=layer), definition(case, layer))


def test_equals_the_loops(case, close):
    inputs, others = np.asarray(case.inputs), np.asarray(case.others)
    close(empirical_ntk(case.network, case.inputs), oracles.finite_kernel(*case.oracle_arguments, inputs))
    cross = oracles.finite_kernel(*case.oracle_arguments, inputs, others)
    close(empirical_ntk(case.network, case.inputs, case.others), cross)


@pytest.mark.parametrize("layer", ["output", "both"])
def test_between_two_sets_of_inputs(softmax_case, close, layer):
    cross = empirical_ntk(softmax_case.network, softmax_case.inputs, softmax_case.others, trained=layer)
    close(cross, definition(softmax_case, layer, softmax_case.others))


@pytest.mark.parametrize("tile", [1, 3, 1000])
def test_any_tile_gives_the_same_kernel(softmax_case, close, tile):
    network, inputs, others = softmax_case
    close(empirical_ntk(network, inputs, tile=tile), empirical_ntk(network, inputs))
    close(empirical_ntk(network, inputs, others, tile=tile), empirical_ntk(network, inputs, others))


def test_symmetric_and_positive_semi_definite_by_construction(key, case):
    """Also where the true kernel is singular: a repeated row, a zero row, more rows than parameters."""
    repeated = jnp.concatenate([case.inputs, case.inputs[:1], jnp.zeros((1, 3)), jax.random.normal(key, (20, 3))])
    for layer in LAYERS:
        kernel = empirical_ntk(case.network, repeated, trained=layer).reshape(54, 54)
        np.testing.assert_array_equal(kernel, kernel.T)
        values = np.linalg.eigvalsh(kernel)
        assert values[0] >= -54 * np.finfo(float).eps * values[-1]


def test_zero_rows_have_zero_kernel(case, close):
    kernel = empirical_ntk(case.network, case.inputs.at[0].set(0.0))
    np.testing.assert_array_equal(kernel[0], 0.0)
    close(kernel[1:, :, 1:], empirical_ntk(case.network, case.inputs)[1:, :, 1:])


def test_one_sample_one_input_one_output():
    network = TwoLayer(jnp.array([[0.5, -0.25]]), jnp.array([[1.0, -1.0]]), Exponential())
    truth = 4.0 * (np.exp(2 * 2 * 0.5) + np.exp(-2 * 2 * 0.25)) / 2
    np.testing.assert_allclose(empirical_ntk(network, jnp.array([[2.0]])), [[[[truth]]]], rtol=1e-14)
    np.testing.assert_allclose(
        empirical_ntk_product(network, jnp.array([[2.0]]), jnp.array([[3.0]])), [[3 * truth]], rtol=1e-14
    )


def test_order_and_common_shift_of_the_neurons_do_not_matter(softmax_case, close):
    network, inputs, _ = softmax_case
    order = np.random.default_rng(3).permutation(10)
    shuffled = TwoLayer(network.hidden[:, order], network.output[:, order], network.features)
    shifted = network.moved_to(network.hidden + jnp.array([[0.3], [-1.0], [0.7]]))
    for same in (shuffled, shifted):
        close(empirical_ntk(same, inputs), empirical_ntk(network, inputs))


@pytest.mark.parametrize("layer", LAYERS)
def test_product_is_that_with_the_matrix(key, case, close, layer):
    vector = jax.random.normal(key, (5, 2))
    truth = np.tensordot(empirical_ntk(case.network, case.inputs, trained=layer), vector, axes=2)
    close(empirical_ntk_product(case.network, case.inputs, vector, trained=layer), truth)


@pytest.mark.parametrize("tile", [1, 2])
def test_any_tile_gives_the_same_product(key, softmax_case, close, tile):
    vector = jax.random.normal(key, (5, 2))
    whole, tiled = (empirical_ntk_product(*softmax_case[:2], vector, trained="both", tile=t) for t in (None, tile))
    close(tiled, whole)


def test_precision_is_that_of_the_network(softmax_case, close):
    network = jax.tree.map(lambda leaf: leaf.astype("float32"), softmax_case.network)
    kernel = empirical_ntk(network, softmax_case.inputs)
    assert kernel.dtype == jnp.float32
    close(kernel, empirical_ntk(*softmax_case[:2]), rtol=1e-5)
    assert empirical_ntk_product(network, softmax_case.inputs, jnp.ones((5, 2))).dtype == jnp.float32


def test_softmax_kernel_is_finite_for_large_inputs(softmax_case):
    kernel = empirical_ntk(softmax_case.network, 1e4 * softmax_case.inputs)
    assert bool(jnp.isfinite(kernel).all())


def test_an_overflowing_kernel_is_refused(softmax_case):
    network = TwoLayer(softmax_case.network.hidden, softmax_case.network.output, Exponential())
    with pytest.raises(BadInput, match="unit sphere") as failure:
        empirical_ntk(network, 1e4 * softmax_case.inputs)
    assert failure.value.argument == "inputs"


@pytest.mark.parametrize(
    ("change", "argument"),
    [
        ({"inputs": jnp.full((5, 3), np.nan)}, "inputs"),
        ({"inputs": jnp.ones((5, 4))}, "inputs"),
        ({"others": jnp.ones((5, 2))}, "others"),
        ({"others": jnp.full((1, 3), np.inf)}, "others"),
        ({"trained": "input"}, "trained"),
        ({"tile": 0}, "tile"),
    ],
    ids=str,
)
def test_bad_input_is_refused(softmax_case, unchecked, change, argument):
    with pytest.raises(BadInput) as failure:
        empirical_ntk(softmax_case.network, **{"inputs": softmax_case.inputs, **change})
    assert failure.value.argument == argument
    assert all((failure.value.required, failure.value.got, failure.value.advice))


@pytest.mark.parametrize(
    ("vector", "tile", "argument"),
    [(jnp.ones((4, 2)), 1, "vector"), (jnp.full((5, 2), np.nan), 1, "vector"), (jnp.ones((5, 2)), 0, "tile")],
    ids=["rows", "nan", "tile"],
)
def test_bad_vectors_are_refused(softmax_case, unchecked, vector, tile, argument):
    with pytest.raises(BadInput) as failure:
        empirical_ntk_product(*softmax_case[:2], vector, tile=tile)
    assert failure.value.argument == argument


def test_a_kernel_that_does_not_fit_is_refused_before_it_is_formed(softmax_case, monkeypatch):
    monkeypatch.setattr("softntk.numerics.memory.free_bytes", lambda: 1000)
    monkeypatch.setattr(sys.modules["softntk.kernels.empirical"], "_closed_form", None)
    with pytest.raises(TooLarge, match="empirical_ntk_product") as failure:
        empirical_ntk(*softmax_case[:2])
    assert "5 x 5 samples with 2 outputs" in failure.value.required
    # The product never forms the kernel, and needs next to nothing.
    empirical_ntk_product(*softmax_case[:2], jnp.ones((5, 2)))


def test_relu_kernel_of_a_dead_layer_is_zero():
    network = TwoLayer(-jnp.ones((2, 4)), jnp.ones((1, 4)), ReLU())
    np.testing.assert_array_equal(empirical_ntk(network, jnp.ones((3, 2))), 0.0)


def test_rank_at_the_antisymmetric_start(key):
    """J has rank at most d m / 2, so that n k = 12 rows need more than m = 4 neurons in three dimensions."""
    start = antisymmetric(key, input_size=3, output_size=1, width=4, features=Softmax())
    inputs = jax.random.normal(jax.random.fold_in(key, 1), (12, 3))
    values = np.linalg.eigvalsh(empirical_ntk(start, inputs).reshape(12, 12))
    assert np.sum(values > 1e-12 * values[-1]) == 6
