"""Choose kernel and ridge (or stopping time) by leave-one-out, all ridges of a kernel from one decomposition.

The candidates are held against each other by the mean squared leave-one-out residual, which costs nothing beyond the
decomposition. It is a choice, not an error estimate: the least of many numbers is too small. Hold rows out for that.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, cast

import jax
import numpy as np
from jaxtyping import Array, Float

from softntk.failures import BadInput
from softntk.kernels.limit import Kernel, LimitKernel
from softntk.regression.decomposition import path
from softntk.regression.path import Path

__all__ = ["Choice", "Selection", "choose", "select"]

_ROWS_TO_CHOOSE = 2000


@dataclass(frozen=True)
class Selection:
    """The chosen kernel, its path and ridge, and the mean squared leave-one-out residuals (kernels, ridges)."""

    kernel: Kernel
    path: Path
    ridge: float
    ridges: Float[np.ndarray, "kernels ridges"]
    errors: Float[np.ndarray, "kernels ridges"]


def select(
    kernels: Sequence[Kernel],
    inputs: Float[Array, "n d"],
    labels: Float[Array, "n k"],
    *,
    ridges: Sequence[float] | None = None,
    rung: str = "auto",
    accuracy: float = 1e-12,
) -> Selection:
    """The kernel and the ridge of the least leave-one-out residual.

    Arguments:
        kernels: candidates, `[Limit(Softmax(), scale) for scale in (0.5, 1, 2)]` say.
        ridges: candidates; default: 25 for each kernel, from 1e-10 to 10 times the mean diagonal entry, those below
            rounding left out.
        rung, accuracy: as in `path`.

    Raises:
        BadInput: no candidates; else as `path`.
        TooLarge: as `path`.
    """
    if not kernels:
        raise BadInput("kernels", required="hold a candidate", got="none", advice="Type [Limit(Softmax())].")
    best: tuple[float, Path, float] | None = None
    tried, errors = [], []
    for kernel in kernels:
        found = path(kernel, inputs, labels, rung=rung, accuracy=accuracy)
        mean = float(found.eigenvalues.sum()) / len(found.labels)
        offered = np.geomspace(1e-10, 10, 25) * mean if ridges is None else np.asarray(ridges, float)
        usable = offered > 2 * found.radius
        row = np.full(len(offered), np.inf)
        if usable.any():
            row[usable] = found.leave_one_out(ridges=offered[usable])
        tried.append(offered)
        errors.append(row)
        least = int(np.argmin(row))
        if best is None or row[least] < best[0]:
            best = (float(row[least]), found, float(offered[least]))
    assert best is not None  # noqa: S101  (there is a kernel)
    return Selection(best[1].kernel, best[1], best[2], np.stack(tried), np.stack(errors))


class Choice(NamedTuple):
    """Place of the inputs among those offered, kernel and ridge."""

    place: int
    kernel: LimitKernel
    ridge: float


def choose(
    kernels: Sequence[LimitKernel],
    offered: Sequence[Float[Array, "n d"]],
    labels: Float[Array, "n k"],
    *,
    key: jax.Array,
    ridge: float | None = None,
) -> Choice:
    """Inputs, kernel and ridge of the least leave-one-out residual on at most 2,000 rows.

    Arguments:
        kernels: candidates.
        offered: the same inputs, scaled in different ways.
        key: draws the rows to choose on, where there are more.
        ridge: the ridge for all n rows, if it is not to be chosen.

    Raises:
        BadInput: as `select`.
        TooLarge: as `select`.
    """
    if ridge is not None and len(kernels) == len(offered) == 1:
        return Choice(0, kernels[0], ridge)
    n = len(labels)
    part = np.arange(n)
    if n > _ROWS_TO_CHOOSE:
        part = np.sort(np.asarray(jax.random.permutation(key, n))[:_ROWS_TO_CHOOSE])
    share = len(part) / n
    ridges = None if ridge is None else [ridge * share]
    found = [select(kernels, inputs[part], labels[part], ridges=ridges) for inputs in offered]
    place = min(range(len(found)), key=lambda i: found[i].errors.min())
    return Choice(place, cast(LimitKernel, found[place].kernel), found[place].ridge / share)
