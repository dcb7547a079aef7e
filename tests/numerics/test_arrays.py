"""The door: what comes in as a matrix, and what is refused, in four parts."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from softntk.failures import BadInput
from softntk.numerics.arrays import finite_matrix, require_float64


@pytest.mark.parametrize("value", [[[1, 2], [3, 4]], np.ones((2, 2)), np.array([[True, False]]), jnp.ones((1, 1))])
def test_matrices_of_numbers_come_in_as_floating_point(value):
    array = finite_matrix("inputs", value)
    assert array.dtype == jnp.float64
    np.testing.assert_array_equal(array, np.asarray(value, float))


def test_float32_stays_float32():
    assert finite_matrix("inputs", np.ones((2, 2), np.float32)).dtype == jnp.float32


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (np.ones(3), "inputs[:, None]"),
        (1.0, "inputs.reshape"),
        (np.ones((0, 3)), "at least one row"),
        (np.ones((3, 0)), "at least one row"),
        (np.ones((2, 2, 2)), "shape (2, 2, 2)"),
        (np.array([["a", "b"]]), "array of numbers"),
        ([[1.0], [2.0, 3.0]], "array of numbers"),
        (np.array([[1j]]), ".real"),
        (np.array([[1.0, 2.0], [3.0, np.nan]]), "nan at row 1, column 1"),
        (np.array([[np.inf, np.nan]]), "inf at row 0, column 0"),
    ],
    ids=str,
)
def test_the_rest_is_refused_with_advice(value, words):
    with pytest.raises(BadInput) as failure:
        finite_matrix("inputs", value)
    assert words in str(failure.value)
    assert failure.value.argument == "inputs"


def test_shapes_that_do_not_belong_together_are_refused():
    with pytest.raises(BadInput, match=r"have 3 rows; got shape \(2, 1\)"):
        finite_matrix("labels", np.ones((2, 1)), rows=3)
    with pytest.raises(BadInput, match=r"have 2 columns; got shape \(2, 1\)"):
        finite_matrix("inputs", np.ones((2, 1)), rows=2, columns=2)


def test_under_jit_only_the_shape_is_checked():
    double = jax.jit(lambda x: 2 * finite_matrix("x", x))
    assert bool(jnp.isnan(double(jnp.full((1, 1), jnp.nan))[0, 0]))
    with pytest.raises(BadInput):
        double(jnp.ones(3))


def test_float64_is_required_where_it_is_needed():
    require_float64("inputs", jnp.ones(1))
    with pytest.raises(BadInput, match="jax_enable_x64"):
        require_float64("inputs", jnp.ones(1, "float32"))
