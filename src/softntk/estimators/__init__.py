"""Trained networks and kernel machines as predictors; models of every kind in one file format."""

from softntk.estimators.kernel_model import KernelModel
from softntk.estimators.kernel_regression import KernelClassifier, KernelRegressor
from softntk.estimators.loading import load_model
from softntk.estimators.model import Model
from softntk.estimators.score import ScoreModel
from softntk.files import save_model

__all__ = ["KernelClassifier", "KernelModel", "KernelRegressor", "Model", "ScoreModel", "load_model", "save_model"]
