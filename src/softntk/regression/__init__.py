"""Kernel regression with tangent kernels: ridge and gradient flow, from a hundred points to a million."""

from softntk.regression.by_features import Expanded, Nystrom
from softntk.regression.direct import Dense
from softntk.regression.krylov import ConjugateGradients
from softntk.regression.lanczos import Estimate, Quadrature, quadrature
from softntk.regression.likelihood import Fitted, Likelihood, fit_by_likelihood, marginal_likelihood
from softntk.regression.planning import Plan, plan, speeds
from softntk.regression.predictor import Predictor, Sections
from softntk.regression.selection import Choice, Selection, choose, select
from softntk.regression.solution import HeldOut, Solution, solve
from softntk.regression.solver import Cost, Speeds
from softntk.regression.solvers import SOLVERS, Auto, solver_named
from softntk.regression.spectral import SpectralFit
from softntk.regression.spectral_solver import spectral_fit

__all__ = [
    "SOLVERS",
    "Auto",
    "Choice",
    "ConjugateGradients",
    "Cost",
    "Dense",
    "Estimate",
    "Expanded",
    "Fitted",
    "HeldOut",
    "Likelihood",
    "Nystrom",
    "Plan",
    "Predictor",
    "Quadrature",
    "Sections",
    "Selection",
    "Solution",
    "SpectralFit",
    "Speeds",
    "choose",
    "fit_by_likelihood",
    "marginal_likelihood",
    "plan",
    "quadrature",
    "select",
    "solve",
    "solver_named",
    "spectral_fit",
    "speeds",
]
