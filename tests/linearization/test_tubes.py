"""The tubes contain real runs, say something where they should, and refuse what they cannot speak about."""

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest

from softntk.failures import BadInput
from softntk.linearization.curve import Curve
from softntk.linearization.deviations import deviation
from softntk.linearization.tubes import Tube, tube
from softntk.networks import Exponential, ReLU, Softmax, TwoLayer, antisymmetric, independent
from softntk.verdicts import Answer

# One shape for nearly all tests, so that few programs are compiled; VISITS is enough to visit every step.
N, D, K, M, STEPS, VISITS = 6, 4, 2, 256, 60, 61
SMOOTH = pytest.mark.parametrize("features", [Softmax(), Exponential()], ids=lambda row: row.name)


def unit_rows(key, n, d):
    rows = jax.random.normal(key, (n, d))
    return rows / jnp.linalg.norm(rows, axis=1, keepdims=True)


def problem(key, features, *, scale=1.0, start=antisymmetric):
    """Network, inputs, random signs as labels, new inputs."""
    keys = jax.random.split(key, 4)
    network = start(keys[0], input_size=D, output_size=K, width=M, features=features, scale=scale)
    labels = jax.random.rademacher(keys[2], (N, K), float) / np.sqrt(K)
    return network, unit_rows(keys[1], N, D), labels, unit_rows(keys[3], 3, D)


def contained(bounds: Tube, network, inputs, labels, others, **run) -> int:
    """Assert that every curve contains the run; return how many statements were compared."""
    measured = deviation(network, inputs, labels, others=others, **run)
    assert np.isfinite(measured.training).any()
    compared = 0
    for curve in [*bounds.curves.values(), bounds.sharpest]:
        finite = np.isfinite(curve.deviation)
        assert (measured.training[finite] <= curve.deviation[finite] + measured.floor).all(), curve.name
        assert (measured.others[:, finite] <= curve.others[:, finite] + measured.floor).all(), curve.name
        assert (measured.distance[finite] <= curve.distance[finite] + measured.floor).all(), curve.name
        assert curve.check(measured.training, floor=measured.floor).answer in (Answer.HOLDS, Answer.DOES_NOT_APPLY)
        compared += int(finite.sum()) - 1
    return compared


@SMOOTH
@pytest.mark.parametrize("start", [antisymmetric, independent])
def test_real_runs_stay_inside(key, features, start):
    """Labels from far to near, scales from small to large, steps up to the largest that is allowed."""
    compared = 0
    for trial, (size, scale, share) in enumerate(
        [(1.0, 1.0, 1.0), (0.05, 1.0, 1.0), (1e-3, 2.0, 1.95), (0.3, 0.3, 0.2), (20.0, 1.0, 1.0), (0.01, 1.5, 0.5)]
    ):
        network, inputs, labels, others = problem(jax.random.fold_in(key, trial), features, scale=scale, start=start)
        labels = network(inputs) + size * labels  # an independent start is far from zero
        plain = tube(network, inputs, labels, steps=STEPS, others=others, visits=VISITS)
        run = {"step_size": share * plain.step_size, "steps": STEPS}
        bounds = tube(network, inputs, labels, others=others, visits=VISITS, **run)
        compared += contained(bounds, network, inputs, labels, others, **run)
    assert compared > 6 * STEPS


@SMOOTH
def test_a_smallest_eigenvalue_of_zero_is_no_obstacle(key, features):
    """A repeated input with two labels: lambda = 0, the residual never vanishes, and the tube still speaks."""
    network, inputs, labels, others = problem(key, features)
    inputs, labels = inputs.at[1].set(inputs[0]), (0.1 * labels).at[:2].set(jnp.asarray([[0.1], [-0.1]]))
    bounds = tube(network, inputs, labels, steps=STEPS, others=others, visits=VISITS)
    contained(bounds, network, inputs, labels, others, steps=STEPS)
    assert bounds.residual[-1] > 0.1
    assert bounds.sharpest.informative == STEPS + 1
    assert bounds.sharpest.peak < 0.01 * bounds.residual[-1]


def test_in_an_easy_case_it_is_near_the_truth(key):
    """Small labels: the first step is exact, the peaks within the stated factors."""
    network, inputs, labels, others = problem(key, Softmax())
    bounds = tube(network, inputs, 0.1 * labels, steps=STEPS, others=others, visits=VISITS)
    measured = deviation(network, inputs, 0.1 * labels, steps=STEPS, others=others)
    # The room for rounding counts the worst case of every sum.
    first, seen = bounds.curves["followed"].deviation[1], measured.training[1]
    assert seen - measured.floor <= first <= seen + 2e-10 < 1.1 * seen
    for name, factor in (("followed", 20), ("smoothed", 5e3), ("antisymmetric", 5e4)):
        assert measured.training.max() < bounds.curves[name].peak < factor * measured.training.max()
    assert bounds.curves["followed"].others.max() < 50 * measured.others.max()


def test_the_general_bound_is_near_the_truth_for_one_step(key):
    """An independent start, one step: e_1 = eta L rho_1 gamma / 2, up to how typical the direction is."""
    network, inputs, labels, others = problem(key, Exponential(), start=independent)
    labels = network(inputs) + 0.01 * labels
    bounds = tube(network, inputs, labels, steps=1, others=others, visits=0)
    measured = deviation(network, inputs, labels, steps=1, others=others)
    assert measured.floor < 1e-3 * measured.training[1]
    assert measured.training[1] <= bounds.curves["general"].deviation[1] < 100 * measured.training[1]


def deviation_in_fifty_digits(network, inputs, labels, step_size) -> float:
    """|F(W1) - F(W0) - J0 (W1 - W0)| after one step, which is |R(1) - Rhat(1)|."""
    with mpmath.workdps(50):
        weights, output, x, y = (
            np.vectorize(mpmath.mpf, otypes=[object])(np.asarray(array))
            for array in (network.hidden, network.output, inputs, labels)
        )
        exp = np.frompyfunc(mpmath.exp, 1, 1)

        def features(hidden):
            values = exp(x @ hidden)
            return M * values / values.sum(axis=1)[:, None] if network.features.name == "softmax" else values

        start = features(weights)
        means = start @ output.T / M if network.features.name == "softmax" else np.zeros((N, K), int)
        slopes = start[:, None, :] * (output[None] - means[:, :, None])
        residual = start @ output.T - y
        move = -mpmath.mpf(step_size) * (x.T @ np.einsum("nk,nkm->nm", residual, slopes))
        linear = np.einsum("nkm,nm->nk", slopes, x @ move)
        rest = (features(weights + move) - start) @ output.T - linear
        return float(mpmath.sqrt((rest**2).sum()))


@SMOOTH
@pytest.mark.parametrize("start", [antisymmetric, independent])
def test_what_is_measured_is_bounded_with_its_rounding(key, features, start):
    """One step, both ends visited: the curve is |Q(What)|, an equality, so nothing else could hide a rounding error."""
    for trial in range(4):
        network, inputs, labels, others = problem(jax.random.fold_in(key, trial), features, start=start)
        labels = network(inputs) + 1e-3 * labels
        bounds = tube(network, inputs, labels, steps=1, others=others, visits=2)
        truth = deviation_in_fifty_digits(network, inputs, labels, bounds.step_size)
        assert truth <= bounds.curves["followed"].deviation[1] <= truth + 1e-9


def test_each_sharper_theorem_is_sharper(key):
    network, inputs, labels, others = problem(key, Softmax())
    bounds = tube(network, inputs, 0.5 * labels, steps=STEPS, others=others, visits=VISITS)
    general, prime, smoothed, followed = (
        bounds.curves[name] for name in ("general", "antisymmetric", "smoothed", "followed")
    )
    inside = np.isfinite(general.deviation)
    assert (prime.deviation[inside] <= general.deviation[inside] * (1 + 1e-12)).all()
    assert followed.peak < smoothed.peak / 10
    assert bounds.gain("followed") > bounds.gain("antisymmetric") > 10
    assert bounds.gain("general") == 1.0
    assert prime.informative > general.informative
    assert (bounds.sharpest.deviation <= followed.deviation).all()


def test_a_start_that_fits_its_labels_stays(key):
    network, inputs, labels, others = problem(key, Softmax())
    bounds = tube(network, inputs, jnp.zeros_like(labels), steps=3, others=others, visits=VISITS)
    assert bounds.sharpest.peak < 1e-30
    assert bounds.sharpest.informative == 4


def test_where_a_bound_says_nothing_it_is_infinite(key):
    network, inputs, labels, others = problem(key, Exponential(), scale=2.0)
    bounds = tube(network, inputs, 100 * labels, steps=5, others=others, visits=VISITS)
    curve = bounds.curves["general"]
    assert curve.informative < 6
    assert np.isinf(curve.deviation[curve.informative :]).all()
    assert np.isinf(curve.others[:, curve.informative :]).all()
    assert not np.isnan(bounds.sharpest.deviation).any()


def test_a_violated_bound_is_noticed():
    curve = Curve("general", np.array([0.0, 1.0, 2.0]), np.zeros(3), np.zeros((0, 3)))
    assert curve.check(np.array([0.0, 0.5, 2.0]), floor=0.0).answer is Answer.HOLDS
    assert curve.check(np.array([0.0, 0.5, 2.1]), floor=0.0).answer is Answer.FAILS
    assert curve.check(np.array([0.0, np.nan, 2.0]), floor=0.0).answer is Answer.UNDECIDED
    assert curve.check(np.array([0.0, 0.5]), floor=0.0).answer is Answer.DOES_NOT_APPLY
    nothing = Curve("general", np.array([0.0, np.inf]), np.zeros(2), np.zeros((0, 2)))
    assert nothing.check(np.zeros(2), floor=0.0).answer is Answer.DOES_NOT_APPLY


def test_what_is_refused(key):
    network, inputs, labels, _ = problem(key, Softmax())
    with pytest.raises(BadInput, match="relu"):
        tube(TwoLayer(network.hidden, network.output, ReLU()), inputs, labels, steps=3)
    with pytest.raises(BadInput, match="2 / "):
        tube(network, inputs, labels, steps=3, step_size=1.0)
    with pytest.raises(BadInput, match="steps"):
        tube(network, inputs, labels, steps=0)
    with pytest.raises(BadInput, match="visits"):
        tube(network, inputs, labels, steps=3, visits=-1)
    with pytest.raises(BadInput, match="float64"):
        tube(network, inputs.astype("float32"), labels, steps=3)
