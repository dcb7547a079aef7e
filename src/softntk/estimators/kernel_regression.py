"""Kernel regression with the limit kernels, as scikit-learn wants it: fit, predict, save, load.

fit      rows, scaled in each of the ways -> `fit_kernel`, as `softntk regress` does
save     one npz file, which `softntk predict` reads
"""

import os
from dataclasses import replace

import jax
import numpy as np

from softntk.data.preparation import prepare
from softntk.data.table import Table
from softntk.defaults import ACCURACY, FEATURES, REGRESSION_TRAINED, RIDGE, SCALES, SCALINGS, SOLVER
from softntk.estimators.kernel_model import KernelModel
from softntk.estimators.kernel_training import fit_kernel
from softntk.estimators.loading import load_model
from softntk.estimators.tables import Classifier, Regressor, key_of

__all__ = ["KernelClassifier", "KernelRegressor"]


class _Kernel:
    """What both have beside `fit` and `predict`."""

    def __init__(
        self,
        features=FEATURES,
        *,
        scale=SCALES,
        trained=REGRESSION_TRAINED,
        alpha=RIDGE,
        scaling=SCALINGS,
        solver=SOLVER,
        accuracy=ACCURACY,
        rank=None,
        random_state=0,
    ):
        self.features, self.scale, self.trained, self.alpha = features, scale, trained, alpha
        self.scaling, self.solver, self.accuracy, self.rank = scaling, solver, accuracy, rank
        self.random_state = random_state

    def _learn(self, table: Table) -> KernelModel:
        found = fit_kernel(
            [prepare(table, scaling=str(name)) for name in np.atleast_1d(self.scaling)],
            key=jax.random.split(key_of(self.random_state))[1],  # the first half draws rows, in `softntk regress`
            features=self.features,
            scale=self.scale,
            trained=self.trained,
            ridge=self.alpha,
            solver=self.solver,
            accuracy=self.accuracy,
            rank=self.rank,
        )
        described = found.to_dict()
        self.scale_, self.alpha_, self.scaling_ = described["scale"], described["ridge"], described["scaling"]
        self.solver_, self.residual_ = described["solver"], described["residual"]
        return _portable(KernelModel(found.solution.predictor, found.preparation, described))

    @staticmethod
    def _read(path: str | os.PathLike[str]) -> KernelModel:
        return _portable(load_model(path, KernelModel))


def _portable(model: KernelModel) -> KernelModel:
    return replace(model, predictor=jax.tree.map(np.asarray, model.predictor))


class KernelRegressor(_Kernel, Regressor):
    """Ridge regression with a limit kernel.

    Arguments:
        features: "softmax", "exponential" or "relu".
        scale: standard deviation of the hidden weights at the start, or several to choose from by leave-one-out.
        trained: "hidden", "output" or "both".
        alpha: the ridge, a number, or "auto": by leave-one-out.
        scaling: of the inputs, a name in `softntk.data.SCALINGS`, or several to choose from.
        solver: a name (auto, expanded, dense, conjugate-gradients, nystrom) or one of `softntk.regression.SOLVERS`.
        accuracy: as in `softntk.regression.solve`.
        rank: features of the preconditioner, or landmarks.
        random_state: an integer, a NumPy `RandomState` or None: of what is drawn (landmarks, rows to choose the ridge
            on).

    After `fit`: `scale_`, `alpha_`, `scaling_`, `solver_`, `residual_` (true relative residual of the solve), and
    `model_` (predictor and preparation of the data).
    """


class KernelClassifier(_Kernel, Classifier):
    """Classification by ridge regression on labels of +1 and -1; arguments and attributes are those of KernelRegressor.

    After `fit` there is also `classes_`.
    """
