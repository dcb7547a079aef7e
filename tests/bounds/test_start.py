"""What float64 finds at the start, against arithmetic of 400 bits: the claimed error covers the true one."""

import functools
import itertools

import jax.numpy as jnp
import numpy as np
import pytest
from mpmath import mp

from jacobians import draw
from softntk.bounds.capping import MULTIPLE, capped, damping_of
from softntk.bounds.lipschitz import smoothness
from softntk.bounds.start import SMALLEST_RESIDUAL, residual_above, singular_ends

pytestmark = pytest.mark.optimized

NAMES = ("softmax", "exponential", "relu")
KINDS = ("ordinary", "gap 24", "gap 36", "gap 80", "tiny", "huge", "fitted")


@functools.cache
def problem(name, kind):
    """A network, inputs (3, 4) and labels (3, 2): what is asked of float64 grows from one kind to the next."""
    network, inputs = draw(name, n=3, d=4, m=8, k=2, norms=(0.4, 1.0), seed=KINDS.index(kind))
    labels = jnp.asarray(np.random.default_rng(1).choice([-1.0, 1.0], (3, 2)))
    hidden = network.hidden
    if kind.startswith("gap"):
        # One neuron ahead of all others by the gap, on the first input.
        ahead = float(kind[4:]) / jnp.sum(inputs[0] ** 2) * inputs[0]
        hidden = (0.1 * hidden).at[:, 0].set(ahead)
    if kind == "tiny":
        inputs = 1e-200 * inputs
    if kind == "huge":
        hidden = (30 if name == "exponential" else 1e3) * hidden
    network = network.moved_to(hidden)
    if kind == "fitted":
        labels = network(inputs)
    return network, inputs, labels


@functools.cache
def truth(name, kind):
    """The same in 400 bits: phi, means, outputs, residual and the Jacobian (nk, dm), by the definitions."""
    network, inputs, labels = problem(name, kind)
    with mp.workprec(400):
        x, w, a, y = (matrix(each) for each in (inputs, network.hidden, network.output, labels))
        z = x @ w
        phi, means = np.vectorize(lambda t: max(t, mp.mpf(0)), otypes=[object])(z), np.full((3, 2), mp.mpf(0))
        slopes = np.vectorize(lambda t: mp.mpf(1 if t > 0 else 0), otypes=[object])(z)
        if name != "relu":
            shifts = z.max(axis=1)[:, None] if name == "softmax" else mp.mpf(0)
            phi = np.vectorize(mp.exp, otypes=[object])(z - shifts)
        if name == "softmax":
            phi = 8 * phi / phi.sum(axis=1)[:, None]
            means = phi @ a.T / 8
        slopes = slopes if name == "relu" else phi
        derivatives = slopes[:, None, :] * (a[None] - means[:, :, None])
        jacobian = (derivatives[:, :, None, :] * x[:, None, :, None]).reshape(6, -1)
        residual = phi @ a.T - y
        return {
            "x": x, "z": z, "a": a, "phi": phi, "slopes": slopes, "means": means, "outputs": phi @ a.T,
            "residual": mp.sqrt((residual**2).sum()), "derivatives": derivatives, "ends": ends(jacobian @ jacobian.T),
        }  # fmt: skip


def matrix(array):
    return np.vectorize(mp.mpf, otypes=[object])(np.asarray(array))


def ends(gram):
    """Extreme singular values from a Gram matrix."""
    values = mp.eigsy(mp.matrix(gram.tolist()), eigvals_only=True)
    return mp.sqrt(max(values[0], mp.mpf(0))), mp.sqrt(values[len(values) - 1])


def nu(magnitudes, weights):
    """sqrt(lambda_max(diag(c) (G o G) diag(c)))."""
    return ends(weights[:, None] * magnitudes**2 * weights[None, :])[1]


@pytest.mark.parametrize(("name", "kind"), [*itertools.product(NAMES, KINDS)])
def test_claimed_errors_cover_the_true_ones(name, kind):
    network, inputs, labels = problem(name, kind)
    exact, smooth = truth(name, kind), smoothness(network, inputs)
    start, found = smooth.start, singular_ends(smooth.start)
    with mp.workprec(400):
        low, high = exact["ends"]
        assert exact["residual"] <= float(residual_above(start, labels))
        assert float(residual_above(start, labels)) >= SMALLEST_RESIDUAL
        assert low >= float(found.low)
        assert high <= float(found.high)
        assert abs(matrix(found.smallest).item() - low**2) <= float(found.error)
        error = matrix(start.outputs) - exact["outputs"]
        for row, bound in zip(error, np.asarray(start.output_error), strict=True):
            assert mp.sqrt((row**2).sum()) <= float(bound)
        gram = exact["x"] @ exact["x"].T
        assert (abs(gram) <= matrix(start.magnitudes)).all()
        assert (np.vectorize(mp.sqrt)(np.diagonal(gram)) <= matrix(start.norms)).all()
        if name == "relu":
            sure = matrix(start.margins) * matrix(start.norms)[:, None]
            assert (sure <= abs(exact["z"])).all()
            return
        scores = np.vectorize(mp.log, otypes=[object])(exact["phi"])
        assert (abs(matrix(start.scores) - scores) <= matrix(start.score_error)[:, None]).all()
        assert ((exact["phi"] ** 2).sum(axis=1) <= matrix(start.energies)).all()
        norms = np.vectorize(mp.sqrt, otypes=[object])((exact["means"] ** 2).sum(axis=1))
        assert (norms <= matrix(start.mean_norms)).all()
        peaks = [nu(abs(gram), column) for column in exact["phi"].T]
        assert (np.array(peaks) <= matrix(smooth.peaks)).all()


@pytest.mark.parametrize(("name", "kind"), [*itertools.product(NAMES[:2], KINDS)])
def test_bounds_on_a_ball_are_above_the_formula_in_400_bits(name, kind):
    network, inputs, _ = problem(name, kind)
    exact, smooth, radius = truth(name, kind), smoothness(network, inputs), 0.3
    with mp.workprec(400):
        norms = np.vectorize(mp.sqrt, otypes=[object])((exact["x"] ** 2).sum(axis=1))[:, None]
        phi = exact["phi"]
        if name == "exponential":
            weights, alpha = phi * np.vectorize(mp.exp, otypes=[object])(radius * norms), mp.sqrt(2)
        else:
            shares = phi / 8
            # Sums over the other neurons: 1 - S would lose all 400 bits at the largest gap.
            rest, others = ((shares**power) @ (1 - np.eye(8, dtype=int)).astype(object) for power in (1, 2))
            spread = np.vectorize(mp.sqrt, otypes=[object])(1 + others / rest**2)
            odds = shares / rest * np.vectorize(mp.exp, otypes=[object])(radius * norms * spread)
            weights = 8 * odds / (1 + odds)
            growth = mp.exp(mp.sqrt(2) * radius * norms.max())
            drift = mp.sqrt(2) * mp.sqrt(min(phi.max() * growth / 8, mp.mpf(1))) * norms.max()
            alpha = mp.sqrt(2) + mp.sqrt((exact["means"] ** 2).sum(axis=1).max()) + radius * drift
        assert (weights <= matrix(smooth.weights(radius))).all()
        gram = abs(exact["x"] @ exact["x"].T)
        lipschitz = alpha * max(nu(gram, column) for column in weights.T)
        assert lipschitz <= float(smooth.lipschitz(radius))


@pytest.mark.parametrize(("name", "kind"), [*itertools.product(NAMES[:2], KINDS)])
def test_the_floor_starts_below_the_damped_singular_value(name, kind):
    network, inputs, _ = problem(name, kind)
    exact, smooth = truth(name, kind), smoothness(network, inputs)
    floor = capped(smooth)
    damping = matrix(damping_of(jnp.exp(smooth.start.scores), smooth.start.norms, smooth.peaks)[0])
    with mp.workprec(400):
        rows = exact["derivatives"]
        if name == "softmax":
            rows = np.concatenate([rows, MULTIPLE * exact["slopes"][:, None, :]], axis=1)
        rows = (rows * damping)[:, :, None, :] * exact["x"][:, None, :, None]
        rows = rows.reshape(rows.shape[0] * rows.shape[1], -1)
        assert float(floor.start) <= ends(rows @ rows.T)[0]
        gram = abs(exact["x"] @ exact["x"].T)
        peaks = [nu(gram, column) for column in exact["phi"].T]
        assert max(damping * np.array(peaks)) <= float(floor.cap)


@pytest.mark.parametrize("name", NAMES)
def test_and_says_something(name):
    """On ordinary problems errors are a thousand times 1e-15, not more."""
    network, inputs, labels = problem(name, "ordinary")
    exact, start = truth(name, "ordinary"), smoothness(network, inputs).start
    found = singular_ends(start)
    low, high = (float(end) for end in exact["ends"])
    assert float(residual_above(start, labels)) == pytest.approx(float(exact["residual"]), rel=1e-10)
    assert float(found.low) == pytest.approx(low, rel=1e-10, abs=1e-12 * high)
    assert float(found.high) == pytest.approx(high, rel=1e-10)
    assert float(found.error) <= 1e-12 * high**2


def test_a_sign_that_rounding_could_turn_is_in_doubt():
    network, inputs, _ = problem("relu", "ordinary")
    x = np.asarray(inputs[0])
    # Orthogonal to the input up to rounding: the computed product has no sign to be trusted.
    other = np.array([x[1], -x[0], x[3], -x[2]]) * (1 + np.array([0, 1, 0, 0]) * 2.0**-53)
    network = network.moved_to(network.hidden.at[:, 2].set(jnp.asarray(other)))
    start = smoothness(network, inputs).start
    assert float(start.doubts[0]) == pytest.approx(2.0)
    assert (np.asarray(start.doubts[1:]) == 0).all()
    assert float(start.margins[0, 2]) == 0
    # A zero row of inputs has no sign at all, nor has a neuron without weights.
    start = smoothness(network.moved_to(network.hidden.at[:, 2].set(0)), inputs.at[1].set(0)).start
    assert (np.asarray(start.doubts) == 0).all()
