"""Kernel regression with tangent kernels: ridge and gradient flow, from a hundred points to a million."""

from softntk.regression.decomposition import path
from softntk.regression.path import Path
from softntk.regression.plan import Plan, Rung, Speeds, plan, speeds
from softntk.regression.predictor import Predictor, Sections
from softntk.regression.solve import HeldOut, Solution, solve

__all__ = [
    "HeldOut", "Path", "Plan", "Predictor", "Rung", "Sections", "Solution", "Speeds", "path", "plan", "solve", "speeds",
]  # fmt: skip
