"""Scaling of the inputs: explicit, recorded, and reversible where anything allows it.

The smallest eigenvalue of the tangent kernels, hence every theorem, depends on how the inputs are scaled. A scaling is
a named sequence of steps (`scaling_steps`), each with parameters fitted on the training inputs:

    sphere         standardize, lift     all rows on the unit sphere, no two different ones on one line; the default
    hemisphere     standardize, dome     on the sphere too, with distances nearly kept: |u - u'| ~ |x - x'|/R near the
                                         middle, where the softmax kernel of a large scale sigma is nearly a Gaussian
                                         one of length R/sigma
    standardize, unit, largest-norm      that step alone
    none                                 inputs as they are

A new scaling is a row in `SCALINGS`.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from softntk.data.scaling_steps import DivideByLargestNorm, Dome, Lift, Standardize, Step, Unit, step_from
from softntk.failures import BadInput, typed

__all__ = ["SCALINGS", "Scaling"]

Rows = Float[np.ndarray, "n columns"]
Scaled = Float[np.ndarray, "n scaled"]

#: Every scaling by its name: the steps in order.
SCALINGS: dict[str, tuple[type[Step], ...]] = {
    "sphere": (Standardize, Lift),
    "hemisphere": (Standardize, Dome),
    "standardize": (Standardize,),
    "unit": (Unit,),
    "largest-norm": (DivideByLargestNorm,),
    "none": (),
}


@dataclass(frozen=True)
class Scaling:
    """A named sequence of fitted steps for inputs with `columns` columns."""

    name: str
    columns: int
    steps: tuple[Step, ...]

    @classmethod
    def fit(cls, name: str, inputs: Rows) -> "Scaling":
        """Fit the scaling of this name on training inputs (n, d).

        Raises:
            BadInput: there is no such scaling, or the inputs are too large for its parameters to be finite.
        """
        if name not in SCALINGS:
            choices = ", ".join(SCALINGS)
            advice = f"Type {typed(scaling='sphere')}."
            raise BadInput("scaling", required=f"be one of {choices}", got=repr(name), advice=advice)
        steps, scaled = [], inputs
        for kind in SCALINGS[name]:
            with np.errstate(over="ignore", invalid="ignore"):
                step = kind.fit(scaled)
                scaled = step.apply(scaled)
            if not np.isfinite(scaled).all():
                raise BadInput(
                    "inputs",
                    required="stay within floating-point range when scaled",
                    got=f"entries up to {np.abs(inputs).max():.3g}",
                    advice="Change the units of the largest columns.",
                )
            steps.append(step)
        return cls(name, inputs.shape[1], tuple(steps))

    def apply(self, inputs: Rows) -> Scaled:
        """Scale inputs (n', d), training or new, with the parameters of the fit.

        Raises:
            BadInput: the number of columns is not that of the fit.
        """
        if inputs.shape[1] != self.columns:
            raise BadInput(
                "inputs",
                required=f"have {self.columns} columns, as the training inputs had",
                got=f"{inputs.shape[1]} columns",
                advice="Pass the same columns in the same order.",
            )
        for step in self.steps:
            inputs = step.apply(inputs)
        return inputs

    def invert(self, scaled: Scaled) -> Rows:
        """Undo the scaling.

        Raises:
            BadInput: a step cannot be undone, or the rows were not made by this scaling.
        """
        for step in reversed(self.steps):
            scaled = step.invert(scaled)
        return scaled

    def sentences(self) -> list[str]:
        """What was done, in words, one sentence a step."""
        return [step.sentence() for step in self.steps] or ["inputs are used as they are"]

    def to_dict(self) -> dict[str, Any]:
        """The scaling as JSON holds it; floats survive exactly."""
        steps = [{"step": step.name, **asdict(step)} for step in self.steps]  # pyright: ignore[reportArgumentType]
        return {"name": self.name, "columns": self.columns, "steps": steps}

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> "Scaling":
        """The scaling that `to_dict` described.

        Raises:
            BadInput: the description is not one of a scaling.
        """
        try:
            columns = int(record["columns"])
            return cls(str(record["name"]), columns, tuple(step_from(entry, columns) for entry in record["steps"]))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise BadInput(
                "scaling",
                required="be a scaling as to_dict writes it",
                got=f"{type(error).__name__}: {error}",
                advice="Write the file again; it was changed or cut.",
            ) from None
