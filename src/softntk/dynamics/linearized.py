"""The linearized run, exact for any number of steps.

To first order in the distance moved, the residual follows R(t+1) = (I - eta m H) R(t). In the eigenbasis
H = V diag(l) V^T, with x_i = eta m l_i, c = V^T R(0) and p_i(t) = (1 - x_i)^t,

    residual      R(t) = V p(t) c
    new inputs    F(x, t) = F(x, 0) - H(x, X) V q(t) c,     q_i = (1 - p_i) / l_i    (eta m t where l_i = 0)
    distance      ||W(t) - W(0)||_F^2 = sum_i l_i q_i^2 c_i^2 / m = sum_i (1 - p_i)^2 c_i^2 / (m l_i)

for eta sum_{s<t} R(s) = V q c / m, and W(0) - W(t) = J^T of it. These are discrete steps, not the flow: the run can
be compared with gradient descent step by step, and an eta beyond 2 / (m lambda_max) diverges here as well.
p is computed as exp(t log1p(-x)), so that neither small x nor large t loses digits.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from softntk.dynamics.step_size import resolved
from softntk.failures import BadInput
from softntk.kernels.empirical import empirical_ntk
from softntk.kernels.spectra import Spectrum, spectrum
from softntk.networks.two_layer import TwoLayer
from softntk.numerics.arrays import finite_matrix

__all__ = ["Linearized", "linearize"]


class Linearized(eqx.Module):
    """The linearized run of one network on one training set; `steps` below is any number or vector of numbers."""

    network: TwoLayer
    inputs: Float[Array, "n d"]
    labels: Float[Array, "n k"]
    spectrum: Spectrum
    coefficients: Float[Array, " nk"]
    step_size: Float[Array, ""]

    def __repr__(self) -> str:
        """Its sizes, its step and its spectrum, in numbers."""
        try:
            values = np.asarray(self.spectrum.values)
        except jax.errors.TracerArrayConversionError:  # inside of jit
            return super().__repr__()
        n, k = self.labels.shape
        return (
            f"linearized run, n = {n}, k = {k}, m = {self.network.width}: step size {self.step_size:.4g}, eigenvalues "
            f"{values[0]:.4g} to {values[-1]:.4g}, loss {self.loss(0):.4g} at the start"
        )

    def residual(self, steps: int | Int[Array, ""]) -> Float[Array, "n k"]:
        """R(t) (n, k)."""
        shrink, _ = self._powers(jnp.asarray(steps))
        return (self.spectrum.vectors @ (shrink * self.coefficients)).reshape(self.labels.shape)

    def outputs(self, steps: int | Int[Array, ""]) -> Float[Array, "n k"]:
        """F(t) (n, k) at the training inputs."""
        return self.labels + self.residual(steps)

    def outputs_at(self, others: Float[Array, "n2 d"], steps: int | Int[Array, ""]) -> Float[Array, "n2 k"]:
        """F(x, t) (n', k) at new inputs."""
        others = finite_matrix("others", others, columns=self.inputs.shape[1], dtype=self.inputs.dtype)
        cross = empirical_ntk(self.network, others, self.inputs)
        _, moved = self._powers(jnp.asarray(steps))
        change = (self.spectrum.vectors @ (moved * self.coefficients)).reshape(self.labels.shape)
        return self.network(others) - jnp.tensordot(cross, change, axes=2)

    def loss(self, steps: int | Int[Array, "..."]) -> Float[Array, "..."]:
        """1/2 ||R(t)||^2, for one t or many."""
        shrink, _ = self._powers(jnp.asarray(steps))
        return 0.5 * jnp.sum((shrink * self._beside(shrink, self.coefficients)) ** 2, axis=-1)

    def distance(self, steps: int | Int[Array, "..."]) -> Float[Array, "..."]:
        """||W(t) - W(0)||_F, for one t or many."""
        _, moved = self._powers(jnp.asarray(steps))
        squares = moved**2 * self._beside(moved, self.spectrum.values * self.coefficients**2)
        return jnp.sqrt(jnp.sum(squares, axis=-1) / self.network.width)

    @eqx.filter_jit
    def _powers(self, steps: Int[Array, "..."]) -> tuple[Float[Array, "... nk"], Float[Array, "... nk"]]:
        """p and q for every step asked for."""
        t = steps[..., None].astype(self.labels.dtype)
        values = self._beside(t, self.spectrum.values)
        x = self._beside(t, self.step_size * self.network.width * self.spectrum.values)
        inside = x < 1
        power = t * jnp.log1p(-jnp.where(inside, x, 0))
        # Beyond x = 1 the base is negative or zero and t is a whole number.
        sign = jnp.where(steps[..., None] % 2 == 0, 1, -1).astype(t.dtype)
        outside = sign * jnp.abs(1 - jnp.where(inside, 2, x)) ** t
        shrink = jnp.where(inside, jnp.exp(power), outside)
        lost = jnp.where(inside, -jnp.expm1(power), 1 - outside)
        zero = x == 0
        moved = jnp.where(zero, self.step_size * self.network.width * t, lost / jnp.where(zero, 1, values))
        return shrink, moved

    @staticmethod
    def _beside(like: Float[Array, "... c"], vector: Float[Array, " nk"]) -> Float[Array, "... nk"]:
        return vector.reshape((1,) * (like.ndim - 1) + (-1,))


def linearize(
    network: TwoLayer,
    inputs: Float[Array, "n d"],
    labels: Float[Array, "n k"],
    *,
    step_size: float | str | Float[Array, ""] = "stable",
    kernel: Float[Array, "n k n k"] | None = None,
) -> Linearized:
    """Linearize the run of gradient descent around the network.

    Arguments:
        step_size: as in `gradient_descent`.
        kernel: the kernel to run with at the training inputs; default: the network's own.

    Raises:
        BadInput: wrong shapes, NaN or infinite entries.
        TooLarge: the kernel (nk, nk) does not fit into free memory.
    """
    dtype = network.hidden.dtype
    inputs = finite_matrix("inputs", inputs, columns=network.input_size, dtype=dtype)
    labels = finite_matrix("labels", labels, rows=inputs.shape[0], columns=network.output_size, dtype=dtype)
    kernel = empirical_ntk(network, inputs) if kernel is None else kernel
    if kernel.size != labels.size**2:
        raise BadInput(
            "kernel",
            required=f"have {labels.size}^2 entries",
            got=f"shape {kernel.shape}",
            advice="Type kernel=empirical_ntk(network, inputs).",
        )
    found = spectrum(kernel)
    # Kernels are positive semi-definite: what rounding left below zero would grow without bound for large t.
    found = eqx.tree_at(lambda s: s.values, found, jnp.maximum(found.values, 0))
    residual = (network(inputs) - labels).reshape(-1)
    eta = resolved(step_size, network, inputs)
    return Linearized(network, inputs, labels, found, found.vectors.T @ residual, eta)
