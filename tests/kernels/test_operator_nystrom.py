"""Products without the matrix, and features from a few columns, against the matrix."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from softntk.failures import BadInput
from softntk.kernels import KernelOperator, LimitKernel, NormalizedKernel, nystrom_features
from softntk.kernels.nystrom import features_at, pivots
from softntk.kernels.operator import entries
from softntk.networks import Exponential, ReLU, Softmax

KERNELS = [LimitKernel(f, 1.3, t) for f in (Softmax(), Exponential(), ReLU()) for t in ("hidden", "output", "both")]


@pytest.fixture(scope="module")
def inputs():
    x = np.random.default_rng(1).normal(size=(130, 4))
    x[7] = 0
    return jnp.asarray(x / np.linalg.norm(x, axis=1).max())


@pytest.mark.parametrize("kernel", KERNELS, ids=lambda kernel: f"{kernel.features.name}-{kernel.trained}")
def test_tiles_are_the_matrix(kernel, inputs):
    vectors = np.random.default_rng(2).normal(size=(130, 3))
    matrix = np.asarray(kernel(inputs))
    tiles = KernelOperator(kernel, inputs, rows=32)
    np.testing.assert_allclose(tiles.product(vectors), matrix @ vectors, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(tiles.rows(np.array([3, 7])), matrix[[3, 7]], atol=1e-14)
    np.testing.assert_allclose(tiles.diagonal(), np.diagonal(matrix), rtol=1e-13)
    whole = tiles.matrix()
    np.testing.assert_allclose(whole, matrix, atol=1e-13)
    np.testing.assert_array_equal(whole, whole.T)
    single = KernelOperator(kernel, inputs, dtype="float32", rows=32).product(vectors)
    error = np.abs(single - matrix @ vectors).max() / np.abs(matrix @ vectors).max()
    assert 1e-9 < error < 2e-6


def test_product_is_the_same_each_time_and_any_tile(inputs):
    vectors = np.random.default_rng(2).normal(size=(130, 3))
    tiles = KernelOperator(KERNELS[0], inputs, rows=32)
    np.testing.assert_array_equal(tiles.product(vectors), tiles.product(vectors))
    # Entries cancel: each sum of 130 terms may err by 130 eps times the sum of their absolute values.
    sizes = np.abs(KERNELS[0](inputs)) @ np.abs(vectors)
    apart = np.abs(tiles.product(vectors) - KernelOperator(KERNELS[0], inputs).product(vectors))
    assert np.all(apart <= 2 * 130 * np.finfo(float).eps * sizes)


def test_any_function_is_a_kernel(inputs):
    def laplace(left, right):
        return jnp.exp(-jnp.sum(jnp.abs(left[:, None, :] - right[None, :, :]), axis=2))

    vectors = np.random.default_rng(2).normal(size=(130, 2))
    tiles = KernelOperator(laplace, inputs, rows=65)
    np.testing.assert_allclose(tiles.product(vectors), np.asarray(laplace(inputs, inputs)) @ vectors, atol=1e-12)
    np.testing.assert_allclose(tiles.diagonal(), 1.0)


@pytest.mark.parametrize("kernel", [KERNELS[0], KERNELS[7]], ids=["softmax", "relu"])
def test_nystrom_features_leave_out_a_positive_matrix_whose_trace_is_known(kernel, inputs, key):
    found = nystrom_features(kernel, inputs, rank=40, key=key)
    phi, matrix = np.asarray(found(inputs)), np.asarray(kernel(inputs))
    assert found.rank == 40
    np.testing.assert_allclose(found.columns(inputs).T, phi, atol=1e-9)
    left_out = matrix - phi @ phi.T
    assert np.linalg.eigvalsh(left_out)[0] > -1e-10
    assert found.remainder(inputs).sum() == pytest.approx(np.trace(left_out), abs=1e-9)
    # Randomly pivoted Cholesky is near the best rank-40 approximation, far better than leaving out 90 of 130 evenly.
    best = np.linalg.eigvalsh(matrix)[:-40].sum()
    assert best <= np.trace(left_out) * (1 + 1e-6) < 5 * best


def test_rejection_draws_landmarks_as_one_by_one(key):
    # Three far apart groups of equal points of different weight: each landmark empties its group.
    inputs = jnp.asarray(np.repeat(np.eye(3) * np.array([[1.0], [2.0], [3.0]]), 20, axis=0))
    found = nystrom_features(LimitKernel(Softmax()), inputs, rank=3, key=key, block=30)
    assert sorted(np.asarray(found.points).max(axis=1).tolist()) == [1, 2, 3]
    assert found.remainder(inputs).max() < 1e-9
    # One draw: probability proportional to the diagonal. 100 draws, z = 4.
    first = [
        nystrom_features(LimitKernel(Softmax()), inputs / 3, rank=1, key=each, block=1)
        for each in jax.random.split(key, 100)
    ]
    share = np.mean([float(each.points.max()) > 0.9 for each in first])
    weights = np.array([r**2 / 9 * np.exp(r**2 / 9) for r in (1, 2, 3)])
    promised = weights[2] / weights.sum()
    assert abs(share - promised) < 4 * np.sqrt(promised * (1 - promised) / 100)


def test_too_many_landmarks_are_refused(inputs, key):
    with pytest.raises(BadInput, match="rank"):
        nystrom_features(KERNELS[0], inputs, rank=131, key=key)


def test_entries_between_two_sets(inputs):
    np.testing.assert_allclose(entries(KERNELS[4], inputs[:9], inputs), KERNELS[4](inputs[:9], inputs), atol=1e-13)


def test_nearly_parallel_inputs_keep_their_digits():
    """The limit kernel takes angles from differences; arccos of the product would be off by 1e-8."""
    x = np.random.default_rng(3).normal(size=(20, 3))
    x = jnp.asarray(np.concatenate([x, x * 2, -x, x * (1 + 1e-9), x + 1e-7]))
    for kernel in KERNELS[6:]:
        truth = np.asarray(kernel(x, x + 0.0))
        np.testing.assert_allclose(entries(kernel, x, x), truth, atol=1e-13 * np.abs(truth).max())


def test_a_normalized_kernel_is_one_on_the_sphere(inputs):
    unit = inputs[:7] / jnp.linalg.norm(inputs[:7], axis=1, keepdims=True)
    for kernel in KERNELS:
        own = NormalizedKernel(kernel)
        np.testing.assert_allclose(np.diagonal(own(unit)), 1, rtol=1e-13)
        np.testing.assert_allclose(own.diagonal(unit), 1, rtol=1e-13)
        np.testing.assert_allclose(entries(own, unit, inputs), own(unit, inputs), atol=1e-13)


def test_landmarks_of_many_inputs_are_drawn_in_turns(key):
    """600 inputs, 20 landmarks: 100 candidates at a time. As good as from all at once, and all different."""
    rng = np.random.default_rng(0)
    crowd = np.concatenate([0.01 * rng.normal(size=(500, 3)) + np.eye(3)[:1], rng.normal(size=(100, 3))])
    crowd = jnp.asarray(crowd / np.linalg.norm(crowd, axis=1, keepdims=True))
    kernel = LimitKernel(Softmax(), 1.0)
    drawn = pivots(kernel, crowd, rank=20, key=key)
    assert len(set(drawn.tolist())) == 20
    lost = [features_at(kernel, crowd[rows]).remainder(crowd).sum() for rows in (drawn, rng.permutation(600)[:20])]
    best = np.linalg.eigvalsh(np.asarray(kernel(crowd)))[:-20].sum()
    assert best < lost[0] < 10 * best
    assert lost[0] < 0.2 * lost[1]
