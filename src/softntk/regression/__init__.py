"""Kernel regression with tangent kernels: ridge and gradient flow, from a hundred points to a million."""

from softntk.regression.decomposition import path
from softntk.regression.path import Path
from softntk.regression.predictor import Predictor, Sections

__all__ = ["Path", "Predictor", "Sections", "path"]
