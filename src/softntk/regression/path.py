"""One eigendecomposition, every estimator: all ridges and all stopping times.

Let K be the kernel matrix of the training inputs, l its eigenvalues (of K itself, not K/n), U its eigenvectors:

    ridge r      (K + r I) a = Y,  f = K(., X) a                       filter  1 / (l + r)
    flow tau     df/dt = -K(., X) (f(X) - Y), f = 0 at t = 0, t = tau  filter  (1 - exp(-tau l)) / l

so f(x) = K(x, X) U filter(l) U^T Y. Gradient descent with step eta on the loss 1/2 ||f(X) - Y||^2 of a network of width
m reaches tau = eta m t after t steps (kernel normalized by 1/m). For explicit features Phi, K = Phi Phi^T, the same
holds with l, V the eigenpairs of Phi^T Phi: f(x) = phi(x) V filter(l) V^T Phi^T Y. Both are written

    f(x) = B(x) W filter(l) D.

Error. If K~ stands in for K (features left out, rounding) and both are positive semi-definite, then the fitted values
K (K + r)^-1 Y and (1 - exp(-tau K)) Y change by at most ||K - K~|| ||Y|| / r and ||K - K~|| tau ||Y||: the first since
f = Y - r (K + r)^-1 Y, the second by Duhamel's formula. `bound` reports these numbers.

Choosing. With the smoother S = U l filter(l) U^T, h = diag S: generalized cross-validation n |Y - S Y|^2 /
(n - tr S)^2 and leave-one-out residuals (y_i - f_i) / (1 - h_i), exact for ridge, an approximation for flow.
"""

from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from softntk.failures import BadInput
from softntk.kernels.limit import Kernel
from softntk.kernels.operator import diagonal
from softntk.numerics.arrays import finite_matrix
from softntk.regression.predictor import Predictor, Sections, in_blocks

__all__ = ["Path"]

_TINY = float(np.finfo(np.float64).tiny)


class Path(eqx.Module):
    """Every ridge and every stopping time of one training set.

    `eigenvalues` ascend and are those of K (dense), or of the features' Gram matrix: the non-zero ones (expanded,
    landmarks). `radius` bounds the rounding error of an eigenvalue, `left_out` the operator norm of what the features
    leave out of K.
    """

    kernel: Kernel
    basis: Any
    inputs: Float[Array, "n d"]
    labels: Float[Array, "n k"]
    eigenvalues: Float[np.ndarray, " p"]
    vectors: Float[np.ndarray, "p p"]
    projections: Float[np.ndarray, "p k"]
    radius: float
    left_out: float
    rung: str = eqx.field(static=True)

    @property
    def rank(self) -> int:
        """p: n for a dense decomposition, the number of features for an expanded one."""
        return len(self.eigenvalues)

    def ridge(self, ridge: float) -> Predictor:
        """The predictor of (K + ridge I) a = Y.

        Raises:
            BadInput: a negative ridge, or one so small that rounding decides the answer.
        """
        return self._predictor(self._filter(ridge=ridge))

    def flow(self, tau: float) -> Predictor:
        """The predictor of the gradient flow stopped at time tau.

        Raises:
            BadInput: tau is negative or not finite.
        """
        return self._predictor(self._filter(tau=tau))

    def predictions(
        self, inputs: Float[Array, "n2 d"], *, taus: object = None, ridges: object = None
    ) -> Float[np.ndarray, "count n2 k"]:
        """Predictions (count, n', k) at new inputs for many stopping times or ridges, B(x) formed once.

        Raises:
            BadInput: not exactly one of `taus` and `ridges`; else as `ridge` and `flow`.
        """
        filters = self._filters(taus, ridges)
        inputs = finite_matrix("inputs", inputs, columns=self.inputs.shape[1], dtype=self.labels.dtype)
        (count, rank), k = filters.shape, self.labels.shape[1]
        if count * k <= inputs.shape[0] or count * k <= 64:
            scaled = filters[:, :, None] * self.projections[None, :, :]
            flat = self.vectors @ np.moveaxis(scaled, 0, 1).reshape(rank, count * k)
            found = np.asarray(in_blocks(self.basis, inputs, jnp.asarray(flat)))
            return np.moveaxis(found.reshape(-1, count, k), 1, 0)
        turned = np.asarray(in_blocks(self.basis, inputs, jnp.asarray(self.vectors)))
        return np.stack([turned @ (each[:, None] * self.projections) for each in filters])

    def coefficients(self, *, ridge: float) -> Float[np.ndarray, "n k"]:
        """The coefficients a (n, k) of the kernel sections, f = K(., X) a. Raises as `ridge`."""
        predictor = self.ridge(ridge)
        if isinstance(self.basis, Sections):
            return np.asarray(predictor.coefficients)
        return np.asarray((self.labels - predictor(self.inputs)) / ridge)

    def fitted(self, *, taus: object = None, ridges: object = None) -> Float[np.ndarray, "count n k"]:
        """Predictions at the training inputs, for every stopping time or ridge."""
        filters, turned = self._filters(taus, ridges), self._turned()
        # B U = U l for a dense decomposition, so the kernel is not needed again.
        return np.stack([turned @ (each[:, None] * self.projections) for each in filters])

    def leave_one_out(self, *, taus: object = None, ridges: object = None) -> Float[np.ndarray, " count"]:
        """Mean squared leave-one-out residual, summed over outputs, for every stopping time or ridge (inf if h = 1)."""
        filters, turned = self._filters(taus, ridges), self._turned()
        labels, found = np.asarray(self.labels), []
        weights = turned * (self.vectors if isinstance(self.basis, Sections) else turned)
        for each in filters:
            left = 1 - weights @ each
            residual = labels - turned @ (each[:, None] * self.projections)
            safe = np.where(left > 0, left, np.nan)
            error = np.mean(np.sum((residual / safe[:, None]) ** 2, axis=1))
            found.append(error if np.isfinite(error) else np.inf)
        return np.array(found)

    def generalized_cross_validation(
        self, *, taus: object = None, ridges: object = None
    ) -> Float[np.ndarray, " count"]:
        """n |Y - S Y|^2 / (n - tr S)^2, summed over outputs, for every stopping time or ridge."""
        n, labels, found = len(self.labels), np.asarray(self.labels), []
        turned = self._turned()
        for each in self._filters(taus, ridges):
            residual = labels - turned @ (each[:, None] * self.projections)
            left = n - float(np.sum(self.eigenvalues * each))
            found.append(n * float(np.sum(residual**2)) / left**2 if left > 0 else np.inf)
        return np.array(found)

    def effective_dimension(self, ridge: float) -> float:
        """tr K (K + ridge)^-1."""
        return float(np.sum(self.eigenvalues * self._filter(ridge=ridge)))

    def log_marginal_likelihood(self, ridge: float) -> float:
        """log density of the labels under f ~ GP(0, K), noise variance `ridge`, outputs independent."""
        n, k = self.labels.shape
        filters = self._filter(ridge=ridge)
        residual = np.asarray(self.labels) - self._turned() @ (filters[:, None] * self.projections)
        fit = float(np.sum(np.asarray(self.labels) * residual)) / ridge if ridge else float("nan")
        logs = float(np.sum(np.log(self.eigenvalues + ridge))) + (n - self.rank) * np.log(ridge)
        return -0.5 * (fit + k * (logs + n * np.log(2 * np.pi)))

    def variance(self, inputs: Float[Array, "n2 d"], *, ridge: float) -> Float[np.ndarray, " n2"]:
        """Posterior variance (n',) of f at new inputs under f ~ GP(0, K) with noise variance `ridge`."""
        inputs = finite_matrix("inputs", inputs, columns=self.inputs.shape[1], dtype=self.labels.dtype)
        filters = self._filter(ridge=ridge)
        turned = np.asarray(in_blocks(self.basis, inputs, jnp.asarray(self.vectors)))
        if isinstance(self.basis, Sections):
            return np.maximum(diagonal(self.kernel, inputs) - np.sum(turned**2 * filters[None, :], axis=1), 0)
        return ridge * np.sum(turned**2 * filters[None, :], axis=1)

    def bound(self, *, ridge: float | None = None, tau: float | None = None) -> float:
        """Bound on the error of the fitted values, relative to ||Y||, from features left out and from rounding."""
        error = self.left_out + self.radius
        if tau is not None:
            return float(error * tau)
        return float(error / ridge) if ridge else float("inf")

    def _turned(self) -> Float[np.ndarray, "n p"]:
        """B(X) W."""
        if isinstance(self.basis, Sections):
            return self.vectors * self.eigenvalues[None, :]
        return np.asarray(in_blocks(self.basis, self.inputs, jnp.asarray(self.vectors)))

    def _predictor(self, filters: Float[np.ndarray, " p"]) -> Predictor:
        return Predictor(self.basis, jnp.asarray(self.vectors @ (filters[:, None] * self.projections)))

    def _filters(self, taus: object, ridges: object) -> Float[np.ndarray, "count p"]:
        if (taus is None) == (ridges is None):
            raise BadInput(
                "taus",
                required="or else ridges be given",
                got="both" if taus is not None else "neither",
                advice="Type taus=[1.0, 10.0] or ridges=[1e-3, 1e-2].",
            )
        if taus is not None:
            return np.stack([self._filter(tau=float(tau)) for tau in np.atleast_1d(np.asarray(taus))])
        return np.stack([self._filter(ridge=float(ridge)) for ridge in np.atleast_1d(np.asarray(ridges))])

    def _filter(self, *, ridge: float | None = None, tau: float | None = None) -> Float[np.ndarray, " p"]:
        values = self.eigenvalues
        if tau is not None:
            if not 0 <= tau < float("inf"):
                raise BadInput("tau", required="be finite and not negative", got=repr(tau), advice="Type tau=10.0.")
            small = values * tau < 1e-12
            return np.where(small, tau, -np.expm1(-tau * values) / np.where(small, 1, values))
        if ridge is None or not 0 <= ridge < float("inf"):
            raise BadInput("ridge", required="be finite and not negative", got=repr(ridge), advice="Type ridge=1e-3.")
        smallest = float(values[0]) if self.rank == len(self.labels) and not self.left_out else 0.0
        if ridge + smallest <= self.radius:
            raise BadInput(
                "ridge",
                required=f"exceed the rounding error {self.radius:.2g} of the eigenvalues",
                got=f"{ridge:g} with smallest eigenvalue {smallest:.2g}",
                advice=f"Type ridge={10 * self.radius:.1g}.",
            )
        return 1 / (values + ridge)
