"""Proofs in balls: they hold what float64 finds, they hold for real runs, and degenerate cases are never certified."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from oracles import finite_kernel, outputs
from softntk.bounds.enclosed import Enclosed
from softntk.bounds.enclosed_change import Change
from softntk.certificates.conclusion import at_path
from softntk.certificates.convergence import certify
from softntk.certificates.rigorous import prove
from softntk.failures import BadInput
from softntk.networks.features import FEATURES
from softntk.networks.initialization import antisymmetric, independent
from softntk.networks.two_layer import TwoLayer
from softntk.numerics.enclosure import working_precision
from softntk.verdicts import Answer

WIDTHS = {"softmax": 64, "exponential": 64, "relu": 512}
NAMES = tuple(WIDTHS)


def problem(name, *, n=3, d=8, k=1, width=None, seed=0, start=antisymmetric, reach=1.0):
    """Inputs on the sphere of radius `reach`, sign labels, and a network."""
    rng = np.random.default_rng(seed)
    inputs = rng.standard_normal((n, d))
    inputs *= reach / np.linalg.norm(inputs, axis=1, keepdims=True)
    labels = np.sign(rng.standard_normal((n, k))) / math.sqrt(k)
    network = start(
        jax.random.key(seed), input_size=d, output_size=k, width=width or WIDTHS[name], features=FEATURES[name]
    )
    return network, jnp.asarray(inputs), jnp.asarray(labels)


def jacobian(network, inputs):
    """J (nk, dm) from the definition."""
    scores = inputs @ np.asarray(network.hidden)
    output, name = np.asarray(network.output), network.features.name
    slopes, centers = np.exp(scores), np.zeros((len(inputs), len(output)))
    if name == "softmax":
        slopes = slopes / slopes.mean(axis=1, keepdims=True)
        centers = slopes @ output.T / scores.shape[1]
    if name == "relu":
        slopes = (scores > 0).astype(float)
    derivatives = slopes[:, None, :] * (output[None] - centers[:, :, None])
    return np.einsum("ilr,id->ildr", derivatives, inputs).reshape(centers.size, -1)


@pytest.fixture(scope="module")
def proofs():
    """One certified proof for each network."""
    return {name: (problem(name), prove(*problem(name))) for name in NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_each_network_is_certified_and_every_inequality_holds(proofs, name):
    _, proof = proofs[name]
    assert proof.certified
    assert proof.verdict.answer is Answer.CERTIFIED
    assert all(each.holds for each in proof.inequalities)
    assert 0 < proof.contraction < 1
    assert proof.h < 0.5


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("k", [1, 2])
def test_bounds_at_the_start_agree_with_the_definition(name, k):
    network, inputs, labels = problem(name, n=4, k=k, width=32, start=independent)
    with working_precision():
        enclosed = Enclosed(network, inputs, labels)
        low, high, residual = enclosed.lambda_min, enclosed.lambda_max, enclosed.residual
    arrays = name, np.asarray(network.hidden), np.asarray(network.output), np.asarray(inputs)
    values = np.linalg.eigvalsh(finite_kernel(*arrays).reshape(4 * k, 4 * k))
    truth = np.linalg.norm(outputs(*arrays) - np.asarray(labels))
    # The oracle is float64, so it may be on either side within its own rounding.
    rounding = 1e-13 * values[-1]
    assert values[0] - 1e-12 * values[-1] <= low <= values[0] + rounding
    assert values[-1] - rounding <= high <= values[-1] * (1 + 1e-12)
    assert truth * (1 - 1e-14) <= residual <= truth * (1 + 1e-13)


@pytest.mark.parametrize("name", NAMES)
def test_rigorous_and_float64_agree(proofs, name):
    arguments, proof = proofs[name]
    found = certify(*arguments)
    assert found.established
    for quantity in ("s0", "b0", "residual"):
        assert getattr(proof, quantity) == pytest.approx(getattr(found, quantity), rel=1e-10)
    # Test vectors in balls are iterated further, and ReLU's shares are not on a grid: never worse, hardly better.
    assert proof.path <= found.path * (1 + 1e-9)
    assert proof.path >= found.path * 0.9
    assert 1 - proof.contraction >= (1 - found.contraction) * (1 - 1e-9)


def test_certify_asks_for_the_proof():
    arguments = problem("softmax")
    plain, proved = certify(*arguments), certify(*arguments, rigorous=True)
    assert (plain.verdict.answer, proved.verdict.answer) == (Answer.HOLDS, Answer.CERTIFIED)
    assert plain.proof is None
    assert proved.proof is not None
    assert proved.contraction == proved.proof.contraction
    assert proved.steps_to(1e-3) <= plain.steps_to(1e-3) * 1.01
    network, inputs, labels = arguments
    far = certify(network, inputs, 100 * labels, rigorous=True)
    assert far.verdict.answer is Answer.DOES_NOT_APPLY


@pytest.mark.parametrize("name", NAMES)
def test_a_hint_changes_nothing_but_the_cost(proofs, name):
    arguments, proof = proofs[name]
    for path in (proof.path, proof.path / 100):
        again = prove(*arguments, path=path)
        assert again.certified
        assert again.path == proof.path
        assert again.contraction == proof.contraction


@pytest.mark.parametrize("name", NAMES)
def test_a_real_run_keeps_the_promise(proofs, name):
    (network, inputs, labels), proof = proofs[name]
    start, length = network.hidden, 0.0
    residual = float(jnp.linalg.norm(network(inputs) - labels))
    evaluate = jax.jit(lambda hidden: network.moved_to(hidden).evaluate(inputs, labels))
    # The promise is for exact arithmetic; float64 rounds the residual by some 1e-15 in each step.
    for _ in range(100):
        step = -proof.step_size * evaluate(network.hidden).gradient
        network = network.moved_to(network.hidden + step)
        length += float(jnp.linalg.norm(step))
        after = float(jnp.sqrt(2 * evaluate(network.hidden).loss))
        assert after <= residual * proof.contraction + 1e-12
        residual = after
    assert length <= proof.path
    assert float(jnp.linalg.norm(network.hidden - start)) <= proof.path
    # And it says something: the path is not much shorter than was allowed.
    assert length >= proof.path / 50
    values = np.linalg.svd(jacobian(network, np.asarray(inputs)), compute_uv=False)
    assert proof.s_end <= values[-1]
    assert values[0] <= proof.beta


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("reach", [0.3, 1.0, 2.0])
def test_changes_of_the_jacobian_stay_below_their_bounds(name, reach):
    network, inputs, labels = problem(name, n=4, d=3, width=48, reach=reach, seed=5)
    radii = np.array([0.05, 0.4])
    with working_precision():
        change = Change(Enclosed(network, inputs, labels))
        if name == "relu":
            bounds = change.jumps(radii)[0]
        else:
            bounds = [radius * change.lipschitz(radius) for radius in radii.tolist()]
        lines = [] if name == "relu" else change.lines(change.floor, tuple(radii.tolist()))
    rng = np.random.default_rng(0)
    first = jacobian(network, np.asarray(inputs))
    tightest = 0.0
    for trial in range(40):
        direction = rng.standard_normal(network.hidden.shape)
        if trial % 2:
            # A few neurons move, along an input: what the bounds are made for.
            direction = np.zeros_like(direction)
            for neuron in rng.choice(network.width, 1 + trial % 5, replace=False):
                direction[:, neuron] = np.asarray(inputs)[trial % 4] * rng.choice([-1.0, 1.0])
        direction /= np.linalg.norm(direction)
        for j, radius in enumerate(radii):
            moved = jacobian(network.moved_to(network.hidden + radius * direction), np.asarray(inputs))
            size = np.linalg.norm(moved - first, 2)
            assert size <= bounds[j]
            tightest = max(tightest, size / bounds[j])
            if lines:
                level, slope = lines[j]
                assert np.linalg.svd(moved, compute_uv=False)[-1] >= float(level - slope * radius)
    assert tightest > 0.05


def test_a_step_size_in_use_is_checked(proofs):
    arguments, proof = proofs["softmax"]
    slower = prove(*arguments, step_size=proof.step_size / 10)
    assert slower.certified
    assert slower.step_size == proof.step_size / 10
    assert slower.contraction > proof.contraction
    faster = prove(*arguments, step_size=1.01 / proof.b0**2)
    assert faster.verdict.answer is Answer.DOES_NOT_APPLY
    assert math.isnan(faster.contraction)


def test_output_weights_of_any_size_are_allowed_and_count():
    network, inputs, labels = problem("exponential")
    doubled = prove(TwoLayer(network.hidden, 2 * network.output, network.features), inputs, 2 * labels)
    # F, J and L double: the path stays, the step size falls by four.
    single = prove(network, inputs, labels)
    assert doubled.path == pytest.approx(single.path, rel=1e-9)
    assert 4 * doubled.step_size == pytest.approx(single.step_size, rel=1e-9)
    assert doubled.contraction == pytest.approx(single.contraction, rel=1e-9)


def test_a_path_too_short_to_turn_a_sign_changes_nothing():
    """ReLU's Jacobian is constant up to the first margin, in balls as in float64."""
    network, inputs, labels = problem("relu", width=64)
    labels = network(inputs) + 1e-9 * labels
    proof = prove(network, inputs, labels)
    assert proof.certified
    assert set(proof.bounds) == {0.0}
    assert proof.path == pytest.approx(proof.residual / proof.s0, rel=1e-9)


def degenerate(what):
    network, inputs, labels = problem("relu" if what == "parallel inputs" else "softmax", width=64)
    if what == "duplicate inputs":
        return network, jnp.concatenate([inputs, inputs[:1]]), jnp.concatenate([labels, -labels[:1]])
    if what == "a row of zeros":
        return network, inputs.at[2].set(0.0), labels
    if what == "nk > dm/2":
        return problem("softmax", n=12, d=2, width=8)
    if what == "parallel inputs":
        return network, jnp.concatenate([inputs, 2 * inputs]), jnp.concatenate([labels, labels])
    network, inputs, labels = problem("exponential", width=64, reach=300.0)
    return TwoLayer(1e3 * network.hidden, network.output, network.features), inputs, labels


@pytest.mark.parametrize(
    "what", ["duplicate inputs", "a row of zeros", "nk > dm/2", "parallel inputs", "exp out of range"]
)
def test_degenerate_cases_are_never_certified(what):
    proof = prove(*degenerate(what))
    assert not proof.certified
    assert proof.verdict.answer in (Answer.UNDECIDED, Answer.DOES_NOT_APPLY)
    assert not proof.s0 > 0


def test_a_loss_of_zero_is_certified():
    network, inputs, _ = problem("relu", n=1, d=1, width=2)
    exact = TwoLayer(jnp.array([[0.5, 0.5]]), jnp.array([[1.0, -1.0]]), network.features)
    proof = prove(exact, jnp.ones_like(inputs), jnp.zeros((1, 1)))
    assert proof.certified
    assert 0 < proof.residual < 1e-100


@pytest.mark.parametrize(
    ("argument", "value"), [("path", -1.0), ("path", math.nan), ("step_size", 0.0), ("step_size", math.inf)]
)
def test_arguments_are_checked(argument, value):
    with pytest.raises(BadInput, match=argument):
        prove(*problem("softmax", n=2, width=8), **{argument: value})


def test_float32_is_refused():
    network, inputs, labels = problem("softmax", n=2, width=8)
    with pytest.raises(BadInput, match="float64"):
        prove(network, inputs.astype(jnp.float32), labels)


@pytest.mark.parametrize("name", NAMES)
def test_the_integral_from_the_constants_is_what_quadrature_gives(proofs, name):
    """psi is written again here, by its definition, and integrated by the midpoint rule."""
    _, proof = proofs[name]
    if proof.method == "capped":
        pytest.skip("the floor's lines are tested by sampling")
    with working_precision():
        integral, decrease, _, _ = at_path(proof, [])
    radii, bounds = np.array(proof.radii), np.array(proof.bounds)
    points = (np.arange(400_000) + 0.5) / 400_000 * proof.path
    cell = np.searchsorted(radii, points)
    if proof.method == "exact":
        psi = proof.s0 - np.cumsum(bounds[cell]) * proof.path / 400_000
    else:
        change, c = bounds[cell], proof.fraction
        psi = proof.s0 - 2 * change
        if proof.method == "small":
            psi = np.sqrt(proof.s0**2 - change**2) - change - c * (proof.s0 + change) / 2
    assert float(integral) == pytest.approx(psi.mean() * proof.path, rel=1e-5)
    assert float(decrease) == pytest.approx(psi[-1], rel=1e-4)
