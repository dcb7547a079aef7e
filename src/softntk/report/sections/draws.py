"""Mean and standard error over the dimension `draw`, as sections print and plot them."""

import math

import numpy as np
import xarray as xr

from softntk.report.numbers import number, plus_minus

__all__ = ["center", "spread", "written"]


def center(values: xr.DataArray) -> xr.DataArray:
    """Mean over the draws, those that are NaN left out."""
    return values.mean("draw")


def spread(values: xr.DataArray) -> xr.DataArray:
    """Standard error of the mean over the draws; NaN for one draw."""
    count = values.notnull().sum("draw")
    return values.std("draw", ddof=1) / np.sqrt(count) if values.sizes["draw"] > 1 else center(values) * np.nan


def written(values: xr.DataArray) -> str:
    """Mean ± standard error as text, or the mean alone."""
    error = float(spread(values))
    return plus_minus(float(center(values)), error) if math.isfinite(error) else number(float(center(values)))
