"""The convex region: nothing inside breaks the promise, the outer point is what it claims to be."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import oracles
from softntk.bounds.lipschitz import smoothness
from softntk.certificates import certify
from softntk.conditioning.eigenvalue_descent import SmoothedReLU, closest_hit, smallest_eigenvalue
from softntk.conditioning.regions import Region, attack, fitting_distance, inner_radius, region
from softntk.conditioning.sign_search import sign_search
from softntk.dynamics import gradient_descent
from softntk.failures import BadInput
from softntk.kernels import empirical_ntk
from softntk.networks import Exponential, ReLU, Softmax, TwoLayer, antisymmetric, independent
from softntk.verdicts import Answer

N, D, M, EVALUATIONS = 5, 4, 64, 60
ALL = pytest.mark.parametrize("features", [Softmax(), Exponential(), ReLU()], ids=lambda row: row.name)


def problem(key, features, *, n=N, d=D, m=M, k=1, start=antisymmetric):
    keys = jax.random.split(key, 2)
    network = start(keys[0], input_size=d, output_size=k, width=m, features=features)
    inputs = jax.random.normal(keys[1], (n, d))
    return network, inputs / jnp.linalg.norm(inputs, axis=1, keepdims=True)


def lambda_by_oracle(network, inputs, hidden) -> float:
    """lambda_min by loops and NumPy's general eigenvalues: shares nothing with the search."""
    kernel = oracles.finite_kernel(
        network.features.name, np.asarray(hidden), np.asarray(network.output), np.asarray(inputs)
    )
    size = kernel.shape[0] * kernel.shape[1]
    return float(np.linalg.eigvals(kernel.reshape(size, size)).real.min())


@ALL
def test_the_outer_point_is_below_half_by_an_independent_computation(key, features):
    for trial in range(3):
        network, inputs = problem(jax.random.fold_in(key, trial), features)
        found = region(network, inputs, key=key, evaluations=EVALUATIONS)
        assert found.verdict.answer is Answer.HOLDS
        assert 0 < found.inner < found.outer < np.inf
        start = lambda_by_oracle(network, inputs, network.hidden)
        there = lambda_by_oracle(network, inputs, found.witness)
        np.testing.assert_allclose([start, there], [found.smallest, found.at_outer], rtol=1e-8)
        assert there <= start / 2 * (1 + 1e-8)
        np.testing.assert_allclose(np.linalg.norm(found.witness - network.hidden), found.outer, rtol=1e-9)


@ALL
def test_no_move_inside_breaks_the_promise(key, features):
    """Random moves, moves of single neurons, and the searches themselves, all of length exactly the inner radius."""
    network, inputs = problem(key, features)
    found = region(network, inputs, key=key, evaluations=EVALUATIONS)
    moves = [jax.random.normal(jax.random.fold_in(key, trial), network.hidden.shape) for trial in range(20)]
    for trial in range(20):
        neuron = jnp.zeros(M).at[3 * trial].set(1)
        moves.append((-1) ** trial * inputs[trial % N][:, None] * neuron[None])
    moves.append(jnp.asarray(found.witness) - network.hidden)
    worst = min(
        float(
            smallest_eigenvalue(network.moved_to(network.hidden + found.inner * move / jnp.linalg.norm(move)), inputs)
        )
        for move in moves
    )
    for trial in range(3):
        attacked = attack(network, inputs, found.inner, key=jax.random.fold_in(key, trial), evaluations=EVALUATIONS)
        worst = min(worst, float(attacked))
    assert found.smallest / 2 <= worst
    if not isinstance(features, ReLU):  # whose kernel may not change at all this close
        assert worst < found.smallest


@ALL
def test_the_inner_radius_solves_its_equation(key, features):
    """s0 - Delta(rho) >= s0 / sqrt 2 there, and no longer a little further out."""
    network, inputs = problem(key, features)
    smooth = smoothness(network, inputs)
    smallest = float(smallest_eigenvalue(network, inputs))
    rho, root = inner_radius(smooth, smallest), np.sqrt(M * smallest)
    change = lambda radius: float(smooth.change(radius))  # noqa: E731
    assert change(1.1 * rho) > root * (1 - np.sqrt(0.5))
    if not isinstance(features, ReLU):  # the count of sign changes depends on the grid, within a few percent
        assert change(rho) <= root * (1 - np.sqrt(0.5)) * (1 + 1e-9)
        assert change(1.01 * rho) > root * (1 - np.sqrt(0.5))


def test_the_outer_search_finds_the_closest_point_where_it_is_known(key):
    """One sample, exponential: H = |x|^2 (1/m) sum exp(2 z), and Lagrange's equations give the closest half.

    The minimum of |move| with sum_r exp(2 (z_r + t_r)) = half of the start, t_r = <x, move_r>, moves every neuron along
    x by t_r <= 0 with t_r proportional to exp(2 (z_r + t_r)): one equation in the multiplier.
    """
    network, inputs = problem(key, Exponential(), n=1)
    scores = np.asarray(inputs @ network.hidden)[0]

    def moved(multiplier):
        # t = -multiplier exp(2 (z + t)) by bisection: the right side falls and the left side grows with t.
        low, high = np.full(M, -10.0), np.zeros(M)
        for _ in range(100):
            middle = (low + high) / 2
            above = middle > -multiplier * np.exp(2 * (scores + middle))
            low, high = np.where(above, low, middle), np.where(above, middle, high)
        return middle

    low, high = 0.0, 100.0
    for _ in range(100):
        middle = (low + high) / 2
        halved = np.exp(2 * (scores + moved(middle))).sum() <= np.exp(2 * scores).sum() / 2
        low, high = (low, middle) if halved else (middle, high)
    exact = np.linalg.norm(moved(high))
    found = region(network, inputs, key=key, evaluations=EVALUATIONS)
    assert exact * (1 - 1e-9) <= found.outer <= 1.02 * exact


def test_the_flip_search_matches_exhaustive_search_on_one_sample(key):
    """One sample: H = |x|^2 (active neurons) / m, so the closest half turns off half of them, cheapest first."""
    network, inputs = problem(key, ReLU(), n=1, start=independent)  # twins would be turned off together
    scores = np.sort(np.asarray(inputs @ network.hidden)[0])
    active = scores[scores > 0]
    exact = np.linalg.norm(active[: -(len(active) // 2)])
    target = smallest_eigenvalue(network, inputs) / 2
    hit = sign_search(network, inputs, target, evaluations=EVALUATIONS)
    assert exact * (1 - 1e-9) <= float(hit.radius) <= exact * (1 + 1e-4)


def test_sign_changes_beat_the_smoothed_surrogate_alone(key):
    network, inputs = problem(key, ReLU())
    target = smallest_eigenvalue(network, inputs) / 2
    flips = sign_search(network, inputs, target, evaluations=EVALUATIONS)
    nowhere, scale = jnp.zeros_like(network.hidden), jnp.asarray(0.2)
    smoothed = closest_hit(network, inputs, target, nowhere, scale, SmoothedReLU(0.125), EVALUATIONS)
    assert float(flips.radius) <= float(smoothed.radius)
    assert region(network, inputs, key=key, evaluations=2 * EVALUATIONS).outer <= float(flips.radius)


def test_the_surrogate_has_the_slope_of_its_value(key):
    surrogate, z = SmoothedReLU(0.125), jnp.linspace(-2, 2, 41)[None]
    values, _ = surrogate.parts(z)
    slopes = jax.vmap(jax.grad(lambda x: surrogate.parts(x[None, None])[0][0, 0]))(z[0])
    np.testing.assert_allclose(surrogate.slope(values)[0], slopes, atol=1e-12)
    np.testing.assert_allclose(values, jnp.maximum(z, 0), atol=0.125)


def test_no_conclusion_without_a_smallest_eigenvalue(key):
    network, inputs = problem(key, Softmax())
    found = region(network, inputs.at[1].set(inputs[0]), key=key, evaluations=EVALUATIONS)
    assert found.verdict.answer is Answer.UNDECIDED
    assert np.isnan(found.inner)
    assert np.isnan(found.outer)


def test_radii_in_units_of_the_path(key):
    network, inputs = problem(key, Softmax())
    labels = jnp.ones((N, 1))
    path = fitting_distance(network, inputs, labels)
    kernel = np.asarray(empirical_ntk(network, inputs)).reshape(N, N)
    np.testing.assert_allclose(path, np.sqrt(np.ones(N) @ np.linalg.solve(kernel, np.ones(N)) / M), rtol=1e-9)
    found = region(network, inputs, key=key, path=path, evaluations=EVALUATIONS)
    assert isinstance(found, Region)
    np.testing.assert_allclose(found.inner_in_paths * path, found.inner)
    np.testing.assert_allclose(found.outer_in_paths * path, found.outer)
    assert fitting_distance(network, inputs.at[1].set(inputs[0]), labels) == np.inf


def test_only_a_bound_of_the_real_path_says_that_training_stays():
    """Labels for which the linearized path ends just inside the inner radius, and the real run outside of it."""
    keys = jax.random.split(jax.random.key(2), 3)
    network, inputs = problem(keys[0], Softmax(), n=4, d=4, m=32)
    radius = inner_radius(smoothness(network, inputs), float(smallest_eigenvalue(network, inputs)))
    labels = jax.random.normal(keys[2], (4, 1))
    labels = labels * radius / 1.0001 / fitting_distance(network, inputs, labels)

    def moved(scale):
        _, trace = gradient_descent(network, inputs, scale * labels, steps=5000, record_every=5000)
        assert trace.loss[-1] < 1e-12 * trace.loss[0]
        return float(trace.distance[-1])

    found = region(network, inputs, key=keys[1], path=fitting_distance(network, inputs, labels), evaluations=8)
    assert 1 < found.inner_in_paths < 1.001
    assert found.inner < moved(1.0) < 1.01 * found.inner
    # p of Theorem A knows: it is longer than the radius here, and where it is shorter the run stays.
    assert certify(network, inputs, labels).path > found.inner
    bound = certify(network, inputs, labels / 4).path
    assert moved(0.25) <= bound <= found.inner


def test_what_is_refused(key):
    network, inputs = problem(key, Softmax())
    with pytest.raises(BadInput, match="evaluations"):
        region(network, inputs, key=key, evaluations=2)
    with pytest.raises(BadInput, match="float64"):
        region(TwoLayer(network.hidden.astype("float32"), network.output, Softmax()), inputs, key=key)
