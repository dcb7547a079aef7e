"""How much the kernel moves when every neuron moves by at most D: the perturbation property.

    softmax, the paper    ||H(W) - H(W')||_F <= D n k exp(10 B)         for D < 0.01
    ReLU                  ||H(W) - H(W')||_F <= 2 n D                   with probability 1 - n^2 exp(-m D / 10)
    exponential           ||H(W) - H(W')||_F <= 3 D n^(1+o(1))          order only

and, deterministic and explicit, entry by entry (derived here; proof in `lemmas.perturbation`):

    softmax       |H' - H| at ((i,l),(j,l')) <= |<x_i, x_j>| m <S_i, S_j> bracket,  bracket = 2 c0 g + g^2
                  c0 = 1 + max |<a_l, S_i>|, q = exp(2 D X), g = (q - 1) c0 + 2 q tanh(D X / 2), X = max |x_i|
    exponential   |H' - H| <= |<x_i, x_j>| (1/m) sum_r exp(z_ir + z_jr) bracket,    bracket = exp(2 D X) - 1

At D = 0.01 the softmax bracket is 0.062; exp(10 B) D is at least 220. ReLU has no bracket: its bound counts the neurons
that can change sign.

The basic bounds hold whenever |<w_r, x_i>| <= B: S_ir <= exp(2 B)/m since S_ir = exp(z_ir)/sum_q exp(z_iq), and after a
move by D (then S'/S lies in [exp(-2 D), exp(2 D)]) |S_ir - S'_ir| <= (D/m) exp(4 B + 3 D).

References: arXiv 2405.03251v1, Lemma 5.1 and its proof; Song and Yang (2019), arXiv 1906.03593 (ReLU);
arXiv 2303.16504 (exponential).
"""

import math

from softntk.theorems.constants import Constants, preactivation_bound
from softntk.theorems.convergence import PAPER_REFERENCE, UNIT_INPUTS
from softntk.theorems.guarantee import Guarantee, Hypothesis, Kind, Origin
from softntk.theorems.logs import LOG10_E, Number, exp10, log10

__all__ = [
    "EXPONENTIAL_KERNEL",
    "EXPONENTIAL_KERNEL_SHARP",
    "GUARANTEES",
    "PREACTIVATIONS",
    "RELU_KERNEL",
    "SOFTMAX_CHANGE",
    "SOFTMAX_KERNEL",
    "SOFTMAX_KERNEL_SHARP",
    "SOFTMAX_WEIGHTS",
    "exponential_bracket",
    "softmax_bracket",
    "softmax_drift",
]

BOUNDED = Hypothesis(
    "pre-activations are bounded, max |<w_r, x_i>| <= B",
    "<=",
    lambda largest_preactivation, n, k, delta, sigma, constants: (
        largest_preactivation,
        preactivation_bound(n=n, k=k, delta=delta, sigma=sigma, constants=constants),
    ),
)
SMALL_MOVE = Hypothesis(
    "every neuron moves little, D < 0.01", "<", lambda radius, constants: (radius, constants.perturbation_radius)
)
NOT_NEGATIVE = Hypothesis("the move is a distance, D >= 0", ">=", lambda radius: (radius, 0.0))


def _preactivations(
    n: Number, m: Number, k: Number, delta: Number, sigma: Number, constants: Constants
) -> dict[str, float]:
    B = preactivation_bound(n=n, k=k, delta=delta, sigma=sigma, constants=constants)
    tail = math.log(2 * n * m) - (B / sigma) ** 2 / 2 if n > 0 and m > 0 and sigma else math.nan
    return {"B": B, "failure_probability": min(1.0, exp10(tail * LOG10_E))}


PREACTIVATIONS = Guarantee(
    name="preactivations",
    title="Pre-activations at the start are at most B",
    statement="With high probability |<w_r, x_i>| <= B for every neuron and every sample, at the start.",
    hypotheses=(UNIT_INPUTS, Hypothesis("hidden weights are drawn from N(0, sigma^2)")),
    conclusion="max |<w_r, x_i>| <= B = max(C sigma sqrt(log(nk/delta)), 1)",
    kind=Kind.UPPER,
    origin=Origin.PAPER,
    reference=f"{PAPER_REFERENCE}, basic bounds of the proof",
    promises={
        "B": "bound on the pre-activations",
        "failure_probability": "union bound over all n m Gaussian tails, 2 n m exp(-B^2 / (2 sigma^2))",
    },
    rule=_preactivations,
    note="The failure probability is the union bound written out; with C = 1 it can exceed delta.",
)


def _softmax_weights(
    n: Number, m: Number, k: Number, delta: Number, sigma: Number, constants: Constants
) -> dict[str, float]:
    B = preactivation_bound(n=n, k=k, delta=delta, sigma=sigma, constants=constants)
    return {"log10_weight": 2 * B * LOG10_E - log10(m)}


SOFTMAX_WEIGHTS = Guarantee(
    name="softmax-weights",
    title="No softmax weight is large",
    statement="Every softmax weight is at most exp(2 B)/m.",
    hypotheses=(BOUNDED,),
    conclusion="max S_ir <= exp(2 B)/m",
    kind=Kind.UPPER,
    origin=Origin.PAPER,
    reference=f"{PAPER_REFERENCE}, basic bounds of the proof",
    promises={"log10_weight": "log10 of the largest softmax weight"},
    rule=_softmax_weights,
)


def _softmax_change(
    n: Number, m: Number, k: Number, delta: Number, sigma: Number, radius: Number, constants: Constants
) -> dict[str, float]:
    B = preactivation_bound(n=n, k=k, delta=delta, sigma=sigma, constants=constants)
    return {"log10_change": log10(radius) - log10(m) + (4 * B + 3 * radius) * LOG10_E}


SOFTMAX_CHANGE = Guarantee(
    name="softmax-change",
    title="Softmax weights move little when the neurons move little",
    statement="If every neuron moves by at most D, every softmax weight moves by at most (D/m) exp(4 B + 3 D).",
    hypotheses=(NOT_NEGATIVE, UNIT_INPUTS, BOUNDED),
    conclusion="max |S_ir - S'_ir| <= (D/m) exp(4 B + 3 D)",
    kind=Kind.UPPER,
    origin=Origin.PAPER,
    reference=f"{PAPER_REFERENCE}, basic bounds of the proof",
    promises={"log10_change": "log10 of the largest change of a softmax weight"},
    rule=_softmax_change,
)


def _softmax_kernel(
    n: Number, k: Number, delta: Number, sigma: Number, radius: Number, constants: Constants
) -> dict[str, float]:
    B = preactivation_bound(n=n, k=k, delta=delta, sigma=sigma, constants=constants)
    return {"log10_change": log10(radius) + log10(n * k) + constants.perturbation_exponent * B * LOG10_E}


SOFTMAX_KERNEL = Guarantee(
    name="softmax-kernel-perturbation",
    title="The softmax kernel moves little (the paper's bound)",
    statement="If every neuron moves by at most D < 0.01, the kernel moves by at most D n k exp(10 B).",
    hypotheses=(NOT_NEGATIVE, SMALL_MOVE, UNIT_INPUTS, BOUNDED),
    conclusion="||H(W) - H(W')||_F <= D n k exp(10 B)",
    kind=Kind.UPPER,
    origin=Origin.PAPER,
    reference=f"{PAPER_REFERENCE}, Lemma 5.1",
    promises={"log10_change": "log10 of the Frobenius norm of the change"},
    rule=_softmax_kernel,
)


def _relu_kernel(n: Number, radius: Number, independent_neurons: Number) -> dict[str, float]:
    failure = _relu_failure(n, radius, independent_neurons)
    return {"log10_change": log10(2 * n * radius), "failure_probability": failure}


def _relu_failure(n: Number, radius: Number, independent_neurons: Number) -> float:
    return exp10(2 * log10(n) - independent_neurons * radius / 10 * LOG10_E)


RELU_KERNEL = Guarantee(
    name="relu-kernel-perturbation",
    title="The ReLU kernel moves little (with high probability)",
    statement="If every neuron moves by at most D, the ReLU kernel moves by at most 2 n D, with probability at least "
    "1 - n^2 exp(-m D / 10) over the start.",
    hypotheses=(
        NOT_NEGATIVE,
        Hypothesis("one output, k = 1", "=", lambda k: (k, 1)),
        UNIT_INPUTS,
        Hypothesis("hidden weights start with variance 1, sigma = 1", "=", lambda sigma: (sigma, 1)),
        Hypothesis(
            "the probability says something, n^2 exp(-m D / 10) < 1",
            "<",
            lambda n, radius, independent_neurons: (_relu_failure(n, radius, independent_neurons), 1.0),
        ),
    ),
    conclusion="||H(W) - H(W')||_F <= 2 n D with probability 1 - n^2 exp(-m D / 10)",
    kind=Kind.UPPER,
    origin=Origin.LITERATURE,
    reference="Song, Yang (2019), arXiv 1906.03593",
    promises={
        "log10_change": "log10 of the Frobenius norm of the change",
        "failure_probability": "n^2 exp(-m D / 10), m the number of neurons drawn independently",
    },
    rule=_relu_kernel,
    note="The antisymmetric start draws only m/2 neurons independently.",
)


def _exponential_kernel(
    n: Number, delta: Number, sigma: Number, radius: Number, constants: Constants
) -> dict[str, float]:
    B = preactivation_bound(n=n, k=1, delta=delta, sigma=sigma, constants=constants)
    leading = log10(3 * constants.hidden) + log10(radius) + log10(n)
    return {"log10_change": leading, "log10_factor": constants.perturbation_exponent * B * LOG10_E}


EXPONENTIAL_KERNEL = Guarantee(
    name="exponential-kernel-perturbation",
    title="The exponential kernel moves little (order of growth)",
    statement="If every neuron moves by at most D, the exponential kernel moves by at most 3 D n^(1+o(1)).",
    hypotheses=(NOT_NEGATIVE, UNIT_INPUTS),
    conclusion="||H(W) - H(W')||_F <= 3 D n^(1+o(1))",
    kind=Kind.ORDER,
    origin=Origin.LITERATURE,
    reference="Gao, Mahadevan, Song (2023), arXiv 2303.16504",
    promises={
        "log10_change": "log10 of 3 D n, n^o(1) left out",
        "log10_factor": "log10 of n^o(1), written out as exp(10 B)",
    },
    rule=_exponential_kernel,
    note="The n^o(1) is written out with the exponent of the softmax bound.",
)


def softmax_drift(*, radius: Number, norm: Number, mean: Number) -> float:
    """g = (q - 1) c + 2 q tanh(D |x| / 2), c = 1 + |<a_l, S>|: the share by which a slope m S (a - u) can move."""
    t = radius * norm
    if math.isnan(t) or t > 300:
        return math.nan if math.isnan(t) else math.inf
    return math.expm1(2 * t) * (1 + abs(mean)) + 2 * math.exp(2 * t) * math.tanh(t / 2)


def softmax_bracket(*, radius: Number, largest_input: Number, largest_mean: Number) -> float:
    """2 c0 g + g^2 of the sharp softmax bound; `largest_mean` is max |<a_l, S_i>|."""
    g = softmax_drift(radius=radius, norm=largest_input, mean=largest_mean)
    return 2 * (1 + abs(largest_mean)) * g + g * g


def exponential_bracket(*, radius: Number, largest_input: Number) -> float:
    """exp(2 D X) - 1 of the sharp exponential bound."""
    t = radius * largest_input
    return math.expm1(2 * t) if not t > 300 else math.inf


def _sharp(name: str, title: str, conclusion: str, rule) -> Guarantee:
    return Guarantee(
        name=name,
        title=title,
        statement="If every neuron moves by at most D, each entry of the kernel moves by at most a small bracket times "
        "the entry of a non-negative kernel. Deterministic, any inputs, any width.",
        hypotheses=(NOT_NEGATIVE, Hypothesis("the output weights are +1 or -1")),
        conclusion=conclusion,
        kind=Kind.UPPER,
        origin=Origin.DERIVED,
        reference="proof in softntk.lemmas.perturbation",
        promises={"bracket": "factor of the entries"},
        rule=rule,
    )


def _softmax_sharp(radius: Number, largest_input: Number, largest_mean: Number) -> dict[str, float]:
    return {"bracket": softmax_bracket(radius=radius, largest_input=largest_input, largest_mean=largest_mean)}


def _exponential_sharp(radius: Number, largest_input: Number) -> dict[str, float]:
    return {"bracket": exponential_bracket(radius=radius, largest_input=largest_input)}


SOFTMAX_KERNEL_SHARP = _sharp(
    "softmax-kernel-perturbation-sharp",
    "The softmax kernel moves little (sharp form)",
    "|H' - H| <= |<x_i, x_j>| m <S_i, S_j> (2 c0 g + g^2), entry by entry",
    _softmax_sharp,
)
EXPONENTIAL_KERNEL_SHARP = _sharp(
    "exponential-kernel-perturbation-sharp",
    "The exponential kernel moves little (sharp form)",
    "|H' - H| <= |<x_i, x_j>| (1/m) sum_r exp(z_ir + z_jr) (exp(2 D X) - 1), entry by entry",
    _exponential_sharp,
)

GUARANTEES = (
    PREACTIVATIONS,
    SOFTMAX_WEIGHTS,
    SOFTMAX_CHANGE,
    SOFTMAX_KERNEL,
    SOFTMAX_KERNEL_SHARP,
    RELU_KERNEL,
    EXPONENTIAL_KERNEL,
    EXPONENTIAL_KERNEL_SHARP,
)
