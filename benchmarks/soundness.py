"""Is a certificate ever wrong? Random and adversarial problems, trained for real with the certified step.

The networks, their gradients and their Jacobians are written here again in NumPy; of softntk only the numbers of its
certificates are used. For every certified problem:

    contraction   no step shrinks the residual by less than promised: |R+| <= contraction |R|
    decrease      no step buys less than promised with its length:    |R+| <= |R| - decrease |W+ - W|
    path          the path is not longer than promised, and neither is the distance
    slope         ||J(W') - J(W)|| <= L |W' - W| on the ball (softmax, exponential), for random and adversarial moves
    jump          ||J(W') - J(W0)|| <= Delta(u) (ReLU), for moves that turn the cheapest signs
    floor         sigma_min(J(W')) >= s_end on the ball, also for moves that try to make it small

"At least" and "at most" are meant up to rounding: 16 eps of the sums at hand without their signs. Controls take a
factor out of a constant and count how often that is caught.

    python benchmarks/soundness.py [--problems 2400] [--seconds 3600] [--seed 0]
"""

import argparse
import itertools
import math
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import jax
import jax.numpy as jnp
import numpy as np

from softntk.bounds import smoothness
from softntk.certificates import certify
from softntk.networks import TwoLayer, features_named

NAMES = ("softmax", "exponential", "relu")
# (n, d, k, m): few, so that compilation does not dominate.
SHAPES = ((2, 1, 1, 256), (3, 2, 2, 512), (6, 30, 1, 128), (10, 12, 5, 1024), (24, 16, 1, 1024), (40, 30, 1, 1024))
STEPS = 40
ROUNDING = 16 * np.finfo(float).eps

#: What each control takes away: quantity -> how it is falsified.
CONTROLS: dict[str, tuple[str, Callable[["Numbers", "Problem"], float]]] = {
    "contraction as if sigma_min were twice as large": ("contraction", lambda c, _: 1 - 4 * (1 - c.contraction)),
    "decrease without the change of the Jacobian, and 5% more": ("decrease", lambda c, _: 1.05 * c.s0),
    "path as if ||J|| could replace sigma_min": ("path", lambda c, _: c.path * c.s0 / c.b0),
    "slope without the factor |a_r| = sqrt(k), k > 1": ("slope", lambda c, p: c.slope / math.sqrt(p.k)),
    "slope without the norms of the inputs": ("slope", lambda c, p: c.slope * p.norms.min() ** 2 / 2),
    "slope at the center instead of on the ball, and half": ("slope", lambda c, _: c.slope_at_center / 2),
    "jump with half of the signs": ("jump", lambda c, _: c.jump / math.sqrt(2)),
    "floor without the change of the Jacobian": ("floor", lambda c, _: c.s0),
}


@dataclass
class Problem:
    """One network and one data set: hidden weights W (d, m), signs A (k, m), inputs X (n, d), labels Y (n, k)."""

    name: str
    W: np.ndarray
    A: np.ndarray
    X: np.ndarray
    Y: np.ndarray
    kind: str

    @property
    def k(self) -> int:
        return self.A.shape[0]

    @property
    def norms(self) -> np.ndarray:
        return np.linalg.norm(self.X, axis=1)


@dataclass
class Numbers:
    """What a certificate says."""

    s0: float
    b0: float
    path: float
    s_end: float
    decrease: float
    step_size: float
    contraction: float
    slope: float = math.nan
    slope_at_center: float = math.nan
    jump: float = math.nan
    method: str = ""


@dataclass
class Tally:
    """Per network: problems, certificates, violations by check, and how close to its bound each check came."""

    tried: int = 0
    certified: int = 0
    undecided: int = 0
    steps: int = 0
    methods: dict[str, int] = field(default_factory=dict)
    violations: dict[str, int] = field(default_factory=dict)
    tightness: dict[str, float] = field(default_factory=dict)
    caught: dict[str, int] = field(default_factory=dict)
    shots: dict[str, int] = field(default_factory=dict)


# ---- the network, once more ----------------------------------------------------------------------------------------


def features(name: str, Z: np.ndarray) -> np.ndarray:
    """phi (n, m)."""
    if name == "softmax":
        E = np.exp(Z - Z.max(axis=1, keepdims=True))
        return Z.shape[1] * E / E.sum(axis=1, keepdims=True)
    return np.exp(Z) if name == "exponential" else np.maximum(Z, 0)


def residual(p: Problem, W: np.ndarray) -> np.ndarray:
    """F - Y (n, k)."""
    return features(p.name, p.X @ W) @ p.A.T - p.Y


def sensitivities(p: Problem, W: np.ndarray) -> np.ndarray:
    """D (n, k, m), D_ilr = dF_il / dz_ir."""
    Z = p.X @ W
    phi = features(p.name, Z)
    if p.name == "softmax":
        means = phi @ p.A.T / p.A.shape[1]
        return phi[:, None, :] * (p.A[None] - means[:, :, None])
    return (phi if p.name == "exponential" else (Z > 0).astype(float))[:, None, :] * p.A[None]


def gradient(p: Problem, W: np.ndarray, R: np.ndarray) -> np.ndarray:
    """J^T R (d, m)."""
    return p.X.T @ np.einsum("ilr,il->ir", sensitivities(p, W), R)


def gram(p: Problem, D: np.ndarray) -> np.ndarray:
    """J J^T (nk, nk) of a Jacobian with sensitivities D."""
    n, k, m = D.shape
    flat = D.reshape(n * k, m)
    return np.kron(p.X @ p.X.T, np.ones((k, k))) * (flat @ flat.T)


def operator_norm(p: Problem, D: np.ndarray) -> float:
    return math.sqrt(max(np.linalg.eigvalsh(gram(p, D))[-1], 0.0))


# ---- problems ------------------------------------------------------------------------------------------------------


def inputs(rng: np.random.Generator, kind: str, n: int, d: int) -> np.ndarray:
    X = rng.standard_normal((n, d))
    if d == 1:
        return rng.choice([-1.0, 1.0], (n, 1)) * np.linspace(0.3, 1.0, n)[:, None]
    if kind == "clustered":
        X = X[rng.integers(0, max(n // 3, 1), n)] + 0.5 * rng.standard_normal((n, d))
    elif kind == "nearly parallel":
        X[1] = X[0] + 0.1 * rng.standard_normal(d)
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    return X * rng.uniform(0.3, 1.0, (n, 1)) if kind == "mixed norms" else X


def problem(rng: np.random.Generator, name: str, shape: tuple[int, int, int, int]) -> Problem:
    """Draw a problem; label sizes are spread so that about half of the problems can be certified."""
    n, d, k, m = shape
    kind = str(rng.choice(["sphere", "clustered", "nearly parallel", "mixed norms"]))
    labels = str(rng.choice(["random", "adversarial", "huge"], p=[0.45, 0.45, 0.1]))
    X, scale = inputs(rng, kind, n, d), math.exp(rng.uniform(math.log(0.2), math.log(3.0)))
    antisymmetric = rng.uniform() < 0.75
    half = m // 2 if antisymmetric else m
    W, A = scale * rng.standard_normal((d, half)), rng.choice([-1.0, 1.0], (k, half))
    if antisymmetric:
        W, A = np.hstack([W, W]), np.hstack([A, -A])
    p = Problem(
        name, W, A, X, np.zeros((n, k)), f"{kind}, {labels}, {'antisymmetric' if antisymmetric else 'independent'}"
    )
    F, H = residual(p, W), gram(p, sensitivities(p, W))
    direction = rng.standard_normal((n, k)) if labels != "adversarial" else np.linalg.eigh(H)[1][:, 0].reshape(n, k)
    # A network of width 100 learns labels of about the size lambda / slope; ReLU fewer.
    low, high = ((-7.0, -1.0) if name == "relu" else (-4.0, 0.5)) if labels != "huge" else (1.0, 4.0)
    size = math.sqrt(n * k) * 10 ** rng.uniform(low, high)
    p.Y = F + size * direction / np.linalg.norm(direction)
    return p


# ---- the checks ----------------------------------------------------------------------------------------------------


def numbers(p: Problem) -> tuple[Numbers | None, str]:
    """Ask softntk for a certificate: None if there is none, and the answer in words."""
    network = TwoLayer(jnp.asarray(p.W), jnp.asarray(p.A), features_named(p.name))
    c = certify(network, jnp.asarray(p.X), jnp.asarray(p.Y))
    if not c.established:
        return None, str(c.verdict.answer)
    smooth = smoothness(network, jnp.asarray(p.X))
    out = Numbers(c.s0, c.b0, c.path, c.s_end, c.decrease, c.step_size, c.contraction, method=c.method)
    if p.name == "relu":
        out.jump = float(smooth.change(c.path))
    else:
        out.slope, out.slope_at_center = (float(v) for v in smooth.lipschitz_at(jnp.asarray([c.path, 0.0])))
    return out, str(c.verdict.answer)


Check = tuple[str, float, float]  # name, measured, and the bound it must not exceed


def training(p: Problem, c: Numbers, changed: Numbers, steps: int) -> Iterator[Check]:
    """Run gradient descent with the certified step; hold every step against the numbers of `changed`."""
    W, R, travelled = p.W, residual(p, p.W), 0.0
    noise = ROUNDING * (np.linalg.norm(features(p.name, p.X @ W) @ np.abs(p.A).T) + np.linalg.norm(p.Y))
    for _ in range(steps):
        before = np.linalg.norm(R)
        if before <= 100 * noise:
            return
        step = c.step_size * gradient(p, W, R)
        W = W - step
        R, length = residual(p, W), np.linalg.norm(step)
        travelled += length
        after = np.linalg.norm(R)
        yield "contraction", after, changed.contraction * before + noise
        yield "decrease", after, before - changed.decrease * length + noise
        yield "path", travelled, changed.path * (1 + 1e-12)


def moves(p: Problem, rng: np.random.Generator, radius: float) -> Iterator[np.ndarray]:
    """Displacements V (d, m) of the given length: random, one neuron, against the smallest singular value."""
    Z, norms = p.X @ p.W, p.norms
    V = rng.standard_normal(p.W.shape)
    yield V * radius / np.linalg.norm(V)
    weights = features(p.name, Z) * norms[:, None] ** 2 if p.name != "relu" else np.exp(-np.abs(Z))
    for flat in (np.argmax(weights), rng.choice(weights.size, p=weights.ravel() / weights.sum())):
        i, r = np.unravel_index(flat, weights.shape)
        V = np.zeros_like(p.W)
        V[:, r] = radius * p.X[i] / norms[i]
        yield V
        yield -V
    D = sensitivities(p, p.W)
    u = np.linalg.eigh(gram(p, D))[1][:, 0].reshape(p.Y.shape)
    spread = np.einsum("ilr,il->ir", D, u)
    V = -p.X.T @ (spread * (p.X @ (p.X.T @ spread)))  # the slope of |J^T u|^2, normalization aside
    if np.linalg.norm(V) > 0:
        yield V * radius / np.linalg.norm(V)
    if p.name == "relu":
        yield from cheapest_signs(p, rng, radius)


def cheapest_signs(p: Problem, rng: np.random.Generator, radius: float) -> Iterator[np.ndarray]:
    """Turn as many signs on one sample as the distance pays for, cheapest first; then on several in turn."""
    Z, norms = p.X @ p.W, p.norms
    margins = np.abs(Z) / norms[:, None] * (1 + 1e-9) + 1e-300
    for order in ([int(np.argmax(norms))], [int(rng.integers(len(norms)))], range(len(norms))):
        V, budget = np.zeros_like(p.W), radius**2
        for i in order:
            neurons = np.argsort(margins[i])
            costs = np.cumsum(margins[i, neurons] ** 2)
            share = budget if len(list(order)) == 1 else radius**2 / len(norms)
            for r in neurons[costs <= share]:
                if not V[:, r].any():
                    V[:, r] = -np.sign(Z[i, r]) * margins[i, r] * p.X[i] / norms[i]
                    # A pre-activation counts as turned from 0 downwards, and upwards only above 0.
        if np.linalg.norm(V) <= radius:
            yield V


def sampling(p: Problem, c: Numbers, changed: Numbers, rng: np.random.Generator) -> Iterator[Check]:
    """Hold the Jacobian on the ball against slope, jump and floor."""
    D0 = sensitivities(p, p.W)
    noise = 1e-12 * operator_norm(p, D0)
    for V in moves(p, rng, c.path):
        D1 = sensitivities(p, p.W + V)
        lowest = math.sqrt(max(np.linalg.eigvalsh(gram(p, D1))[0], 0.0))
        yield "floor", changed.s_end, lowest + 1e-8 * lowest + noise
        if p.name == "relu":
            yield "jump", operator_norm(p, D1 - D0), changed.jump + noise
        else:
            # Near the surface of the ball, where the slope is largest.
            D2 = sensitivities(p, p.W + 0.98 * V)
            for low, high, length in ((D0, D1, 1.0), (D2, D1, 0.02)):
                yield "slope", operator_norm(p, high - low), changed.slope * length * c.path + noise


def examine(p: Problem, rng: np.random.Generator, tally: Tally, steps: int = STEPS) -> None:
    """Certify one problem, check everything, and let every control have a shot."""
    tally.tried += 1
    found, answer = numbers(p)
    if found is None:
        tally.undecided += answer == "undecided"
        return
    tally.certified += 1
    tally.methods[found.method] = tally.methods.get(found.method, 0) + 1
    seed = int(rng.integers(2**32))
    checks = list(training(p, found, found, steps)) + list(sampling(p, found, found, np.random.default_rng(seed)))
    tally.steps += sum(name == "path" for name, *_ in checks)
    for name, measured, bound in checks:
        if not measured <= bound:
            tally.violations[name] = tally.violations.get(name, 0) + 1
            if sum(tally.violations.values()) <= 10:
                print(f"VIOLATION {p.name} {p.X.shape} {p.kind} {found.method}: {name} {measured} > {bound}")
        tally.tightness[name] = max(tally.tightness.get(name, 0.0), _tightness(name, measured, bound, found))
    for label, (quantity, falsify) in CONTROLS.items():
        if math.isnan(getattr(found, _attribute(quantity))) or (">" in label and p.k == 1):
            continue
        false = Numbers(**{**found.__dict__, _attribute(quantity): falsify(found, p)})
        again = itertools.chain(
            training(p, found, false, 3)
            if quantity in ("contraction", "decrease")
            else training(p, found, false, steps)
            if quantity == "path"
            else sampling(p, found, false, np.random.default_rng(seed))
        )
        tally.shots[label] = tally.shots.get(label, 0) + 1
        caught = any(name == quantity and not measured <= bound for name, measured, bound in again)
        tally.caught[label] = tally.caught.get(label, 0) + caught


def _attribute(quantity: str) -> str:
    return "s_end" if quantity == "floor" else quantity


def _tightness(name: str, measured: float, bound: float, found: Numbers) -> float:
    """1 means that the bound is attained."""
    if name == "contraction":
        before = bound / found.contraction
        return (1 - found.contraction) / max(1 - measured / before, 1e-300)
    if name == "floor":
        lost = found.s0 - measured
        return (found.s0 - bound) / lost if lost > 1e-6 * found.s0 else 0.0
    return measured / bound if bound > 0 else 0.0


def campaign(
    problems: int,
    seed: int,
    *,
    names: tuple[str, ...] = NAMES,
    shapes: tuple = SHAPES,
    seconds: float = math.inf,
    steps: int = STEPS,
) -> dict[str, Tally]:
    """Run the problems in turn over shapes and networks; stop after `seconds`."""
    tallies, start = {name: Tally() for name in names}, time.monotonic()
    for index in range(problems):
        if time.monotonic() - start > seconds:
            break
        name, shape = names[index % len(names)], shapes[(index // len(names)) % len(shapes)]
        rng = np.random.default_rng([seed, index])
        examine(problem(rng, name, shape), rng, tallies[name], steps)
    return tallies


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--problems", type=int, default=2400)
    parser.add_argument("--seconds", type=float, default=3600.0)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    jax.config.update("jax_enable_x64", True)
    start = time.monotonic()
    tallies = campaign(options.problems, options.seed, seconds=options.seconds)
    good = True
    for name, tally in tallies.items():
        print(f"\n{name}: {tally.tried} problems, {tally.certified} certified, {tally.steps} steps, {tally.methods}")
        for check, tight in sorted(tally.tightness.items()):
            wrong = tally.violations.get(check, 0)
            good &= wrong == 0
            print(
                f"  {check:<12} claim: no violation   measured: {wrong}   holds: {wrong == 0}   tightness {tight:.4f}"
            )
    print("\ncontrols: a factor is missing, and the campaign must notice")
    for label in CONTROLS:
        shots, caught = (sum(getattr(t, what).get(label, 0) for t in tallies.values()) for what in ("shots", "caught"))
        good &= caught > 0 or shots == 0
        print(f"  {label}: caught {caught} of {shots}")
    print(f"\n{sum(t.tried for t in tallies.values())} problems in {time.monotonic() - start:.0f} s; all holds: {good}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
