"""Networks trained by gradient descent, as scikit-learn wants them: fit, predict, save, load.

fit      rows -> `data.prepare` -> `fit_network`, as `softntk train` does
save     one npz file, which `softntk predict` and `softntk certify --model` read
"""

import os
from dataclasses import replace

import jax
import numpy as np

from softntk.data.preparation import prepare
from softntk.data.table import Table
from softntk.defaults import FEATURES, SCALE, SCALING, STEP_SIZE, STEPS, WIDTH
from softntk.estimators.loading import load_model
from softntk.estimators.model import Model
from softntk.estimators.network_training import fit_network
from softntk.estimators.tables import Classifier, Regressor, key_of

__all__ = ["NetworkClassifier", "NetworkRegressor"]


class _Network:
    """What both have beside `fit` and `predict`."""

    def __init__(
        self,
        features=FEATURES,
        *,
        width=WIDTH,
        scale=SCALE,
        scaling=SCALING,
        steps=STEPS,
        step_size=STEP_SIZE,
        certify=False,
        random_state=0,
    ):
        self.features, self.width, self.scale, self.scaling = features, width, scale, scaling
        self.steps, self.step_size, self.certify, self.random_state = steps, step_size, certify, random_state

    def _learn(self, table: Table) -> Model:
        training, preparation = prepare(table, scaling=self.scaling)
        found = fit_network(
            training,
            key=jax.random.split(key_of(self.random_state))[1],  # the first half draws rows, in `softntk train`
            features=self.features,
            width=self.width,
            scale=self.scale,
            steps=self.steps,
            step_size=self.step_size,
            certify=self.certify,
        )
        self.trace_, self.certificate_ = jax.tree.map(np.asarray, found.trace), found.certificate
        self.first_certified_step_, self.n_iter_ = found.first_certified_step, int(found.trace.steps[-1])
        described = {"features": self.features, "width": self.width, "scale": self.scale, "steps": self.n_iter_}
        described["step_size"] = float(found.trace.step_size)
        return _portable(Model(found.network, preparation, described))

    @staticmethod
    def _read(path: str | os.PathLike[str]) -> Model:
        return _portable(load_model(path, Model))


def _portable(model: Model) -> Model:
    return replace(model, network=jax.tree.map(np.asarray, model.network))


class NetworkRegressor(_Network, Regressor):
    """Regression by a network that gradient descent trains from the antisymmetric start.

    Arguments:
        features: "softmax", "exponential" or "relu".
        width: hidden neurons, an even number.
        scale: standard deviation of the hidden weights at the start.
        scaling: of the inputs, a name in `softntk.data.SCALINGS`.
        steps: of gradient descent.
        step_size: "stable", "theorem" or a number.
        certify: look for a proof that the loss goes on to zero.
        random_state: an integer, a NumPy `RandomState` or None: of the start.

    After `fit`: `model_` (network and preparation of the data), `trace_`, `n_iter_`, and with `certify`
    `certificate_` (of the network at the end of the run) and `first_certified_step_`. A run that diverges is a value:
    `trace_.diverged` says so, and a warning.
    """


class NetworkClassifier(_Network, Classifier):
    """Classification by a network on labels of +1 and -1; arguments and attributes are those of `NetworkRegressor`.

    After `fit` there is also `classes_`.
    """
