"""How wide and how long: what the theorems ask for before gradient descent provably fits the data.

Loss L = 1/2 ||F - Y||_F^2, kernel H = J J^T / m with smallest eigenvalue lambda at the start, step eta, radius B (see
`constants`). The softmax theorem asks for

    m = Omega(lambda^-2 n^2 k^2 exp(18 B) log^2(n k / delta))
    eta = 0.1 lambda / (m n^2 k^2 exp(16 B)),      T = Omega((m eta lambda)^-1 log(n k / epsilon))

and then ||F(T) - Y||_F^2 <= epsilon with probability 1 - delta. Table 1 writes exp(18 B) as n^o(1): with
B = C sigma sqrt(log(n / delta)) that is n^(18 B / log n), whose exponent does tend to 0, but slowly: it passes below 1
only at n = 10^143 for C = 1 and 10^14073 for C = 10 (sigma = 1, delta = 0.01).

Everything is a decimal logarithm: m is about 10^32 (C = 1) or 10^245 (C = 10) at n = 100, lambda = 0.1.

References: arXiv 2405.03251v1, Theorem 4.2 and Table 1; arXiv 2206.12802 (ReLU); arXiv 2303.16504 (exponential).
"""

import math

from softntk.theorems.constants import PAPER, Constants, preactivation_bound
from softntk.theorems.guarantee import Guarantee, Hypothesis, Kind, Origin
from softntk.theorems.logs import LOG10_E, Number, log10

__all__ = ["GUARANTEES", "SOFTMAX", "TABLE_ONE", "hidden_exponent", "log10_samples_for_exponent", "log10_step_size"]

PAPER_REFERENCE = "Gu, Li, Liang, Shi, Song (2024), arXiv 2405.03251v1"

# An eigenvalue below the radius of its numerical error is not known to be positive, zero or negative.
POSITIVE = Hypothesis(
    "the smallest eigenvalue is positive, lambda > 0",
    ">",
    lambda lambda_min, lambda_radius=0.0: (math.nan if abs(lambda_min) < lambda_radius else lambda_min, 0.0),
)
UNIT_INPUTS = Hypothesis(
    "inputs lie in the unit ball, max |x_i| <= 1",
    "<=",
    lambda largest_input, constants: (largest_input, 1 + constants.rounding),
)
UNIT_LABELS = Hypothesis(
    "labels lie in [-1, 1], max |y_il| <= 1",
    "<=",
    lambda largest_label, constants: (largest_label, 1 + constants.rounding),
)
PROBABILITY = Hypothesis("the failure probability is below 1, delta < 1", "<", lambda delta: (delta, 1.0))
SOFTMAX_NETWORK = Hypothesis("the network is a softmax network", "=", lambda softmax: (softmax, 1.0))
FIXED_SIGNS = Hypothesis("the output weights are random signs, fixed; only the hidden weights are trained")


def log10_step_size(
    *,
    n: Number,
    k: Number,
    log10_width: Number,
    delta: Number,
    sigma: Number,
    lambda_min: Number,
    constants: Constants = PAPER,
) -> float:
    """log10 of the step size eta = 0.1 lambda / (m n^2 k^2 exp(16 B)) of the softmax theorem."""
    B = preactivation_bound(n=n, k=k, delta=delta, sigma=sigma, constants=constants)
    size = log10(constants.step_prefactor) + log10(lambda_min) - log10_width - 2 * log10(n * k)
    return size - constants.step_exponent * B * LOG10_E


def hidden_exponent(
    *, n: Number, delta: Number, sigma: Number, exponent: Number, constants: Constants = PAPER
) -> float:
    """The o(1) of n^o(1) = exp(exponent B): exponent B / log n. Infinite for n = 1, where n^o(1) cannot be exp(B)."""
    B = preactivation_bound(n=n, k=1, delta=delta, sigma=sigma, constants=constants)
    return exponent * B / math.log(n) if n > 1 else (math.inf if n == 1 else math.nan)


def log10_samples_for_exponent(
    below: Number, *, delta: Number, sigma: Number, exponent: Number, constants: Constants = PAPER
) -> float:
    """log10 of the n from which on the o(1) is below a number.

    With u = log n and c = exponent C sigma: c sqrt(u + log 1/delta) = below u, a quadratic in u.
    """
    if not (below > 0 and sigma > 0 and 0 < delta < 1):
        return math.nan
    c = (exponent * constants.radius * sigma / below) ** 2
    u = (c + math.sqrt(c * c + 4 * c * math.log(1 / delta))) / 2
    return max(u, exponent / below) * LOG10_E  # B is at least 1


def _softmax(
    n: Number, k: Number, delta: Number, sigma: Number, lambda_min: Number, epsilon: Number, constants: Constants
) -> dict[str, float]:
    B = preactivation_bound(n=n, k=k, delta=delta, sigma=sigma, constants=constants)
    hidden = log10(constants.hidden)
    width = hidden - 2 * log10(lambda_min) + 2 * log10(n * k) + constants.width_exponent * B * LOG10_E
    width += 2 * _log10_of_log(n * k, delta)
    step = log10_step_size(
        n=n, k=k, log10_width=width, delta=delta, sigma=sigma, lambda_min=lambda_min, constants=constants
    )
    # m eta does not depend on m, and so the number of steps does not either.
    steps = hidden - (width + step + log10(lambda_min)) + _log10_of_log(n * k, epsilon)
    if math.isinf(width) or math.isinf(step):
        steps = math.inf
    return {"log10_width": width, "log10_step": step, "log10_steps": steps, "B": B}


SOFTMAX = Guarantee(
    name="softmax-convergence",
    title="Gradient descent fits the data (softmax, main theorem)",
    statement="A softmax network of width m, trained for T steps of size eta, has ||F(T) - Y||_F^2 <= epsilon with "
    "probability at least 1 - delta.",
    hypotheses=(POSITIVE, UNIT_INPUTS, UNIT_LABELS, PROBABILITY, FIXED_SIGNS),
    conclusion="m = Omega(lambda^-2 n^2 k^2 exp(18 B) log^2(nk/delta)), eta = 0.1 lambda / (m n^2 k^2 exp(16 B)), "
    "T = Omega((m eta lambda)^-1 log(nk/epsilon))",
    kind=Kind.ORDER,
    origin=Origin.PAPER,
    reference=f"{PAPER_REFERENCE}, Theorem 4.2",
    promises={
        "log10_width": "log10 of the width asked for",
        "log10_step": "log10 of the step size at that width",
        "log10_steps": "log10 of the number of steps asked for",
        "B": "bound on the pre-activations",
    },
    rule=_softmax,
    note="The paper takes as many outputs as inputs, k = d. It can be displayed, never met.",
)


def _table_row(logarithms: int, smooth: bool):
    """Width and steps of one row: lambda^-2 n^2 log^logarithms n, and n^o(1) written out if the row has one."""

    def rule(n: Number, sigma: Number, lambda_min: Number, epsilon: Number, constants: Constants) -> dict[str, float]:
        delta = constants.table_failure
        leading = log10(constants.hidden) - 2 * log10(lambda_min) + 2 * log10(n)
        width = leading + logarithms * _log10_of_log(n, 1)
        steps = leading + _log10_of_log(n, epsilon)
        o_width = o_steps = factor_width = factor_steps = 0.0
        if smooth:
            B = preactivation_bound(n=n, k=1, delta=delta, sigma=sigma, constants=constants)
            factor_width, factor_steps = (
                exponent * B * LOG10_E for exponent in (constants.width_exponent, constants.step_exponent)
            )
            o_width, o_steps = (
                hidden_exponent(n=n, delta=delta, sigma=sigma, exponent=exponent, constants=constants)
                for exponent in (constants.width_exponent, constants.step_exponent)
            )
        return {
            "log10_width": width,
            "log10_steps": steps,
            "log10_width_factor": factor_width,
            "log10_steps_factor": factor_steps,
            "o_width": o_width,
            "o_steps": o_steps,
        }

    return rule


def _table_guarantee(name: str, width: str, steps: str, logarithms: int, smooth: bool, **words: str) -> Guarantee:
    return Guarantee(
        name=f"table-one-{name}",
        title=f"Table 1: width and steps of the {'ReLU' if name == 'relu' else name} network",
        statement=f"A {name} network with one output fits the data with probability 0.99 if m = Omega({width}) and "
        f"T = Omega({steps}).",
        hypotheses=(POSITIVE, UNIT_INPUTS, UNIT_LABELS, FIXED_SIGNS),
        conclusion=f"m = Omega({width}), T = Omega({steps})",
        kind=Kind.ORDER,
        origin=Origin.PAPER,
        reference=words["reference"],
        promises={
            "log10_width": "log10 of the width, n^o(1) left out",
            "log10_steps": "log10 of the number of steps, n^o(1) left out",
            "log10_width_factor": "log10 of the n^o(1) in the width, written out as exp(18 B)",
            "log10_steps_factor": "log10 of the n^o(1) in the steps, written out as exp(16 B)",
            "o_width": "the o(1) in the exponent of the width at this n",
            "o_steps": "the o(1) in the exponent of the steps at this n",
        },
        rule=_table_row(logarithms, smooth),
        note=words["note"],
    )


#: Table 1 of the paper, by feature.
TABLE_ONE: dict[str, Guarantee] = {
    "relu": _table_guarantee(
        "relu",
        "lambda^-2 n^2 log n",
        "lambda^-2 n^2 log(n/epsilon)",
        1,
        False,
        reference=f"{PAPER_REFERENCE}, Table 1; Munteanu, Omlor, Song, Woodruff (2022), arXiv 2206.12802",
        note="The rates are in lambda, which is another number for each network: compare lambda first.",
    ),
    "exponential": _table_guarantee(
        "exponential",
        "lambda^-2 n^(2+o(1)) log^2 n",
        "lambda^-2 n^(2+o(1)) log(n/epsilon)",
        2,
        True,
        reference=f"{PAPER_REFERENCE}, Table 1; Gao, Mahadevan, Song (2023), arXiv 2303.16504",
        note="The abstract of arXiv 2303.16504 has log(n/delta) where the table has log^2 n. The n^o(1) is written out "
        "with the exponents of the softmax theorem.",
    ),
    "softmax": _table_guarantee(
        "softmax",
        "lambda^-2 n^(2+o(1)) log^2 n",
        "lambda^-2 n^(2+o(1)) log(n/epsilon)",
        2,
        True,
        reference=f"{PAPER_REFERENCE}, Table 1",
        note="The rates are in lambda, which is another number for each network: compare lambda first.",
    ),
}


def _log10_of_log(size: Number, small: Number) -> float:
    """log10(log(size/small)): -inf where the logarithm is 0, NaN where it is negative."""
    return log10(math.log(size / small)) if size > 0 and small > 0 else math.nan


GUARANTEES = (SOFTMAX, *TABLE_ONE.values())
