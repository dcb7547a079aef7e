"""Rows in blocks: what is computed row by row then needs the memory of one block, and stays near the caches.

Rows of zeros fill the last block. Whoever sums over rows must see to it that a row of zeros adds nothing; whoever
keeps rows cuts them off again.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

__all__ = ["even_rows", "row_blocks", "rows_of_blocks"]


def even_rows(count: int, most: int) -> int:
    """Rows of a block when `count` rows are split into as few blocks as `most` rows allow, nearly equal ones."""
    blocks = -(-count // most)
    return -(-count // blocks)


def row_blocks(array: Float[Array, "n c"], rows: int) -> Float[Array, "blocks rows c"]:
    """Split into blocks of `rows` rows."""
    padded = jnp.pad(array, ((0, -array.shape[0] % rows), (0, 0)))
    return padded.reshape(-1, rows, array.shape[1])


def rows_of_blocks(blocks: Float[Array, "blocks rows c"], count: int) -> Float[Array, "n c"]:
    """Undo `row_blocks`: the first `count` rows."""
    return blocks.reshape(-1, blocks.shape[2])[:count]
