"""Trained networks as predictors."""

from softntk.estimators.model import Model, load_model, save_model

__all__ = ["Model", "load_model", "save_model"]
