"""The solvers by features, linear in n: explicit features of the kernel, or those of a few landmarks.

With features Phi (n, p), w = (Phi^T Phi + r I)^-1 Phi^T Y gives f = Phi w and the coefficients a = (Y - Phi w) / r of
the kernel itself. Their residual in the true system is (K - Phi Phi^T) a: what the features left out.

    expanded   cost n p^2 + p^3       exact up to a proved error: softmax and exponential kernels in low dimension
    nystrom    cost 3 n p^2 + p^3     an approximation for any kernel; its error is measured
"""

import math
from dataclasses import dataclass
from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np
import scipy.linalg
from jaxtyping import Array, Float

from softntk.failures import BadInput
from softntk.kernels.expansion import degree_for, expand, expandable, rank
from softntk.kernels.limit import Kernel
from softntk.kernels.nystrom import nystrom_features
from softntk.kernels.operator import KernelOperator, diagonal
from softntk.regression.decomposition import Decomposition, of_features
from softntk.regression.dense import refuse_infinite
from softntk.regression.features import BLOCK_ENTRIES, FeatureMap, gram
from softntk.regression.predictor import Predictor, Sections
from softntk.regression.solver import Answer, Cost, Problem, Speeds, System, needed_key

__all__ = ["SAMPLED_ROWS", "Expanded", "Nystrom"]

#: Rows that the residual is measured on, where there are more.
SAMPLED_ROWS = 500

_LARGEST_RANK = 8000  # of expanded features: beyond it a Gram matrix is no cheaper than the kernel


@dataclass(frozen=True)
class Expanded:
    """The monomials of a softmax or exponential kernel up to a degree.

    Arguments:
        degree: default: the one at which the residual of a solve is proved to be below half the accuracy.
        accuracy: of the features of a decomposition: largest error of an entry, relative to the largest entry.
    """

    name: ClassVar[str] = "expanded"
    approximate: ClassVar[bool] = False
    degree: int | None = None
    accuracy: float = 1e-12
    seconds: float = math.inf

    @property
    def options(self) -> tuple["Expanded", ...]:
        """The solvers to choose from: this one."""
        return (self,)

    def cost(self, problem: Problem, speeds: Speeds) -> Cost:
        """n p^2 + p^3 operations."""
        degree, obstacle = self._degree(problem)
        (n, d), k = problem.inputs.shape, problem.outputs
        p = rank(problem.kernel, d, degree) if degree else 0  # pyright: ignore[reportArgumentType]
        if p > _LARGEST_RANK:
            obstacle = f"{p:,} features are too many"
        need = 8 * (3.0 * p * p + 6.0 * min(BLOCK_ENTRIES, n * p) + 6 * n * (d + k))
        return Cost(p, need, (n * p**2 + p**3) / speeds.flops, obstacle)

    def work(self, kernel: Kernel, inputs: Float[Array, "n d"]) -> float:
        """n p^2 + 9 p^3; infinite if no degree reaches the accuracy."""
        if not expandable(kernel):
            return math.inf
        try:
            n, p = inputs.shape[0], expand(kernel, inputs, degree=self.degree, accuracy=self.accuracy).rank
        except BadInput:
            return math.inf
        return float(n * p**2 + 9 * p**3)

    def solve(self, system: System) -> Answer:
        """Carry it out."""
        _refuse_zero(system.ridge)
        degree, obstacle = self._degree(
            Problem(system.kernel, system.inputs, system.labels.shape[1], system.ridge, system.accuracy)
        )
        if obstacle:
            raise BadInput("solver", required="fit the kernel", got=f"Expanded(): {obstacle}", advice="Type Auto().")
        features = expand(system.kernel, system.inputs, degree=degree)  # pyright: ignore[reportArgumentType]
        refuse_infinite(diagonal(system.kernel, system.inputs))
        predictor = Predictor(features, jnp.asarray(_weights(features, system)))
        residual, error = _sampled_residual(system, predictor)
        bound = float(np.sum(features.remainder(system.inputs))) / system.ridge
        return Answer(predictor, f"{features.rank} features", residual, error, bound)

    def decompose(
        self,
        kernel: Kernel,
        inputs: Float[Array, "n d"],
        labels: Float[np.ndarray, "n k"],
        roots: Float[np.ndarray, " n"] | None,
        *,
        epsilon: float,
        key: jax.Array | None,
    ) -> tuple[str, Decomposition]:
        """All eigenvalues of the features' Gram matrix."""
        features = expand(kernel, inputs, degree=self.degree, accuracy=self.accuracy)  # pyright: ignore[reportArgumentType]
        found = of_features(features, inputs, labels, roots, epsilon)
        weights = 1.0 if roots is None else roots**2
        left_out = float(np.sum(weights * features.remainder(inputs)))
        return self.name, found._replace(left_out=left_out, trace=found.trace + left_out)

    def _degree(self, problem: Problem) -> tuple[int, str]:
        """The degree; 0 and why if there is none."""
        kernel, inputs = problem.kernel, problem.inputs
        if not expandable(kernel):
            return 0, "this kernel has no explicit features"
        if self.degree is not None:
            return self.degree, ""
        radius = float(np.sqrt(np.max(np.sum(np.asarray(inputs, np.float64) ** 2, axis=1))))
        largest = float(kernel.diagonal(jnp.asarray([[radius]]))[0])
        # |(K - Phi Phi^T) a| <= trace |Y| / ridge.
        share = 0.5 * problem.accuracy * problem.ridge / (len(inputs) * max(largest, 1e-300))
        if not share >= 1e-15:
            return 0, "the ridge is too small for features in float64"
        try:
            return degree_for(kernel, radius, min(share, 0.5)), ""
        except BadInput:
            return 0, "no degree up to 150 reaches the accuracy"


@dataclass(frozen=True)
class Nystrom:
    """The features of landmarks, drawn by randomly pivoted Cholesky.

    Arguments:
        rank: landmarks.
    """

    name: ClassVar[str] = "nystrom"
    approximate: ClassVar[bool] = True
    rank: int = 2000
    seconds: float = math.inf

    def __post_init__(self) -> None:
        if self.rank < 1:
            raise BadInput("rank", required="be at least 1", got=str(self.rank), advice="Type rank=1000.")

    @property
    def options(self) -> tuple["Nystrom", ...]:
        """The solvers to choose from: this one."""
        return (self,)

    def cost(self, problem: Problem, speeds: Speeds) -> Cost:
        """3 n p^2 operations, n p entries; five candidates are held for each landmark, and eight blocks of entries."""
        (n, d), k = problem.inputs.shape, problem.outputs
        p = min(self.rank, n)
        need = 8 * (12.0 * p * p + 8.0 * min(BLOCK_ENTRIES, n * p) + 4 * n * (d + k))
        return Cost(p, need, 3 * n * p**2 / speeds.flops + n * p / speeds.entries)

    def work(self, kernel: Kernel, inputs: Float[Array, "n d"]) -> float:
        """There is no exact one."""
        return math.inf

    def solve(self, system: System) -> Answer:
        """Carry it out."""
        _refuse_zero(system.ridge)
        refuse_infinite(diagonal(system.kernel, system.inputs))
        count = min(self.rank, len(system.labels))
        features = nystrom_features(system.kernel, system.inputs, rank=count, key=needed_key(system.key))
        weights = features.whitening @ _weights(features, system)
        predictor = Predictor(Sections(system.kernel, features.points), jnp.asarray(weights))
        residual, error = _sampled_residual(system, predictor)
        return Answer(predictor, f"{features.rank} features", residual, error)

    def decompose(
        self,
        kernel: Kernel,
        inputs: Float[Array, "n d"],
        labels: Float[np.ndarray, "n k"],
        roots: Float[np.ndarray, " n"] | None,
        *,
        epsilon: float,
        key: jax.Array | None,
    ) -> tuple[str, Decomposition]:
        """All eigenvalues of the features' Gram matrix."""
        diagonals = diagonal(kernel, inputs)
        refuse_infinite(diagonals)
        features = nystrom_features(kernel, inputs, rank=min(self.rank, len(labels)), key=needed_key(key))
        found = of_features(features, inputs, labels, roots, epsilon)
        trace = float(np.sum(diagonals if roots is None else roots**2 * diagonals))
        # Sections at the landmarks in place of the features: one product less for each prediction.
        return self.name, found._replace(
            basis=Sections(kernel, features.points),
            vectors=np.asarray(features.whitening) @ found.vectors,
            left_out=max(trace - found.trace, 0.0),
            trace=trace,
        )


def _refuse_zero(ridge: float) -> None:
    if ridge == 0:
        raise BadInput("ridge", required="be positive for features", got="0", advice="Type ridge=1e-6.")


def _weights(features: FeatureMap, system: System) -> Float[np.ndarray, "p k"]:
    """w = (Phi^T Phi + r I)^-1 Phi^T Y."""
    total, moment = gram(features, system.inputs, system.labels)
    total[np.diag_indices_from(total)] += system.ridge
    try:
        factor = scipy.linalg.cho_factor(total, lower=True, overwrite_a=True, check_finite=False)
    except np.linalg.LinAlgError:
        raise BadInput(
            "ridge",
            required="exceed the rounding of the features' Gram matrix",
            got=f"{system.ridge:g}",
            advice=f"Type ridge={1e-14 * float(np.abs(np.diagonal(total)).sum()):.1g}.",
        ) from None
    return scipy.linalg.cho_solve(factor, moment, check_finite=False)


def _sampled_residual(system: System, predictor: Predictor) -> tuple[float, float]:
    """Relative residual of the worst column from evenly scattered rows, and its standard error (0 if all rows)."""
    labels, ridge, n = system.labels, system.ridge, len(system.labels)
    count = min(SAMPLED_ROWS, n)
    golden = (math.sqrt(5) - 1) / 2
    rows = np.unique((np.mod(np.arange(1, count + 1) * golden, 1) * n).astype(int)) if count < n else np.arange(n)
    dual = (labels - np.asarray(predictor(system.inputs))) / ridge
    operator = KernelOperator(system.kernel, system.inputs)
    blocks = np.array_split(rows, min(max(len(rows) * n // BLOCK_ENTRIES, 1), len(rows)))
    squares = (labels[rows] - np.concatenate([operator.rows(each) @ dual for each in blocks]) - ridge * dual[rows]) ** 2
    size = np.sum(labels**2, axis=0)
    size = np.where(size > 0, size, 1)
    means = np.mean(squares, axis=0) * n / size
    worst = int(np.argmax(means))
    residual = math.sqrt(means[worst])
    if count == n:
        return residual, 0.0
    # The delta method turns the standard error of the mean square into that of its root.
    spread = float(np.std(squares[:, worst], ddof=1)) / math.sqrt(len(rows)) * n / size[worst]
    return residual, spread / (2 * residual) if residual else 0.0
