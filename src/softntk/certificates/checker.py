"""Check a certificate, independently of the program that made it:

    python checker.py certificate.json [data.npz] [--work N]

This file is the whole check: standard library, NumPy and python-flint, nothing of softntk. Exit code 0: every
inequality is proved again; 1: one is broken; 2: the file cannot be read or is not a certificate as it was written;
3: it cannot be checked here, as it takes more than N ball operations (2^34 by default, about a quarter of an hour).

CLAIM. A network F = phi(X W) A^T with inputs X (n, d), weights W (d, m) and A (k, m), and labels Y (n, k); phi(z) is
m softmax(z) along a row, exp(z), or max(z, 0). Gradient descent W <- W - eta dloss/dW on loss = |F - Y|^2 / 2, in exact
arithmetic from the float64 numbers given, stays within p of W and multiplies |F - Y| by `contraction` < 1 or less in
every step. (|.| is the Frobenius norm; singular values and changes of the Jacobian J are in operator norm.)

WHY. docs/certificates.md proves that it is enough to have, with H = J J^T / m and radii u_1 < ... < u_J,

    s0 <= smallest, b0 >= largest singular value of J,  r0 >= |F - Y|  at W;  p <= u_J,  int_0^p psi > r0,  psi(p) > 0,
    beta >= b0 + change(u_J),  eta beta^2 <= c <= 1,  contraction >= 1 - eta s_end psi(p)

    L_j: J is L_j-Lipschitz within u_j (softmax, exponential);  change(u) = int_0^u L;  S(u) = s0 - change(u)
    D_j: J changes by D_j at most within u_j (relu);            change(u) = D_j on (u_{j-1}, u_j]
    method   psi(u)                                                            s_end <=
    exact    S(u)                                                              S(p)
    capped   larger of S(u) and floor(u), minus c L_J r0 / (2 beta)            larger of S(p) and floor(p)
    double   s0 - 2 change(u)                                                  s0 - change(p)
    small    sqrt(s0^2 - change(u)^2) - change(u) - c (s0 + change(u)) / 2     s0 - change(p)

    L = alpha max_r nu_r,  nu_r^2 = lambda_max(diag(c_r) (G o G) diag(c_r)),  G = X X^T,  x = max|x_i|,  a = max|a_r|
        softmax      c_ir = m sigmoid(logit S_ir + u |x_i| sqrt(1 + sum_{q != r} S_iq^2 / (1 - S_ir)^2)), S = softmax Z,
                     alpha = a + max|A S_i| + u x a sqrt(max c / m);  c grows with u by exp(u x sqrt 2) at most
        exponential  c_ir = exp(z_ir + u |x_i|),  alpha = a
    floor(u) = (s - alpha tau (exp(u x) - 1) / x) / (1 + q (exp(u x) - 1)),  at least level_j - slope_j u within u_j:
        s <= smallest singular value of the damped J (columns of neuron r times damping_r <= 1; for softmax, after
        projecting away the damped rows S_ir x_i),  tau >= damping_r nu_r at W,  q = max|S_i| (0 for exponential)
    D^2 = a^2 max_i [q u^2 + sum_r max(0, max_t (sum_j |G_ij| 1[margin_jr <= t] - q t^2))],  margin = |z| / |x|,
        any multiplier q >= 0, the inner maximum over margin_ir <= t <= u: what neuron r gains, on x_i, by moving by t

HOW. Quantities are balls (Arb, 128 bits) that contain the exact numbers; `a <= b` is True only if it is so for all
numbers in the two balls. Float64 guesses (`eigenvalue_above`, `perron`), balls prove. What follows from the constants
alone is checked first, then the residual, then what takes work; a broken line ends it. Trusted: Arb, Python, NumPy's
moving of data, and the numbers as given; no rounding of float64.
"""

import base64
import hashlib
import json
import math
import os
import stat
import sys
import zipfile
from functools import reduce
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from flint import arb, arb_mat, ctx

__all__ = ["CLAIM", "FORMAT", "MOST_WORK", "Line", "Rejected", "TooMuchWork", "check", "load"]

#: What a file says it is.
FORMAT = "softntk certificate 2"
#: By format, what the multipliers q of relu are called.
MULTIPLIERS = {"softntk certificate 1": "prices", FORMAT: "multipliers"}
#: What a certificate says, in one line; in full above.
CLAIM = "gradient descent from these weights reaches loss zero"
BITS, MULTIPLE, HIGHEST = 128, 4.0, 64
MOST_BYTES, MOST_BALLS, MOST_RADII = 2**29, 2**24, 100  # of a file; in an array, about 100 bytes each
#: Ball operations that a check may take, each about 50 nanoseconds.
MOST_WORK = 2**34
METHODS = {"softmax": ("exact", "capped"), "exponential": ("exact", "capped"), "relu": ("double", "small")}
CONSTANTS = ("lambda_min", "lambda_max", "residual", "s0", "b0", "path", "decrease", "s_end", "beta", "fraction")
CONSTANTS += ("step_size", "contraction")
KEYS = ("format", "claim", "features", "method", "sizes", "constants", "radii", "bounds", "inequalities", "notes")
KEYS += ("arrays", "hash")


class Rejected(ValueError):
    """The file is not a certificate, or not the one that was made."""


class TooMuchWork(Rejected):
    """It may be a certificate, but to check it takes more than is allowed here."""


class Line(NamedTuple):
    """left <= right (or <): the middles of the two balls, and whether it is proved."""

    states: str
    left: float
    right: float
    strict: bool
    holds: bool

    def __str__(self) -> str:
        answer, sign = "holds" if self.holds else "BROKEN", "<" if self.strict else "<="
        return f"{answer:6}  {self.states:45}  {self.left:.15g} {sign} {self.right:.15g}"


def check(path: str, data: dict[str, np.ndarray] | None = None, *, work: float = MOST_WORK) -> list[Line]:
    """Every inequality of the certificate, or those up to a stage with a broken one.

    `data`: arrays that it leaves out; those it holds must then be the same. `work`: ball operations to spend at most.
    Raises Rejected if the file is malformed, an array is missing, or anything differs from its hash or from the record;
    TooMuchWork if it would take more than `work`.
    """
    try:
        document = read(path)
        arrays = {name: array(name, stored, data or {}) for name, stored in document["arrays"].items()}
        with ctx.workprec(BITS):
            lines, limits = proved(document, arrays, work)
            if all(line.holds for line in lines):
                compare(lines, document, limits)
    except (Rejected, OSError):
        raise
    except Exception as error:  # whatever a file can do: none of it may look like a broken inequality
        raise Rejected(f"malformed ({type(error).__name__}: {error})") from None
    return lines


# ---- The file: strict JSON, exactly these keys, numbers as float.hex() writes them, arrays with their SHA-256.


def read(path: str) -> dict[str, Any]:
    with regular(path) as file:
        content = file.read(MOST_BYTES + 1)
    need(len(content) <= MOST_BYTES, f"the file is larger than {MOST_BYTES} bytes")
    document: Any = json.loads(content.decode("utf-8"), object_pairs_hook=unique, parse_constant=real)
    need(isinstance(document, dict) and "format" in document, "the keys are not those of a certificate")
    need(document["format"] in MULTIPLIERS, "the format is not known")
    multipliers = MULTIPLIERS[document["format"]]
    has_keys("the certificate", document, (*KEYS, multipliers))
    rest = {name: value for name, value in document.items() if name != "hash"}
    canonical = json.dumps(rest, sort_keys=True, separators=(",", ":")).encode()
    need(document["hash"] == hashlib.sha256(canonical).hexdigest(), "the content hash differs: the file was changed")
    need(document["claim"] == CLAIM, "the claim is not known")
    method, stored, sizes = document["method"], document["arrays"], document["sizes"]
    need(method in METHODS[document["features"]], "the method does not belong to the features")
    has_keys("sizes", sizes, "ndmk")
    need(all(type(size) is int and size > 0 for size in sizes.values()), "a size is not a positive integer")
    n, d, m, k = (sizes[name] for name in "ndmk")
    if max(n * m * (k + 1), n * d, d * m, (n * (k + 1)) ** 2) > MOST_BALLS:
        raise TooMuchWork(f"an array would hold more than {MOST_BALLS} balls")
    shapes = {"inputs": [n, d], "labels": [n, k], "hidden": [d, m], "output": [k, m]}
    shapes |= {"damping": [m]} if method == "capped" else {}
    has_keys("arrays", stored, shapes)
    for name, shape in shapes.items():
        has_keys(name, stored[name], ("shape", "sha256", "data"))
        need(stored[name]["shape"] == shape, f"{name}: the shape is not {shape}")
    has_keys("constants", document["constants"], (*CONSTANTS, "cap", "start") if method == "capped" else CONSTANTS)
    document["constants"] = {name: real(text) for name, text in document["constants"].items()}
    for name in ("radii", "bounds", multipliers, "inequalities"):
        need(type(document[name]) is list, f"{name}: not a list")
    radii, bounds, q = ([real(text) for text in document[name]] for name in ("radii", "bounds", multipliers))
    need(0 < len(radii) == len(bounds) <= MOST_RADII, "radii and bounds do not match, or are too many")
    need(all(a < b for a, b in pairwise([0.0, *radii])), "the radii do not ascend from above 0")
    need([0.0, *radii][-2] < document["constants"]["path"], "the path does not need the last radius")
    need(len(q) == (len(radii) if document["features"] == "relu" else 0), "the multipliers do not match the radii")
    need(all(each >= 0 for each in q), "a multiplier is negative")
    has_keys("notes", document["notes"], document["notes"].keys())
    return document | {"radii": radii, "bounds": bounds, "multipliers": q}


def regular(path: str) -> Any:
    """The file, open for reading, if it is one: a pipe or a device could block or never end."""
    file = os.fdopen(os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0)), "rb")
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise Rejected(f"{path} is not a regular file")
    return file


def array(name: str, stored: dict[str, Any], data: dict[str, np.ndarray]) -> np.ndarray:
    found = [np.ascontiguousarray(data[name], dtype="<f8")] if name in data else []
    if stored["data"] is not None:
        raw = np.frombuffer(base64.b64decode(stored["data"], validate=True), dtype="<f8")
        found.append(raw.reshape(stored["shape"]))
    need(bool(found), f"{name}: neither in the certificate nor in the data")
    for each in found:
        need(list(each.shape) == stored["shape"], f"{name}: shape {each.shape}, not {stored['shape']}")
        need(hashlib.sha256(each.tobytes()).hexdigest() == stored["sha256"], f"{name}: the bytes have another SHA-256")
        need(bool(np.isfinite(each).all()), f"{name}: NaN or infinite entries")
    return found[0]


def compare(lines: list[Line], document: dict[str, Any], limits: dict[str, tuple[arb, float]]) -> None:
    """The maker's record must be true: the constants as they are, and what the maker enclosed.

    What counts is proved already; this keeps the record honest. Two bounds of one eigenvalue may differ by what float64
    does to the whole matrix, which for a small eigenvalue is most of it: `limits` has that room, and a Rayleigh
    quotient, which no bound passes. All other sides agree to rounding of their own size.
    """
    need(len(document["inequalities"]) == len(lines), "the recorded inequalities are not those of the proof")
    for line, entry in zip(lines, document["inequalities"], strict=True):
        has_keys("an inequality", entry, ("states", "left", "right", "strict"))
        left, right, what = real(entry["left"]), real(entry["right"]), f"the recorded {line.states!r}"
        need(entry["states"] == line.states and entry["strict"] is line.strict, f"{what} states something else")
        need(left < right if line.strict else left <= right, f"{what} does not hold")
        limit, room = limits.get(line.states, (None, 0.0))
        for recorded, ours in ((left, line.left), (right, line.right)):
            near = abs(recorded - ours) <= 0.01 * abs(ours)
            if limit is not None and abs(recorded - ours) > 1e-12 * abs(ours):
                beyond = arb(recorded) < limit if line.states.startswith("largest") else arb(recorded) > limit
                enclosed = recorded == (left if line.states.startswith("largest") else right)
                near = enclosed and not beyond and abs(recorded - ours) <= room
            need(near, f"{what} has other numbers")


def need(condition: bool, otherwise: str) -> None:
    if not condition:
        raise Rejected(otherwise)


def has_keys(what: str, found: Any, wanted: Any) -> None:
    need(type(found) is dict and found.keys() == set(wanted), f"{what}: the keys are not {', '.join(wanted)}")


def real(text: str) -> float:
    value = float.fromhex(text[:40])
    need(value.hex() == text and abs(value) < float("inf"), f"not a finite number as float.hex() writes it: {text:.40}")
    return value


def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    need(len(dict(pairs)) == len(pairs), "a key stands twice")
    return dict(pairs)


# ---- The mathematics. An array of balls is a NumPy array of arb objects: +, -, *, /, np.exp and np.sqrt are Arb's.


def proved(
    document: dict[str, Any], arrays: dict[str, np.ndarray], work: float
) -> tuple[list[Line], dict[str, tuple[arb, float]]]:
    """The lines, in the order of the proof, and for eigenvalues what `compare` needs."""
    features, method, radii, bounds = (document[name] for name in ("features", "method", "radii", "bounds"))
    value = {name: arb(number) for name, number in document["constants"].items()}
    n, d, m, k = (document["sizes"][name] for name in "ndmk")
    known = follows(method, value, radii, bounds, m, None)
    if not all(each.holds for each in known.values()):
        return list(known.values()), {}
    rows = n * (k + 1 if features == "softmax" else k)
    spent = n * d * m + n * m * (3 * k + 20) + (n * k) ** 2 * (m + 6 * n * k)
    spent += rows**2 * (m + 3 * rows) if method == "capped" else 0
    spent += 0 if features == "relu" else n * n * (2 * m + 8 * HIGHEST * len(radii))
    afford(spent, work)

    x, w, a, y = (balls(arrays[name]) for name in ("inputs", "hidden", "output", "labels"))
    z, gram, lengths, shares, means = times(x, w), times(x, x.T), norms(x), None, balls(np.zeros((n, k)))
    if features == "softmax":
        exponentials = np.exp(z - balls(middles(z).max(axis=1))[:, None])  # any shift gives the same shares
        shares = exponentials / exponentials.sum(axis=1)[:, None]
        means, slopes = times(shares, a.T), shares * m
        outputs = means * m
    elif features == "exponential":
        slopes = np.exp(z)
        outputs = times(slopes, a.T)
    else:
        need(all(entry > 0 or entry <= 0 for entry in z.ravel()), "128 bits do not decide the sign of a pre-activation")
        slopes = balls(np.asarray(z > 0, dtype=float))
        outputs = times(z * slopes, a.T)
    residual = norms((outputs - y).reshape(1, -1))[0]
    known["|F - Y| <= r0"] = line("|F - Y| <= r0", residual, value["residual"])
    if not known["|F - Y| <= r0"].holds:
        return [known["|F - Y| <= r0"]], {}

    signs = a[None, :, :] - means[:, :, None]
    floor_checks: list[Line] = []
    limits: dict[str, tuple[arb, float]] = {}
    if features == "relu":
        changes = relu_changes(z, gram, lengths, norms(a.T), radii, document["multipliers"], work - spent)
    else:
        changes, lines_of_floor, floor_checks, limits = smooth_changes(
            gram, lengths, norms(a.T), slopes, shares, signs, means, radii, value, arrays.get("damping")
        )
        known |= follows(method, value, radii, bounds, m, lines_of_floor)
    worst = next((j for j, bound in enumerate(bounds) if not changes[j] <= bound), len(bounds) - 1)
    kernel = gram_of_rows(gram, slopes, signs) / m
    low, high = eigenvalue_above(kernel, value["lambda_min"]), -eigenvalue_above(-kernel, -value["lambda_max"])
    checks = [
        line("lambda_min <= smallest eigenvalue of H", value["lambda_min"], low),
        line("largest eigenvalue of H <= lambda_max", high, value["lambda_max"]),
        line("change of J within the radii <= bounds", changes[worst], arb(bounds[worst])),
        *floor_checks,
    ]
    (bottom, room), (top, _) = quotient(kernel), quotient(-kernel)
    limits |= {checks[0].states: (bottom, room), checks[1].states: (-top, room)}
    known |= {each.states: each for each in checks}
    return [known[states] for states in ORDER if states in known], limits


ORDER: tuple[str, ...] = (
    "lambda_min <= smallest eigenvalue of H",
    "largest eigenvalue of H <= lambda_max",
    "|F - Y| <= r0",
)
ORDER += ("s0 <= sqrt(m lambda_min)", "sqrt(m lambda_max) <= b0", "change of J within the radii <= bounds", "0 <= s")
ORDER += ("s^2 <= smallest eigenvalue of the damped Gram", "damping nu <= tau", "p <= last radius")
ORDER += ("r0 < integral of psi to p", "decrease <= psi(p)", "0 < decrease")
ORDER += ("s_end <= smallest singular value within p", "b0 + change(last radius) <= beta", "0 < eta")
ORDER += ("eta <= c / beta^2", "c <= 1", "1 - eta s_end decrease <= contraction", "contraction < 1")


def follows(method, value, radii, bounds, m, lines_of_floor) -> dict[str, Line]:
    """What follows from the constants, and for a capped proof from the floor, which is left out where it is None."""
    rate = value["step_size"] * value["s_end"] * value["decrease"]
    lines = [
        line("s0 <= sqrt(m lambda_min)", value["s0"], (m * value["lambda_min"]).sqrt()),
        line("sqrt(m lambda_max) <= b0", (m * value["lambda_max"]).sqrt(), value["b0"]),
        line("p <= last radius", value["path"], arb(radii[-1])),
        line("0 < decrease", arb(0), value["decrease"], strict=True),
        line("0 < eta", arb(0), value["step_size"], strict=True),
        line("eta <= c / beta^2", value["step_size"], value["fraction"] / value["beta"] ** 2),
        line("c <= 1", value["fraction"], arb(1)),
        line("1 - eta s_end decrease <= contraction", 1 - rate, value["contraction"]),
        line("contraction < 1", value["contraction"], arb(1), strict=True),
    ]
    if method != "capped" or lines_of_floor is not None:
        integral, psi, smallest, change = walk(method, value, radii, [arb(bound) for bound in bounds], lines_of_floor)
        lines += [
            line("r0 < integral of psi to p", value["residual"], integral, strict=True),
            line("decrease <= psi(p)", value["decrease"], psi),
            line("s_end <= smallest singular value within p", value["s_end"], smallest),
            line("b0 + change(last radius) <= beta", value["b0"] + change, value["beta"]),
        ]
    return {each.states: each for each in lines}


def afford(spent: float, work: float) -> None:
    if not spent <= work:
        raise TooMuchWork(f"to check it takes some {spent:.2g} ball operations more, of which {work:.2g} are left")


def smooth_changes(gram, lengths, strengths, slopes, shares, signs, means, radii, value, damping):
    """L_j; level_j and slope_j of the floor; the inequalities of the floor, and what cannot be passed."""
    m, x, a = slopes.shape[1], largest(lengths), largest(strengths)
    mean, squares = largest(norms(means)), gram * gram
    nu = np.sqrt(perron(slopes, squares, rounds=8))
    order = np.argsort(-middles(nu), kind="stable")
    top, others = order[:HIGHEST], order[HIGHEST:]
    changes = []
    for u in radii:
        growth = (u * x * (1 if shares is None else arb(2).sqrt())).exp()
        if shares is None:
            weights, alpha = slopes[:, top] * np.exp(u * lengths)[:, None], a
        else:
            s = shares[:, top]
            spread = ((shares * shares).sum(axis=1)[:, None] - s * s) / ((1 - s) * (1 - s))
            odds = s / (1 - s) * np.exp(u * lengths[:, None] * np.sqrt(1 + spread))
            weights = m * odds / (1 + odds)
            alpha = a + mean + u * x * a * (largest(slopes.ravel()) * growth / m).min(arb(1)).sqrt()
        heights = [*np.sqrt(perron(weights, squares, rounds=250)), *(nu[others] * growth)]
        changes.append(alpha * largest(heights))
    if damping is None:
        return changes, [], [], {}
    need(bool((damping >= 0).all() and (damping <= 1).all()), "a damping is not between 0 and 1")
    d, tau, q = balls(damping), value["cap"], arb(0) if shares is None else largest(norms(shares))
    if shares is not None:  # the rows to project away: a Schur complement has no smaller eigenvalue than the whole
        signs = np.concatenate([signs, np.full((len(signs), 1, m), arb(MULTIPLE))], axis=1)
    damped = gram_of_rows(gram, slopes * d, signs)
    lines = []
    for u in radii:  # (exp(u x) - 1) / u ascends, and below 0 any number bounds a singular value: the line is lower
        growth = (u * x).expm1()
        alpha = (a + mean) * (1 + q * growth * (u * x * q).exp())
        lines.append((value["start"] / (1 + q * growth), alpha * tau * growth / (u * x) / (1 + q * growth)))
    checks = [
        line("0 <= s", arb(0), value["start"]),
        line(ORDER[7], value["start"] ** 2, eigenvalue_above(damped, value["start"] ** 2)),
        line("damping nu <= tau", largest(d * nu), tau),
    ]
    return changes, lines, checks, {ORDER[7]: quotient(damped)}


def relu_changes(z, gram, lengths, strengths, radii, multipliers, work):
    """Bounds D_j of the change of J within each radius, from the signs that can turn."""
    squares = lengths * lengths
    squares[[not square > 0 for square in squares]] = arb(1)  # an input of zeros has z = 0 and no gain
    ratios = z * z / squares[:, None]
    margins = np.maximum(np.nextafter(middles(ratios), -np.inf), 0.0)  # squared margins, from below
    need(bool((balls(margins) <= ratios).all()), "a margin is not bounded from below")
    # Every neuron pairs the samples that it can turn, in Python: several times what an operation takes elsewhere.
    afford(8 * sum(float(((margins <= u * u * 1.001).sum(axis=0).astype(float) ** 2).sum()) for u in radii), work)
    order, heights, changes = np.argsort(margins, axis=0), abs(gram), []
    for u, q in zip(radii, multipliers, strict=True):
        budget = arb(u) ** 2
        totals = [q * budget for _ in z]
        for r in np.flatnonzero((margins <= u * u * 1.001).any(axis=0)):
            turned, gains, best = [], {}, {}
            for j in order[:, r]:  # cheapest first: whoever turns j can turn all before it as well
                cost = arb(margins[j, r])
                if cost > budget:
                    break
                gains = {i: gains[i] + heights[i, j] for i in turned}
                turned.append(j)
                gains[j] = sum((heights[i, j] for i in turned), arb(0))
                best = {i: best.get(i, arb(0)).max(gains[i] - q * cost) for i in turned}
            for i in turned:
                totals[i] += best[i]
        changes.append(largest(strengths) * largest(totals).sqrt())
    return changes


def walk(method, value, radii, bounds, lines):
    """int_0^p psi, psi(p), the bound of the singular values at p, and the change within the last radius."""
    s0, c, p, start = value["s0"], value["fraction"], value["path"], arb(0)
    integral, psi, smallest, change = arb(0), s0, s0, arb(0)
    charge = c * bounds[-1] * value["residual"] / (2 * value["beta"]) if method == "capped" else arb(0)
    for j, end in enumerate(map(arb, radii)):
        whole, length = end - start, end.min(p) - start
        if method in ("exact", "capped"):
            top, slope, change = s0 - change, bounds[j], change + bounds[j] * whole
            if method == "capped":
                other, fall = lines[j][0] - lines[j][1] * start, lines[j][1]
                if other - fall * whole / 2 > top - slope * whole / 2:
                    top, slope = other, fall
            smallest = top - slope * length
        else:
            change, slope = bounds[j], arb(0)
            top = s0 - 2 * change
            if method == "small":
                top = (s0 * s0 - change * change).sqrt() - change - c * (s0 + change) / 2
            smallest = s0 - change
        integral += (top - charge - slope * length / 2) * length
        psi = top - charge - slope * length
        start = end
    return integral, psi, smallest, change


def eigenvalue_above(matrix: np.ndarray, bound: arb) -> arb:
    """A lower bound, above `bound`, of the smallest eigenvalue of a symmetric matrix; NaN if there is no proof.

    If P (M - bound I) P^T has every Gershgorin disc right of g > 0, then M - bound I >= g / |P|^2.
    """
    size = len(matrix)
    shifted = matrix - bound * balls(np.eye(size))
    try:
        guess = np.linalg.inv(np.linalg.cholesky(middles(shifted)))
    except np.linalg.LinAlgError:
        return arb("nan")
    need(bool(np.isfinite(guess).all()), "an eigenvalue is beyond the range of float64")
    p = balls(guess)
    discs = times(times(p, shifted), p.T)
    left_ends = [2 * discs[i, i] - sum(abs(entry) for entry in discs[i]) for i in range(size)]
    gap = -largest([-end for end in left_ends])
    return bound + gap / (p * p).sum() if gap > 0 else arb("nan")


def quotient(matrix: np.ndarray) -> tuple[arb, float]:
    """A Rayleigh quotient near the smallest eigenvalue of a symmetric matrix, above which no lower bound of it lies;
    by how much two such bounds may differ that factor the matrix in float64."""
    middle = middles(matrix)
    v = balls(np.linalg.eigh(middle)[1][:, :1])
    room = 256 * len(matrix) * 2.0**-52 * float(np.linalg.norm(middle))
    return (v * times(matrix, v)).sum() / (v * v).sum(), room


def perron(weights: np.ndarray, matrix: np.ndarray, rounds: int) -> np.ndarray:
    """Upper bounds of lambda_max of B_r = diag(c_r) M diag(c_r) >= 0: max_i (B v)_i / v_i, v > 0 (Collatz-Wielandt)."""
    c, g = middles(weights), middles(matrix)
    need(bool(np.isfinite(c).all() and np.isfinite(g).all()), "a weight is beyond the range of float64")
    c, g, v = c / np.maximum(c.max(axis=0), 1e-300), g / max(g.max(), 1e-300), np.ones_like(c)
    for _ in range(rounds):
        v = c * (g @ (c * v))
        v = np.maximum(v / np.maximum(v.max(axis=0), 1e-300), 1e-12)
    ratios = weights * times(matrix, weights * balls(v)) / balls(v)
    return np.array([largest(column) for column in ratios.T])


def gram_of_rows(gram: np.ndarray, slopes: np.ndarray, signs: np.ndarray) -> np.ndarray:
    """<x_i, x_j> sum_r slopes_ir signs_ilr slopes_jr signs_jl'r."""
    n, rows, m = signs.shape
    derivatives = (slopes[:, None, :] * signs).reshape(n * rows, m)
    return np.kron(gram, np.full((rows, rows), arb(1))) * times(derivatives, derivatives.T)


def balls(numbers: np.ndarray) -> np.ndarray:
    return np.asarray(np.frompyfunc(arb, 1, 1)(np.asarray(numbers, dtype=np.float64)), dtype=object)


def times(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    (rows, inner), columns = left.shape, right.shape[1]
    product = arb_mat(rows, inner, left.ravel().tolist()) * arb_mat(inner, columns, right.ravel().tolist())
    result = np.empty(rows * columns, dtype=object)
    result[:] = product.entries()
    return result.reshape(rows, columns)


def norms(rows: np.ndarray) -> np.ndarray:
    """Of each row; from magnitudes, for the square of a ball around 0 would reach below 0."""
    return np.array([sum((entry.abs_upper() ** 2 for entry in row), arb(0)).sqrt() for row in rows])


def largest(entries: Any) -> arb:
    return reduce(lambda one, other: one.max(other), entries)


def middles(array: np.ndarray) -> np.ndarray:
    return np.array([float(ball) for ball in array.ravel()]).reshape(array.shape)


def line(states: str, left: arb, right: arb, *, strict: bool = False) -> Line:
    return Line(states, float(left), float(right), strict, bool(left < right if strict else left <= right))


def main(arguments: list[str]) -> int:
    try:
        work = float(MOST_WORK)
        if "--work" in arguments[:-1]:
            place = arguments.index("--work")
            work = float(arguments[place + 1])
            arguments = arguments[:place] + arguments[place + 2 :]
        need(len(arguments) in (1, 2), "usage: python checker.py certificate.json [data.npz] [--work N]")
        lines = check(arguments[0], load(arguments[1]) if len(arguments) == 2 else {}, work=work)
    except TooMuchWork as error:
        print(f"NOT CHECKED: {error}; allow more with --work")
        return 3
    except Exception as error:  # the exit code of an error that nobody catches would be that of a broken inequality
        print(f"NOT VERIFIED: {error}")
        return 2
    verified = all(each.holds for each in lines)
    print(*lines, f"VERIFIED: {CLAIM}" if verified else "NOT VERIFIED", sep="\n")
    return 0 if verified else 1


def load(path: str) -> dict[str, np.ndarray]:
    """Float64 arrays of an .npz file; raises Rejected for anything else, and for too much."""
    try:
        with regular(path) as file, zipfile.ZipFile(file) as archive:
            need(sum(each.file_size for each in archive.infolist()) <= 2 * MOST_BYTES, "the data are too large")
            return {each.filename.removesuffix(".npy"): member(archive, each) for each in archive.infolist()}
    except (Rejected, OSError):
        raise
    except Exception as error:  # zipfile, zlib, lzma and the header's parser have some dozen kinds
        raise Rejected(f"{path}: {type(error).__name__}: {error}") from None


def member(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> np.ndarray:
    """One npy file: its header is believed only where the bytes that follow are as many as it says."""
    with archive.open(entry) as file:
        version = np.lib.format.read_magic(file)
        header = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}[version]
        shape, by_columns, dtype = header(file, max_header_size=10_000)
        need(dtype == np.dtype("<f8"), f"{entry.filename}: not float64")
        need(all(type(size) is int and size >= 0 for size in shape), f"{entry.filename}: no shape")
        content = file.read()
        need(8 * math.prod(shape) == len(content), f"{entry.filename}: more or fewer bytes than its shape needs")
        return np.frombuffer(content, dtype="<f8").reshape(shape, order="F" if by_columns else "C")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
