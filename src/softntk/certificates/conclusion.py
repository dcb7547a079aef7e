"""What follows from the bounds on the change of the Jacobian, by one method of Theorem A, in balls.

On each (u_{j-1}, u_j] the rate psi is bounded from below by a line, top - slope (u - u_{j-1}), and the change from
above by a number; see `proof` for the methods. `concluded` finds p, the constants at p and the contraction; `at_path`
sums the integral again from the constants alone, which is what the chain of inequalities is checked with.
"""

import math
from dataclasses import replace
from typing import NamedTuple

from flint import arb

from softntk.certificates.methods import capped_charge, double_rate, small_charge, small_rate
from softntk.certificates.proof import Proof
from softntk.numerics.enclosure import lower, upper

__all__ = ["Lines", "at_path", "concluded"]

# What is promised keeps this distance, relative, from what was found: whoever computes it again rounds otherwise.
_SLACK = arb(2) ** -40
#: level_j and slope_j of the floor of `capping`; empty where there is none.
Lines = list[tuple[arb, arb]]


class _Cell(NamedTuple):
    """psi(u) >= top - slope (u - start), and the singular values >= the same + charge, for u in (start, end]."""

    start: arb
    end: arb
    top: arb
    slope: arb
    change: arb
    charge: arb


def concluded(proof: Proof, lines: Lines, method: str, fraction: float | None, step_size: float | None) -> Proof:
    """The proof with everything that follows by one method; contraction NaN if nothing does.

    Arguments:
        fraction: c; None where a step size is given, which decides it.
        step_size: eta; None for c / beta^2.
    """
    best, found = arb(0), None
    for used in range(1, len(proof.radii) + 1):
        here = _truncated(replace(proof, method=method), used)
        beta = upper((here.b0 + _changes(here)[-1]) * (1 + _SLACK))
        c = fraction if fraction is not None else upper(arb(step_size or 0) * arb(beta) ** 2)
        allowed = step_size is None or bool(step_size * arb(beta) ** 2 <= c)
        here = replace(here, beta=beta, fraction=c)
        if not (allowed and c <= 1):
            break
        cells = _cells(here, lines)
        last = cells[-1]
        before = sum((_area(cell, cell.end - cell.start) for cell in cells[:-1]), arb(0))
        # A little more than r0, so that the integral is beyond it after every rounding.
        missing = (here.residual * (1 + _SLACK) - before).max(arb(0))
        whole = last.end - last.start
        if last.top > last.slope * whole:
            best = best.max(before + _area(last, whole))
        root = last.top**2 - 2 * last.slope * missing
        if found is None and last.top > 0 and root > 0:
            # Beyond the start of the cell also where what was missing is found right there.
            end = upper((last.start + 2 * missing / (last.top + root.sqrt())) * (1 + _SLACK))
            if last.start < end <= last.end:
                found = _at_end(replace(here, path=end), lines, step_size)
    h = upper(proof.residual / (2 * best)) if best > 0 else math.inf
    return replace(found or proof, h=h)


def at_path(proof: Proof, lines: Lines) -> tuple[arb, arb, arb, arb]:
    """int_0^p psi, psi(p), the bound of the singular values at p, and the change within the last radius."""
    integral, decrease, cells = arb(0), arb(0), _cells(proof, lines)
    for cell in cells:
        length = cell.end.min(arb(proof.path)) - cell.start
        integral += _area(cell, length)
        decrease = cell.top - cell.slope * length
    smallest = proof.s0 - cells[-1].change if proof.method in ("double", "small") else decrease + cells[-1].charge
    return integral, decrease, smallest, cells[-1].change


def _at_end(proof: Proof, lines: Lines, step_size: float | None) -> Proof:
    _, decrease, smallest, _ = at_path(proof, lines)
    eta = lower(arb(proof.fraction) / arb(proof.beta) ** 2 * (1 - _SLACK)) if step_size is None else step_size
    s_end, decrease = lower(smallest * (1 - _SLACK)), lower(decrease * (1 - _SLACK))
    contraction = upper(1 - arb(eta) * s_end * decrease * (1 - _SLACK))
    return replace(proof, decrease=decrease, s_end=s_end, step_size=eta, contraction=contraction)


def _truncated(proof: Proof, used: int) -> Proof:
    return replace(proof, radii=proof.radii[:used], bounds=proof.bounds[:used], multipliers=proof.multipliers[:used])


def _changes(proof: Proof) -> list[arb]:
    """change(u_j)."""
    if proof.method in ("double", "small"):
        return [arb(bound) for bound in proof.bounds]
    found, change, start = [], arb(0), arb(0)
    for radius, bound in zip(proof.radii, proof.bounds, strict=True):
        change += bound * (radius - start)
        found.append(change)
        start = arb(radius)
    return found


def _cells(proof: Proof, lines: Lines) -> list[_Cell]:
    cells, start, s0, c = [], arb(0), arb(proof.s0), proof.fraction
    charge = arb(0)
    if proof.method == "capped":
        charge = capped_charge(arb(c), proof.bounds[-1], proof.residual, arb(proof.beta))
    for j, change in enumerate(_changes(proof)):
        end = arb(proof.radii[j])
        top, slope = s0, arb(0)
        if proof.method in ("exact", "capped"):
            slope = arb(proof.bounds[j])
            top = s0 - change + slope * (end - start)
        if proof.method == "capped":
            level, fall = lines[j]
            other = level - fall * start
            if other - fall * (end - start) / 2 > top - slope * (end - start) / 2:
                top, slope = other, fall
        if proof.method == "double":
            top = double_rate(s0, change)
        if proof.method == "small":
            top = small_rate(s0, change, arb.sqrt) - small_charge(c, s0, change)
        cells.append(_Cell(start, end, top - charge, slope, change, charge))
        start = end
    return cells


def _area(cell: _Cell, length: arb) -> arb:
    return (cell.top - cell.slope * length / 2) * length
