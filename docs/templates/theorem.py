"""A new theorem: copy this file to src/softntk/theorems/, fill it in, add its row to theorems/table.py.

Say here what is claimed, with the symbols and the very formula that `rule` computes, and where it is proved:

    gradient descent on L = 1/2 (lambda theta^2) with step eta <= 1/lambda contracts:

        |theta(t)| = (1 - eta lambda)^t |theta(0)|.

Proof: theta(t+1) = (1 - eta lambda) theta(t), and 0 <= 1 - eta lambda < 1. QED

Run it: python docs/templates/theorem.py
"""

from softntk.theorems import Guarantee, Hypothesis, Kind, Origin

# A theorem takes numbers, named by the symbols of theorems/symbols.py (add a missing one there). Numbers that can
# leave the range of floating point are returned as decimal logarithms, with a name that starts with log10_.


def _contraction(lambda_min: float, eta: float, t: float) -> dict[str, float]:
    return {"factor": (1 - eta * lambda_min) ** t}


CONTRACTION = Guarantee(
    name="parabola-contraction",
    title="Gradient descent on a parabola contracts",
    # In words and formula, one sentence or two, ending with a full stop.
    statement="Gradient descent with step eta on a parabola of curvature lambda shrinks the distance to the minimum.",
    # Each hypothesis: words, relation, and a function of the numbers it compares. Leave the last two out for what
    # numbers cannot check; it is then reported as taken as given.
    hypotheses=(
        Hypothesis("the curvature is positive, lambda > 0", ">", lambda lambda_min: (lambda_min, 0.0)),
        Hypothesis("the step is small, eta <= 1/lambda", "<=", lambda eta, lambda_min: (eta * lambda_min, 1.0)),
        Hypothesis("the loss is quadratic"),
    ),
    conclusion="|theta(t)| = (1 - eta lambda)^t |theta(0)|",
    # TIGHT: equality. UPPER, LOWER: a bound. ORDER: constants are hidden; the verdict is then always "order only".
    kind=Kind.TIGHT,
    # PAPER, LITERATURE or DERIVED; a derived statement has its proof in the docstring above.
    origin=Origin.DERIVED,
    reference="proof above",
    # Every number that `rule` returns, with its meaning; the first is compared by default.
    promises={"factor": "factor of the distance after t steps"},
    rule=_contraction,
)

GUARANTEES = (CONTRACTION,)


# A theorem comes with tests (tests/theorems/): the rule against an independent computation; the bound holds where it
# must, and says something (here: a run comes near it); each hypothesis, when violated, answers "does not apply".
def main() -> None:
    """Evaluate the theorem beside a run."""
    theta, eta, steps = 1.0, 0.2, 10
    for _ in range(steps):
        theta -= eta * 0.5 * theta
    evaluation = CONTRACTION.evaluate(lambda_min=0.5, eta=eta, t=steps)
    for check in evaluation.checks:
        print(check)
    print(evaluation.verdict(abs(theta), error=1e-12))
    print(CONTRACTION.evaluate(lambda_min=0.5, eta=3.0, t=steps).verdict(1.0))


if __name__ == "__main__":
    main()
