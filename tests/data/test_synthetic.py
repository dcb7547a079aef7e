"""Synthetic sets follow their laws, within sampling error, and keep their promises exactly."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.spatial.distance import pdist

from softntk.data import Teacher, random_labels, separated, separated_inputs, sphere, sphere_inputs, teacher
from softntk.failures import BadInput


def test_inputs_are_uniform_on_the_sphere(key):
    count, size = 4000, 3
    inputs = np.asarray(sphere_inputs(key, count=count, size=size))
    np.testing.assert_allclose(np.linalg.norm(inputs, axis=1), 1, rtol=1e-15)
    # Uniform on the sphere in R^3: every coordinate is uniform on [-1, 1], with second moments 1/3 on the diagonal.
    z = 4.5
    assert (np.abs(inputs.mean(axis=0)) < z * np.sqrt(1 / 3 / count)).all()
    assert (np.abs(inputs.T @ inputs / count - np.eye(3) / 3) < z * np.sqrt(4 / 45 / count)).all()
    heights = np.sort((inputs[:, 0] + 1) / 2)
    assert np.abs(heights - np.arange(1, count + 1) / count).max() < 2.2 / np.sqrt(count)  # Kolmogorov, p about 1e-4


def test_random_labels_are_fair_signs_of_norm_one(key):
    labels = np.asarray(random_labels(key, count=3000, outputs=3))
    np.testing.assert_allclose(np.abs(labels), 3**-0.5, rtol=1e-15)
    assert np.abs(labels.mean(axis=0) * 3**0.5).max() < 4.5 / np.sqrt(3000)
    correlation = labels.T @ labels - 1000 * np.eye(3)
    assert np.abs(correlation).max() < 4.5 * np.sqrt(3000) / 3


def test_same_key_same_set_other_key_other_set(key):
    first, again = (sphere(key, count=20, size=4, outputs=2) for _ in range(2))
    np.testing.assert_array_equal(first.inputs, again.inputs)
    np.testing.assert_array_equal(first.labels, again.labels)
    assert not np.allclose(sphere(jax.random.key(1), count=20, size=4).inputs, first.inputs)


def test_separated_inputs_keep_their_distance(key):
    data = separated(key, count=30, size=3, separation=0.45)
    assert data.inputs.shape == (30, 3)
    assert pdist(np.asarray(data.inputs)).min() >= 0.45 - 1e-15
    assert data.separation() == pytest.approx(pdist(np.asarray(data.inputs)).min(), rel=1e-12)
    assert sphere(key, count=30, size=3).separation() < 0.45  # without rejection they come closer
    np.testing.assert_allclose(data.norms(), 1, rtol=1e-15)


def test_too_many_separated_points_are_refused(key):
    with pytest.raises(BadInput, match=r"leave room for 20 points .* in R\^2; got 0.5, with room found for"):
        separated_inputs(key, count=20, size=2, separation=0.5)  # 12 fit at most: 2 pi / (2 arcsin(1/4)) = 12.4
    with pytest.raises(BadInput, match="room found for 2"):
        separated_inputs(key, count=3, size=1, separation=0.5)


def test_teacher_labels_are_those_of_one_bounded_function(key):
    data = teacher(key, count=500, size=4, outputs=2)
    assert data.labels.shape == (500, 2)
    assert data.label_norm() <= 1
    assert np.asarray(data.labels).std(axis=0).min() > 0.1  # there is something to learn
    network = Teacher.draw(key, size=4, outputs=2, neurons=5, steepness=2.0)
    rows = 1e3 * jax.random.normal(jax.random.key(5), (50, 4))
    assert float(jnp.linalg.norm(network(rows), axis=1).max()) <= 1
    x, u, b = np.asarray(rows), np.asarray(network.hidden), np.asarray(network.output)
    by_hand = [[sum(b[k, q] * np.tanh(x[i] @ u[:, q]) for q in range(5)) for k in range(2)] for i in range(3)]
    np.testing.assert_allclose(network(rows[:3]), by_hand, rtol=1e-12)
    np.testing.assert_allclose(jnp.linalg.norm(network.hidden, axis=0), 2.0, rtol=1e-14)


def test_teacher_is_odd_so_labels_have_mean_zero(key):
    labels = np.asarray(teacher(key, count=2000, size=6).labels)[:, 0]
    assert abs(labels.mean()) < 4.5 * labels.std() / np.sqrt(2000)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda key: sphere(key, count=0, size=3), "`count` must be a positive integer"),
        (lambda key: sphere(key, count=3, size=-1), "`size`"),
        (lambda key: sphere(key, count=3, size=2, outputs=0), "`outputs`"),
        (lambda key: teacher(key, count=3, size=2, neurons=0), "`neurons`"),
        (lambda key: teacher(key, count=3, size=2, steepness=float("nan")), "`steepness`"),
        (lambda key: separated(key, count=3, size=2, separation=0.0), "`separation`"),
    ],
)
def test_bad_sizes_are_refused(key, call, message):
    with pytest.raises(BadInput, match=message):
        call(key)
