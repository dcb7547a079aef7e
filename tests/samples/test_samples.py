"""Two sets of samples against closed forms, loops and other libraries; floors are what chance gives."""

import itertools

import jax
import numpy as np
import pytest
from scipy.stats import wasserstein_distance

from softntk.failures import BadInput, TooLarge
from softntk.samples import (
    classifier_accuracy,
    compare_samples,
    coverage,
    memorized_share,
    mmd,
    nearest_distances,
    nearness,
    sliced_wasserstein,
    wasserstein,
)


def draws(seed: int, count: int, size: int = 2) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((count, size))


def test_exact_w2_is_the_best_of_all_couplings_and_a_shift_is_its_length():
    first, second = draws(0, 6), draws(1, 6) + 1
    best = min(((first - second[list(order)]) ** 2).sum(axis=1).mean() for order in itertools.permutations(range(6)))
    assert wasserstein(first, second) == pytest.approx(best**0.5, rel=1e-9)
    assert wasserstein(first, first + np.asarray([[3.0, 4.0]])) == pytest.approx(5, rel=1e-9)
    assert wasserstein(first, first) < 1e-7


def test_sliced_w2_on_a_line_is_w2_and_a_shift_shrinks_by_the_root_of_d(key):
    first, second = draws(0, 40, 1), 2 * draws(1, 40, 1)
    assert sliced_wasserstein(key, first, second) == pytest.approx(wasserstein(first, second), rel=1e-9)
    # Sets of different sizes: repeating every point changes nothing.
    again = np.repeat(second, 3, axis=0)
    assert sliced_wasserstein(key, first, again) == pytest.approx(sliced_wasserstein(key, first, second), rel=1e-12)
    assert sliced_wasserstein(key, first, draws(2, 27, 1)) == pytest.approx(
        wasserstein(first, draws(2, 27, 1)), rel=1e-6
    )
    points = draws(3, 30, 5)
    found = sliced_wasserstein(key, points, points + np.eye(5)[:1] * 2, directions=4000)
    spread = 2 * np.sqrt(2 * 4 / (25 * 7)) / np.sqrt(4000)  # of u_1^2 on the sphere in R^5
    assert abs(found**2 - 4 / 5) < 4.5 * 2 * spread


def test_sliced_w2_is_not_the_w1_of_scipy_but_near_it():
    first, second = draws(0, 200, 1), draws(1, 200, 1) + 3
    w1 = wasserstein_distance(first[:, 0], second[:, 0])
    assert w1 <= sliced_wasserstein(jax.random.key(0), first, second) + 1e-12


def test_mmd_is_its_definition_and_unbiased():
    first, second = draws(0, 9), draws(1, 7) + 0.5

    def kernel(x, y):
        return np.mean([np.exp(-((x - y) ** 2).sum() / (2 * w * w * scale)) for w in (0.25, 0.5, 1, 2, 4)])

    scale = np.median([((second[i] - second[j]) ** 2).sum() for i in range(7) for j in range(i)])
    own = np.mean([kernel(first[i], first[j]) for i in range(9) for j in range(9) if i != j])
    other = np.mean([kernel(second[i], second[j]) for i in range(7) for j in range(7) if i != j])
    cross = np.mean([kernel(x, y) for x in first for y in second])
    assert mmd(first, second) == pytest.approx(own + other - 2 * cross, rel=1e-9)
    null = np.asarray([mmd(draws(2 * s, 40), draws(2 * s + 1, 40)) for s in range(60)])
    assert abs(null.mean()) < 4.5 * null.std() / 60**0.5
    assert mmd(draws(0, 200), draws(1, 200) + 1) > 0.05


def test_the_classifier_guesses_between_equals_and_sees_a_shift(key):
    equal = classifier_accuracy(key, draws(0, 300), draws(1, 400))
    assert abs(equal.mean - 0.5) < 4.5 * equal.error
    shifted = classifier_accuracy(key, draws(0, 300), draws(1, 300) + 2)
    assert shifted.mean > 0.85
    assert shifted.error == pytest.approx((shifted.mean * (1 - shifted.mean) / 600) ** 0.5)


def test_copies_are_counted_and_new_points_are_not():
    training, new = draws(0, 300, 8), draws(1, 200, 8)
    np.testing.assert_allclose(
        nearest_distances(new, training, 2),
        np.sort(np.linalg.norm(new[:, None] - training[None], axis=2), axis=1)[:, :2],
        rtol=1e-9,
    )
    copies = np.concatenate([training[:50] + 1e-3, new[:150]])
    assert memorized_share(copies, training).mean == pytest.approx(0.25)
    assert memorized_share(new, training).mean == 0
    fresh = nearness(draws(2, 200, 8), training, new)
    assert abs(fresh.mean - 1) < 4.5 * fresh.error
    assert nearness(copies[:50], training, new).mean < 0.01


def test_coverage_sees_a_missing_part():
    held_out = np.concatenate([draws(0, 100), draws(1, 100) + 20])
    assert coverage(draws(2, 200), held_out).mean == pytest.approx(0.5, abs=0.1)
    assert coverage(held_out, held_out).mean == 1
    assert coverage(np.concatenate([draws(3, 100), draws(4, 100) + 20]), held_out).mean > 0.85


def test_every_distance_comes_with_its_floor(key):
    training, held_out, other = draws(0, 200), draws(1, 200), draws(2, 150) + 1
    found = compare_samples(key, {"samples": other}, training=training, held_out=held_out)
    assert set(found) == {"samples", "training"}
    for name in ("sliced", "W2", "MMD^2", "classifier"):
        assert found["samples"][name].mean > found["training"][name].mean, name
    assert found["training"]["classifier"].mean == pytest.approx(0.5, abs=0.12)
    assert found["training"]["nearness"].mean == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize("factor", [1e-200, 1e200])
def test_units_do_not_matter_nor_where_the_points_lie(key, factor):
    first, second, third = draws(0, 12), draws(1, 12) + 0.5, draws(2, 12)
    for distance in (wasserstein, lambda x, y: sliced_wasserstein(key, x, y)):
        assert distance(factor * first, factor * second) == pytest.approx(factor * distance(first, second), rel=1e-12)
        assert distance(first + 2.0**30, second + 2.0**30) == pytest.approx(distance(first, second), rel=1e-6)
    assert mmd(factor * first, factor * second) == pytest.approx(mmd(first, second), rel=1e-9)
    np.testing.assert_allclose(
        nearest_distances(factor * first, factor * second, 2), factor * nearest_distances(first, second, 2), rtol=1e-12
    )
    found, unscaled = nearness(factor * first, factor * second, factor * third), nearness(first, second, third)
    np.testing.assert_allclose(found, unscaled, rtol=1e-9)


def test_points_that_are_there_twice_are_one():
    training = draws(0, 50, 3)
    twice = np.concatenate([training, training])
    near = training[:10] + 1e-3
    assert memorized_share(near, twice).mean == memorized_share(near, training).mean == 1
    # All of one set is one point: widths come from the distance to the other set.
    assert mmd(draws(1, 20), np.ones((20, 2))) > 0.1
    assert mmd(np.ones((5, 2)), np.ones((9, 2))) == 0
    assert wasserstein(twice, twice) == 0
    assert np.isnan(nearness(near, training, training).mean)
    assert nearness(training[:5], training, near).mean == 0


SMALL = draws(0, 5)


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda: wasserstein(SMALL, draws(1, 5, 3)), BadInput, "`second` must have 2 columns"),
        (lambda: wasserstein(np.zeros((4001, 1)), np.zeros((1, 1))), TooLarge, "`first` must have at most 4,000"),
        (lambda: sliced_wasserstein(jax.random.key(0), SMALL, SMALL, directions=0), BadInput, "`directions`"),
        (lambda: mmd(SMALL, np.full((5, 2), np.nan)), BadInput, "`second` .* not finite"),
        (lambda: mmd(np.zeros(4), SMALL), BadInput, "`first` must be a matrix"),
        (lambda: mmd(draws(0, 1), SMALL), BadInput, "at least 2 rows"),
        (lambda: nearest_distances(SMALL, draws(1, 1), 2), BadInput, "`data` must have at least 2"),
        (lambda: memorized_share(SMALL, np.ones((9, 2))), BadInput, "`training` must have at least 2 different rows"),
        (lambda: nearness(draws(1, 1), SMALL, SMALL), BadInput, "`samples` .* at least 2 rows"),
        (lambda: coverage(SMALL, SMALL), BadInput, "`held_out` .* at least 6 rows"),
        (lambda: classifier_accuracy(jax.random.key(0), SMALL, SMALL), BadInput, "at least 10 rows"),
        (lambda: _compare({}, ("KL",)), BadInput, "`distances` must be among sliced"),
        (lambda: _compare({"training": SMALL}, ("sliced",)), BadInput, "leave the name 'training'"),
    ],
)
def test_bad_calls_are_refused(call, kind, message):
    with pytest.raises(kind, match=message):
        call()


def _compare(samples, distances):
    return compare_samples(jax.random.key(0), samples, training=SMALL, held_out=SMALL, distances=distances)
