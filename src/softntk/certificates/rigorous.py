"""Prove Theorem A for one network and one data set, in outward-rounded arithmetic.

Every constant of `proof.Proof` is computed from enclosures, and the answer is *certified* only if every inequality of
the chain is proved. *Certified* speaks of gradient descent in exact arithmetic, from the float64 inputs, labels and
weights as given.
"""

import math
from dataclasses import replace

import numpy as np
from flint import arb
from jaxtyping import Array, Float

from softntk.bounds.enclosed import Enclosed
from softntk.bounds.enclosed_change import Change, Floor
from softntk.bounds.start import SMALLEST_RESIDUAL
from softntk.certificates.conclusion import Lines, at_path, concluded
from softntk.certificates.methods import EASY, FRACTIONS, radii_in_units
from softntk.certificates.proof import CLAIM, Inequality, Proof
from softntk.failures import BadInput
from softntk.networks.two_layer import TwoLayer
from softntk.numerics.enclosure import lower, upper, working_precision
from softntk.verdicts import Answer, Verdict, does_not_apply

__all__ = ["prove"]


def prove(
    network: TwoLayer,
    inputs: Float[Array, "n d"],
    labels: Float[Array, "n k"],
    *,
    path: float | None = None,
    step_size: float | None = None,
) -> Proof:
    """Prove Theorem A in balls.

    Arguments:
        path: how far to look first, such as the path that the float64 certificate found: a hint that saves the radii
            beyond.
        step_size: the step size in use; None for the one with the fastest rate.

    Raises:
        BadInput: shapes that do not match, not float64, NaN or infinite entries, a path or a step size that is not
            positive and finite.
        TooLarge: the balls do not fit into free memory.
    """
    for name, number in (("path", path), ("step_size", step_size)):
        if number is not None and not 0 < number < math.inf:
            raise BadInput(name, required="be positive and finite", got=repr(number), advice="Leave it out.")
    enclosed = Enclosed(network, inputs, labels)
    with working_precision():
        return _prove(enclosed, math.inf if path is None else path, step_size)


def _prove(enclosed: Enclosed, reach: float, step_size: float | None) -> Proof:
    proof = _start(enclosed)
    if not (proof.s0 > 0 and proof.residual < math.inf):
        return replace(proof, verdict=_nothing_to_start_from(proof))
    grid = proof.residual / proof.s0 * np.array(radii_in_units(enclosed.jumps))
    whole = len(grid)
    grid = grid[: 1 + int((grid < reach * (1 + 1e-6)).sum())]
    change = Change(enclosed)
    proved, multipliers = (
        change.jumps(grid) if enclosed.jumps else ([change.lipschitz(radius) for radius in grid.tolist()], [])
    )
    # Slack for the checker, whose test vectors are others.
    bounds = tuple(upper(arb(bound) * (1 + arb(2) ** -36)) for bound in proved)
    proof = replace(proof, radii=tuple(grid.tolist()), bounds=bounds, multipliers=tuple(multipliers))
    fractions: tuple[float | None, ...] = FRACTIONS if step_size is None else (None,)
    lines: Lines = []
    if enclosed.jumps:
        outcomes = [concluded(proof, lines, "double", 1.0, step_size)]
        outcomes += [concluded(proof, lines, "small", fraction, step_size) for fraction in fractions]
    else:
        outcomes = [concluded(proof, lines, "exact", 1.0, step_size)]
        if not outcomes[0].h < EASY:
            floor = change.floor
            lines = change.lines(floor, proof.radii)
            damped = replace(proof, damping=floor.damping, cap=floor.cap, start=floor.start)
            outcomes += [concluded(damped, lines, "capped", fraction, step_size) for fraction in fractions]
    h = min(outcome.h for outcome in outcomes)
    found = [replace(outcome, h=h) for outcome in outcomes if outcome.contraction < 1]
    if not found and len(grid) < whole:
        return _prove(enclosed, math.inf, step_size)
    if not found:
        step = "" if step_size is None else f" with step size {step_size:.3g}"
        return replace(proof, h=h, verdict=does_not_apply(CLAIM, f"h = {h:.4g}{step}, and must be below 1/2", h, 0.5))
    proof = min(found, key=lambda each: each.contraction)
    chain = _chain(proof, enclosed, lines, proved[len(proof.radii) - 1], change.floor if lines else None)
    broken = next((each for each in chain if not each.holds), None)
    if broken is None:
        reason = (
            f"a step multiplies the residual by {proof.contraction:.9g} at most, on a path of {proof.path:.6g} at most"
        )
        verdict = Verdict(CLAIM, Answer.CERTIFIED, reason, proof.contraction, 1.0)
    else:
        reason = f"{broken.states} could not be proved: {broken.left:.9g} against {broken.right:.9g}"
        verdict = Verdict(CLAIM, Answer.UNDECIDED, reason, broken.left, broken.right)
    return replace(proof, verdict=verdict, inequalities=tuple(chain))


def _start(enclosed: Enclosed) -> Proof:
    """The constants at W, with slack for the checker, which factors H - lambda_min I in float64."""
    slack = arb(64 * enclosed.labels.size) * arb(2) ** -52 * arb(enclosed.lambda_max)
    low, high = lower(arb(enclosed.lambda_min) - slack), upper(arb(enclosed.lambda_max) + slack)
    return Proof(
        Verdict(CLAIM, Answer.UNDECIDED, "not concluded"),
        lambda_min=low,
        lambda_max=high,
        residual=max(upper(arb(enclosed.residual) * (1 + arb(2) ** -50)), SMALLEST_RESIDUAL),
        s0=lower((enclosed.width * arb(low)).sqrt()),
        b0=upper((enclosed.width * arb(high)).sqrt()),
    )


def _nothing_to_start_from(proof: Proof) -> Verdict:
    reason = f"the smallest eigenvalue of the tangent kernel, at least {proof.lambda_min:.3g}, is not proved positive"
    if not proof.residual < math.inf:
        reason = "the outputs are beyond the range of float64, or a sign is not decided"
    return Verdict(CLAIM, Answer.UNDECIDED, reason)


def _chain(proof: Proof, enclosed: Enclosed, lines: Lines, proved: float, floor: Floor | None) -> list[Inequality]:
    """The inequalities in the order of the proof. One side of each is a constant of the proof as it stands."""
    low, high = (enclosed.width * arb(value) for value in (proof.lambda_min, proof.lambda_max))
    integral, decrease, smallest, change = at_path(proof, lines)
    rate = arb(proof.step_size) * proof.s_end * proof.decrease
    floor_inequalities = []
    if floor is not None and proof.method == "capped":
        square = upper(arb(proof.start) ** 2)
        floor_inequalities = [
            Inequality("0 <= s", 0.0, proof.start),
            Inequality("s^2 <= smallest eigenvalue of the damped Gram", square, floor.lowest),
            Inequality("damping nu <= tau", floor.highest, proof.cap),
        ]
    return [
        Inequality("lambda_min <= smallest eigenvalue of H", proof.lambda_min, enclosed.lambda_min),
        Inequality("largest eigenvalue of H <= lambda_max", enclosed.lambda_max, proof.lambda_max),
        Inequality("|F - Y| <= r0", enclosed.residual, proof.residual),
        Inequality("s0 <= sqrt(m lambda_min)", proof.s0, lower(low.sqrt())),
        Inequality("sqrt(m lambda_max) <= b0", upper(high.sqrt()), proof.b0),
        Inequality("change of J within the radii <= bounds", proved, proof.bounds[-1]),
        *floor_inequalities,
        Inequality("p <= last radius", proof.path, proof.radii[-1]),
        Inequality("r0 < integral of psi to p", proof.residual, lower(integral), strict=True),
        Inequality("decrease <= psi(p)", proof.decrease, lower(decrease)),
        Inequality("0 < decrease", 0.0, proof.decrease, strict=True),
        Inequality("s_end <= smallest singular value within p", proof.s_end, lower(smallest)),
        Inequality("b0 + change(last radius) <= beta", upper(proof.b0 + change), proof.beta),
        Inequality("0 < eta", 0.0, proof.step_size, strict=True),
        Inequality("eta <= c / beta^2", proof.step_size, lower(arb(proof.fraction) / arb(proof.beta) ** 2)),
        Inequality("c <= 1", proof.fraction, 1.0),
        Inequality("1 - eta s_end decrease <= contraction", upper(1 - rate), proof.contraction),
        Inequality("contraction < 1", proof.contraction, 1.0, strict=True),
    ]
