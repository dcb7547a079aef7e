"""Kernel regression with the limit kernels, as scikit-learn wants it.

The inputs are scaled first (`scaling`, as for networks: by default they are put on the unit sphere, in the better of
two ways), the targets are encoded, and everything runs in float64 whatever the caller's setting. With ridge="auto"
scaling, scale and ridge are those of the least leave-one-out residual (`softntk.regression.choose`).
"""

from abc import abstractmethod
from typing import Any, cast

import jax
import jax.numpy as jnp
import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, MultiOutputMixin, RegressorMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from softntk.data.scaling import Scaling
from softntk.kernels.limit import LimitKernel
from softntk.networks.features import features_named
from softntk.regression.selection import choose
from softntk.regression.solution import power_of_two, solve
from softntk.regression.solvers import solver_named

__all__ = ["KernelClassifier", "KernelRegressor"]


class _KernelEstimator(BaseEstimator):
    def __init__(
        self,
        features="softmax",
        *,
        scale=(0.5, 1.0, 2.0, 4.0, 6.0),
        trained="both",
        ridge="auto",
        scaling=("sphere", "hemisphere"),
        solver="auto",
        accuracy=1e-6,
        rank=None,
        seed=0,
    ):
        self.features, self.scale, self.trained, self.ridge = features, scale, trained, ridge
        self.scaling, self.solver, self.accuracy, self.rank, self.seed = scaling, solver, accuracy, rank, seed

    @abstractmethod
    def _labels(self, y: np.ndarray) -> np.ndarray:
        """Targets as numbers (n, k)."""

    def _fit(self, x: Any, y: Any) -> None:
        x = np.asarray(x, np.float64)
        y = np.asarray(y)
        with jax.enable_x64(True):
            choose_key, draw = jax.random.split(jax.random.key(self.seed))
            scalings = [Scaling.fit(str(name), x) for name in np.atleast_1d(self.scaling)]
            labels = jnp.asarray(self._labels(y))
            features, trained = features_named(self.features), cast(Any, self.trained)
            kernels = [LimitKernel(features, float(scale), trained) for scale in np.atleast_1d(self.scale)]
            given = None if self.ridge == "auto" else float(self.ridge)
            scaled = [jnp.asarray(each.apply(x)) for each in scalings]
            place, kernel, ridge = choose(kernels, scaled, labels, key=choose_key, ridge=given)
            self.scaling_ = scalings[place]
            found = solve(
                kernel,
                scaled[place],
                labels,
                ridge=ridge,
                solver=solver_named(self.solver, rank=self.rank) if isinstance(self.solver, str) else self.solver,
                accuracy=self.accuracy,
                key=draw,
                held_out=0,
            )
        self.scale_, self.ridge_, self.residual_, self.solver_ = (
            float(kernel.scale),
            ridge,
            found.residual,
            found.plan.solver.name,
        )
        # NumPy arrays: JAX's would lose their precision when they are unpickled where float64 is off.
        self.predictor_ = jax.tree.map(np.asarray, found.predictor)

    def _outputs(self, x: Any) -> np.ndarray:
        check_is_fitted(self)
        x = np.asarray(validate_data(self, x, reset=False, dtype=np.float64))
        with jax.enable_x64(True):
            return np.asarray(self.predictor_(jnp.asarray(self.scaling_.apply(x))))


class KernelRegressor(MultiOutputMixin, RegressorMixin, _KernelEstimator):
    """Ridge regression with a limit kernel.

    Arguments:
        features: "softmax", "exponential" or "relu".
        scale: standard deviation of the hidden weights at the start, or several to choose from by leave-one-out.
        trained: "hidden", "output" or "both".
        ridge: a number, or "auto": by leave-one-out.
        scaling: of the inputs, a name in `softntk.data.SCALINGS`, or several to choose from.
        solver: a name (auto, expanded, dense, conjugate-gradients, nystrom) or one of `softntk.regression.SOLVERS`.
        accuracy: as in `softntk.regression.solve`.
        rank: features of the preconditioner, or landmarks.
        seed: of what is drawn (landmarks, rows to choose the ridge on).

    After `fit`: `scale_`, `ridge_`, `residual_` (true relative residual of the solve), `solver_`, `predictor_`.
    """

    def fit(self, X, y) -> "KernelRegressor":
        """Fit to inputs (n, d) and targets (n,) or (n, k)."""
        X, y = validate_data(self, X, y, dtype=np.float64, multi_output=True, y_numeric=True)  # type: ignore[misc]
        y = np.asarray(y, np.float64)
        self._flat = y.ndim == 1
        rows = y.reshape(len(y), -1)
        # In units of a power of two, so that the squares of large and small targets stay in range.
        unit = power_of_two(rows)
        self.center_ = (rows / unit[None, :]).mean(axis=0) * unit
        spread = (rows / unit[None, :]).std(axis=0) * unit
        self.spread_ = np.where(spread > 0, spread, 1.0)
        self._fit(X, y)
        return self

    def _labels(self, y: np.ndarray) -> np.ndarray:
        return (y.reshape(len(y), -1) - self.center_[None, :]) / self.spread_[None, :]

    def predict(self, X) -> np.ndarray:
        """Predictions (n,) or (n, k), in the units of the targets."""
        found = self._outputs(X) * self.spread_[None, :] + self.center_[None, :]
        return found[:, 0] if self._flat else found


class KernelClassifier(ClassifierMixin, _KernelEstimator):
    """Classification by ridge regression on +1 and -1 with a limit kernel; the arguments are those of KernelRegressor.

    After `fit`: `classes_` and what KernelRegressor has.
    """

    def fit(self, X, y) -> "KernelClassifier":
        """Fit to inputs (n, d) and classes (n,)."""
        X, y = validate_data(self, X, y, dtype=np.float64)  # type: ignore[misc]
        check_classification_targets(y)
        self.classes_ = np.unique(y)
        if len(self.classes_) < 2:
            raise ValueError(f"KernelClassifier needs at least 2 classes; got only one class, {self.classes_[0]!r}.")
        self._fit(X, y)
        return self

    def _labels(self, y: np.ndarray) -> np.ndarray:
        if len(self.classes_) == 2:
            return np.where(y == self.classes_[1], 1.0, -1.0)[:, None]
        return np.where(y[:, None] == self.classes_[None, :], 1.0, -1.0)

    def decision_function(self, X) -> np.ndarray:
        """Outputs (n,) for two classes, positive for the second; else (n, classes)."""
        found = self._outputs(X)
        return found[:, 0] if len(self.classes_) == 2 else found

    def predict(self, X) -> np.ndarray:
        """Classes (n,)."""
        found = self.decision_function(X)
        return self.classes_[(found > 0).astype(int) if found.ndim == 1 else np.argmax(found, axis=1)]
