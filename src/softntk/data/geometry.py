"""Lengths, distances and angles of the rows of a matrix, accurate even where rows nearly coincide.

The matrix product gives all squared distances at once,

    |p - q|^2 = |p|^2 + |q|^2 - 2 <p, q>,

but cancels: with all norms at most 1 the result is off by at most about 8 (d + 4) eps, so distances under 1e-7 are
noise. Hence two passes over tiles of rows. The product finds the pairs that could be the closest within that
error, and these are measured again from the difference of the rows. Memory is one tile, whatever n is. The
smallest distance is right to 1e-9 relative (where the product is that good, one pair per tile is measured again, so
that many equal distances cost nothing), and the pair returned has exactly the distance returned.

Angles are distances of lines: for unit vectors u, v and t = min(|u - v|, |u + v|), the sine of the angle is
t sqrt(1 - t^2/4), so the most nearly parallel pair (antipodal pairs included) is the closest pair under t.
"""

import logging
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from softntk.failures import TooLarge

__all__ = ["Pair", "closest_pair", "equal_rows", "most_parallel_pair", "parallel_rows", "row_norms", "unit_rows"]

log = logging.getLogger("softntk")

#: Rows beyond which the n^2 search is refused: 200,000 rows are 2e10 pairs, a minute or two.
MOST_ROWS = 200_000
_TILE = 512
_EPS = float(np.finfo(np.float64).eps)


class Pair(NamedTuple):
    """Two rows, `first` < `second` counted from 0, and how far apart they are (a distance, or the sine of an angle)."""

    first: int
    second: int
    value: float


def row_norms(rows: Float[np.ndarray, "n d"]) -> Float[np.ndarray, " n"]:
    """Euclidean norm of each row, without overflow or underflow of the squares."""
    peak = np.abs(rows).max(axis=1)
    return peak * np.linalg.norm(rows / np.where(peak > 0, peak, 1.0)[:, None], axis=1)


def unit_rows(rows: Float[np.ndarray, "n d"]) -> Float[np.ndarray, "n d"]:
    """Each row divided by its norm; zero rows stay zero."""
    peak = np.abs(rows).max(axis=1)
    rows = rows / np.where(peak > 0, peak, 1.0)[:, None]
    norms = np.linalg.norm(rows, axis=1)
    return rows / np.where(norms > 0, norms, 1.0)[:, None]


def equal_rows(rows: Float[np.ndarray, "n d"]) -> list[tuple[int, int]]:
    """Pairs (first, later) of equal rows: every later copy once, beside its first occurrence. Linear in n."""
    seen: dict[bytes, int] = {}
    pairs = []
    for index, row in enumerate(rows + 0.0):  # + 0.0 turns -0.0 into 0.0, which is equal to it but has other bytes
        first = seen.setdefault(row.tobytes(), index)
        if first != index:
            pairs.append((first, index))
    return pairs


def closest_pair(rows: Float[np.ndarray, "n d"]) -> Pair | None:
    """The two rows with the smallest distance; None for a single row. Costs n^2 d/2 multiplications.

    Raises:
        TooLarge: there are more than `MOST_ROWS` rows and no two are equal.
    """
    duplicates = equal_rows(rows)
    if duplicates:
        return Pair(*duplicates[0], 0.0)
    # A power of two as unit keeps the rows exact and their squares in range.
    exponent = int(np.frexp(np.abs(rows).max())[1])
    rows = np.ldexp(rows, -exponent)
    # Distances do not change under a common shift; the shift makes the norms, hence the errors, small.
    centered = rows - rows.mean(axis=0)
    pair = _closest(centered / (row_norms(centered).max() or 1.0), rows, lines=False)
    with np.errstate(over="ignore"):  # opposite rows near the largest float are infinitely far apart
        return None if pair is None else pair._replace(value=float(np.ldexp(pair.value, exponent)))


def most_parallel_pair(rows: Float[np.ndarray, "n d"]) -> Pair | None:
    """The two rows with the smallest sine of their angle, parallel and antipodal alike; zero rows are left out.

    None when fewer than two rows are not zero. The sine is accurate to a few units of rounding (1e-15).

    Raises:
        TooLarge: there are more than `MOST_ROWS` rows.
    """
    kept = np.flatnonzero(np.abs(rows).max(axis=1) > 0)
    units = unit_rows(rows[kept])
    pair = _closest(units, units, lines=True)
    if pair is None:
        return None
    return Pair(int(kept[pair.first]), int(kept[pair.second]), pair.value * float(np.sqrt(1 - pair.value**2 / 4)))


def parallel_rows(rows: Float[np.ndarray, "n d"], tolerance: float) -> list[tuple[int, int]]:
    """Pairs (first, later) of rows that are parallel or antipodal: sine of the angle at most `tolerance`.

    Every later row is listed once, beside the first row that it is parallel to. Zero rows are left out.

    Raises:
        TooLarge: there are more than `MOST_ROWS` rows.
    """
    kept = np.flatnonzero(np.abs(rows).max(axis=1) > 0)
    units = unit_rows(rows[kept])
    partner: dict[int, int] = {}
    reach = 1.001 * tolerance**2 + _rounding(units)
    for top, left, squares in _tiles(units, lines=True):
        for first, second in _entries(squares <= reach, top, left):
            gaps = _gaps(units, first, second, lines=True)
            for i, j in zip(first[gaps <= tolerance].tolist(), second[gaps <= tolerance].tolist(), strict=True):
                partner[j] = min(i, partner.get(j, i))
    return [(int(kept[partner[j]]), int(kept[j])) for j in sorted(partner)]


def _closest(scaled: Float[np.ndarray, "n d"], rows: Float[np.ndarray, "n d"], *, lines: bool) -> Pair | None:
    """Closest pair of `rows`, searched in `scaled`: the same rows up to shift and scale, with norms at most 1."""
    best, best_square = None, np.inf
    error = _rounding(scaled)
    for top, left, squares in _tiles(scaled, lines=lines):
        smallest = float(squares.min())
        if np.isinf(smallest) or smallest > best_square + 2 * error:
            continue
        best_square = min(best_square, smallest)
        if error <= 1e-9 * smallest:
            chosen = np.zeros_like(squares, bool)
            chosen.flat[squares.argmin()] = True
        else:
            chosen = squares <= best_square + 2 * error
        for first, second in _entries(chosen, top, left):
            gaps = _gaps(rows, first, second, lines=lines)
            at = int(gaps.argmin())
            if best is None or gaps[at] < best.value:
                best = Pair(int(first[at]), int(second[at]), float(gaps[at]))
    return best


def _rounding(scaled: Float[np.ndarray, "n d"]) -> float:
    """Bound on the error of a squared distance from the matrix product, for rows of norm at most 1."""
    return 8 * (scaled.shape[1] + 4) * _EPS


def _tiles(
    scaled: Float[np.ndarray, "n d"], *, lines: bool
) -> Iterator[tuple[int, int, Float[np.ndarray, "tall wide"]]]:
    """Squared distances of all pairs first < second, tile by tile, infinite below the diagonal."""
    count, size = scaled.shape
    if count > MOST_ROWS:
        raise TooLarge(
            "inputs",
            required=f"have at most {MOST_ROWS} rows for a search over all pairs",
            got=f"{count} rows",
            advice="Draw fewer rows: pass count=10000 and a key.",
        )
    if count > 20_000:
        log.warning("comparing %.1e pairs of rows takes about %.1e operations", count**2 / 2, count**2 * size)
    if lines:
        left_factors = right_factors = 2**0.5 * scaled
    else:
        # One product gives |p|^2 + |q|^2 - 2 <p, q>: passes over the tile cost more than the product itself.
        squared, ones = (scaled**2).sum(axis=1)[:, None], np.ones((count, 1))
        left_factors = np.concatenate([scaled, squared, ones], axis=1)
        right_factors = np.concatenate([-2 * scaled, ones, squared], axis=1)
    for top in range(0, count, _TILE):
        for left in range(top, count, _TILE):
            squares = left_factors[top : top + _TILE] @ right_factors[left : left + _TILE].T
            if lines:
                np.subtract(2.0, np.abs(squares, out=squares), out=squares)
            if left == top:
                squares[np.tril_indices(len(squares))] = np.inf
            yield top, left, squares


def _entries(
    mask: np.ndarray, top: int, left: int
) -> Iterator[tuple[Int[np.ndarray, " pairs"], Int[np.ndarray, " pairs"]]]:
    """Row numbers of the chosen entries of a tile, a few thousand at a time."""
    first, second = np.nonzero(mask)
    for start in range(0, len(first), 4096):
        part = slice(start, start + 4096)
        yield first[part] + top, second[part] + left


def _gaps(
    rows: Float[np.ndarray, "n d"], first: np.ndarray, second: np.ndarray, *, lines: bool
) -> Float[np.ndarray, " pairs"]:
    """Distances from the differences of the rows themselves."""
    apart = row_norms(rows[first] - rows[second])
    return np.minimum(apart, row_norms(rows[first] + rows[second])) if lines else apart
