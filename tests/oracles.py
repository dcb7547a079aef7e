"""Slow truths, written from the definitions with loops, NumPy and SciPy; nothing here imports softntk.

    F_il = sum_r a_lr phi_ir        phi = m softmax(z), exp(z), max(z, 0);   z_ir = <x_i, w_r>
    D_ilr = dF_il / dz_ir
    H_(il)(jl') = <x_i, x_j> (1/m) sum_r D_ilr D_jl'r

Symbols: inputs X (n, d), labels Y (n, k), hidden weights W (d, m), output weights A (k, m), as NumPy arrays.
"""

import math
from collections.abc import Callable

import numpy as np
from numpy.polynomial.hermite_e import hermegauss
from scipy.integrate import quad

NAMES = ("softmax", "exponential", "relu")


def softmax(scores: np.ndarray) -> np.ndarray:
    """Softmax of one row of scores, with exact sums."""
    weights = [math.exp(z - max(scores)) for z in scores]
    total = math.fsum(weights)
    return np.array([w / total for w in weights])


def features(name: str, scores: np.ndarray) -> np.ndarray:
    """phi (m,) of one row of pre-activations."""
    if name == "softmax":
        return len(scores) * softmax(scores)
    return np.array([math.exp(z) if name == "exponential" else max(z, 0.0) for z in scores])


def outputs(name: str, hidden: np.ndarray, output: np.ndarray, inputs: np.ndarray) -> np.ndarray:
    """F (n, k)."""
    rows = []
    for x in inputs:
        phi = features(name, [math.fsum(x * w) for w in hidden.T])
        rows.append([math.fsum(a * phi) for a in output])
    return np.array(rows)


def derivatives(name: str, hidden: np.ndarray, output: np.ndarray, inputs: np.ndarray) -> np.ndarray:
    """D (n, k, m), D_ilr = dF_il / dz_ir."""
    width = hidden.shape[1]
    result = np.zeros((len(inputs), len(output), width))
    for i, x in enumerate(inputs):
        scores = [math.fsum(x * w) for w in hidden.T]
        for label, a in enumerate(output):
            for r in range(width):
                if name == "softmax":
                    weights = softmax(scores)
                    result[i, label, r] = width * weights[r] * (a[r] - math.fsum(a * weights))
                elif name == "exponential":
                    result[i, label, r] = math.exp(scores[r]) * a[r]
                else:
                    result[i, label, r] = a[r] if scores[r] > 0 else 0.0
    return result


def loss(name: str, hidden: np.ndarray, output: np.ndarray, inputs: np.ndarray, labels: np.ndarray) -> float:
    """1/2 ||F - Y||_F^2."""
    return 0.5 * math.fsum(((outputs(name, hidden, output, inputs) - labels) ** 2).ravel())


def gradient(name: str, hidden: np.ndarray, output: np.ndarray, inputs: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Gradient of the loss in W (d, m), neuron by neuron."""
    residual = outputs(name, hidden, output, inputs) - labels
    slopes = derivatives(name, hidden, output, inputs)
    result = np.zeros_like(hidden)
    for r in range(hidden.shape[1]):
        for i, x in enumerate(inputs):
            result[:, r] += math.fsum(residual[i] * slopes[i, :, r]) * x
    return result


def finite_kernel(
    name: str, hidden: np.ndarray, output: np.ndarray, inputs: np.ndarray, others: np.ndarray | None = None
) -> np.ndarray:
    """H (n, k, n', k) of the hidden layer at finite width."""
    others = inputs if others is None else others
    left, right = (derivatives(name, hidden, output, rows) for rows in (inputs, others))
    result = np.zeros((len(inputs), len(output), len(others), len(output)))
    for i, j in np.ndindex(len(inputs), len(others)):
        result[i, :, j, :] = math.fsum(inputs[i] * others[j]) * (left[i] @ right[j].T) / hidden.shape[1]
    return result


def gaussian_expectation(function: Callable[[np.ndarray, np.ndarray], np.ndarray], covariance: np.ndarray) -> float:
    """E function(u, v) for (u, v) ~ N(0, covariance), smooth functions only: Gauss-Hermite quadrature, 80 x 80."""
    values, vectors = np.linalg.eigh(covariance)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    nodes, weights = hermegauss(80)
    first, second = np.meshgrid(nodes, nodes, indexing="ij")
    u = root[0, 0] * first + root[0, 1] * second
    v = root[1, 0] * first + root[1, 1] * second
    return float(np.sum(np.outer(weights, weights) * function(u, v)) / (2 * math.pi))


def infinite_kernel(name: str, x: np.ndarray, y: np.ndarray, *, scale: float = 1.0, trained: str = "hidden") -> float:
    """The kernel of one pair of inputs at infinite width, from its expectation over one Gaussian neuron.

    hidden: <x, y> E phi'(u) phi'(v);  output: E phi(u) phi(v);  u = <w, x>, v = <w, y>, w ~ N(0, scale^2 I).
    For softmax the sum over neurons becomes its mean: phi(u) = exp(u) / E exp(u).
    """
    if trained == "both":
        return sum(infinite_kernel(name, x, y, scale=scale, trained=layer) for layer in ("hidden", "output"))
    factor = float(x @ y) if trained == "hidden" else 1.0
    if name == "relu":
        return factor * _relu_expectation(x, y, scale, power=0 if trained == "hidden" else 1)
    covariance = scale**2 * np.array([[x @ x, x @ y], [x @ y, y @ y]])
    product = gaussian_expectation(lambda u, v: np.exp(u + v), covariance)
    if name == "exponential":
        return factor * product
    means = [gaussian_expectation(lambda u, v: np.exp(u), s * np.eye(2)) for s in np.diag(covariance)]
    return factor * product / math.prod(means)


def _relu_expectation(x: np.ndarray, y: np.ndarray, scale: float, *, power: int) -> float:
    """E max(u, 0)^power max(v, 0)^power (0^0 = 0), d > 1: polar coordinates of w in the plane of x and y."""
    basis, _ = np.linalg.qr(np.stack([x, y], axis=1))
    first, second = basis.T @ x, basis.T @ y

    def on_circle(angle: float) -> float:
        w = np.array([math.cos(angle), math.sin(angle)])
        u, v = float(w @ first), float(w @ second)
        return (u * v) ** power if u > 0 and v > 0 else 0.0

    # The integrand jumps or kinks where w is orthogonal to x or y.
    corners = sorted(math.atan2(p[1], p[0]) + turn for p in (first, second) for turn in (math.pi / 2, -math.pi / 2))
    total = quad(on_circle, -math.pi, math.pi, points=[(c + math.pi) % (2 * math.pi) - math.pi for c in corners])[0]
    radius = 2.0 * scale**2 if power else 1.0  # E r^2 of a plane Gaussian
    return radius * total / (2 * math.pi)


def sampled_kernel(
    name: str, x: np.ndarray, y: np.ndarray, *, draws: int, seed: int, scale: float = 1.0
) -> tuple[float, float]:
    """<x, y> E phi'(u) phi'(v) by drawing neurons, with its standard error; not for softmax, which couples neurons."""
    neurons = scale * np.random.default_rng(seed).standard_normal((draws, len(x)))
    u, v = neurons @ x, neurons @ y
    products = (x @ y) * (np.exp(u + v) if name == "exponential" else (u > 0) * (v > 0))
    return float(products.mean()), float(products.std(ddof=1) / math.sqrt(draws))


def mean_and_error(samples: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean over the first axis and its standard error."""
    return samples.mean(axis=0), samples.std(axis=0, ddof=1) / math.sqrt(len(samples))


def linear_descent(kernel: np.ndarray, residual: np.ndarray, *, rate: float, steps: int) -> np.ndarray:
    """Residuals (steps + 1, N) of R(t+1) = R(t) - rate kernel R(t), multiplied out step by step."""
    path = [residual]
    for _ in range(steps):
        path.append(path[-1] - rate * kernel @ path[-1])
    return np.array(path)
