"""The induction on real runs, under the paper's constants and under constants that a small network can meet."""

import itertools

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from softntk.dynamics import gradient_descent
from softntk.failures import BadInput
from softntk.kernels import empirical_ntk, extremes
from softntk.lemmas import loss_contracts, neuron_gradient, neurons_move_little, neurons_stay, worst_contraction
from softntk.networks import Exponential, ReLU, Softmax, TwoLayer, antisymmetric
from softntk.theorems import Constants
from softntk.verdicts import Answer

#: B = 1, and a kernel that moves no faster than D n k: then 2,048 neurons suffice for two samples.
MILD = Constants(radius=0.0, step_exponent=0.0, perturbation_exponent=0.0)


@pytest.fixture(scope="module")
def run():
    inputs = jnp.eye(3)[:2]
    labels = jnp.array([[0.5], [-0.25]])
    network = antisymmetric(jax.random.key(7), input_size=3, output_size=1, width=2048, features=Softmax())
    found = extremes(empirical_ntk(network, inputs))
    eta = 0.09 * float(found.smallest) / (2048 * 4)
    probes = {"neuron_gradient": neuron_gradient(inputs, labels)}
    _, trace = gradient_descent(network, inputs, labels, step_size=eta, steps=60, record_every=20, probes=probes)
    options = {"lambda_min": float(found.smallest), "lambda_radius": float(found.smallest_radius), "scale": 1.0}
    return trace, network, inputs, labels, options


CHECKS = (neurons_stay, loss_contracts, neurons_move_little)


@pytest.mark.parametrize("check", CHECKS)
class TestEveryCheck:
    def test_holds_where_the_hypotheses_can_be_met(self, run, check):
        *arguments, options = run
        assert check(*arguments, **options, constants=MILD).verdict.answer is Answer.HOLDS

    def test_does_not_apply_under_the_papers_constants(self, run, check):
        *arguments, options = run
        finding = check(*arguments, **options)
        assert finding.verdict.answer is Answer.DOES_NOT_APPLY
        assert "the network is wide enough" in finding.verdict.reason
        assert np.isfinite(finding.measured)

    @pytest.mark.parametrize("features", [Exponential(), ReLU()], ids=["exponential", "relu"])
    def test_does_not_apply_to_other_networks(self, run, check, features):
        """The very numbers with which the softmax theorem holds: only the network is another one."""
        trace, network, *data, options = run
        other = TwoLayer(network.hidden, network.output, features)
        finding = check(trace, other, *data, **options, constants=MILD)
        assert finding.verdict.answer is Answer.DOES_NOT_APPLY
        assert finding.verdict.reason.startswith("the network is a softmax network: not met")

    def test_an_eigenvalue_that_is_not_positive(self, run, check):
        *arguments, options = run
        for value, answer in ((0.0, Answer.DOES_NOT_APPLY), (-1.0, Answer.DOES_NOT_APPLY)):
            changed = options | {"lambda_min": value, "lambda_radius": 0.0}
            assert check(*arguments, **changed, constants=MILD).verdict.answer is answer
        changed = options | {"lambda_min": float("nan")}
        assert not check(*arguments, **changed, constants=MILD).verdict.established

    def test_labels_out_of_range(self, run, check):
        trace, network, inputs, labels, options = run
        assert (
            check(trace, network, inputs, 3 * labels, **options, constants=MILD).verdict.answer is Answer.DOES_NOT_APPLY
        )


class TestViolations:
    def test_loss_that_grows(self, run):
        trace, *rest, options = run
        grown = eqx.tree_at(lambda t: t.loss, trace, trace.loss.at[-1].multiply(1e6))
        assert loss_contracts(grown, *rest, **options, constants=MILD).verdict.answer is Answer.FAILS

    def test_loss_that_is_missing(self, run):
        trace, *rest, options = run
        lost = eqx.tree_at(lambda t: t.loss, trace, trace.loss.at[-1].set(jnp.nan))
        assert loss_contracts(lost, *rest, **options, constants=MILD).verdict.answer is Answer.UNDECIDED

    def test_neuron_that_strays(self, run):
        trace, *rest, options = run
        far = eqx.tree_at(lambda t: t.neuron_distance, trace, trace.neuron_distance.at[-1].set(1.0))
        assert neurons_stay(far, *rest, **options, constants=MILD).verdict.answer is Answer.FAILS

    def test_neuron_that_jumps(self, run):
        trace, *rest, options = run
        loud = eqx.tree_at(lambda t: t.probes["neuron_gradient"], trace, 1e9 * trace.probes["neuron_gradient"])
        assert neurons_move_little(loud, *rest, **options, constants=MILD).verdict.answer is Answer.FAILS

    def test_probe_that_is_missing(self, run):
        trace, *rest, options = run
        silent = eqx.tree_at(lambda t: t.probes, trace, {})
        with pytest.raises(BadInput, match="neuron_gradient"):
            neurons_move_little(silent, *rest, **options)


class TestMeasured:
    def test_contraction_is_that_of_the_linearized_run(self, run):
        """Two orthogonal inputs decouple: the slower one sets the factor (1 - eta m lambda)^2."""
        trace, network, inputs, labels, options = run
        kernel = empirical_ntk(network, inputs).reshape(2, 2)
        eta, m = float(trace.step_size), network.width
        residual = np.asarray(labels[:, 0])
        values, vectors = np.linalg.eigh(kernel)
        coefficients = vectors.T @ residual
        curve = [np.sum(((1 - eta * m * values) ** t * coefficients) ** 2) for t in np.asarray(trace.steps)]
        expected = max((after / before) ** (1 / 20) for before, after in itertools.pairwise(curve))
        measured = worst_contraction(trace)
        assert 1 - measured == pytest.approx(1 - expected, rel=0.05)
        promised = 1 - loss_contracts(trace, network, inputs, labels, **options).promised
        assert promised < 1 - measured < 20 * promised

    def test_gradient_is_the_first_step(self, run):
        trace, network, inputs, labels, _ = run
        eta = float(trace.step_size)
        _, one = gradient_descent(network, inputs, labels, step_size=eta, steps=1)
        assert float(one.neuron_distance[1]) == pytest.approx(eta * float(trace.probes["neuron_gradient"][0]), rel=1e-9)

    def test_records_at_the_level_of_rounding_are_left_out(self, run):
        trace, *_ = run
        assert np.isnan(worst_contraction(trace, resolution=1e9))
        flat = eqx.tree_at(lambda t: t.loss, trace, jnp.array([1.0, 0.5, 1e-32, 3e-32]))
        assert worst_contraction(flat, resolution=1e-12) == pytest.approx(0.5 ** (1 / 20))
