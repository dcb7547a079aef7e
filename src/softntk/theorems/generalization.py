"""How well the trained network does on new inputs, and how far its weights go.

K is the limit kernel on the training inputs, y one column of labels with |y_i| <= 1.

    complexity   2 sqrt(tr K  y^T K^-1 y) / n        scale-free: K and c K give the same number
    published    sqrt(2 y^T K^-1 y / n)              the same when tr K = n/2 (ReLU, unit sphere)

The first is twice the Rademacher complexity of the ball of radius sqrt(y^T K^-1 y) in the space of K, which has the
minimum-norm interpolant on its boundary. Two further terms make it a bound with every constant visible. The radius is
not known beforehand, so the balls of radius j/kappa, kappa^2 >= K(x, x) for all x, j = 1, 2, ..., share the failure
probability as delta/(j (j + 1)). With j = ceil(kappa sqrt(y^T K^-1 y)), the least that holds the interpolant, and for
every loss that is 1-Lipschitz, at most 1 and zero at the label, with probability 1 - delta

    E loss <= 2 (j/kappa) sqrt(tr K) / n + 3 sqrt(log(2 j (j + 1)/delta) / (2 n)).

For labels -1 and +1 the loss min(1, |f - y|) is at least the share of wrong signs, so this bounds the test error.

Distance: gradient flow on the linearization at the start, with residual r0 and kernel H, ends at distance
sqrt(r0^T H^-1 r0 / m); gradient descent is after t steps at

    ||W(t) - W(0)||_F^2 = sum_q (1 - (1 - eta m lambda_q)^t)^2 c_q^2 / (m lambda_q),    c_q = <r0, eigenvector q>.

References: Arora, Du, Hu, Li, Wang (2019), arXiv 1901.08584, Theorem 5.1; Bartlett and Mendelson (2002) and Mohri,
Rostamizadeh, Talwalkar, Foundations of Machine Learning, Theorem 3.3 (Rademacher bound).
"""

import math
from collections.abc import Sequence

from softntk.failures import BadInput
from softntk.theorems.convergence import POSITIVE, UNIT_LABELS
from softntk.theorems.guarantee import Guarantee, Hypothesis, Kind, Origin
from softntk.theorems.logs import Number

__all__ = [
    "DISTANCE",
    "DISTANCE_LIMIT",
    "GENERALIZATION",
    "GENERALIZATION_EXPLICIT",
    "GENERALIZATION_PUBLISHED",
    "GUARANTEES",
    "complexity",
    "linearized_distance",
]

SAME_DISTRIBUTION = Hypothesis("training and test samples are drawn independently from one distribution")
UNIT_NORMS = Hypothesis(
    "inputs have norm 1, so that the trace of K is n/2",
    "<=",
    lambda trace, n, constants: (abs(2 * trace - n), n * constants.rounding),
)
_REFERENCE = "Arora, Du, Hu, Li, Wang (2019), arXiv 1901.08584, Theorem 5.1"


def complexity(*, n: Number, trace: Number, norm_squared: Number) -> float:
    """2 sqrt(tr K y^T K^-1 y)/n; `norm_squared` is y^T K^-1 y."""
    if not (n > 0 and trace >= 0 and norm_squared >= 0):
        return math.nan
    return 2 * math.sqrt(trace) * math.sqrt(norm_squared) / n


def linearized_distance(
    *, eigenvalues: Sequence[Number], coefficients: Sequence[Number], m: Number, eta: Number, t: Number
) -> float:
    """Distance ||W(t) - W(0)||_F of gradient descent on the linearization; t = inf gives the limit.

    Arguments:
        eigenvalues: of H, in any order.
        coefficients: of the residual at the start in the eigenvectors, in the same order.
    """
    if len(eigenvalues) != len(coefficients):
        raise BadInput(
            "coefficients",
            required="have one entry for each eigenvalue",
            got=f"{len(coefficients)} and {len(eigenvalues)}",
            advice="Type coefficients = vectors.T @ residual.",
        )
    total = 0.0
    for value, coefficient in zip(eigenvalues, coefficients, strict=True):
        if coefficient == 0 or t == 0:
            continue
        total += (_fitted(eta * m * value, t) * coefficient) ** 2 * _inverse(m * value, t)
    return math.sqrt(total) if total >= 0 else math.nan


def _fitted(rate: Number, t: Number) -> float:
    """1 - (1 - rate)^t, without cancellation for small rates."""
    if math.isnan(rate) or rate < 0:
        return math.nan
    if math.isinf(t):
        return 1.0 if rate < 2 else math.inf
    if rate < 1:
        return -math.expm1(t * math.log1p(-rate))
    if t * math.log(max(rate - 1, 1e-300)) > 700:
        return math.inf
    return 1 - (1 - rate) ** t


def _inverse(value: Number, t: Number) -> float:
    if value == 0:
        # A direction without slope is never fitted: no movement at finite times, an infinite norm to interpolate.
        return math.inf if math.isinf(t) else 0.0
    return 1 / value if value > 0 else math.nan


GENERALIZATION = Guarantee(
    name="generalization",
    title="Test loss is of the order of the kernel's complexity",
    statement="The expected loss on new inputs is at most 2 sqrt(tr K y^T K^-1 y)/n plus a term of order "
    "sqrt(log(n/(lambda delta))/n), for each of the three kernels.",
    hypotheses=(POSITIVE, UNIT_LABELS, SAME_DISTRIBUTION),
    conclusion="E loss <= 2 sqrt(tr K y^T K^-1 y)/n + O(sqrt(log(n/(lambda delta))/n))",
    kind=Kind.ORDER,
    origin=Origin.LITERATURE,
    reference=f"{_REFERENCE}, in scale-free form",
    promises={"complexity": "the first term"},
    rule=lambda n, trace, norm_squared: {"complexity": complexity(n=n, trace=trace, norm_squared=norm_squared)},
    note="The second term hides a constant and is left out of the number.",
)

GENERALIZATION_PUBLISHED = Guarantee(
    name="generalization-published",
    title="Test loss is of the order of sqrt(2 y^T K^-1 y / n)",
    statement="The expected loss of a wide ReLU network on new inputs is at most sqrt(2 y^T K^-1 y/n) plus a term of "
    "order sqrt(log(n/(lambda delta))/n).",
    hypotheses=(POSITIVE, UNIT_LABELS, SAME_DISTRIBUTION, UNIT_NORMS),
    conclusion="E loss <= sqrt(2 y^T K^-1 y/n) + O(sqrt(log(n/(lambda delta))/n))",
    kind=Kind.ORDER,
    origin=Origin.LITERATURE,
    reference=_REFERENCE,
    promises={"complexity": "the first term"},
    rule=lambda n, norm_squared: {"complexity": complexity(n=n, trace=n / 2, norm_squared=norm_squared)},
    note="Not scale-free: it would rank two kernels differently that differ by a factor only.",
)


def _explicit(
    n: Number, trace: Number, norm_squared: Number, largest_diagonal: Number, delta: Number
) -> dict[str, float]:
    if not (n > 0 and trace >= 0 and norm_squared >= 0 and largest_diagonal > 0 and delta > 0):
        return {"test_error": math.nan, "failure_probability": math.nan}
    ball = math.sqrt(norm_squared * largest_diagonal)
    if math.isinf(ball):
        return {"test_error": math.inf, "failure_probability": float(delta)}
    j = max(math.ceil(ball), 1)
    first = 2 * j * math.sqrt(trace / largest_diagonal) / n
    second = 3 * math.sqrt(math.log(2 * j * (j + 1) / delta) / (2 * n))
    return {"test_error": first + second, "failure_probability": float(delta)}


GENERALIZATION_EXPLICIT = Guarantee(
    name="generalization-explicit",
    title="Test error of the kernel's interpolant, every constant visible",
    statement="The minimum-norm interpolant of the limit kernel has E min(1, |f - y|) at most 2 (j/kappa) sqrt(tr K)/n "
    "+ 3 sqrt(log(2 j (j + 1)/delta)/(2 n)), j = ceil(kappa sqrt(y^T K^-1 y)), with probability 1 - delta. For labels "
    "-1 and +1 this bounds the share of wrong signs.",
    hypotheses=(
        POSITIVE,
        UNIT_LABELS,
        SAME_DISTRIBUTION,
        Hypothesis("the failure probability is below 1, delta < 1", "<", lambda delta: (delta, 1.0)),
        Hypothesis(
            "kappa^2 bounds K(x, x), at least on the training inputs",
            "<=",
            lambda trace, n, largest_diagonal, constants: (trace / n, largest_diagonal * (1 + constants.rounding)),
        ),
        Hypothesis("the predictor is the interpolant of the kernel, not a finite network"),
    ),
    conclusion="E min(1, |f - y|) <= 2 (j/kappa) sqrt(tr K)/n + 3 sqrt(log(2 j (j + 1)/delta)/(2 n))",
    kind=Kind.UPPER,
    origin=Origin.DERIVED,
    reference="Rademacher bound (Bartlett and Mendelson 2002) with a union over the radius of the ball",
    promises={"test_error": "bound on the expected clipped loss", "failure_probability": "delta"},
    rule=_explicit,
)


def _distance(
    eigenvalues: Sequence[Number], coefficients: Sequence[Number], m: Number, eta: Number, t: Number
) -> dict[str, float]:
    return {"distance": linearized_distance(eigenvalues=eigenvalues, coefficients=coefficients, m=m, eta=eta, t=t)}


DISTANCE = Guarantee(
    name="linearized-distance",
    title="How far the weights of the linearization have moved",
    statement="Gradient descent on the linearization is after t steps at a distance that the spectrum of H and the "
    "residual at the start determine.",
    hypotheses=(Hypothesis("the network is replaced by its linearization at the start"),),
    conclusion="||W(t) - W(0)||_F^2 = sum_q (1 - (1 - eta m lambda_q)^t)^2 c_q^2 / (m lambda_q)",
    kind=Kind.TIGHT,
    origin=Origin.DERIVED,
    reference="W(t) - W(0) = -J^T (J J^T)^-1 (I - (I - eta J J^T)^t) r0",
    promises={"distance": "Frobenius distance from the start"},
    rule=_distance,
)

DISTANCE_LIMIT = Guarantee(
    name="linearized-distance-limit",
    title="How far the weights of the linearization move in the end",
    statement="Gradient flow on the linearization ends at distance sqrt(r0^T H^-1 r0 / m) from the start.",
    hypotheses=(POSITIVE, Hypothesis("the network is replaced by its linearization at the start")),
    conclusion="||W(inf) - W(0)||_F = sqrt(r0^T H^-1 r0 / m)",
    kind=Kind.TIGHT,
    origin=Origin.LITERATURE,
    reference=f"{_REFERENCE} (proof)",
    promises={"distance": "Frobenius distance from the start"},
    rule=lambda norm_squared, m: {"distance": math.sqrt(norm_squared / m) if norm_squared >= 0 and m > 0 else math.nan},
    note="`norm_squared` is r0^T H^-1 r0, H the kernel of the finite network.",
)

GUARANTEES = (GENERALIZATION, GENERALIZATION_PUBLISHED, GENERALIZATION_EXPLICIT, DISTANCE, DISTANCE_LIMIT)
