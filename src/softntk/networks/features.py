"""The three features: softmax, exponential, ReLU.

A two-layer network is F = phi(Z) A^T with Z = X W. Every feature here splits as

    phi_ir = s_i E_ir,        dF_il / dz_ir = s_i T_ir (a_lr - centered F_il / m),

so that one piece of code serves all three:

    feature      E            s                 slope T       centered
    softmax      exp(z - max) m / sum_r E_r     E             1
    exponential  exp(z)       1                 E             0
    ReLU         max(z, 0)    1                 1[E > 0]      0

For softmax F_il = m <a_l, S_i>, so F_il / m is the mean of a_l under the weights S_i, and the difference is
the v of the paper. A new feature of this form is a new row: a class with these four entries.

Reference: arXiv 2405.03251v1, section 3 (softmax); arXiv 2303.16504 (exponential); arXiv 2206.12802 (ReLU).
"""

from abc import abstractmethod
from typing import TYPE_CHECKING, ClassVar

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from softntk.failures import BadInput
from softntk.numerics.stable import softmax_parts

# The reading that type checkers know, as equinox recommends.
if TYPE_CHECKING:
    from typing import ClassVar as AbstractClassVar
else:
    from equinox import AbstractClassVar

__all__ = ["FEATURES", "Exponential", "Features", "ReLU", "Softmax", "features_named"]


class Features(eqx.Module):
    """What the hidden layer computes from its pre-activations."""

    name: AbstractClassVar[str]
    centered: AbstractClassVar[bool]

    @abstractmethod
    def parts(self, preactivations: Float[Array, "n m"]) -> tuple[Float[Array, "n m"], Float[Array, "n 1"]]:
        """E (n, m) and s (n, 1): the feature is s E."""

    @abstractmethod
    def slope(self, exponentials: Float[Array, "n m"]) -> Float[Array, "n m"]:
        """T (n, m) from E (n, m)."""

    def value(self, preactivations: Float[Array, "n m"]) -> Float[Array, "n m"]:
        """The feature phi (n, m)."""
        values, weight = self.parts(preactivations)
        return weight * values


class Softmax(Features):
    """phi_ir = m softmax(z_i)_r: finite for every finite z."""

    name: ClassVar[str] = "softmax"
    centered: ClassVar[bool] = True

    def parts(self, preactivations: Float[Array, "n m"]) -> tuple[Float[Array, "n m"], Float[Array, "n 1"]]:
        return softmax_parts(preactivations)

    def slope(self, exponentials: Float[Array, "n m"]) -> Float[Array, "n m"]:
        return exponentials


class Exponential(Features):
    """phi_ir = exp(z_ir): overflows to infinity from z of about 88 in float32 and 709 in float64."""

    name: ClassVar[str] = "exponential"
    centered: ClassVar[bool] = False

    def parts(self, preactivations: Float[Array, "n m"]) -> tuple[Float[Array, "n m"], Float[Array, "n 1"]]:
        return jnp.exp(preactivations), _ones(preactivations)

    def slope(self, exponentials: Float[Array, "n m"]) -> Float[Array, "n m"]:
        return exponentials


class ReLU(Features):
    """phi_ir = max(z_ir, 0), with slope 0 at 0."""

    name: ClassVar[str] = "relu"
    centered: ClassVar[bool] = False

    def parts(self, preactivations: Float[Array, "n m"]) -> tuple[Float[Array, "n m"], Float[Array, "n 1"]]:
        return jnp.maximum(preactivations, 0), _ones(preactivations)

    def slope(self, exponentials: Float[Array, "n m"]) -> Float[Array, "n m"]:
        return (exponentials > 0).astype(exponentials.dtype)


def _ones(preactivations: Float[Array, "n m"]) -> Float[Array, "n 1"]:
    return jnp.ones((preactivations.shape[0], 1), preactivations.dtype)


#: Every feature by its name.
FEATURES: dict[str, Features] = {row.name: row for row in (Softmax(), Exponential(), ReLU())}


def features_named(name: str) -> Features:
    """Look a feature up by its name.

    Raises:
        BadInput: there is no such feature.
    """
    if name not in FEATURES:
        choices = ", ".join(FEATURES)
        raise BadInput("features", required=f"be one of {choices}", got=repr(name), advice="Type --features softmax.")
    return FEATURES[name]
