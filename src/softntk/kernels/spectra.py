"""Spectra of kernels: the smallest eigenvalue is the lambda of every convergence theorem.

    lambda = lambda_min(H),      stable step sizes: eta < 2 / (m lambda_max(H)).

Kernels of shape (n, k, n, k) are read as matrices (nk, nk). A smallest eigenvalue below its radius is numerical zero:
nothing that divides by it means anything.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from softntk.failures import BadInput
from softntk.kernels.empirical import Trained, empirical_ntk_product
from softntk.networks.two_layer import TwoLayer
from softntk.numerics.arrays import finite_matrix
from softntk.numerics.eigen import Extremes, dense_extremes, dense_radius, lanczos_extremes, weyl_start
from softntk.numerics.words import in_words

__all__ = ["Spectrum", "as_matrix", "extremes", "extremes_by_products", "spectrum"]


class Spectrum(eqx.Module):
    """Eigenvalues (N,) in ascending order, eigenvectors (N, N) in columns, and the radius of the values' error."""

    values: Float[Array, " N"]
    vectors: Float[Array, "N N"]
    radius: Float[Array, ""]

    __repr__ = in_words


def as_matrix(kernel: Float[Array, "..."]) -> Float[Array, "N N"]:
    """Read a kernel (n, k, n, k) or (n, n) as a square matrix.

    Raises:
        BadInput: the kernel is not square, or not finite.
    """
    if kernel.ndim == 4:
        kernel = kernel.reshape(kernel.shape[0] * kernel.shape[1], -1)
    if kernel.ndim != 2 or kernel.shape[0] != kernel.shape[1]:
        raise BadInput(
            "kernel",
            required="be square",
            got=f"shape {kernel.shape}",
            advice="Compute it with others=None: empirical_ntk(network, inputs) or LimitKernel(features)(inputs).",
        )
    return finite_matrix("kernel", kernel)


def extremes(kernel: Float[Array, "..."]) -> Extremes:
    """Smallest and largest eigenvalue of a kernel matrix, with error radii.

    Raises:
        BadInput: the kernel is not square, or not finite.
    """
    return dense_extremes(as_matrix(kernel))


def spectrum(kernel: Float[Array, "..."]) -> Spectrum:
    """Full eigendecomposition of a kernel matrix.

    Raises:
        BadInput: the kernel is not square, or not finite.
    """
    return _spectrum(as_matrix(kernel))


@jax.jit
def _spectrum(matrix: Float[Array, "N N"]) -> Spectrum:
    values, vectors = jnp.linalg.eigh(matrix)
    return Spectrum(values, vectors, dense_radius(values))


def extremes_by_products(
    network: TwoLayer,
    inputs: Float[Array, "n d"],
    *,
    trained: Trained = "hidden",
    steps: int = 64,
    tile: int | None = None,
) -> Extremes:
    """Extreme eigenvalues of the finite kernel by Lanczos: memory `steps` n k numbers, never (nk)^2.

    Raises:
        BadInput: wrong shapes, NaN or infinite inputs, an unknown layer, a tile or a number of steps below 1.
    """
    inputs = finite_matrix("inputs", inputs, columns=network.input_size, dtype=network.hidden.dtype)
    return _extremes_by_products(network, inputs, trained, steps, tile)


@eqx.filter_jit
def _extremes_by_products(
    network: TwoLayer, inputs: Float[Array, "n d"], trained: Trained, steps: int, tile: int | None
) -> Extremes:
    shape = (inputs.shape[0], network.output_size)

    def product(vector: Float[Array, " nk"]) -> Float[Array, " nk"]:
        return empirical_ntk_product(network, inputs, vector.reshape(shape), trained=trained, tile=tile).reshape(-1)

    return lanczos_extremes(product, weyl_start(shape[0] * shape[1], inputs.dtype), steps=steps)
