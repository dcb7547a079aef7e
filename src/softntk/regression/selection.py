"""Choose kernel and ridge (or stopping time) by leave-one-out, all ridges of a kernel from one decomposition.

The candidates are held against each other by the mean squared leave-one-out residual, which costs nothing beyond the
decomposition. Equal rows are left out together. It is a choice, not an error estimate: the least of many numbers is
too small. Hold rows out for that.

Of many rows some are used. The best ridge r of n rows grows more slowly than n: r/n falls like n^(-c), with c between
1/2 and 1 for a target in the kernel's space (Caponnetto and De Vito, 2007). What is taken is the ridge of m rows times
(n/m)^(1/3), c = 2/3. From 2,000 to 10,000 rows it was 0.6 to 1.0 times the best one, and its error larger by at most
0.2 %; the ridge times n/m was 1.8 to 3 times too large, its error larger by up to 3 %.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, cast

import jax
import numpy as np
from jaxtyping import Array, Float

from softntk.failures import BadInput
from softntk.kernels.limit import Kernel, LimitKernel
from softntk.regression.solution import power_of_two
from softntk.regression.solver import SolverChoice
from softntk.regression.spectral import SpectralFit
from softntk.regression.spectral_solver import spectral_fit

__all__ = ["Choice", "Selection", "choose", "select"]

_ROWS = 2000
# Power of the number of rows that the ridge grows with.
_GROWTH = 1 / 3


@dataclass(frozen=True)
class Selection:
    """The chosen kernel, its fit and ridge, and the leave-one-out residuals (kernels, ridges).

    `errors` are mean squares relative to the mean square of the labels: 1 is the error of predicting 0.
    """

    kernel: Kernel
    fit: SpectralFit
    ridge: float
    ridges: Float[np.ndarray, "kernels ridges"]
    errors: Float[np.ndarray, "kernels ridges"]


def select(
    kernels: Sequence[Kernel],
    inputs: Float[Array, "n d"],
    labels: Float[Array, "n k"],
    *,
    ridges: Sequence[float] | None = None,
    solver: SolverChoice | None = None,
) -> Selection:
    """The kernel and the ridge of the least leave-one-out residual.

    Arguments:
        kernels: candidates, `[LimitKernel(Softmax(), scale) for scale in (0.5, 1, 2)]` say.
        ridges: candidates; default: 25 for each kernel, from 1e-10 to 10 times the mean diagonal entry, those below
            rounding left out.
        solver: as in `spectral_fit`.

    Raises:
        BadInput: no candidates; else as `spectral_fit`.
        TooLarge: as `spectral_fit`.
    """
    if not kernels:
        raise BadInput("kernels", required="hold a candidate", got="none", advice="Type [LimitKernel(Softmax())].")
    # A power of two: exact, and squares neither vanish nor overflow.
    unit = float(power_of_two(np.asarray(labels)).max())
    best: tuple[float, SpectralFit, float] | None = None
    tried, errors = [], []
    for kernel in kernels:
        found = spectral_fit(kernel, inputs, labels / unit, solver=solver)
        mean = found.trace / found.count
        offered = np.geomspace(1e-10, 10, 25) * mean if ridges is None else np.asarray(ridges, float)
        usable = offered > 2 * found.radius
        row = np.full(len(offered), np.inf)
        if usable.any():
            row[usable] = found.leave_one_out(ridges=offered[usable]) * found.count / (found.energy or 1.0)
        tried.append(offered)
        errors.append(row)
        least = int(np.argmin(row))
        if best is None or row[least] < best[0]:
            best = (float(row[least]), found, float(offered[least]))
    assert best is not None  # noqa: S101  (there is a kernel)
    return Selection(best[1].kernel, best[1].times(unit), best[2], np.stack(tried), np.stack(errors))


class Choice(NamedTuple):
    """Place of the inputs among those offered, kernel and ridge."""

    place: int
    kernel: LimitKernel
    ridge: float


def choose(
    kernels: Sequence[LimitKernel],
    offered: Sequence[Float[Array, "n _"]],
    labels: Float[Array, "n k"],
    *,
    key: jax.Array,
    ridge: float | None = None,
    rows: int = _ROWS,
) -> Choice:
    """Inputs, kernel and ridge of the least leave-one-out residual on some of the rows.

    Arguments:
        kernels: candidates.
        offered: the same inputs, scaled in different ways.
        key: draws the rows to choose on, where there are more.
        ridge: the ridge for all n rows, if it is not to be chosen.
        rows: how many rows to choose on.

    Raises:
        BadInput: as `select`.
        TooLarge: as `select`.
    """
    if ridge is not None and len(kernels) == len(offered) == 1:
        return Choice(0, kernels[0], ridge)
    n = len(labels)
    used = np.arange(n)
    if n > rows:
        used = np.sort(np.asarray(jax.random.permutation(key, n))[:rows])
    growth = float((n / len(used)) ** _GROWTH)
    ridges = None if ridge is None else [ridge / growth]
    found = [select(kernels, inputs[used], labels[used], ridges=ridges) for inputs in offered]
    place = min(range(len(found)), key=lambda i: found[i].errors.min())
    return Choice(place, cast(LimitKernel, found[place].kernel), found[place].ridge * growth)
