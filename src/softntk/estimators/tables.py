"""From the arrays that scikit-learn passes to what the rest of the library takes, and back.

    X, y -> table -> training set and preparation (inputs scaled, targets encoded) -> model -> classes or numbers

so that an estimator and a command do the same with the same rows. Everything runs in float64 whatever the caller's
setting; a random state becomes a key.
"""

import os
from abc import abstractmethod
from pathlib import Path
from typing import Any

import jax
import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, MultiOutputMixin, RegressorMixin
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from softntk.data.encoding import Encoding
from softntk.data.table import Table
from softntk.failures import BadInput
from softntk.files import save_model

__all__ = ["Classifier", "Regressor", "key_of"]


def key_of(random_state: Any) -> jax.Array:
    """The key of a random state: an integer gives `jax.random.key` of it, as --seed does; anything else is drawn from.

    To be called where float64 is on, so that every integer is taken whole.
    """
    if isinstance(random_state, int | np.integer) and 0 <= random_state < 2**63:
        return jax.random.key(int(random_state))
    return jax.random.key(check_random_state(random_state).randint(2**31))


class _OnTables(BaseEstimator):
    model_: Any
    n_features_in_: int

    @abstractmethod
    def _learn(self, table: Table) -> Any:
        """Fit to a table; return the model, with NumPy's arrays: JAX's lose precision where float64 is off."""

    @staticmethod
    @abstractmethod
    def _read(path: str | os.PathLike[str]) -> Any:
        """The model of a file, with NumPy's arrays."""

    @abstractmethod
    def _require(self, encoding: Encoding) -> None:
        """Refuse a model of the other kind of target, and remember what this kind needs."""

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Any:
        """The fitted estimator of a file that `save` or a command wrote; `model_.training` says how it was made.

        Raises:
            BadInput: the file is missing, damaged, or of another kind.
        """
        with jax.enable_x64(True):
            model = cls._read(path)
        found = cls()
        found._require(model.preparation.encoding)
        found.model_, found.n_features_in_ = model, len(model.preparation.input_names)
        return found

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the model and the preparation of its data (npz), for `load`, `load_model` and `softntk predict`.

        Raises:
            BadInput: the path cannot be written to.
        """
        check_is_fitted(self, "model_")
        return save_model(self.model_, path)

    def _fit(self, X: np.ndarray, y: np.ndarray, kind: str) -> None:
        names = getattr(self, "feature_names_in_", [f"x{i}" for i in range(X.shape[1])])
        targets = ("y",) if y.ndim == 1 else tuple(f"y{i}" for i in range(y.shape[1]))
        with jax.enable_x64(True):
            self.model_ = self._learn(Table("array", X, y, tuple(str(name) for name in names), targets, kind))

    def _outputs(self, X: Any) -> np.ndarray:
        check_is_fitted(self, "model_")
        X = validate_data(self, X, reset=False, dtype=np.float64)  # type: ignore[arg-type]
        with jax.enable_x64(True):
            return self.model_.outputs(np.asarray(X))


def _other_kind(wanted: str, got: str, other: str) -> BadInput:
    return BadInput(
        "path", required=f"hold a model of {wanted}", got=f"one of {got}", advice=f"Load it with a {other}."
    )


class Regressor(MultiOutputMixin, RegressorMixin, _OnTables):
    """Fits numbers, in their own units; one column (n,) or several (n, k)."""

    def fit(self, X, y):
        """Fit to inputs (n, d) and targets (n,) or (n, k)."""
        X, y = validate_data(self, X, y, dtype=np.float64, multi_output=True, y_numeric=True)  # type: ignore[misc]
        y = np.asarray(y, np.float64)
        self._flat = y.ndim == 1
        self._fit(np.asarray(X), y, "regression")
        return self

    def predict(self, X) -> np.ndarray:
        """Predictions (n,) or (n, k), in the units of the targets."""
        outputs = self._outputs(X)
        found = np.asarray(self.model_.preparation.decode(outputs))
        return found[:, 0] if self._flat else found

    def _require(self, encoding: Encoding) -> None:
        if encoding.kind == "classification":
            raise _other_kind("numbers", "classes", "Classifier")
        self._flat = len(encoding.center) == 1


class Classifier(ClassifierMixin, _OnTables):
    """Fits classes by least squares on labels of +1 and -1 (over sqrt(k) for k > 2 classes)."""

    def fit(self, X, y):
        """Fit to inputs (n, d) and classes (n,)."""
        X, y = validate_data(self, X, y, dtype=np.float64)  # type: ignore[misc]
        check_classification_targets(y)
        self.classes_, codes = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            name = type(self).__name__
            raise ValueError(f"{name} needs at least 2 classes; got only one class, {self.classes_[0]!r}.")
        # The file of a model names classes as text, numbers or true and false, whatever held them here.
        plain = self.classes_ if self.classes_.dtype.kind in "biuf" else self.classes_.astype(str)
        self._fit(np.asarray(X), plain[codes], "classification")
        return self

    def _require(self, encoding: Encoding) -> None:
        if encoding.kind != "classification":
            raise _other_kind("classes", "numbers", "Regressor")
        self.classes_ = np.asarray(encoding.classes)

    def decision_function(self, X) -> np.ndarray:
        """Outputs (n,) for two classes, positive for the second; else (n, classes)."""
        found = self._outputs(X)
        return found[:, 0] if len(self.classes_) == 2 else found

    def predict(self, X) -> np.ndarray:
        """Classes (n,)."""
        found = self.decision_function(X)
        return self.classes_[(found > 0).astype(int) if found.ndim == 1 else np.argmax(found, axis=1)]
