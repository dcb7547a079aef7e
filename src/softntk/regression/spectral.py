"""One eigendecomposition, every estimator: all ridges and all stopping times.

Let K be the kernel matrix of the training inputs, l its eigenvalues (of K itself, not K/n), U its eigenvectors:

    ridge r      (K + r I) a = Y,  f = K(., X) a                       filter  g = 1 / (l + r)
    flow tau     df/dt = -K(., X) (f(X) - Y), f = 0 at t = 0, t = tau  filter  g = (1 - exp(-tau l)) / l

so f(x) = K(x, X) U g(l) U^T Y. Gradient descent with step eta on the loss 1/2 |f(X) - Y|^2 of a network of width m
reaches tau = eta m t after t steps (kernel normalized by 1/m). Whoever counts with the mean over n rows, K/n and
|f(X) - Y|^2 / (2 n), has ridges r/n and times n tau. Explicit features and weights: see `regression.decomposition`,

    f(x) = B(x) V g(l) C,     |f|_H^2 = sum_j l_j g_j^2 |C_j|^2.

Error. If K~ stands in for K (features left out, rounding) and both are positive semi-definite, then the fitted values
K (K + r)^-1 Y and (1 - exp(-tau K)) Y change by at most |K - K~| |Y| / r and |K - K~| tau |Y|: the first since
f = Y - r (K + r)^-1 Y, the second by Duhamel's formula. `bound` reports these numbers.

Marginal likelihood of Y under f ~ GP(0, K) with noise variance r:

    -1/2 [ |Y - S Y|^2 / r + |f|_H^2 + k (sum log(l + r) + (n - p) log r + n log 2 pi) ],

since the first two terms, a minimum over f, are Y^T (K + r)^-1 Y.
"""

from collections.abc import Callable

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from softntk.failures import BadInput
from softntk.kernels.limit import Kernel
from softntk.kernels.operator import diagonal
from softntk.numerics.arrays import finite_matrix
from softntk.regression.filters import Filters, flow_filters, ridge_filters
from softntk.regression.predictor import Predictor, in_blocks
from softntk.regression.repeats import averaged
from softntk.regression.residuals import Rows, side_by_side

__all__ = ["SpectralFit"]


class SpectralFit(eqx.Module):
    """Every ridge and every stopping time of one training set; `spectral_fit` makes it.

    `inputs`, `labels`, `weights` are those of the distinct rows, `places` says which of them a given row is, with
    `row_weights`. The `eigenvalues` ascend and are those of K, or of the Gram matrix of few features: its non-zero
    ones. `coordinates` are those of the labels in the eigenvectors. `radius` bounds the rounding error of an
    eigenvalue, `left_out` the operator norm of what the features leave out of K, whose trace is `trace`. `solver` is
    the name of the way.
    """

    kernel: Kernel
    basis: Callable[[Float[Array, "n2 d"]], Float[Array, "n2 b"]]
    inputs: Float[Array, "n d"]
    labels: Float[np.ndarray, "n k"]
    weights: Float[np.ndarray, " n"] | None
    row_weights: Float[np.ndarray, " rows"] | None
    places: Int[np.ndarray, " rows"] | None
    spread: float
    eigenvalues: Float[np.ndarray, " p"]
    vectors: Float[np.ndarray, "b p"]
    coordinates: Float[np.ndarray, "p k"]
    left: Float[np.ndarray, "n p"] | None
    radius: float
    left_out: float
    trace: float
    solver: str = eqx.field(static=True)

    @property
    def rank(self) -> int:
        """p: the number of eigenvalues."""
        return len(self.eigenvalues)

    @property
    def count(self) -> float:
        """Number of rows, or the sum of their weights."""
        return float(len(self.labels)) if self.weights is None else float(self.weights.sum())

    @property
    def lost(self) -> float:
        """Share of the trace of K that the features leave out."""
        return self.left_out / self.trace if self.trace > 0 else 0.0

    @property
    def energy(self) -> float:
        """|Y|^2 over all rows and outputs, weighted."""
        squares = self.labels**2 if self.weights is None else self.weights[:, None] * self.labels**2
        return float(squares.sum()) + self.spread

    def ridge(self, ridge: float) -> Predictor:
        """The predictor of (K + ridge I) a = Y.

        Raises:
            BadInput: a negative ridge, or one so small that rounding decides the answer.
        """
        return self._predictor(self._filters(None, ridge))

    def flow(self, tau: float) -> Predictor:
        """The predictor of the gradient flow stopped at time tau.

        Raises:
            BadInput: tau is negative or not finite.
        """
        return self._predictor(self._filters(tau, None))

    def times(self, factor: float) -> "SpectralFit":
        """The fit of the labels times a factor."""
        return self._with(self.labels * factor, self.coordinates * factor, self.spread * factor * factor)

    def relabeled(self, labels: Float[Array, "rows k"]) -> "SpectralFit":
        """The fit of other labels of the same rows, without another decomposition.

        Raises:
            BadInput: another number of rows, or NaN.
        """
        rows = len(self.labels) if self.places is None else len(self.places)
        y, spread = np.asarray(finite_matrix("labels", labels, rows=rows), np.float64), 0.0
        if self.places is not None:
            y, _, spread = averaged(y, self.places, self.row_weights, len(self.labels))
        scaled = y if self.weights is None else np.sqrt(self.weights)[:, None] * y
        coordinates = np.zeros((self.rank, y.shape[1]))
        for rows, left in self._rows.eigenvectors():
            coordinates += left.T @ scaled[rows]
        return self._with(y, coordinates, spread)

    def predictions(
        self, inputs: Float[Array, "n2 d"], *, taus: object = None, ridges: object = None
    ) -> Float[np.ndarray, "count n2 k"]:
        """Predictions (count, n', k) at new inputs for many stopping times or ridges, B(x) formed once.

        Raises:
            BadInput: not exactly one of `taus` and `ridges`; else as `ridge` and `flow`.
        """
        inverse = self._filters(taus, ridges).inverse
        inputs = finite_matrix("inputs", inputs, columns=self.inputs.shape[1], dtype=self.inputs.dtype)
        count, k = len(inverse), self.labels.shape[1]
        if count * k <= max(self.rank, 64):
            flat = self.vectors @ side_by_side(inverse, self.coordinates)
            found = np.asarray(in_blocks(self.basis, inputs, self._typed(flat)))
            return np.moveaxis(found.reshape(-1, count, k), 1, 0)
        turned = np.asarray(in_blocks(self.basis, inputs, self._typed(self.vectors)))
        return np.stack([turned @ (each[:, None] * self.coordinates) for each in inverse])

    def norms(self, *, taus: object = None, ridges: object = None) -> Float[np.ndarray, " count"]:
        """|f|_H, over all outputs, for every stopping time or ridge. Raises as `predictions`."""
        filters = self._filters(taus, ridges)
        return np.sqrt((filters.share * filters.inverse) @ np.sum(self.coordinates**2, axis=1))

    def coefficients(self, *, ridge: float) -> Float[np.ndarray, "n k"]:
        """The coefficients a (n, k) of the sections at the distinct inputs, f = K(., X) a. Raises as `ridge`."""
        filters = self._filters(None, ridge)
        roots = 1.0 if self.weights is None else np.sqrt(self.weights)[:, None]
        if self.left is not None:
            return roots * (self.left @ (filters.inverse[0][:, None] * self.coordinates))
        return np.concatenate([residual[:, 0] for residual, _, _ in self._rows.residuals(filters)]) * roots / ridge

    def fitted(self, *, taus: object = None, ridges: object = None) -> Float[np.ndarray, "count rows k"]:
        """Predictions at the training inputs, as they were given, for every stopping time or ridge."""
        filters = self._filters(taus, ridges)
        found = np.concatenate([fitted for _, fitted, _ in self._rows.residuals(filters)])
        if self.weights is not None:
            found = found / np.sqrt(self.weights)[:, None, None]
        found = np.moveaxis(found, 1, 0)
        return found if self.places is None else found[:, self.places]

    def leave_one_out(self, *, taus: object = None, ridges: object = None) -> Float[np.ndarray, " count"]:
        """Mean squared leave-one-out residual, summed over outputs, for every stopping time or ridge (inf if h = 1).

        Equal rows are left out together.
        """
        filters = self._filters(taus, ridges)
        total = np.full(len(filters.rest), self.spread)
        with np.errstate(over="ignore", invalid="ignore"):
            for residual, _, free in self._rows.residuals(filters):
                squares = np.sum((residual / np.where(free > 0, free, np.nan)[:, :, None]) ** 2, axis=2)
                total += squares.sum(axis=0)
            return np.where(np.isfinite(total), total / self.count, np.inf)

    def generalized_cross_validation(
        self, *, taus: object = None, ridges: object = None
    ) -> Float[np.ndarray, " count"]:
        """n |Y - S Y|^2 / (n - tr S)^2, summed over outputs, for every stopping time or ridge."""
        filters = self._filters(taus, ridges)
        total = np.full(len(filters.rest), self.spread)
        for residual, _, _ in self._rows.residuals(filters):
            total += np.sum(residual**2, axis=(0, 2))
        free = (self.count - self.rank) + filters.rest.sum(axis=1)
        return np.where(free > 0, self.count * total / np.where(free > 0, free, 1) ** 2, np.inf)

    def effective_dimension(self, ridge: float) -> float:
        """tr K (K + ridge)^-1."""
        return float(self._filters(None, ridge).share.sum())

    def log_marginal_likelihood(self, ridge: float) -> float:
        """log density of the labels of all rows under f ~ GP(0, K), noise variance `ridge`, outputs independent.

        Weights count as copies of a row.

        Raises:
            BadInput: as `ridge`, or it is zero.
        """
        if ridge == 0:
            raise BadInput("ridge", required="be positive", got="0", advice="Type ridge=1e-3.")
        filters, k = self._filters(None, ridge), self.labels.shape[1]
        energies = np.sum(self.coordinates**2, axis=1)
        if self.left is None:
            left = sum(float(np.sum(residual**2)) for residual, _, _ in self._rows.residuals(filters)) / ridge
            fit = left + float((filters.share * filters.inverse)[0] @ energies)
        else:
            fit = float(filters.inverse[0] @ energies)
        logs = float(np.sum(np.log(self.eigenvalues + ridge))) + (self.count - self.rank) * np.log(ridge)
        return -0.5 * (fit + self.spread / ridge + k * (logs + self.count * np.log(2 * np.pi)))

    def variance(self, inputs: Float[Array, "n2 d"], *, ridge: float) -> Float[np.ndarray, " n2"]:
        """Posterior variance (n',) of f at new inputs under f ~ GP(0, K) with noise variance `ridge`."""
        inputs = finite_matrix("inputs", inputs, columns=self.inputs.shape[1], dtype=self.inputs.dtype)
        inverse = self._filters(None, ridge).inverse[0]
        turned = np.asarray(in_blocks(self.basis, inputs, self._typed(self.vectors)))
        return np.maximum(diagonal(self.kernel, inputs) - turned**2 @ inverse, 0)

    def bound(self, *, ridge: float | None = None, tau: float | None = None) -> float:
        """Bound on the error of the fitted values, relative to |Y|, from features left out and from rounding."""
        error = self.left_out + self.radius
        if tau is not None:
            return float(error * tau)
        return float(error / ridge) if ridge else float("inf")

    @property
    def _rows(self) -> Rows:
        return Rows(
            self.basis,
            self.inputs,
            self.labels,
            self.weights,
            self.eigenvalues,
            self.vectors,
            self.coordinates,
            self.left,
        )

    def _with(self, labels: Float[np.ndarray, "n k"], coordinates: Float[np.ndarray, "p k"], spread: float):
        return eqx.tree_at(lambda fit: (fit.labels, fit.coordinates, fit.spread), self, (labels, coordinates, spread))

    def _typed(self, array: Float[np.ndarray, "b c"]) -> Float[Array, "b c"]:
        return jnp.asarray(array, self.inputs.dtype)

    def _predictor(self, filters: Filters) -> Predictor:
        return Predictor(self.basis, self._typed(self.vectors @ (filters.inverse[0][:, None] * self.coordinates)))

    def _filters(self, taus: object, ridges: object) -> Filters:
        if (taus is None) == (ridges is None):
            raise BadInput(
                "taus",
                required="or else ridges be given",
                got="both" if taus is not None else "neither",
                advice="Type taus=[1.0, 10.0] or ridges=[1e-3, 1e-2].",
            )
        if taus is not None:
            return flow_filters(self.eigenvalues, taus)
        found = ridge_filters(self.eigenvalues, ridges)
        least = float(np.min(np.asarray(ridges)))
        # What features leave out is positive: it raises the eigenvalues of K.
        smallest = float(self.eigenvalues[0]) if self.left is not None else 0.0
        if least + smallest <= self.radius:
            raise BadInput(
                "ridge",
                required=f"exceed the rounding error {self.radius:.2g} of the eigenvalues",
                got=f"{least:g} with smallest eigenvalue {smallest:.2g}",
                advice=f"Type ridge={10 * self.radius:.1g}.",
            )
        return found
