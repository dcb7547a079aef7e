"""Trained networks and kernel machines as predictors; models of every kind in one file format."""

from softntk.estimators.held_out import HeldOutError, held_out_error
from softntk.estimators.kernel_model import KernelModel
from softntk.estimators.kernel_regression import KernelClassifier, KernelRegressor
from softntk.estimators.kernel_training import KernelFit, fit_kernel
from softntk.estimators.loading import load_model
from softntk.estimators.model import Model
from softntk.estimators.network_regression import NetworkClassifier, NetworkRegressor
from softntk.estimators.network_training import Claims, NetworkFit, claims_on_run, fit_network
from softntk.estimators.score import ScoreModel
from softntk.files import save_model

__all__ = [
    "Claims",
    "HeldOutError",
    "KernelClassifier",
    "KernelFit",
    "KernelModel",
    "KernelRegressor",
    "Model",
    "NetworkClassifier",
    "NetworkFit",
    "NetworkRegressor",
    "ScoreModel",
    "claims_on_run",
    "fit_kernel",
    "fit_network",
    "held_out_error",
    "load_model",
    "save_model",
]
