"""Prove Theorem A for one network and one data set, in outward-rounded arithmetic.

The float64 certificate says where to look (a radius); this module computes every constant of `proof.Proof` from
enclosures and concludes *certified* only if every inequality of the chain is proved. Nothing of the float64
certificate is trusted: a bad radius costs time, or the certificate.

*Certified* speaks of gradient descent in exact arithmetic, from the float64 inputs, labels and weights as given.
"""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from flint import arb
from jaxtyping import Array, Float

from softntk.certificates.enclosed import Enclosed
from softntk.certificates.proof import CLAIM, Inequality, Proof
from softntk.failures import BadInput
from softntk.networks.two_layer import TwoLayer
from softntk.numerics.enclosure import lower, upper, working_precision
from softntk.verdicts import Answer, Verdict, does_not_apply

__all__ = ["prove"]

# Radii that turn out too small are enlarged this often.
_TRIES = 8


def prove(
    network: TwoLayer,
    inputs: Float[Array, "n d"],
    labels: Float[Array, "n k"],
    *,
    radius: float | Sequence[float],
    step_size: float | None = None,
) -> Proof:
    """Prove Theorem A in balls, near the radius that the float64 certificate found.

    Arguments:
        radius: where to bound the change of the Jacobian; several, ascending, make a grid. They are enlarged if the
            path turns out longer. ReLU makes its own grid up to the largest.
        step_size: the step size in use; None for the largest that the theorem allows, 1/beta^2.

    Raises:
        BadInput: shapes that do not match, not float64, NaN or infinite entries, radii that are negative, not finite
            or not ascending, a step size that is not positive and finite.
        TooLarge: the balls do not fit into free memory.
    """
    radii = np.atleast_1d(np.asarray(radius, dtype=np.float64))
    if radii.ndim != 1 or not np.isfinite(radii).all() or radii[0] < 0 or (np.diff(radii) <= 0).any():
        raise BadInput(
            "radius", required="be finite and at least 0, several of them ascending", got=repr(radius),
            advice="Type radius=certify(network, inputs, labels).path, say.",
        )  # fmt: skip
    if step_size is not None and not 0 < step_size < math.inf:
        raise BadInput("step_size", required="be positive and finite", got=repr(step_size), advice="Leave it out.")
    enclosed = Enclosed(network, inputs, labels)
    with working_precision():
        return _prove(enclosed, radii, step_size)


def _prove(enclosed: Enclosed, radii: Float[np.ndarray, " J"], step_size: float | None) -> Proof:
    if not enclosed.signs_bounded:
        return Proof(does_not_apply(CLAIM, "an output weight is not in [-1, 1]"))
    proof = _start(enclosed)
    if not proof.s0 > 0:
        reason = (
            f"the smallest eigenvalue of the tangent kernel is proved to be {proof.lambda_min:.3g} at least, no more"
        )
        return replace(proof, verdict=Verdict(CLAIM, Answer.UNDECIDED, reason))
    for _ in range(_TRIES):
        grid = enclosed.grid(radii)
        proved = enclosed.bounds(grid)
        # Room for the checker, whose test vectors are others.
        bounds = tuple(upper(arb(bound) * (1 + arb(2) ** -36)) for bound in proved)
        proof = replace(proof, radii=tuple(grid.tolist()), bounds=bounds)
        path = _path(proof, enclosed.jumps)
        if path <= radii[-1]:
            return _concluded(proof, enclosed, proved, path, step_size)
        if not math.isfinite(path):
            break
        # Overshoot: a path that grows with its radius would be chased for ever.
        reach = path + max(path - radii[-1], 1e-9 * path)
        radii = radii * (reach / radii[-1]) if radii[-1] > 0 else np.array([reach])
    return replace(proof, verdict=does_not_apply(CLAIM, _shortfall(proof, enclosed.jumps)))


def _start(enclosed: Enclosed) -> Proof:
    """The constants at W, with room for the checker, which factors H - lambda_min I in float64."""
    room = arb(64 * enclosed.size) * arb(2) ** -52 * arb(enclosed.lambda_max)
    low, high = lower(arb(enclosed.lambda_min) - room), upper(arb(enclosed.lambda_max) + room)
    return Proof(
        Verdict(CLAIM, Answer.UNDECIDED, "not concluded"),
        lambda_min=low,
        lambda_max=high,
        residual=upper(arb(enclosed.residual) * (1 + arb(2) ** -50)),
        s0=lower((enclosed.width * arb(low)).sqrt()),
        b0=upper((enclosed.width * arb(high)).sqrt()),
    )


def _path(proof: Proof, jumps: bool) -> float:
    """p, from above; beyond the last radius as if its bound held there; infinity if the integral never reaches r0."""
    spent, missing, speed = arb(0), arb(proof.residual), arb(proof.s0)
    for radius, bound in zip(proof.radii, proof.bounds, strict=True):
        slope = arb(0) if jumps else arb(bound)
        level = proof.s0 - 3 * arb(bound) if jumps else speed
        if not level > 0:
            return math.inf
        root = level * level - 2 * slope * missing
        # The integral to u is level (u - spent) - slope (u - spent)^2 / 2 from here on.
        end = upper(spent + 2 * missing / (level + root.sqrt())) if root > 0 else math.inf
        if end <= radius or radius == proof.radii[-1]:
            return end
        length = radius - spent
        missing -= (level - slope * length / 2) * length
        speed -= slope * length
        spent = arb(radius)
    return math.inf


def _walk(proof: Proof, jumps: bool) -> tuple[arb, arb, arb]:
    """The integral of the decrease to p, change(p) and decrease(p)."""
    spent, integral, change, decrease = arb(0), arb(0), arb(0), arb(proof.s0)
    for radius, bound in zip(proof.radii, proof.bounds, strict=True):
        length = arb(min(radius, proof.path)) - spent
        if jumps:
            change = arb(bound)
            decrease = proof.s0 - 3 * change
            integral += decrease * length
        else:
            integral += (decrease - bound * length / 2) * length
            change += bound * length
            decrease = proof.s0 - change
        spent += length
    return integral, change, decrease


def _concluded(proof: Proof, enclosed: Enclosed, proved: list[float], path: float, step_size: float | None) -> Proof:
    used = 1 + sum(radius < path for radius in proof.radii[:-1])
    proof = replace(proof, path=path, radii=proof.radii[:used], bounds=proof.bounds[:used])
    integral, change, decrease = _walk(proof, enclosed.jumps)
    beta = upper(proof.b0 + change)
    step_size = lower(1 / arb(beta) ** 2) if step_size is None else float(step_size)
    s_end, least = lower(proof.s0 - change), lower(decrease)
    proof = replace(
        proof, s_end=s_end, decrease=least, beta=beta, step_size=step_size,
        contraction=upper(1 - arb(step_size) * s_end * least),
        h=math.nan if enclosed.jumps or used > 1 else upper(_newton_kantorovich(proof)),
    )  # fmt: skip
    chain = _chain(proof, enclosed, proved[used - 1], integral, change, decrease)
    broken = next((each for each in chain if not each.holds), None)
    if broken is None:
        reason = f"a step multiplies the residual by {proof.contraction:.9g} at most, on a path of {path:.6g} at most"
        verdict = Verdict(CLAIM, Answer.CERTIFIED, reason, proof.residual, lower(integral))
    else:
        reason = f"{broken.states} is not so: {broken.left:.6g} against {broken.right:.6g}"
        verdict = does_not_apply(CLAIM, reason, broken.left, broken.right)
    return replace(proof, verdict=verdict, inequalities=tuple(chain))


def _chain(
    proof: Proof, enclosed: Enclosed, proved: float, integral: arb, change: arb, decrease: arb
) -> list[Inequality]:
    """The inequalities in the order of the proof. One side of each is a constant of the proof as it stands."""
    low, high = (enclosed.width * arb(value) for value in (proof.lambda_min, proof.lambda_max))
    bound = "Delta" if enclosed.jumps else "L"
    chain = [
        Inequality("lambda_min <= smallest eigenvalue of H", proof.lambda_min, enclosed.lambda_min),
        Inequality("largest eigenvalue of H <= lambda_max", enclosed.lambda_max, proof.lambda_max),
        Inequality("|F - Y| <= r0", enclosed.residual, proof.residual),
        Inequality("s0 <= sqrt(m lambda_min)", proof.s0, lower(low.sqrt())),
        Inequality("sqrt(m lambda_max) <= b0", upper(high.sqrt()), proof.b0),
        Inequality(f"{bound} within the last radius <= its bound", proved, proof.bounds[-1]),
        Inequality("p <= last radius", proof.path, proof.radii[-1]),
    ]
    if not math.isnan(proof.h):
        chain += [
            Inequality("L r0 / s0^2 <= h", upper(_newton_kantorovich(proof)), proof.h),
            Inequality("h < 1/2", proof.h, 0.5, strict=True),
        ]
    rate = arb(proof.step_size) * proof.s_end * proof.decrease
    return [
        *chain,
        Inequality("r0 <= integral of decrease to p", proof.residual, lower(integral)),
        Inequality("decrease(p), as given, <= decrease(p)", proof.decrease, lower(decrease)),
        Inequality("0 < decrease(p)", 0.0, proof.decrease, strict=True),
        Inequality("s(p) <= s0 - change(p)", proof.s_end, lower(proof.s0 - change)),
        Inequality("b0 + change(p) <= beta", upper(proof.b0 + change), proof.beta),
        Inequality("0 < eta", 0.0, proof.step_size, strict=True),
        Inequality("eta <= 1 / beta^2", proof.step_size, lower(1 / arb(proof.beta) ** 2)),
        Inequality("1 - eta s(p) decrease(p) <= contraction", upper(1 - rate), proof.contraction),
        Inequality("contraction < 1", proof.contraction, 1.0, strict=True),
    ]


def _newton_kantorovich(proof: Proof) -> arb:
    return arb(proof.bounds[0]) * proof.residual / arb(proof.s0) ** 2


def _shortfall(proof: Proof, jumps: bool) -> str:
    if jumps or len(proof.radii) > 1:
        return f"the Jacobian may lose its rank within {proof.radii[-1]:.3g}, before the loss is zero"
    return f"h = L r0 / s0^2 is {upper(_newton_kantorovich(proof)):.4g}, and must be below 1/2"
