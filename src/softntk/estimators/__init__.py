"""Trained networks and kernel machines as predictors."""

from softntk.estimators.kernel_model import KernelModel, load_kernel_model, load_predictor, save_kernel_model
from softntk.estimators.kernel_regression import KernelClassifier, KernelRegressor
from softntk.estimators.model import Model, load_model, save_model
from softntk.estimators.score import ScoreModel

__all__ = [
    "KernelClassifier",
    "KernelModel",
    "KernelRegressor",
    "Model",
    "ScoreModel",
    "load_kernel_model",
    "load_model",
    "load_predictor",
    "save_kernel_model",
    "save_model",
]
