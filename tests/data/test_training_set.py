"""The facts of a training set on sets where they are known."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from sklearn.datasets import load_iris

from softntk.data import Places, TrainingSet, load
from softntk.failures import BadInput

ROWS = np.array([[3.0, 4.0], [0.0, 0.0], [3.0, 4.0], [6.0, 8.0], [-0.3, -0.4], [3.0, 4.0]])
LABELS = np.array([[1.0], [0.5], [1.0], [-2.0], [0.0], [-1.0]])


@pytest.fixture
def awkward():
    return TrainingSet(ROWS, LABELS)


def test_shapes_and_types(awkward):
    assert (awkward.count, awkward.input_size, awkward.output_size) == (6, 2, 1)
    low = TrainingSet(ROWS.astype(np.float32), LABELS)
    assert low.inputs.dtype == low.labels.dtype == jnp.float32
    assert TrainingSet(np.eye(3, dtype=int), np.ones((3, 2), int)).labels.dtype == jnp.float64


def test_it_is_a_frozen_pytree(awkward):
    assert len(jax.tree.leaves(awkward)) == 2
    assert float(eqx.filter_jit(lambda data: (data.inputs**2).sum())(awkward)) == pytest.approx((ROWS**2).sum())
    with pytest.raises(AttributeError):
        awkward.inputs = awkward.inputs


def test_norms_and_label_sizes(awkward):
    np.testing.assert_allclose(awkward.norms(), [5, 0, 5, 10, 0.5, 5], rtol=1e-15)
    assert awkward.largest_norm() == pytest.approx(10, rel=1e-15)
    assert awkward.label_size() == 2
    two = TrainingSet(np.eye(2), np.array([[3.0, -4.0], [0.0, 1.0]]))
    assert (two.label_size(), two.label_norm()) == (4, 5)


def test_zero_equal_conflicting_and_parallel_rows_are_named(awkward):
    assert awkward.zero_rows() == [1]
    assert awkward.duplicates() == [(0, 2), (0, 5)]
    assert awkward.conflicts() == [(0, 5)]
    assert awkward.parallel() == [(0, 2), (0, 3), (0, 4), (0, 5)]
    assert awkward.closest() == (0, 2, 0.0)
    assert (awkward.separation(), awkward.sine()) == (0, 0)


def test_obstacles_say_what_stands_against_a_positive_eigenvalue(awkward):
    plain = ["row 1 is zero", "rows 0 and 2 are equal", "rows 0 and 5 are equal"]
    assert awkward.obstacles(parallel=False) == plain
    assert awkward.obstacles(parallel=True) == [
        *plain,
        "rows 0 and 3 point the same way",
        "rows 0 and 4 point opposite ways",
    ]
    assert TrainingSet(np.eye(3), np.ones((3, 1))).obstacles(parallel=True) == []
    lines = awkward.obstacles(parallel=False, places=Places("line", [2, 3, 5, 8, 9, 11]))
    assert lines == ["line 3 is zero", "lines 2 and 5 are equal", "lines 2 and 11 are equal"]
    many = TrainingSet(np.ones((500, 1)), np.ones((500, 1))).obstacles(parallel=False)
    assert many[1:] == ["rows 0 and 2 are equal", "rows 0 and 3 are equal", "and 496 more rows equal to an earlier one"]


def test_obstacles_of_a_draw_are_rows_of_the_source(key):
    iris, preparation = load("iris", count=149, key=key)
    pairs = iris.duplicates()
    assert [tuple(preparation.rows[i] for i in pair) for pair in pairs] in ([(101, 142)], [])
    expected = ["rows 101 and 142 are equal"] if pairs else []
    assert iris.obstacles(parallel=False, places=preparation.places) == expected


def test_obstacles_are_right_about_the_relu_kernel(awkward):
    def smallest(rows):
        units = rows / np.linalg.norm(rows, axis=1)[:, None]
        cosine = np.clip(units @ units.T, -1, 1)
        return np.linalg.eigvalsh(rows @ rows.T * (np.pi - np.arccos(cosine)) / (2 * np.pi))[0]

    assert smallest(ROWS[[0, 3]]) == pytest.approx(0, abs=1e-6)  # the same way: singular
    assert smallest(ROWS[[0, 4]]) == pytest.approx(0.5 * 0.5**2, rel=1e-6)  # opposite ways: not


def test_float32_rows_are_parallel_up_to_float32_rounding(key):
    row = jax.random.normal(key, (1, 30), jnp.float32)
    data = TrainingSet(
        jnp.concatenate([row, jax.random.normal(jax.random.key(1), (1, 30), jnp.float32), row / 3]), np.ones((3, 1))
    )
    assert data.parallel() == [(0, 2)]


def test_one_sample_is_a_correct_set():
    data = TrainingSet(np.array([[0.5, 0.0]]), np.array([[1.0]]))
    assert (data.closest(), data.separation(), data.sine(), data.obstacles(parallel=True)) == (None, np.inf, np.inf, [])


def test_the_equal_rows_of_iris_are_found():
    raw = load_iris().data
    assert (raw[101] == raw[142]).all()
    data, _ = load("iris")
    assert data.duplicates() == [(101, 142)]
    assert data.conflicts() == []
    assert data.obstacles(parallel=True) == ["rows 101 and 142 are equal"]
    assert data.rows([101, 0, 142]).duplicates() == [(0, 2)]


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("inputs", "labels", "message"),
    [
        ([[1.0, np.nan]], [[1.0]], "nan at row 0, column 1"),
        ([[1.0, 2.0]], [[np.inf]], "inf at row 0, column 0"),
        ([[1.0, 2.0]], [[1.0], [2.0]], "have 1 rows"),
        ([1.0, 2.0], [[1.0], [2.0]], r"inputs\[:, None\]"),
        (np.ones((0, 2)), np.ones((0, 1)), "at least one row"),
        (np.array([["a", "b"]]), [[1.0]], "array of numbers"),
        ([[1.0, 2.0], [3.0]], [[1.0], [1.0]], "array of numbers"),
        (np.ones((1, 1), complex), [[1.0]], "real"),
    ],
)
def test_bad_arrays_are_refused(inputs, labels, message):
    with pytest.raises(BadInput, match=message):
        TrainingSet(inputs, labels)
