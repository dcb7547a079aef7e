"""Theorem A on real runs: what is promised is kept, and where nothing can be promised the reason is named."""

import math

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import pytest

from jacobians import draw, jacobian, norm, sigma_min
from softntk.certificates.assessment import assess, constants
from softntk.certificates.convergence import certify
from softntk.failures import BadInput
from softntk.networks.features import FEATURES
from softntk.networks.two_layer import TwoLayer
from softntk.verdicts import Answer

# Sizes at which every network is certified; one shape for each, so that compilation is shared.
SIZES = {"softmax": 128, "exponential": 128, "relu": 512}


def problem(name, *, size=1.0, seed=0, adversarial=False):
    network, inputs = draw(name, n=4, d=6, m=SIZES[name], k=1, seed=seed, start="antisymmetric")
    rng = np.random.default_rng(seed + 1)
    direction = rng.standard_normal((4, 1))
    if adversarial:
        direction = np.linalg.svd(np.asarray(jacobian(network, inputs)))[0][:, -1:]
    return network, inputs, jnp.asarray(size * direction / np.linalg.norm(direction))


def run(network, inputs, labels, eta, steps):
    """Norms of the residual and path lengths, step by step."""
    norms, lengths = [], [0.0]
    for _ in range(steps):
        outputs, _, gradient = network.evaluate(inputs, labels)
        norms.append(float(jnp.linalg.norm(outputs - labels)))
        lengths.append(lengths[-1] + eta * float(jnp.linalg.norm(gradient)))
        network = network.moved_to(network.hidden - eta * gradient)
    return np.array([*norms, float(jnp.linalg.norm(network(inputs) - labels))]), np.array(lengths), network


@pytest.mark.parametrize("name", SIZES)
@pytest.mark.parametrize("adversarial", [False, True])
def test_promises_are_kept(name, adversarial):
    network, inputs, labels = problem(name, adversarial=adversarial)
    found = certify(network, inputs, labels)
    assert found.verdict.answer is Answer.HOLDS
    assert found.flow.answer is Answer.HOLDS
    assert found.h_flow <= found.h < 0.5
    norms, lengths, end = run(network, inputs, labels, found.step_size, 40)
    assert (norms[1:] <= found.contraction * norms[:-1] * (1 + 1e-12) + 1e-13).all()
    assert (np.diff(norms) <= -found.decrease * np.diff(lengths) * (1 - 1e-12) + 1e-13).all()
    assert lengths[-1] <= found.path
    assert sigma_min(jacobian(end, inputs)) >= found.s_end
    assert norm(jacobian(end, inputs)) <= found.beta
    assert norms[0] == pytest.approx(found.residual, rel=1e-10)
    assert (norms <= [found.residual_after(t) * (1 + 1e-12) + 1e-13 for t in range(41)]).all()


@pytest.mark.parametrize("name", SIZES)
def test_the_worst_labels_nearly_attain_the_promise(name):
    """Small labels along the weakest direction: then contraction, decrease and path are close to what happens."""
    network, inputs, labels = problem(name, size=1e-5, adversarial=True)
    found = certify(network, inputs, labels)
    norms, lengths, _ = run(network, inputs, labels, found.step_size, 30)
    assert 1 - norms[1] / norms[0] <= 1.02 * (1 - found.contraction)
    assert norms[0] - norms[1] <= 1.02 * found.decrease * lengths[1]
    assert norms[0] / found.decrease == pytest.approx(found.path, rel=0.02)


def test_constants_are_those_of_the_jacobian():
    network, inputs, labels = problem("softmax")
    found = certify(network, inputs, labels)
    exact = jacobian(network, inputs)
    assert found.s0 == pytest.approx(sigma_min(exact), rel=1e-9)
    assert found.s0 <= sigma_min(exact)
    assert found.b0 == pytest.approx(norm(exact), rel=1e-9)
    assert found.lambda_min * network.width == pytest.approx(sigma_min(exact) ** 2, rel=1e-9)


def test_steps_to_a_loss_follow_from_the_contraction():
    network, inputs, labels = problem("exponential")
    found = certify(network, inputs, labels)
    steps = found.steps_to(1e-4)
    assert 0.5 * found.residual_after(steps) ** 2 <= 1e-4 < 0.5 * found.residual_after(steps - 1) ** 2
    assert found.steps_to(found.residual**2) == 0
    with pytest.raises(BadInput, match="loss"):
        found.steps_to(0.0)


@pytest.mark.parametrize("name", SIZES)
def test_large_labels_are_out_of_reach_and_a_suggestion_is_named(name):
    network, inputs, labels = problem(name, size=30.0)
    found = certify(network, inputs, labels)
    assert found.verdict.answer is Answer.DOES_NOT_APPLY
    assert "1/2" in found.verdict.reason
    assert math.isnan(found.path)
    assert found.steps_to(1e-3) == math.inf
    assert found.suggestion is not None
    assert found.suggestion.width > network.width
    smaller = certify(network, inputs, labels * (0.8 * found.suggestion.residual / found.residual))
    assert smaller.established
    assert not certify(network, inputs, labels * (3 * found.suggestion.residual / found.residual)).established


def test_the_suggestion_of_width_helps():
    network, inputs, labels = problem("exponential", size=30.0)
    width = certify(network, inputs, labels).suggestion.width
    wider, _ = draw("exponential", n=4, d=6, m=2 * round(width), k=1, start="antisymmetric")
    assert 128 < width < 5000
    assert certify(wider, inputs, labels).established


@pytest.mark.parametrize("name", SIZES)
def test_smaller_steps_are_certified_and_larger_ones_are_not(name):
    network, inputs, labels = problem(name)
    found = certify(network, inputs, labels)
    half = certify(network, inputs, labels, step_size=found.step_size / 2)
    assert half.established
    assert half.step_size == found.step_size / 2
    double = certify(network, inputs, labels, step_size=2 / found.b0**2)
    assert double.verdict.answer is Answer.DOES_NOT_APPLY
    assert "step size" in double.verdict.reason


def test_nothing_to_learn_is_certified_at_once():
    network, inputs, labels = problem("softmax", size=0.0)
    found = certify(network, inputs, labels)
    assert found.established
    assert found.path < 1e-11  # the residual is zero up to the rounding of the outputs
    assert found.steps_to(1e-6) == 0


@pytest.mark.parametrize(
    ("change", "reason"),
    [(lambda x: x.at[2].set(0), "input 2 is zero"), (lambda x: x.at[3].set(x[1]), "inputs 1 and 3 are equal")],
)
def test_degenerate_inputs_are_named(change, reason):
    network, inputs, labels = problem("softmax")
    found = certify(network, change(inputs), labels)
    assert found.verdict.answer is Answer.DOES_NOT_APPLY
    assert reason in found.verdict.reason


def test_parallel_inputs_only_matter_to_relu():
    for name in ("relu", "exponential"):
        network, inputs, labels = problem(name)
        verdict = certify(network, inputs.at[3].set(0.5 * inputs[1]), labels).verdict
        assert ("parallel" in verdict.reason) == (name == "relu")
    network, inputs, labels = problem("relu")
    assert "parallel" not in certify(network, inputs.at[3].set(-0.5 * inputs[1]), labels).verdict.reason


@pytest.mark.parametrize("name", ["softmax", "exponential"])  # with d = 1 all inputs of ReLU are parallel
def test_too_few_weights_are_named(name):
    network, inputs = draw(name, n=4, d=1, m=6, k=1, start="antisymmetric", norms=(0.3, 1.0))
    found = certify(network, inputs, jnp.ones((4, 1)))
    assert found.verdict.answer is Answer.DOES_NOT_APPLY
    assert "d m / 2" in found.verdict.reason


def test_dependent_outputs_are_named():
    network, inputs = draw("exponential", n=3, d=4, m=8, k=2)
    same = replace_output(network, jnp.ones((2, 8)))
    assert "dependent" in certify(same, inputs, jnp.ones((3, 2))).verdict.reason


def replace_output(network, output):
    return type(network)(network.hidden, output, network.features)


@pytest.mark.parametrize("name", SIZES)
def test_an_eigenvalue_below_its_error_is_undecided(name):
    network, inputs, labels = problem(name)
    found = certify(network, inputs.at[3].set(inputs[1] + 1e-9 * inputs[2]), labels)
    assert found.verdict.answer is Answer.UNDECIDED
    assert "numerical error" in found.verdict.reason


def test_overflow_is_named():
    network, inputs, labels = problem("exponential")
    found = certify(network.moved_to(1000 * network.hidden), inputs, labels)
    assert found.verdict.answer is Answer.UNDECIDED
    assert "exp(z) leaves the range" in found.verdict.reason
    network, inputs, labels = problem("relu")
    found = certify(network.moved_to(1e200 * network.hidden), 1e200 * inputs, labels)
    assert found.verdict.answer is Answer.UNDECIDED
    assert "product of inputs and weights" in found.verdict.reason


@pytest.mark.parametrize("rigorous", [False, True])
def test_a_loss_that_no_weights_reach_is_never_established(rigorous):
    """All F are below 4: the residual rounds to 0 and is 5.4e-16."""
    hidden = jnp.zeros((2, 4)).at[0].set(jnp.asarray([38, 0.3, 0.1, -0.2]))
    network = TwoLayer(hidden, jnp.asarray([[1.0, -1, 1, -1]]), FEATURES["softmax"])
    found = certify(network, jnp.asarray([[1.0, 0.0]]), jnp.asarray([[4.0]]), rigorous=rigorous)
    assert found.verdict.answer in (Answer.UNDECIDED, Answer.DOES_NOT_APPLY)
    assert found.residual > 5.4e-16
    assert found.steps_to(1e-60) == math.inf


@pytest.mark.parametrize("factor", [0.0, 1e-100, 1e-300])
def test_labels_that_rounding_hides_are_proved_in_balls(factor):
    """The antisymmetric start has F = 0: r0 is what rounding allows in float64, the size of the labels in balls."""
    network, inputs, labels = problem("softmax")
    found, proved = (certify(network, inputs, factor * labels, rigorous=rigorous) for rigorous in (False, True))
    assert (found.verdict.answer, proved.verdict.answer) == (Answer.HOLDS, Answer.CERTIFIED)
    assert 0 < proved.residual < 1e-30 < found.residual < 1e-9
    assert proved.steps_to(1e-100) > 0
    assert found.steps_to(1e-60) > 0


def test_what_float64_cannot_decide_is_tried_in_balls():
    """Two inputs so near that lambda is below its error in float64: balls decide, and never answer *holds*."""
    network, inputs, labels = problem("softmax")
    near = inputs.at[3].set(inputs[1] + 1e-9 * inputs[2])
    found, proved = (certify(network, near, 0 * labels, rigorous=rigorous) for rigorous in (False, True))
    assert found.verdict.answer is Answer.UNDECIDED
    assert proved.proof is not None
    assert proved.verdict.answer is not Answer.HOLDS


def test_an_estimate_of_width_is_the_law_it_states():
    """Doubling the pretended width is doubling s0^2 and b0^2 with the same change of the Jacobian."""
    network, inputs, labels = problem("exponential", size=2.0)
    found = constants(network, inputs, labels, sharp=False)
    pretended = assess(found, width_factor=4.0)
    scaled = replace_numbers(found, 2.0)
    assert float(pretended.h) == pytest.approx(float(assess(scaled).h), rel=1e-12)


def replace_numbers(found, factor):
    return eqx.tree_at(lambda c: (c.s0, c.b0), found, (factor * found.s0, factor * found.b0))


def test_refuses_what_is_no_float64_or_no_step():
    network, inputs, labels = problem("softmax")
    with pytest.raises(BadInput, match="float64"):
        certify(network, inputs.astype("float32"), labels)
    with pytest.raises(BadInput, match="step_size"):
        certify(network, inputs, labels, step_size=0.0)
