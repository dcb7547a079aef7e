"""The rules by which a guarantee answers, and the table of all guarantees."""

import math

import pytest

from softntk.failures import BadInput
from softntk.theorems import GUARANTEES, OPTIMISTIC, SYMBOLS, Guarantee, Hypothesis, Kind, Origin, guarantee_named
from softntk.theorems.guarantee import Status
from softntk.verdicts import Answer

#: One number for every symbol, chosen so that every statement can be evaluated.
EXAMPLE = {
    "n": 50,
    "d": 10,
    "m": 1024,
    "k": 1,
    "independent_neurons": 512,
    "largest_input": 1.0,
    "largest_label": 1.0,
    "sigma": 1.0,
    "lambda_min": 0.2,
    "lambda_radius": 1e-12,
    "lambda_max": 20.0,
    "largest_preactivation": 2.0,
    "largest_mean": 0.1,
    "residual": 3.0,
    "antisymmetric": 1,
    "softmax": 1,
    "output_rank": 1,
    "output_rank_with_ones": 2,
    "eta": 1e-5,
    "t": 100,
    "epsilon": 0.01,
    "delta": 0.01,
    "radius": 0.005,
    "c0": -0.1,
    "c1": -0.2,
    "c2": 0.01,
    "c3": 0.02,
    "alpha": 5.0,
    "beta": 200.0,
    "s0": 14.0,
    "b0": 143.0,
    "lipschitz": 1.0,
    "mu": 100.0,
    "lipschitz_map": 200.0,
    "smoothness": 1.0,
    "trace": 25.0,
    "norm_squared": 2.0,
    "largest_diagonal": 1.0,
    "eigenvalues": [1.0, 0.3, 0.01],
    "coefficients": [1.0, 0.5, 0.2],
    "noise": 0.3,
    "largest_noise": 0.3,
    "smallest_noise": 0.3,
    "step": 0.5,
    "target_norm": 1.0,
    "gamma": 2.0,
    "cutoff": 20.0,
    "information": 2.0,
    "nuisance": 0.5,
    "jacobian_change": 1e-3,
    "stopping_error": 0.01,
    "target_norm_squared": 9.0,
    "mismatch": 0.1,
}


def example(guarantee: Guarantee, **changes):
    numbers = {symbol: EXAMPLE[symbol] for symbol in guarantee.symbols} | changes
    return guarantee.evaluate(**numbers, constants=OPTIMISTIC)


def bounded(kind: Kind = Kind.UPPER, **changes) -> Guarantee:
    fields = {
        "name": "test",
        "title": "x is at most y",
        "statement": "",
        "conclusion": "",
        "kind": kind,
        "origin": Origin.DERIVED,
        "reference": "",
        "promises": {"y": "the bound"},
        "rule": lambda y: {"y": y},
        "hypotheses": (Hypothesis("z > 0", ">", lambda z: (z, 0.0)),),
    }
    return Guarantee(**(fields | changes))


def test_every_symbol_is_described_and_used():
    used = {symbol for guarantee in GUARANTEES.values() for symbol in guarantee.symbols}
    assert used == set(SYMBOLS) == set(EXAMPLE)


@pytest.mark.parametrize("guarantee", GUARANTEES.values(), ids=GUARANTEES)
class TestEveryGuarantee:
    def test_reads_as_a_theorem(self, guarantee):
        assert guarantee.title
        assert guarantee.statement.endswith(".")
        assert guarantee.conclusion
        assert guarantee.reference
        assert all(hypothesis.statement for hypothesis in guarantee.hypotheses)

    def test_evaluates_to_numbers(self, guarantee):
        promised = example(guarantee).promised
        assert promised.keys() == guarantee.promises.keys()
        assert all(isinstance(value, float) and not math.isnan(value) for value in promised.values())

    def test_nan_in_a_required_number_never_holds(self, guarantee):
        for symbol in guarantee.required:
            spoiled = [math.nan, 1.0, 1.0] if symbol in ("eigenvalues", "coefficients") else math.nan
            evaluation = example(guarantee, **{symbol: spoiled})
            promise = next(iter(guarantee.promises))
            if not math.isnan(evaluation.promised[promise]):
                continue  # the first promise does not depend on this number
            assert not evaluation.verdict(0.0, error=1e9).established


@pytest.mark.parametrize(
    "guarantee", [pytest.param(g, id=g.name) for g in GUARANTEES.values() if "lambda_min" in g.symbols]
)
class TestEveryGuaranteeOnLambda:
    def test_lambda_must_be_positive(self, guarantee):
        for value, answer in ((0.0, "does not apply"), (-0.1, "does not apply"), (math.nan, "undecided")):
            assert example(guarantee, lambda_min=value, lambda_radius=0.0).verdict(0.0).answer == answer
        assert example(guarantee, lambda_min=1e-16, lambda_radius=1e-12).applies is not True


@pytest.mark.parametrize("guarantee", [pytest.param(g, id=g.name) for g in GUARANTEES.values() if g.kind is Kind.ORDER])
def test_order_only_is_never_established(guarantee):
    for measured in (-1e9, 0.0, 1e9, math.inf, None):
        assert example(guarantee).verdict(measured).answer is Answer.ORDER_ONLY


class TestVerdict:
    def test_compares_as_the_kind_asks(self):
        numbers = {"y": 1.0, "z": 1.0}
        for kind, measured, answer in (
            (Kind.UPPER, 0.9, "holds"),
            (Kind.UPPER, 1.1, "fails"),
            (Kind.LOWER, 1.1, "holds"),
            (Kind.LOWER, 0.9, "fails"),
            (Kind.TIGHT, 1.05, "holds"),
            (Kind.TIGHT, 1.2, "fails"),
        ):
            error = 0.1 if kind is Kind.TIGHT else 0.0
            assert bounded(kind).evaluate(**numbers).verdict(measured, error=error).answer == answer

    def test_a_hypothesis_not_met_is_named_with_its_numbers(self):
        verdict = bounded().evaluate(y=1.0, z=-2.0).verdict(5.0)
        assert verdict.answer is Answer.DOES_NOT_APPLY
        assert "z > 0" in verdict.reason
        assert "-2" in verdict.reason

    def test_a_hypothesis_not_checked_softens_only_a_violation(self):
        evaluation = bounded().evaluate(y=1.0)
        assert evaluation.applies is True
        assert evaluation.checks[0].status is Status.TAKEN_AS_GIVEN
        assert evaluation.verdict(0.5).answer is Answer.HOLDS
        verdict = evaluation.verdict(1.5)
        assert verdict.answer is Answer.UNDECIDED
        assert "not checked: z > 0" in verdict.reason

    def test_a_violation_with_allowed_probability_is_undecided(self):
        chance = bounded(
            promises={"y": "the bound", "failure_probability": ""}, rule=lambda y: {"y": y, "failure_probability": 0.25}
        )
        verdict = chance.evaluate(y=1.0, z=1.0).verdict(1.5)
        assert verdict.answer is Answer.UNDECIDED
        assert "0.25" in verdict.reason

    def test_nothing_measured_is_undecided(self):
        assert bounded().evaluate(y=1.0, z=1.0).verdict().answer is Answer.UNDECIDED

    def test_a_number_within_its_error_is_undecided(self):
        assert bounded().evaluate(y=1.0, z=1.0).verdict(0.99, error=0.1).answer is Answer.UNDECIDED


class TestBadInput:
    def test_missing_number(self):
        with pytest.raises(BadInput, match="`y` must be given"):
            bounded().evaluate(z=1.0)

    def test_unknown_number(self):
        with pytest.raises(BadInput, match="symbol of test"):
            bounded().evaluate(y=1.0, q=2.0)

    @pytest.mark.parametrize("value", ["1", None, [1.0, "a"]])
    def test_not_a_number(self, value):
        with pytest.raises(BadInput, match="number"):
            bounded().evaluate(y=value)

    def test_unknown_name(self):
        assert guarantee_named("softmax-convergence") is GUARANTEES["softmax-convergence"]
        with pytest.raises(BadInput, match="softmax-convergence"):
            guarantee_named("riemann-hypothesis")

    def test_a_rule_that_does_not_match_its_description(self):
        with pytest.raises(ValueError, match="described are"):
            bounded(promises={"x": "another"}).evaluate(y=1.0)
