"""Results print their numbers, also those that a transformation made or is making."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from softntk.kernels import LimitKernel, extremes, spectrum
from softntk.networks import Softmax
from softntk.numerics.words import words_of


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (jnp.asarray(1 / 3), "0.333333"),
        (np.float64(-2.5e-17), "-2.5e-17"),
        (jnp.asarray(3), "3"),
        (jnp.array([1.5, jnp.nan]), "[1.5, nan]"),
        (jnp.arange(100.0), "f64[100] from 0 to 99"),
        (jnp.arange(100.0).at[3].set(jnp.nan), "f64[100] from 0 to 99, 1 NaN"),
        (jnp.full((2, 9), jnp.nan), "f64[2,9], all NaN"),
        (np.zeros((3, 0)), "f64[3,0]"),
        ("hidden", "'hidden'"),
    ],
    ids=str,
)
def test_values(value, words):
    assert words_of(value) == words


def test_results_show_numbers():
    kernel = LimitKernel(Softmax(), 0.5)
    assert repr(kernel) == "LimitKernel(features=Softmax(), scale=0.5, trained='hidden')"
    found = extremes(jnp.diag(jnp.array([1.625, 3.75])))
    assert str(found).startswith("Extremes(smallest=1.625, largest=3.75, smallest_radius=")
    assert "values=[1.625, 3.75]" in str(spectrum(jnp.diag(jnp.array([1.625, 3.75]))))


def test_traced_results_show_types():
    seen = []
    jax.jit(lambda matrix: seen.append(str(extremes(matrix))))(jnp.eye(2))
    assert seen == ["Extremes(smallest=f64[], largest=f64[], smallest_radius=f64[], largest_radius=f64[])"]
