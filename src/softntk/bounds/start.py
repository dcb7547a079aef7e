"""A network and its data at W0 in float64: every number with a bound of what rounding did to it.

Write phi_ir for the features (m S, exp(z), max(z, 0)), a = max_r |a_r|, w = max_r |w_r|, zeta_i = gamma_(d+12) |x_i| w
for the error of a pre-activation enough for a subtraction or two of numbers of its size, and N for the length of
a sum over neurons (`roundoff`). With t_ir = log(m S_ir) or z_ir as computed,

    softmax       |t - exact| <= theta_i = 2 zeta_i + 2 gamma_(N+24) + 16 u log m: the score itself and the score of
                  the mean (log-sum-exp moves by at most the largest change of a score), the sum, two logarithms
    exponential   |t - exact| <= theta_i = zeta_i + gamma_(N+24), with the sum over neurons taken in for what follows
    both          epsilon_i = exp(theta_i) - 1 bounds the relative error of phi_ir = exp(t_ir), and
                  |F_i - exact| <= epsilon_i a sum_r phi_ir       (softmax: sum_r phi_ir = m)
    ReLU          |F_i - exact| <= a (sum_r zeta_ir + gamma_(N+4) sum_r phi_ir),  zeta_ir = gamma_(d+2) |x_i| |w_r|;
                  a sign is in doubt where |z_ir| <= zeta_ir, unless x_i or w_r is zero

F is never compared with Y before its error is added: |F - Y| <= |computed| + |errors| (`residual_above`), which is
above zero also where the difference rounds to zero. The derivatives D_ilr = phi_ir (a_lr - mean_il) of a softmax whose
weight sits on one neuron cancel; row i is off by at most 4 a epsilon_i phi_ir, so the Jacobian by

    |dJ|_F <= 4 a sqrt(sum_i |x_i|^2 epsilon_i^2 sum_r phi_ir^2),     ReLU: sqrt(sum over doubts of |x_i|^2 |a_r|^2)

and its singular values by no more. Sums of rows' products, G and the eigenvalue solver (LAPACK, trusted to
N' eps |M| for N' rows) add (2 N' + d + N + 8) u trace(M) to the eigenvalues of the Gram matrix M.
"""

import math

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from softntk.bounds.roundoff import SLACK, TINY, UNIT, exact_zero, gamma, norm_above, summands, tile_of, tiled_product
from softntk.networks.features import Exponential, Features, ReLU, Softmax
from softntk.networks.two_layer import TwoLayer
from softntk.numerics.arrays import finite_matrix, require_float64

__all__ = ["SMALLEST_RESIDUAL", "Ends", "Start", "evaluated", "gram_of_rows", "residual_above", "singular_ends"]

#: r0 is taken to be at least this, also where the loss is zero, so that the square of no radius underflows.
SMALLEST_RESIDUAL = 2.0**-400


class Start(eqx.Module):
    """What the bounds need of W0.

    Attributes:
        scores: log(m S) for softmax, the pre-activations z for the others (n, m), as computed.
        score_error: theta_i, or max_r zeta_ir for ReLU (n,).
        outputs: F (n, k), as computed.
        output_error: bound of |F_i - exact| (n,).
        means: A S_i for softmax, zeros for the others (n, k), as computed.
        mean_norms: |A S_i| from above (n,).
        energies: sum_r phi_ir^2 from above (n,); zeros for ReLU.
        doubts: sum of |a_r|^2 over the neurons whose sign on x_i is in doubt (n,); zeros but for ReLU.
        gram: G = X X^T (n, n), as computed.
        norms: |x_i| from above (n,), 0 only for a row of zeros.
        output: A (k, m).
        output_norm: a = max_r |a_r|, sqrt(k) for signs, from above.
        input_size: d.
        features: the feature of the network.
    """

    scores: Float[Array, "n m"]
    score_error: Float[Array, " n"]
    outputs: Float[Array, "n k"]
    output_error: Float[Array, " n"]
    means: Float[Array, "n k"]
    mean_norms: Float[Array, " n"]
    energies: Float[Array, " n"]
    doubts: Float[Array, " n"]
    gram: Float[Array, "n n"]
    norms: Float[Array, " n"]
    output: Float[Array, "k m"]
    output_norm: Float[Array, ""]
    input_size: int = eqx.field(static=True)
    features: Features = eqx.field(static=True)

    @property
    def width(self) -> int:
        """Hidden neurons, m."""
        return self.scores.shape[1]

    @property
    def scores_above(self) -> Float[Array, "n m"]:
        """Upper bounds of the scores, whose exponentials are upper bounds of phi (softmax, exponential)."""
        return self.scores + self.score_error[:, None]

    @property
    def magnitudes(self) -> Float[Array, "n n"]:
        """|G| from above."""
        products = self.norms[:, None] * self.norms[None, :]
        return (jnp.abs(self.gram) + gamma(self.input_size + 2) * products) * SLACK + self.input_size * TINY * (
            2 + products
        )

    @property
    def margins(self) -> Float[Array, "n m"]:
        """|z| / |x| from below; infinite for an input of zeros, which has no sign to turn (ReLU)."""
        norms = self.norms[:, None]
        sure = jnp.maximum(jnp.abs(self.scores) - self.score_error[:, None], 0)
        return jnp.where(norms > 0, sure / jnp.where(norms > 0, norms, 1) / SLACK, jnp.inf)

    @property
    def relative_error(self) -> Float[Array, " n"]:
        """epsilon_i: relative error of exp(scores) (softmax, exponential)."""
        return jnp.expm1(self.score_error) * SLACK


class Ends(eqx.Module):
    """Extreme singular values of a matrix of rows of J: bounds, and the eigenvalues that they come from.

    Attributes:
        low, high: bounds of the smallest and largest singular value; low may be 0, NaN if nothing is known.
        smallest, largest: eigenvalues of the Gram matrix, as computed.
        error: bound of the error of `smallest`.
    """

    low: Float[Array, ""]
    high: Float[Array, ""]
    smallest: Float[Array, ""]
    largest: Float[Array, ""]
    error: Float[Array, ""]


@eqx.filter_jit
def evaluated(network: TwoLayer, inputs: Float[Array, "n d"]) -> Start:
    """Evaluate the network at W0 = network.hidden; memory a few times n m numbers. Works under jit and vmap.

    Raises:
        BadInput: wrong shapes, NaN or infinite entries, not float64.
    """
    inputs = finite_matrix("inputs", inputs, columns=network.input_size)
    require_float64("inputs", inputs)
    require_float64("network.hidden", network.hidden)
    (size, d), m, k = inputs.shape, network.width, network.output_size
    norms, lengths = norm_above(inputs, axis=1), norm_above(network.hidden, axis=0)
    strength, sums = norm_above(network.output, axis=0).max(), summands(m)
    scores, nothing = inputs @ network.hidden, jnp.zeros_like(norms)
    # Denormal factors and products may be flushed to zero.
    flushed = d * TINY * (1 + norms + lengths.max())
    zeta = gamma(d + 12) * norms * lengths.max() + flushed
    means, mean_norms, doubts = jnp.zeros((size, k), inputs.dtype), nothing, nothing
    # The last column of the product is the sum over the neurons.
    rows = jnp.concatenate([network.output, jnp.ones((1, m), inputs.dtype)])
    if isinstance(network.features, Softmax):
        scores = scores - scores.max(axis=1, keepdims=True)
        products = tiled_product(jnp.exp(scores), rows)
        total = products[:, -1:]
        means = products[:, :-1] / total
        outputs = m * means
        scores = scores - jnp.log(total) + math.log(m)
        score_error = (2 * zeta + 2 * gamma(sums + 24) + 16 * UNIT * math.log(m)) * SLACK
        output_error = strength * m * (jnp.expm1(score_error) + TINY * m) * SLACK
        mean_norms = norm_above(means, axis=1) + output_error / m
    elif isinstance(network.features, Exponential):
        products = tiled_product(jnp.exp(scores), rows)
        outputs, total = products[:, :-1], products[:, -1]
        score_error = (zeta + gamma(sums + 24)) * SLACK
        # The sum as computed may be too small by the same factor.
        output_error = strength * (jnp.expm1(score_error) * jnp.exp(score_error) * total + TINY * m) * SLACK
    else:
        products = tiled_product(jnp.maximum(scores, 0), rows)
        outputs, total = products[:, :-1], products[:, -1]
        score_error = zeta * SLACK
        moved = gamma(d + 2) * norms * lengths.sum() * (1 + gamma(m)) + m * flushed
        output_error = strength * (moved + gamma(sums + 4) * total) * SLACK
        # A pre-activation with a zero row or column is zero exactly.
        certain = exact_zero(inputs).all(axis=1)[:, None] | exact_zero(network.hidden).all(axis=0)[None, :]
        error = gamma(d + 2) * norms[:, None] * lengths[None, :] + flushed[:, None]
        doubtful = ~certain & ~(jnp.abs(scores) > error)
        doubts = jnp.sum(jnp.where(doubtful, norm_above(network.output, axis=0)[None, :] ** 2, 0), axis=1) * SLACK
    energies = nothing
    if not isinstance(network.features, ReLU):
        energies = jnp.sum(jnp.exp(2 * (scores + score_error[:, None])), axis=1) * (SLACK * (1 + gamma(m))) + m * TINY
    return Start(
        scores=scores,
        score_error=score_error,
        outputs=outputs,
        output_error=output_error,
        means=means,
        mean_norms=mean_norms,
        energies=energies,
        doubts=doubts,
        gram=inputs @ inputs.T,
        norms=norms,
        output=network.output,
        output_norm=strength,
        input_size=d,
        features=network.features,
    )


def residual_above(start: Start, labels: Float[Array, "n k"]) -> Float[Array, ""]:
    """r0 >= ||F - Y||_F, and never zero."""
    found = norm_above(start.outputs - labels) * (1 + 2 * UNIT) + norm_above(start.output_error)
    # NaN stays.
    return jnp.where(found < SMALLEST_RESIDUAL, SMALLEST_RESIDUAL, found)


def gram_of_rows(
    start: Start, *, damping: Float[Array, " m"] | None = None, multiple: float | None = None
) -> Float[Array, "N N"]:
    """Gram matrix of the rows phi_ir damping_r (a_lr - mean_il) x_i of J, as computed; neurons come in tiles.

    Arguments:
        multiple: also the n rows multiple phi_ir damping_r x_i, after those of each sample.
    """
    outputs, means = start.output, start.means
    if multiple is not None:
        outputs = jnp.concatenate([outputs, jnp.full((1, start.width), multiple, outputs.dtype)])
        means = jnp.pad(means, ((0, 0), (0, 1)))
    slopes = jnp.where(start.scores > 0, 1.0, 0.0) if isinstance(start.features, ReLU) else jnp.exp(start.scores)
    slopes = slopes if damping is None else slopes * damping[None, :]
    size, rows = slopes.shape[0], outputs.shape[0]
    width, tile = start.width, tile_of(start.width)
    padding = ((0, 0), (0, -width % tile))
    slopes, outputs = jnp.pad(slopes, padding), jnp.pad(outputs, padding)

    def add(index: Array, total: Float[Array, "N N"]) -> Float[Array, "N N"]:
        part, signs = (jax.lax.dynamic_slice_in_dim(each, index * tile, tile, axis=1) for each in (slopes, outputs))
        derivatives = (part[:, None, :] * (signs[None] - means[:, :, None])).reshape(size * rows, tile)
        return total + derivatives @ derivatives.T

    total = jnp.zeros((size * rows, size * rows), slopes.dtype)
    total = jax.lax.fori_loop(0, slopes.shape[1] // tile, add, total)
    return total * jnp.repeat(jnp.repeat(start.gram, rows, axis=0), rows, axis=1)


def singular_ends(start: Start, *, damping: Float[Array, " m"] | None = None, multiple: float | None = None) -> Ends:
    """Bounds of the extreme singular values of the rows of `gram_of_rows`."""
    gram = gram_of_rows(start, damping=damping, multiple=multiple)
    values = jnp.linalg.eigvalsh(gram)
    m, d, longest = start.width, start.input_size, start.norms.max()
    # 4 a for the rows of J; the multiple has no mean to be off.
    strength = start.output_norm if multiple is None else jnp.sqrt(start.output_norm**2 + multiple**2)
    if isinstance(start.features, ReLU):
        moved = jnp.sqrt(jnp.sum(start.norms**2 * start.doubts)) * SLACK
    else:
        energies = start.energies
        if damping is not None:
            damped = jnp.exp(start.scores_above) * damping[None, :]
            energies = jnp.sum(damped**2, axis=1) * (SLACK * (1 + gamma(m))) + m * TINY
        moved = 4 * strength * norm_above(start.norms * start.relative_error * jnp.sqrt(energies)) * SLACK
        moved = moved + 4 * m * math.sqrt(m * start.norms.size) * TINY * strength * longest
    trace = jnp.trace(gram) * SLACK
    squares = 4 * strength**2 * (start.energies.max() + m)
    flushed = gram.shape[0] * (m + d) * TINY * (1 + longest) ** 2 * (1 + squares)
    error = (2 * gram.shape[0] + d + summands(m) + 8) * UNIT * SLACK * trace + flushed
    return Ends(
        low=jnp.maximum(jnp.sqrt(jnp.maximum(values[0] - error, 0)) / SLACK - moved, 0) / SLACK,
        high=(jnp.sqrt(jnp.maximum(values[-1] + error, 0)) + moved) * SLACK,
        smallest=values[0],
        largest=values[-1],
        error=(error + 2 * moved * jnp.sqrt(jnp.maximum(values[0] + error, 0)) + moved**2) * SLACK,
    )
