"""A limit kernel in units in which its value at unit inputs is 1.

    K(x, x') / K(e, e),    |e| = 1

Softmax and exponential kernels grow like e^(s) with s = scale^2; divided by their value on the sphere they are bounded
by 1 on the unit ball, and times and ridges of different scales can be compared.
"""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from softntk.kernels.limit import LimitKernel

__all__ = ["NormalizedKernel"]


class NormalizedKernel(eqx.Module):
    """The limit kernel divided by its value at unit inputs: (n, d) and (n', d) give (n, n')."""

    kernel: LimitKernel

    def __call__(self, inputs: Float[Array, "n d"], others: Float[Array, "n2 d"] | None = None) -> Float[Array, "n n2"]:
        """K (n, n') between `inputs` and `others` (default: the inputs again), in the precision of the inputs."""
        return self.kernel(inputs, others) / self.at_unit(inputs)

    def diagonal(self, inputs: Float[Array, "n d"]) -> Float[Array, " n"]:
        """K(x_i, x_i) (n,)."""
        return self.kernel.diagonal(inputs) / self.at_unit(inputs)

    def at_unit(self, inputs: Float[Array, "n d"]) -> Float[Array, ""]:
        """K(e, e), in the precision of the inputs."""
        return self.kernel.diagonal(jnp.ones((1, 1), inputs.dtype))[0]
