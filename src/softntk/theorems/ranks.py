"""When lambda is zero, whatever the width: ranks.

J (nk, dm) is the Jacobian of the network in its hidden weights, and lambda > 0 needs rank J = n k.

- Adding one vector to all neurons leaves the softmax network unchanged, so J vanishes on d directions:
  rank J <= d (m - 1).
- At the antisymmetric start write w+- = (u +- v)/sqrt(2). Exchanging the two neurons of every pair turns v into -v and
F into
  -F, so F is odd in v; at v = 0 its derivative in u vanishes and rank J <= d m / 2.
- If u^T A = 0, then sum_l u_l dF_il = 0 for every i: full row rank needs rank A = k, so k <= m, and k <= m/2 at the
  antisymmetric start, where the second half of A repeats the first. For softmax u^T A = c 1^T is enough, since then
  sum_l u_l F_il = c m is constant: at any other start, the rank of A with a row of ones added must be k + 1.
- A zero row x_i makes the rows of J for sample i vanish; two equal rows make theirs equal: lambda = 0.

Derived here.
"""

from softntk.theorems.guarantee import Guarantee, Hypothesis, Kind, Origin
from softntk.theorems.logs import Number

__all__ = ["FULL_ROW_RANK", "GUARANTEES", "JACOBIAN_RANK"]


def _rank(n: Number, d: Number, m: Number, k: Number, antisymmetric: Number, softmax: Number) -> dict[str, float]:
    columns = d * m / 2 if antisymmetric else d * (m - 1) if softmax else d * m
    return {"rank": float(min(n * k, columns))}


JACOBIAN_RANK = Guarantee(
    name="jacobian-rank",
    title="The Jacobian cannot have a larger rank",
    statement="At the antisymmetric start the Jacobian has rank at most d m / 2; elsewhere at most d (m - 1) for "
    "softmax and d m for the others; and never more than n k.",
    hypotheses=(Hypothesis("`antisymmetric` is 1 at the antisymmetric start and 0 elsewhere"),),
    conclusion="rank J <= min(n k, d m / 2) at the antisymmetric start",
    kind=Kind.UPPER,
    origin=Origin.DERIVED,
    reference="F is odd in the difference of the two neurons of a pair; a common shift leaves softmax unchanged",
    promises={"rank": "largest rank of the Jacobian"},
    rule=_rank,
)


def _deficient(
    n: Number,
    d: Number,
    m: Number,
    k: Number,
    antisymmetric: Number,
    softmax: Number,
    output_rank: Number,
    output_rank_with_ones: Number,
) -> dict[str, float]:
    # Each direction u with u^T A = 0 (softmax: with u^T A constant) costs one row of J per sample.
    lost = k + 1 - output_rank_with_ones if softmax else k - output_rank
    return {"rank": min(n * (k - lost), _rank(n, d, m, k, antisymmetric, softmax)["rank"])}


FULL_ROW_RANK = Guarantee(
    name="full-row-rank",
    title="Repeated outputs cost rows of the Jacobian",
    statement="Every direction u with u^T A = 0 costs n rows of the Jacobian, for softmax already every u with u^T A "
    "constant. So lambda = 0 unless A has rank k (softmax elsewhere: unless A with a row of ones has rank k + 1).",
    hypotheses=(Hypothesis("`antisymmetric` is 1 at the antisymmetric start and 0 elsewhere"),),
    conclusion="rank J <= n (k - number of such directions)",
    kind=Kind.UPPER,
    origin=Origin.DERIVED,
    reference="sum_l u_l F_il is constant in the weights for such a direction",
    promises={"rank": "largest rank of the Jacobian"},
    rule=_deficient,
)

GUARANTEES = (JACOBIAN_RANK, FULL_ROW_RANK)
