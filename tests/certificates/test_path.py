"""From rates of decrease to the radius, against integrals known in closed form."""

import jax.numpy as jnp
import numpy as np
import pytest

from softntk.certificates.path import Rate, reach

GRID = jnp.linspace(0.02, 2.0, 100)


def rate(level, slope, charge=0.0, allowed=True):
    full = lambda value: jnp.full(GRID.shape, value)  # noqa: E731
    return Rate(full(level), full(slope), full(charge), full(allowed))


@pytest.mark.parametrize("h", [0.01, 0.3, 0.49])
def test_constant_slope_gives_newton_and_kantorovich(h):
    s0, slope = 3.0, 4.0
    residual = h * s0**2 / slope
    found = reach(GRID, rate(s0, slope), jnp.asarray(residual))
    assert float(found.h) == pytest.approx(h, rel=1e-3)
    assert float(found.path) == pytest.approx(2 * residual / s0 / (1 + np.sqrt(1 - 2 * h)), rel=1e-12)
    assert float(found.decrease) == pytest.approx(s0 * np.sqrt(1 - 2 * h), rel=1e-12)


def test_charge_is_a_lower_level():
    found = reach(GRID, rate(3.0, 4.0, charge=0.5), jnp.asarray(0.4))
    plain = reach(GRID, rate(2.5, 4.0), jnp.asarray(0.4))
    assert float(found.path) == pytest.approx(float(plain.path), rel=1e-12)
    assert float(found.h) == pytest.approx(float(plain.h), rel=1e-12)


def test_falling_levels_are_summed_cell_by_cell():
    levels = 5.0 - 2.0 * GRID**2  # flat cells: a lower sum of the integral of 5 - 2 u^2
    found = reach(GRID, Rate(levels, jnp.zeros_like(GRID), jnp.zeros_like(GRID), GRID > 0), jnp.asarray(3.0))
    p = float(found.path)
    cell = int(np.searchsorted(np.asarray(GRID), p))
    steps = np.diff(np.concatenate([[0.0], np.asarray(GRID)]))
    done = np.sum((np.asarray(levels) * steps)[:cell]) + float(levels[cell]) * (p - float(GRID[cell - 1]))
    assert done == pytest.approx(3.0, rel=1e-12)
    assert 5 * p - 2 / 3 * p**3 > 3.0  # the true integral is larger, so the true path is shorter
    assert 5 * p - 2 / 3 * p**3 < 3.1


@pytest.mark.parametrize(
    ("level", "slope", "charge", "allowed", "residual"),
    [(3.0, 4.0, 0.0, True, 1.2), (-1.0, 0.0, 0.0, True, 0.1), (3.0, 0.0, 3.5, True, 0.1), (3.0, 4.0, 0.0, False, 0.1)],
)
def test_what_does_not_suffice_gives_no_path(level, slope, charge, allowed, residual):
    found = reach(GRID, rate(level, slope, charge, allowed), jnp.asarray(residual))
    assert not float(found.h) < 0.5
    assert np.isnan(float(found.path))
    assert np.isnan(float(found.decrease))


def test_nan_never_proves_anything():
    levels = jnp.full(GRID.shape, 3.0).at[3].set(jnp.nan)
    zeros = jnp.zeros_like(GRID)
    found = reach(GRID, Rate(levels, zeros, zeros, zeros == 0), jnp.asarray(5.0))
    assert not float(found.h) < 0.5
    assert np.isnan(float(found.path))
