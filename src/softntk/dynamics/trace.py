"""What a run of gradient descent leaves behind.

A trace has one row per record: row 0 is the start, row j the state after `steps[j]` steps. Distances are measured from
the start: in Frobenius norm, and for the neuron that moved farthest.
"""

from typing import Any

import equinox as eqx
import jax
import numpy as np
from jaxtyping import Array, Float, Int, Shaped

__all__ = ["Trace"]

# Records that are printed.
_SHOWN = 8


class Trace(eqx.Module):
    """Records of one run (r rows), or of many with a leading axis.

    Attributes:
        steps: numbers of the recorded steps (r,).
        loss: 1/2 ||F - Y||_F^2 (r,).
        distance: ||W - W(0)||_F (r,).
        neuron_distance: max_r ||w_r - w_r(0)|| (r,).
        probes: what each probe returned, (r, ...) by name.
        step_size: eta, as used.
        diverged_at: the step at which the run was found to diverge (see `dynamics.iteration`) and stopped, or -1.
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

    def __str__(self) -> str:
        """How the run ended, and some of its records; of many runs, only how they ended."""
        try:
            columns = [np.asarray(values) for values in (self.steps, self.loss, self.distance, self.neuron_distance)]
        except jax.errors.TracerArrayConversionError:  # inside of jit
            return super().__repr__()
        if columns[0].ndim > 1:
            return f"{len(self.steps)} runs: {self.explanation}"
        count = len(self.steps)
        shown = sorted({round(i * (count - 1) / (_SHOWN - 1)) for i in range(_SHOWN)}) if count > 1 else [0]
        lines = [self.explanation, f"{'step':>8} {'loss':>12} {'distance':>12} {'farthest neuron':>16}"]
        for row in shown:
            step, loss, distance, farthest = (values[row] for values in columns)
            lines.append(f"{step:>8} {loss:>12.5g} {distance:>12.5g} {farthest:>16.5g}")
        if count > len(shown):
            lines.append(f"({len(shown)} of {count} records)")
        lines += [
            f"probe {name}: {np.asarray(values).dtype}{list(values.shape)}" for name, values in self.probes.items()
        ]
        return "\n".join(lines)

    __repr__ = __str__

    def to_dict(self) -> dict[str, Any]:
        """A single run as JSON values."""
        return {
            "steps": int(self.steps[-1]),
            "step_size": float(self.step_size),
            "record_steps": np.asarray(self.steps).tolist(),
            "loss": np.asarray(self.loss).tolist(),
            "distance": float(self.distance[-1]),
            "neuron_distance": float(self.neuron_distance[-1]),
            "diverged": self.diverged,
            "ended": self.explanation if self.diverged else "",
        }

    @property
    def explanation(self) -> str:
        """In words: how the run ended, and what to do if it diverged."""
        last = int(np.asarray(self.steps).max())
        if not self.diverged:
            return f"{last} steps taken without divergence"
        first = int(np.asarray(self.diverged_at)[np.asarray(self.diverged_at) >= 0].min())
        words = f"diverged at step {first} with step size {np.max(np.asarray(self.step_size)):.4g}"
        if self.steps.ndim == 1:
            words += f": loss {self.loss[0]:.4g} -> {self.loss[-1]:.4g}, distance {self.distance[-1]:.4g}"
        stable = np.asarray(self.largest_stable_step)
        if np.isfinite(stable).all():
            words += f"; at the start, steps below 2 / (m lambda_max) = {np.min(stable):.4g} are stable"
        return words
