"""Trained networks and kernel machines as predictors."""

from softntk.estimators.held_out import HeldOutError, held_out_error
from softntk.estimators.kernel_model import KernelModel, load_kernel_model, load_predictor, save_kernel_model
from softntk.estimators.kernel_regression import KernelClassifier, KernelRegressor
from softntk.estimators.kernel_training import KernelFit, fit_kernel
from softntk.estimators.model import Model, load_model, save_model
from softntk.estimators.network_regression import NetworkClassifier, NetworkRegressor
from softntk.estimators.network_training import Claims, NetworkFit, claims_on_run, fit_network

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
    "claims_on_run",
    "fit_kernel",
    "fit_network",
    "held_out_error",
    "load_kernel_model",
    "load_model",
    "load_predictor",
    "save_kernel_model",
    "save_model",
]
