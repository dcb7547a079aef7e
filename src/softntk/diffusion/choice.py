"""What a reference comes with: the denoiser, what was chosen for it, and the held-out error of every choice tried."""

from typing import Any

import equinox as eqx
import numpy as np
from jaxtyping import Array, Float

from softntk.diffusion.matching import NoisySamples
from softntk.diffusion.score import Denoiser
from softntk.diffusion.task import Task
from softntk.numerics.expectation import Estimate

__all__ = ["Chosen", "squared_error"]


class Chosen(eqx.Module):
    """A denoiser, what was chosen, and the held-out error that it was chosen by, for each choice tried."""

    denoiser: Any
    choice: dict[str, float]
    tried: Float[np.ndarray, " c"]
    held_out: Float[np.ndarray, " c"]

    @property
    def held_out_error(self) -> float:
        """Smallest held-out error, the one that was chosen."""
        return float(self.held_out.min())

    def stopping(self) -> dict[str, float]:
        """Nothing: no flow of a kernel is stopped."""
        return {}

    def split(self, task: Task, truth: Denoiser, noisy: NoisySamples) -> dict[str, Estimate]:
        """Nothing: the error has no parts that are known."""
        return {}

    def with_denoiser(self, denoiser: Any) -> "Chosen":
        """The same choice with the denoiser that was learned again from all data."""
        return Chosen(denoiser, self.choice, self.tried, self.held_out)


def squared_error(denoised: Float[Array, "n d"], noisy: NoisySamples) -> float:
    """Mean over the noisy samples of the squared distance to their X_0."""
    return float(((denoised - noisy.clean) ** 2).sum(axis=1).mean())
