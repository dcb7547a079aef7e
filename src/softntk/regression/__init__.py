"""Kernel regression with tangent kernels: ridge and gradient flow, from a hundred points to a million."""

from softntk.regression.decomposition import path
from softntk.regression.likelihood import Fitted, Likelihood, fit_by_likelihood, marginal_likelihood
from softntk.regression.path import Path
from softntk.regression.plan import Plan, Rung, Speeds, plan, speeds
from softntk.regression.predictor import Predictor, Sections
from softntk.regression.quadrature import Estimate, Quadrature, quadrature
from softntk.regression.selection import Choice, Selection, choose, select
from softntk.regression.solve import HeldOut, Solution, solve

__all__ = [
    "Choice",
    "Estimate",
    "Fitted",
    "HeldOut",
    "Likelihood",
    "Path",
    "Plan",
    "Predictor",
    "Quadrature",
    "Rung",
    "Sections",
    "Selection",
    "Solution",
    "Speeds",
    "choose",
    "fit_by_likelihood",
    "marginal_likelihood",
    "path",
    "plan",
    "quadrature",
    "select",
    "solve",
    "speeds",
]
