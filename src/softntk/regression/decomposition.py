"""Build a `Path`: choose the rung, decompose once.

dense      eigendecomposition of K (n, n): any kernel, any dimension; cost about 9 n^3, memory 2 n^2
expanded   eigendecomposition of Phi^T Phi (p, p): softmax and exponential kernels in low dimension;
           cost n p^2 + 9 p^3, memory p^2
"""

import jax
import numpy as np
from jaxtyping import Array, Float

from softntk.failures import BadInput
from softntk.kernels.expansion import Expansion, expand, expandable
from softntk.kernels.limit import Kernel, LimitKernel
from softntk.kernels.operator import diagonal
from softntk.kernels.pivoting import Landmarks, landmarks
from softntk.numerics.arrays import finite_matrix, require_float64
from softntk.regression.dense import assembled, decomposed, refuse_infinite, rounding
from softntk.regression.expanded import gram
from softntk.regression.path import Path
from softntk.regression.predictor import Sections

__all__ = ["path"]

_RUNGS = ("auto", "dense", "expanded", "landmarks")


def path(
    kernel: Kernel,
    inputs: Float[Array, "n d"],
    labels: Float[Array, "n k"],
    *,
    rung: str = "auto",
    accuracy: float = 1e-12,
    rank: int = 1000,
    key: jax.Array | None = None,
) -> Path:
    """Every ridge and every stopping time of one training set, from one eigendecomposition.

    Arguments:
        kernel: a `LimitKernel`, or any function (inputs, others) -> (n, n') with a positive semi-definite matrix.
        rung: "dense", "expanded", "landmarks" or "auto": dense, or expanded where it costs less.
        accuracy: of the features of an expanded path: largest error of an entry, relative to the largest entry.
        rank: number of landmarks.
        key: for landmarks, which are drawn.

    Raises:
        BadInput: wrong shapes, NaN, float32, an unknown rung, or a kernel that is not positive semi-definite.
        TooLarge: there is not enough memory.
    """
    inputs = finite_matrix("inputs", inputs)
    require_float64("inputs", inputs)
    labels = finite_matrix("labels", labels, rows=inputs.shape[0], dtype=inputs.dtype)
    if rung not in _RUNGS:
        raise BadInput("rung", required=f"be one of {', '.join(_RUNGS)}", got=repr(rung), advice='Type rung="auto".')
    if rung == "expanded":
        return _expanded(expand(kernel, inputs, accuracy=accuracy), inputs, labels)  # pyright: ignore[reportArgumentType]
    if rung == "landmarks":
        if key is None:
            raise BadInput(
                "key", required="be given where landmarks are drawn", got="None", advice="Type key=jax.random.key(0)."
            )
        refuse_infinite(diagonal(kernel, inputs))
        return _expanded(landmarks(kernel, inputs, rank=min(rank, inputs.shape[0]), key=key), inputs, labels)
    if rung == "auto" and expandable(kernel):
        features = _cheaper(kernel, inputs, accuracy)
        if features is not None:
            return _expanded(features, inputs, labels)
    values, vectors = decomposed(assembled(kernel, inputs, copies=3))
    return Path(
        kernel,
        Sections(kernel, inputs),
        inputs,
        labels,
        values,
        vectors,
        vectors.T @ np.asarray(labels),
        rounding(values),
        0.0,
        "dense",
    )


def _cheaper(kernel: LimitKernel, inputs: Float[Array, "n d"], accuracy: float) -> Expansion | None:
    """The features, if they cost less than the matrix."""
    try:
        features = expand(kernel, inputs, accuracy=accuracy)
    except BadInput:  # no degree in reach
        return None
    n, p = inputs.shape[0], features.rank
    return features if n * p**2 + 9 * p**3 < 9 * n**3 else None


def _expanded(features: Expansion | Landmarks, inputs: Float[Array, "n d"], labels: Float[Array, "n k"]) -> Path:
    total, moment = gram(features, inputs, labels)
    values, vectors = decomposed(total)
    # Each entry of Phi^T Phi is a sum of n products: n p eps would be the worst case, this its usual size.
    radius = rounding(values)
    return Path(
        features.kernel,
        features,
        inputs,
        labels,
        values,
        vectors,
        vectors.T @ moment,
        radius,
        float(np.sum(features.remainder(inputs))),
        "expanded" if isinstance(features, Expansion) else "landmarks",
    )
