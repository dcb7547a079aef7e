"""The split of one step against its definition with plain exponentials, and against autodiff."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from softntk.dynamics import gradient_descent
from softntk.failures import BadInput
from softntk.lemmas import remainder_order, split, split_adds_up, split_adds_up_on_trace, split_probe
from softntk.networks import Exponential, Softmax, antisymmetric, independent
from softntk.verdicts import Answer

n, d, m, k = 5, 4, 32, 2


@pytest.fixture
def problem(key):
    a, b, c = jax.random.split(key, 3)
    inputs = jax.random.normal(a, (n, d))
    network = independent(b, input_size=d, output_size=k, width=m, features=Softmax(), scale=0.7)
    return network, inputs, jax.random.normal(c, (n, k))


def by_autodiff(network, inputs, labels, eta):
    """v0, v1, v2 as the paper writes them, with the exponentials themselves."""
    X, W, A, Y = (np.asarray(a, np.longdouble) for a in (inputs, network.hidden, network.output, labels))
    E = np.exp(X @ W)
    N = E.sum(axis=1, keepdims=True)
    R = m * (E / N) @ A.T - Y
    slopes = A[None] - ((E / N) @ A.T)[:, :, None]  # a_lr - <a_l, S_i>
    gradient = m * np.einsum("il,ilr,ir,ic->cr", R, slopes, E / N, X)
    after = np.exp(X @ (W - eta * gradient))
    M = after.sum(axis=1, keepdims=True)
    v0 = m * (after * (1 / M - 1 / N)) @ A.T
    v1 = m * (E / N * (-eta * X @ gradient)) @ A.T
    change = m * (after / M) @ A.T - m * (E / N) @ A.T
    return v0, v1, change - v0 - v1, change, R, -eta * gradient


@pytest.mark.parametrize("eta", [1e-5, 1e-3])
class TestParts:
    def test_against_the_definition(self, problem, eta):
        found = split(*problem, step_size=eta)
        v0, v1, v2, change, R, _ = by_autodiff(*problem, eta)
        for name, part, digits in (("v0", v0, 1e-11), ("v1", v1, 1e-12), ("v2", v2, 1e-9)):
            np.testing.assert_allclose(getattr(found, name), part.astype(float), rtol=0, atol=digits * abs(part).max())
        for name, part in (("c0", v0), ("c1", v1), ("c2", v2)):
            assert float(getattr(found, name)) == pytest.approx(float(2 * (R * part).sum()), rel=1e-8)
        assert float(found.c3) == pytest.approx(float((change**2).sum()), rel=1e-9)

    def test_first_order_is_the_directional_derivative(self, problem, eta):
        network, inputs, _ = problem
        found = split(*problem, step_size=eta)
        *_, change, _, step = by_autodiff(*problem, eta)
        _, tangent = jax.jvp(
            lambda w: network.moved_to(w)(inputs), (network.hidden,), (jnp.asarray(step.astype(float)),)
        )
        np.testing.assert_allclose(found.first_order, tangent, atol=1e-12 * float(jnp.abs(tangent).max()))
        rest = change.astype(float) - np.asarray(found.first_order)
        np.testing.assert_allclose(found.remainder, rest, atol=1e-11 * abs(change).max())

    def test_adds_up(self, problem, eta):
        finding = split_adds_up(*problem, step_size=eta)
        assert finding.verdict.answer is Answer.HOLDS
        assert finding.measured < 0
        # The error allowed is small against the change itself, so that the check says something.
        assert float(split(*problem, step_size=eta).error) < 1e-5 * abs(finding.measured)


class TestOrders:
    def test_remainder_is_of_second_order(self, problem):
        finding = remainder_order(*problem, step_size=1e-5)
        assert finding.verdict.answer is Answer.HOLDS
        assert finding.measured == pytest.approx(2, abs=1e-2)

    def test_the_papers_linear_part_alone_is_not_the_first_order(self, problem):
        """v1 - J dW falls with the first power of the step: only v0 + v1 holds the first-order change."""
        gaps, both = ([], [])
        for eta in (2e-5, 1e-5):
            found = split(*problem, step_size=eta)
            gaps.append(float(jnp.linalg.norm(found.v1 - found.first_order)))
            both.append(float(jnp.linalg.norm(found.v0 + found.v1 - found.first_order)))
        assert gaps[0] / gaps[1] == pytest.approx(2, rel=1e-3)
        assert both[0] / both[1] == pytest.approx(4, rel=1e-2)

    def test_no_step_has_no_order(self, problem):
        assert remainder_order(*problem, step_size=0.0).verdict.answer is Answer.UNDECIDED


class TestOnATrace:
    def test_adds_up_at_every_record(self, key):
        inputs = jax.random.normal(key, (n, d))
        network = antisymmetric(key, input_size=d, output_size=k, width=m, features=Softmax())
        labels = jnp.sign(jax.random.normal(key, (n, k)))
        probes = {"split": split_probe(inputs, labels, step_size=1e-3)}
        _, trace = gradient_descent(network, inputs, labels, step_size=1e-3, steps=20, record_every=5, probes=probes)
        assert split_adds_up_on_trace(trace).verdict.answer is Answer.HOLDS
        # The recorded change is that of the loss: one more step gives the same number.
        _, longer = gradient_descent(network, inputs, labels, step_size=1e-3, steps=21, record_every=1)
        change = 2 * (longer.loss[21] - longer.loss[20])
        assert float(trace.probes["split"][-1, 4]) == pytest.approx(float(change), rel=1e-9)

        def with_rows(rows):
            return eqx.tree_at(lambda t: t.probes["split"], trace, rows)

        rows = trace.probes["split"]
        tampered = with_rows(rows.at[2, 1].multiply(1 + 1e-6))
        assert split_adds_up_on_trace(tampered).verdict.answer is Answer.FAILS
        missing = with_rows(rows.at[2, 1].set(jnp.nan))
        assert split_adds_up_on_trace(missing).verdict.answer is Answer.UNDECIDED
        with pytest.raises(BadInput, match="probe"):
            split_adds_up_on_trace(trace, probe="parts")


def test_only_for_softmax(problem):
    _, inputs, labels = problem
    other = independent(jax.random.key(0), input_size=d, output_size=k, width=m, features=Exponential())
    with pytest.raises(BadInput, match="softmax"):
        split(other, inputs, labels, step_size=1e-3)
