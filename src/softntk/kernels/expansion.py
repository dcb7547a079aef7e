"""Explicit features of the softmax and exponential kernels: in low dimension they have finite rank to any accuracy.

With s = scale^2 and g = <x, x'> both kernels are sums of powers, K(x, x') = w(x) w(x') sum_q c_q g^q, where

    trained  c_q                          softmax  w = 1,     exponential  w = exp(s |x|^2 / 2)
    hidden   s^(q-1) / (q-1)!  (q >= 1)
    output   s^q / q!          (q >= 0)
    both     the sum

and g^q = sum_{|a| = q} (q! / a!) x^a x'^a. So the features sqrt(c_q q! / a!) w(x) x^a of all degrees up to Q give the
kernel without its terms beyond Q. There are binomial(d + Q, Q) of them (one less if c_0 = 0): known before any work.

Error. What is left out, E = sum_{q > Q}, is itself a kernel, since c_q >= 0. So |E(x, x')|^2 <= E(x, x) E(x', x'), and
E(x, x) = w^2 sum_{q > Q} c_q |x|^(2q) grows with |x|: on the ball of radius R the error is at most E at norm R, and
that is attained. With z = s R^2 and P the regularized lower incomplete gamma function,

    sum_{j >= Q} z^j / j! = e^z P(Q, z),

which is the tail in closed form. For the kernel matrix of n inputs, 0 <= K - Phi Phi^T and
||K - Phi Phi^T|| <= trace = sum_i E(x_i, x_i).

Evaluation. Monomials of degree q, ordered by their first variable i, are x_i times those of degree q - 1 that use
only the variables i, ..., d, and these are the last ones of their list: one product for each monomial.
"""

import math
from functools import lru_cache
from typing import TypeGuard

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from scipy.special import gammainc

from softntk.failures import BadInput
from softntk.kernels.limit import LimitKernel
from softntk.networks.features import Exponential, Softmax
from softntk.numerics.arrays import finite_matrix
from softntk.numerics.words import in_words

__all__ = ["Expansion", "degree_for", "expand", "expandable", "rank"]

# Beyond this degree weights such as 1/q! leave the range of float64.
_LARGEST_DEGREE = 150


class Expansion(eqx.Module):
    """The features of a kernel up to a degree: `expansion(inputs)` is (n, rank), and its Gram matrix is the kernel.

    `radius` is the largest norm of the inputs that the bound speaks of.
    """

    kernel: LimitKernel
    size: int = eqx.field(static=True)
    degree: int = eqx.field(static=True)
    radius: float = eqx.field(static=True)

    __repr__ = in_words

    @property
    def rank(self) -> int:
        """Number of features."""
        return rank(self.kernel, self.size, self.degree)

    @property
    def bound(self) -> float:
        """Largest error of an entry of the kernel between inputs of norm at most `radius`; it is attained."""
        return _tail(self.kernel, self.degree, self.radius**2)

    def remainder(self, inputs: Float[Array, "n d"]) -> Float[np.ndarray, " n"]:
        """E(x_i, x_i) (n,); the sum bounds the error of the kernel matrix in operator norm."""
        squares = np.sum(np.asarray(inputs, np.float64) ** 2, axis=1)
        return np.asarray(_tail(self.kernel, self.degree, squares))

    def __call__(self, inputs: Float[Array, "n d"]) -> Float[Array, "n p"]:
        """Features (n, rank)."""
        return self.columns(inputs).T

    def columns(self, inputs: Float[Array, "n d"]) -> Float[Array, "p n"]:
        """Features (rank, n), one input a column: the layout they are computed in."""
        return _columns(self, inputs)


def expandable(kernel: object) -> TypeGuard[LimitKernel]:
    """Whether the kernel has explicit features."""
    return isinstance(kernel, LimitKernel) and kernel.features.name in (Softmax.name, Exponential.name)


def rank(kernel: LimitKernel, size: int, degree: int) -> int:
    """Number of features of inputs with `size` columns up to `degree`."""
    return math.comb(size + degree, degree) - (kernel.trained == "hidden")


def degree_for(kernel: LimitKernel, radius: float, accuracy: float) -> int:
    """Smallest degree that leaves out at most `accuracy` times the largest entry of the kernel on the ball.

    Raises:
        BadInput: an accuracy outside (0, 1), or one that needs a degree beyond 150.
    """
    _check(kernel)
    if not 0 < accuracy < 1:
        raise BadInput("accuracy", required="lie between 0 and 1", got=repr(accuracy), advice="Type accuracy=1e-12.")
    largest = _tail(kernel, -1, radius**2)
    for degree in range(1, _LARGEST_DEGREE + 1):
        if math.isfinite(largest) and _tail(kernel, degree, radius**2) <= accuracy * largest:
            return degree
    raise BadInput(
        "inputs",
        required=f"need a degree of at most {_LARGEST_DEGREE}",
        got=f"scale * largest norm = {float(kernel.scale) * radius:.3g}",
        advice="Scale the inputs down, or use another solver.",
    )


def expand(
    kernel: LimitKernel, inputs: Float[Array, "n d"], *, accuracy: float = 1e-12, degree: int | None = None
) -> Expansion:
    """Features of the kernel on the ball that holds the inputs.

    Arguments:
        accuracy: largest error of an entry, relative to the largest entry on that ball.
        degree: the degree, instead of an accuracy.

    Raises:
        BadInput: a kernel without explicit features, or an accuracy or degree out of range.
    """
    _check(kernel)
    inputs = finite_matrix("inputs", inputs)
    radius = float(np.sqrt(np.max(np.sum(np.asarray(inputs, np.float64) ** 2, axis=1))))
    if degree is None:
        degree = degree_for(kernel, radius, accuracy)
    elif not 1 <= degree <= _LARGEST_DEGREE:
        raise BadInput("degree", required=f"be 1 to {_LARGEST_DEGREE}", got=repr(degree), advice="Type degree=8.")
    return Expansion(kernel, inputs.shape[1], degree, radius)


def _check(kernel: object) -> None:
    if not expandable(kernel):
        raise BadInput(
            "kernel",
            required="be the limit kernel of softmax or exponential features",
            got=repr(kernel),
            advice="Type LimitKernel(Softmax()), or use another solver.",
        )


def _tail(kernel: LimitKernel, degree: int, squares):
    """w^2 sum_{q > degree} c_q squares^q."""
    s = float(kernel.scale) ** 2
    z = s * squares
    parts = {"hidden": squares * _exponential_tail(degree, z), "output": _exponential_tail(degree + 1, z)}
    with np.errstate(over="ignore", invalid="ignore"):
        weight = np.exp(z) if kernel.features.name == Exponential.name else 1.0
        found = weight * sum(parts[layer] for layer in kernel.layers)
    return float(found) if np.ndim(found) == 0 else found


def _exponential_tail(first: int, z):
    """sum_{j >= first} z^j / j!."""
    with np.errstate(over="ignore", invalid="ignore"):  # infinite or NaN is no accuracy that is reached
        return np.exp(z) * (gammainc(first, z) if first > 0 else 1.0)


@lru_cache(maxsize=32)
def _multinomials(size: int, degree: int) -> tuple[tuple[np.ndarray, ...], tuple[tuple[int, ...], ...]]:
    """For each degree q: q!/a! of every monomial, and where the monomials with first variable i begin."""
    weights, starts, leading = [np.ones(1)], [(0,) * size], np.zeros(1)
    for q in range(1, degree + 1):
        previous = starts[-1]
        ends = (*previous[1:], len(weights[-1])) if q > 1 else (0,) * size
        new_weights, new_leading, start = [], [], []
        offset = 0
        for i in range(size):
            count = leading[previous[i] :].copy()
            # The exponent of x_i: only monomials that already began with it have one.
            count[max(ends[i] - previous[i], 0) :] = 0
            count += 1
            new_weights.append(weights[-1][previous[i] :] * (q / count))
            new_leading.append(count)
            start.append(offset)
            offset += len(count)
        weights.append(np.concatenate(new_weights))
        leading = np.concatenate(new_leading)
        starts.append(tuple(start))
    return tuple(weights), tuple(starts)


@eqx.filter_jit
def _columns(expansion: Expansion, inputs: Float[Array, "n d"]) -> Float[Array, "p n"]:
    kernel, degree = expansion.kernel, expansion.degree
    s = kernel.scale.astype(inputs.dtype) ** 2
    x = inputs.T
    weights, starts = _multinomials(expansion.size, degree)
    level = jnp.ones((1, x.shape[1]), x.dtype)
    found = []
    for q in range(degree + 1):
        if q:
            level = jnp.concatenate([x[i][None, :] * level[start:] for i, start in enumerate(starts[q - 1])])
        if q or kernel.trained != "hidden":
            powers = [s ** (q - 1) / float(math.factorial(q - 1)) for layer in kernel.layers if layer == "hidden" and q]
            powers += [s**q / float(math.factorial(q)) for layer in kernel.layers if layer == "output"]
            root = jnp.sqrt(jnp.asarray(weights[q], x.dtype)) * jnp.sqrt(sum(powers[1:], powers[0]))
            found.append(root[:, None] * level)
    features = jnp.concatenate(found)
    if kernel.features.name == Exponential.name:
        features = features * jnp.exp(s * jnp.sum(x**2, axis=0) / 2)[None, :]
    return features
