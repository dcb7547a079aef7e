"""Rows in blocks and back."""

import jax.numpy as jnp
import numpy as np
import pytest

from softntk.numerics.blocks import even_rows, row_blocks, rows_of_blocks


@pytest.mark.parametrize("rows", [1, 3, 7, 10])
def test_splitting_and_joining_are_inverse(rows):
    array = jnp.arange(14.0).reshape(7, 2)
    blocks = row_blocks(array, rows)
    assert blocks.shape == (-(-7 // rows), rows, 2)
    np.testing.assert_array_equal(rows_of_blocks(blocks, 7), array)
    np.testing.assert_array_equal(blocks.reshape(-1, 2)[7:], 0.0)


@pytest.mark.parametrize(
    ("count", "most", "rows"), [(1000, 64, 63), (10, 10, 10), (10, 100, 10), (10, 9, 5), (1, 1, 1)]
)
def test_blocks_are_few_and_even(count, most, rows):
    assert even_rows(count, most) == rows
