"""Distances and angles against scipy's direct differences, known angles and exact arithmetic."""

import tracemalloc

import numpy as np
import pytest
from scipy.spatial.distance import pdist

from softntk.data.geometry import (
    MOST_ROWS,
    closest_pair,
    equal_rows,
    most_parallel_pair,
    parallel_rows,
    row_norms,
    unit_rows,
)
from softntk.failures import TooLarge


@pytest.fixture
def rng():
    return np.random.default_rng(7)


def test_norms_survive_extreme_sizes():
    rows = np.array([[3e200, 4e200], [3e-200, -4e-200], [0.0, 0.0], [3.0, 4.0]])
    np.testing.assert_allclose(row_norms(rows), [5e200, 5e-200, 0, 5], rtol=1e-15)
    np.testing.assert_allclose(unit_rows(rows), [[0.6, 0.8], [0.6, -0.8], [0, 0], [0.6, 0.8]], rtol=1e-15)


@pytest.mark.parametrize(("count", "size"), [(2, 1), (300, 3), (1100, 20)])  # within one tile and over several
def test_closest_pair_is_that_of_direct_differences(rng, count, size):
    rows = rng.normal(size=(count, size)) * 10.0 ** rng.integers(-3, 4)
    pair = closest_pair(rows)
    np.testing.assert_allclose(pair.value, pdist(rows).min(), rtol=1e-9)
    np.testing.assert_allclose(pair.value, np.linalg.norm(rows[pair.first] - rows[pair.second]), rtol=1e-15)
    assert pair.first < pair.second


def test_close_pairs_are_not_lost_in_rounding(rng):
    # All points lie within 1e-8 of each other, far from 0, beside one outlier: the matrix product sees only noise.
    rows = 1.0 + 1e-8 * rng.normal(size=(700, 6))
    rows[13] = -40.0
    pair = closest_pair(rows)
    assert pair.value == pytest.approx(pdist(rows).min(), rel=1e-12)


def test_distances_beyond_the_range_of_squares(rng):
    rows = rng.normal(size=(50, 4))
    near = closest_pair(rows)
    for scale in (2.0**1000, 2.0**-1000):
        pair = closest_pair(rows * scale)
        assert pair[:2] == near[:2]
        assert pair.value / scale == pytest.approx(near.value, rel=1e-15)


def test_equal_rows_are_listed_once_each():
    rows = np.array([[1.0, 2.0], [0.0, 3.0], [1.0, 2.0], [-0.0, 3.0], [1.0, 2.0], [1.0, 2.0000000001]])
    assert equal_rows(rows) == [(0, 2), (1, 3), (0, 4)]
    assert closest_pair(rows) == (0, 2, 0.0)


@pytest.mark.parametrize("size", [1, 5])
def test_one_row_has_no_pair(size):
    assert closest_pair(np.ones((1, size))) is None
    assert most_parallel_pair(np.ones((1, size))) is None


def test_sines_are_those_of_known_angles(rng):
    angles = rng.uniform(0, 2 * np.pi, 1200)
    rows = rng.uniform(0.1, 10, (1200, 1)) * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    pair = most_parallel_pair(rows)
    folded = np.sort(angles % np.pi)
    promised = min(np.diff(folded).min(), np.pi - folded[-1] + folded[0])
    assert pair.value == pytest.approx(np.sin(promised), abs=1e-14, rel=1e-8)
    assert pair.value == pytest.approx(abs(np.sin(angles[pair.first] - angles[pair.second])), abs=1e-14, rel=1e-8)


@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize("tilt", [1e-9, 1e-4])
def test_nearly_parallel_rows_keep_their_angle(rng, sign, tilt):
    rows = rng.normal(size=(40, 8))
    rows[0] = 0
    first, across = np.linalg.qr(rng.normal(size=(8, 2)))[0].T
    rows[5], rows[31] = 3 * first, sign * 0.2 * (np.cos(tilt) * first + np.sin(tilt) * across)
    pair = most_parallel_pair(rows)
    assert pair[:2] == (5, 31)
    assert pair.value == pytest.approx(np.sin(tilt), abs=2e-15)


def test_orthogonal_rows_and_many_ties():
    pair = most_parallel_pair(np.eye(600))
    assert pair.value == pytest.approx(1.0, rel=1e-15)
    assert closest_pair(np.eye(600)).value == 2**0.5


def test_parallel_rows_name_the_first_partner(rng):
    rows = rng.normal(size=(1000, 4))
    rows[700], rows[3], rows[999], rows[50] = 2.5 * rows[20], -rows[20], rows[20] / 3, 0
    assert parallel_rows(rows, 1e-14) == [(3, 20), (3, 700), (3, 999)]
    assert parallel_rows(rows, 0.0) == [(i, j) for i, j in [(3, 20), (3, 700), (3, 999)] if _exactly(rows, i, j)]


def _exactly(rows, i, j):
    units = unit_rows(rows[[i, j]])
    return (units[0] == units[1]).all() or (units[0] == -units[1]).all()


def test_memory_is_tiles_not_n_squared(rng):
    rows = rng.normal(size=(4000, 8))
    tracemalloc.start()
    closest_pair(rows)
    most_parallel_pair(rows)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4000 * 4000 * 8 / 8


def test_too_many_rows_are_refused_unless_two_are_equal():
    rows = np.arange(MOST_ROWS + 1.0)[:, None]
    with pytest.raises(TooLarge, match="count=10000"):
        closest_pair(rows)
    rows[-1] = 0
    assert closest_pair(rows) == (0, MOST_ROWS, 0.0)
