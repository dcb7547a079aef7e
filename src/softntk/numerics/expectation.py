"""Sampled quantities with their standard errors, and power laws through them.

    mean +- s / sqrt(N)            for N independent draws with sample deviation s
    y = c x^p                      by least squares in log-log, weighted by the standard errors of y

An error of the exponent is what the errors of the points imply: cov = (A^T W A)^-1 with W = 1 / (se_i / y_i)^2.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from softntk.failures import BadInput

__all__ = ["Estimate", "PowerLaw", "mean_and_error", "power_law"]


class Estimate(NamedTuple):
    """Mean of N draws and its standard error."""

    mean: float
    error: float


class PowerLaw(NamedTuple):
    """Exponent p with its standard error, and the factor c of y = c x^p."""

    exponent: float
    error: float
    factor: float


def mean_and_error(draws: ArrayLike) -> Estimate:
    """Mean and standard error of independent draws (N,).

    Raises:
        BadInput: fewer than two draws, which have no standard error.
    """
    draws = np.asarray(draws, dtype=float).ravel()
    if draws.size < 2:
        raise BadInput("draws", required="hold at least two", got=str(draws.size), advice="Type seeds=5, say.")
    return Estimate(float(draws.mean()), float(draws.std(ddof=1) / np.sqrt(draws.size)))


def power_law(x: ArrayLike, y: ArrayLike, y_error: ArrayLike) -> PowerLaw:
    """Fit y = c x^p to positive points with standard errors.

    Raises:
        BadInput: fewer than two points, or points or errors that are not positive.
    """
    x, y, y_error = (np.asarray(values, dtype=float).ravel() for values in (x, y, y_error))
    if x.size < 2 or not ((x > 0).all() and (y > 0).all() and (y_error > 0).all()):
        raise BadInput(
            "y",
            required="hold at least two positive points with positive errors",
            got=f"{y} with errors {y_error}",
            advice="Leave out points that are zero.",
        )
    design = np.stack([np.log(x), np.ones_like(x)], axis=1)
    weights = (y / y_error) ** 2
    covariance = np.linalg.inv(design.T @ (weights[:, None] * design))
    exponent, intercept = covariance @ (design.T @ (weights * np.log(y)))
    return PowerLaw(float(exponent), float(np.sqrt(covariance[0, 0])), float(np.exp(intercept)))
