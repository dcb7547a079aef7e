"""What a run of gradient descent leaves behind.

A trace has one row per record: row 0 is the start, row j the state after `steps[j]` steps. Distances are measured from
the start: in Frobenius norm, and for the neuron that moved farthest.
"""

import equinox as eqx
import numpy as np
from jaxtyping import Array, Float, Int, Shaped

__all__ = ["Trace"]


class Trace(eqx.Module):
    """Records of one run (r rows), or of many with a leading axis.

    Attributes:
        steps: numbers of the recorded steps (r,).
        loss: 1/2 ||F - Y||_F^2 (r,).
        distance: ||W - W(0)||_F (r,).
        neuron_distance: max_r ||w_r - w_r(0)|| (r,).
        probes: what each probe returned, (r, ...) by name.
        step_size: eta, as used.
        diverged_at: the step at which the run was found to diverge and stopped, or -1.
        largest_stable_step: 2 / (m lambda_max) at the start; NaN where it was not needed.
    """

    steps: Int[Array, "..."]
    loss: Float[Array, "..."]
    distance: Float[Array, "..."]
    neuron_distance: Float[Array, "..."]
    probes: dict[str, Shaped[Array, "..."]]
    step_size: Float[Array, "..."]
    diverged_at: Int[Array, "..."]
    largest_stable_step: Float[Array, "..."]

    @property
    def diverged(self) -> bool:
        """Whether the run, or any of the runs, diverged."""
        return bool((np.asarray(self.diverged_at) >= 0).any())

    @property
    def explanation(self) -> str:
        """In words: how the run ended, and what to do if it diverged."""
        last = int(np.asarray(self.steps).max())
        if not self.diverged:
            return f"{last} steps taken without divergence"
        first = int(np.asarray(self.diverged_at)[np.asarray(self.diverged_at) >= 0].min())
        words = f"diverged at step {first} with step size {np.max(np.asarray(self.step_size)):.4g}"
        stable = np.asarray(self.largest_stable_step)
        if np.isfinite(stable).all():
            words += f"; at the start, steps below 2 / (m lambda_max) = {np.min(stable):.4g} are stable"
        return words
