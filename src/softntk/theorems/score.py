"""When to stop, and what is promised for score estimation.

Early stopping (Raskutti, Wainwright, Yu). K/n has eigenvalues l_i, the loss is 1/(2n) ||f - y||^2, the noise level is
omega, and eta' = eta m n in this project's scaling. With the local complexity
Rhat(eps) = sqrt((1/n) sum_i min(l_i, eps^2)),

    stop at the last t with Rhat(1/sqrt(t eta')) <= 1/(2 e omega t eta').

With s = t eta' the condition reads sqrt((1/n) sum_i min(s^2 l_i, s)) <= 1/(2 e omega); the left side grows with s, so
there is one last t, found by bisection. The critical radius eps is where Rhat(eps) = eps^2/(2 e omega).

Early stopping with a cutoff (Oymak, Fabian, Li, Soltanolkotabi). The singular values of J from the cutoff on span the
information space I, the others the nuisance space N. After T = Gamma/(eta cutoff^2) steps, rounded up,

    ||r_T|| <= exp(-Gamma) ||P_I r0|| + ||P_N r0|| + (delta cutoff/beta) ||r0||.

Proof for J close to J0 along the run, ||J|| <= beta, eta beta^2 <= 1, cutoff <= beta. Linear dynamics gives the first
two terms, for (1 - eta cutoff^2)^T <= exp(-Gamma) on I. If ||J - J0|| <= nu on the ball in use, a step differs from the
linear one by at most 2 eta beta nu ||r_t||, and ||r_t|| grows at most by the factor 1 + 2 eta beta nu. So with
a = 2 beta nu (Gamma + 1)/cutoff^2 the deviation is at most a exp(a) ||r0||, and
nu <= delta cutoff^3/(2 e beta^2 (Gamma + 1)) suffices if delta cutoff <= beta. Adding up the steps
in the same way, the distance moved is at most (||P_I r0|| + (Gamma + 1) (||P_N r0|| + 2 delta ||r0||))/cutoff, which is
the radius of the ball. QED

References: arXiv 1306.3574, Theorem 1 (used through Han et al., arXiv 2401.15604); arXiv 1906.05392, Theorem 5.3;
arXiv 2405.03251v1, Theorem 6.5 (6.6 in the revised version).
"""

import math
from collections.abc import Sequence

from softntk.theorems.constants import PAPER, Constants
from softntk.theorems.convergence import PAPER_REFERENCE, POSITIVE, UNIT_INPUTS, UNIT_LABELS
from softntk.theorems.guarantee import Guarantee, Hypothesis, Kind, Origin
from softntk.theorems.logs import Number

__all__ = [
    "CUTOFF",
    "EARLY_STOPPING",
    "GUARANTEES",
    "SCORE",
    "approximation_error",
    "critical_radius",
    "local_complexity",
    "stopping_time",
]


def local_complexity(eigenvalues: Sequence[Number], radius: Number) -> float:
    """Rhat(eps) = sqrt((1/n) sum_i min(l_i, eps^2)), n the number of eigenvalues of K/n."""
    if math.isnan(radius) or any(math.isnan(value) for value in eigenvalues) or not len(eigenvalues):
        return math.nan
    total = math.fsum(min(max(value, 0.0), radius**2) for value in eigenvalues)
    return math.sqrt(total / len(eigenvalues))


def stopping_time(eigenvalues: Sequence[Number], *, noise: Number, step: Number) -> float:
    """The last t = 0, 1, 2, ... with Rhat(1/sqrt(t step)) <= 1/(2 e noise t step); inf if the rule never stops.

    Arguments:
        eigenvalues: of K/n; negative ones (rounding) count as zero.
        noise: the noise level omega; 0 never stops.
        step: eta' = eta m n.
    """
    spectrum = [max(value, 0.0) for value in eigenvalues]
    if not (step > 0 and noise >= 0) or any(math.isnan(value) for value in eigenvalues) or not spectrum:
        return math.nan
    if noise == 0 or not any(spectrum):
        return math.inf

    def goes_on(t: int) -> bool:
        s = t * step
        # The condition times t eta': free of division by zero at t = 0.
        return math.sqrt(math.fsum(min(s * s * value, s) for value in spectrum) / len(spectrum)) <= limit

    limit = 1 / (2 * math.e * noise)
    low, high = 0, 1
    while goes_on(high):
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if goes_on(middle) else (low, middle)
    return float(low)


def critical_radius(eigenvalues: Sequence[Number], *, noise: Number) -> float:
    """The smallest eps with Rhat(eps) <= eps^2/(2 e noise), by bisection to relative precision 1e-12."""
    if math.isnan(local_complexity(eigenvalues, 1.0)) or math.isnan(noise) or noise < 0:
        return math.nan
    if noise == 0 or not any(value > 0 for value in eigenvalues):
        return 0.0

    def small(eps: float) -> bool:
        return local_complexity(eigenvalues, eps) <= eps * eps / (2 * math.e * noise)

    low = high = 1.0
    while not small(high):
        low, high = high, 2 * high
    while small(low):
        low, high = low / 2, low
    while high - low > 1e-12 * high:
        middle = (low + high) / 2
        low, high = (low, middle) if small(middle) else (middle, high)
    return high


def _early_stopping(eigenvalues: Sequence[Number], noise: Number, step: Number) -> dict[str, float]:
    radius = critical_radius(eigenvalues, noise=noise)
    return {
        "squared_error": 12 * radius**2,
        "stopping_time": stopping_time(eigenvalues, noise=noise, step=step),
        "critical_radius": radius,
    }


EARLY_STOPPING = Guarantee(
    name="early-stopping",
    title="Gradient descent stopped by the spectrum alone",
    statement="Gradient descent in the space of a kernel, stopped by the rule, has mean squared error of the order of "
    "the squared critical radius at the training inputs.",
    hypotheses=(
        Hypothesis(
            "the kernel is bounded by 1, max K(x, x) <= 1",
            "<=",
            lambda largest_diagonal, constants: (largest_diagonal, 1 + constants.rounding),
        ),
        Hypothesis(
            "the target has norm at most 1 in the space of the kernel", "<=", lambda target_norm: (target_norm, 1)
        ),
        Hypothesis(
            "the noise has one level for all inputs: largest against smallest level",
            "<=",
            lambda largest_noise, smallest_noise, constants: (largest_noise, smallest_noise * (1 + constants.rounding)),
        ),
        Hypothesis(
            "the step is small, eta' max l_i <= 1",
            "<=",
            lambda step, eigenvalues, constants: (step * max(eigenvalues), 1 + constants.rounding),
        ),
        Hypothesis("and eta' <= 1", "<=", lambda step, constants: (step, 1 + constants.rounding)),
    ),
    conclusion="(1/n) sum_i (f_T(x_i) - f*(x_i))^2 <= 12 eps^2, with probability at least 1 - c1 exp(-c2 n eps^2)",
    kind=Kind.ORDER,
    origin=Origin.LITERATURE,
    reference="Raskutti, Wainwright, Yu (2014), arXiv 1306.3574, Theorem 1",
    promises={
        "squared_error": "12 times the squared critical radius",
        "stopping_time": "the last step",
        "critical_radius": "eps with Rhat(eps) = eps^2/(2 e omega)",
    },
    rule=_early_stopping,
    note="The probability hides constants. The noise of score matching has no single level, so there the rule is used "
    "without the theorem.",
)


def _cutoff(
    gamma: Number,
    eta: Number,
    cutoff: Number,
    beta: Number,
    delta: Number,
    information: Number,
    nuisance: Number,
    residual: Number,
) -> dict[str, float]:
    if not (eta > 0 and cutoff > 0 and beta > 0 and gamma >= 0):
        return {"residual": math.nan, "steps": math.nan, "radius": math.nan}
    return {
        "residual": math.exp(-gamma) * information + nuisance + delta * cutoff / beta * residual,
        "steps": float(math.ceil(gamma / (eta * cutoff**2))),
        "radius": (information + (gamma + 1) * (nuisance + 2 * delta * residual)) / cutoff,
    }


CUTOFF = Guarantee(
    name="early-stopping-cutoff",
    title="Gradient descent fits the information space first",
    statement="After T = Gamma/(eta cutoff^2) steps the residual is at most exp(-Gamma) times its part in the "
    "information space, plus its part in the nuisance space, plus a small share of all.",
    hypotheses=(
        Hypothesis("the cutoff is positive", ">", lambda cutoff: (cutoff, 0.0)),
        Hypothesis("Gamma is not negative", ">=", lambda gamma: (gamma, 0.0)),
        Hypothesis("the cutoff is a singular value at most, cutoff <= beta", "<=", lambda cutoff, beta: (cutoff, beta)),
        Hypothesis(
            "the share is small, delta cutoff <= beta", "<=", lambda delta, cutoff, beta: (delta * cutoff, beta)
        ),
        Hypothesis("the step is small, eta <= 1/beta^2", "<=", lambda eta, beta: (eta * beta**2, 1.0)),
        Hypothesis(
            "||J - J0|| <= delta cutoff^3/(2 e beta^2 (Gamma + 1)) on the ball",
            "<=",
            lambda jacobian_change, delta, cutoff, beta, gamma: (
                jacobian_change * 2 * math.e * beta**2 * (gamma + 1),
                delta * cutoff**3,
            ),
        ),
    ),
    conclusion="||r_T|| <= exp(-Gamma) ||P_I r0|| + ||P_N r0|| + (delta cutoff/beta) ||r0||",
    kind=Kind.UPPER,
    origin=Origin.LITERATURE,
    reference="Oymak, Fabian, Li, Soltanolkotabi (2019), arXiv 1906.05392, Theorem 5.3",
    promises={
        "residual": "norm of the residual after T steps",
        "steps": "T, rounded up",
        "radius": "largest distance from the start",
    },
    rule=_cutoff,
    note="Stated with the Jacobian at the start as the reference; the constants of the hypothesis on ||J - J0|| are "
    "those of the proof above.",
)


def approximation_error(
    *, target_norm_squared: Number, lipschitz: Number, d: Number, constants: Constants = PAPER
) -> float:
    """A(R_H) = c1 L (sqrt(R_H)/L)^(-2/d) log(sqrt(R_H)/L)."""
    if not (target_norm_squared > 0 and lipschitz > 0 and d > 0):
        return math.nan
    ratio = math.sqrt(target_norm_squared) / lipschitz
    return constants.approximation_prefactor * lipschitz * ratio ** (-2 / d) * math.log(ratio)


def _score(
    n: Number,
    d: Number,
    lambda_min: Number,
    stopping_error: Number,
    target_norm_squared: Number,
    lipschitz: Number,
    mismatch: Number,
    constants: Constants,
) -> dict[str, float]:
    A = approximation_error(target_norm_squared=target_norm_squared, lipschitz=lipschitz, d=d, constants=constants)
    coupling = constants.hidden / (lambda_min * math.sqrt(n)) if lambda_min > 0 and n > 0 else math.nan
    approximation = d * A * A + d * A
    label = math.sqrt(max(d * A * mismatch, 0.0)) + mismatch if not math.isnan(A) else math.nan
    return {
        "error": coupling + stopping_error + approximation + label,
        "coupling": coupling,
        "stopping": float(stopping_error),
        "approximation": approximation,
        "mismatch": label,
    }


SCORE = Guarantee(
    name="score-estimation",
    title="The trained softmax network estimates the score",
    statement="The weighted mean squared error of the estimated score is of the order of four terms: network against "
    "kernel, early stopping, approximation by the kernel's space, and mismatch of the labels.",
    hypotheses=(
        UNIT_INPUTS,
        UNIT_LABELS,
        POSITIVE,
        Hypothesis("g is bounded and almost everywhere continuous"),
        Hypothesis("f*(t, .) is Lipschitz"),
        Hypothesis(
            "the radius is large, sqrt(R_H) > L",
            ">",
            lambda target_norm_squared, lipschitz: (math.sqrt(max(target_norm_squared, 0.0)), lipschitz),
        ),
    ),
    conclusion="(1/T) int w(t) E||s_W - s*||^2 dt = "
    "O(1/(lambda sqrt n) + eps(n, T) + d A^2 + d A + sqrt(d A Gamma) + Gamma)",
    kind=Kind.ORDER,
    origin=Origin.PAPER,
    reference=f"{PAPER_REFERENCE}, Theorem 6.5 (6.6 in the revised version)",
    promises={
        "error": "the sum of the terms",
        "coupling": "1/(lambda sqrt n), network against kernel",
        "stopping": "eps(n, T), assumed and not constructed",
        "approximation": "d A^2 + d A",
        "mismatch": "sqrt(d A Gamma) + Gamma",
    },
    rule=_score,
    note="Noisy inputs are not bounded, so the first hypothesis is checked on the data at hand.",
)

GUARANTEES = (EARLY_STOPPING, CUTOFF, SCORE)
