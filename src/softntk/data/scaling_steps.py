"""Steps of which scalings are made, each with parameters fitted on the training inputs:

    step             x becomes                            reversible
    standardize      (x - center) / spread, by column     yes; constant columns have spread 1
    lift             (x, 1) / |(x, 1)|                    yes: divide by the last coordinate and drop it
    unit             x / |x|, and 0 stays 0               no: the length is lost
    largest-norm     x / max |x_i|                        yes
    dome             (x/R, sqrt(1 - |x/R|^2))             yes, up to R, the largest norm; beyond it rows go to the edge

A new step is a class with these four parts and a row in `STEPS`.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Float

from softntk.data.geometry import row_norms, unit_rows
from softntk.failures import BadInput, typed

__all__ = ["STEPS", "DivideByLargestNorm", "Dome", "Lift", "Standardize", "Step", "Unit", "step_from"]

Rows = Float[np.ndarray, "n columns"]
Scaled = Float[np.ndarray, "n scaled"]


class Step(ABC):
    """One reversible change of the inputs, with the parameters that were fitted."""

    name: ClassVar[str]

    @classmethod
    @abstractmethod
    def fit(cls, inputs: Rows) -> "Step":
        """The step with parameters taken from these inputs."""

    @abstractmethod
    def apply(self, inputs: Rows) -> Scaled:
        """Scaled inputs, one row for each row."""

    @abstractmethod
    def invert(self, scaled: Scaled) -> Rows:
        """Inputs from scaled inputs; raises BadInput if the step cannot be undone."""

    @abstractmethod
    def sentence(self) -> str:
        """What the step does, for a reader of the report."""


@dataclass(frozen=True)
class Standardize(Step):
    """Mean 0 and standard deviation 1 in every column that is not constant; constant columns become 0."""

    name: ClassVar[str] = "standardize"
    center: tuple[float, ...]
    spread: tuple[float, ...]

    @classmethod
    def fit(cls, inputs: Rows) -> "Standardize":
        peak = np.abs(inputs).max(axis=0)
        parts = inputs / np.where(peak > 0, peak, 1.0)[None, :]
        # A mean is rounded: subtracted from a constant column it would leave noise, which dividing blows up.
        constant = inputs.min(axis=0) == inputs.max(axis=0)
        spread = peak * parts.std(axis=0)
        center = np.where(constant, inputs[0], peak * parts.mean(axis=0))
        spread = np.where(constant | (spread == 0), 1.0, spread)
        return cls(tuple(center.tolist()), tuple(spread.tolist()))

    def apply(self, inputs: Rows) -> Scaled:
        return (inputs - np.asarray(self.center)[None, :]) / np.asarray(self.spread)[None, :]

    def invert(self, scaled: Scaled) -> Rows:
        return scaled * np.asarray(self.spread)[None, :] + np.asarray(self.center)[None, :]

    def sentence(self) -> str:
        return "every column is shifted to mean 0 and divided by its standard deviation (constant columns become 0)"


@dataclass(frozen=True)
class Lift(Step):
    """Append the coordinate 1 and divide each row by its norm."""

    name: ClassVar[str] = "lift"

    @classmethod
    def fit(cls, inputs: Rows) -> "Lift":
        return cls()

    def apply(self, inputs: Rows) -> Scaled:
        return unit_rows(np.concatenate([inputs, np.ones((len(inputs), 1))], axis=1))

    def invert(self, scaled: Scaled) -> Rows:
        if not (scaled[:, -1] > 0).all():
            raise BadInput(
                "scaled",
                required="have a positive last coordinate, as every lifted row has",
                got=f"{scaled[:, -1].min():.3g}",
                advice="Pass rows that this scaling made.",
            )
        return scaled[:, :-1] / scaled[:, -1:]

    def sentence(self) -> str:
        return "a constant coordinate 1 is appended and every row is divided by its norm"


@dataclass(frozen=True)
class Unit(Step):
    """Divide each row by its norm; zero rows stay zero."""

    name: ClassVar[str] = "unit"

    @classmethod
    def fit(cls, inputs: Rows) -> "Unit":
        return cls()

    def apply(self, inputs: Rows) -> Scaled:
        return unit_rows(inputs)

    def invert(self, scaled: Scaled) -> Rows:
        raise BadInput(
            "scaled",
            required="come from a scaling that can be undone",
            got="rows divided by their own norms, which are lost",
            advice=f"Type {typed(scaling='sphere')}, which keeps them in the appended coordinate.",
        )

    def sentence(self) -> str:
        return "every row is divided by its norm (zero rows stay zero)"


@dataclass(frozen=True)
class DivideByLargestNorm(Step):
    """Divide all rows by the largest norm among the training inputs."""

    name: ClassVar[str] = "largest-norm"
    norm: float

    @classmethod
    def fit(cls, inputs: Rows) -> "DivideByLargestNorm":
        return cls(float(row_norms(inputs).max()) or 1.0)

    def apply(self, inputs: Rows) -> Scaled:
        return inputs / self.norm

    def invert(self, scaled: Scaled) -> Rows:
        return scaled * self.norm

    def sentence(self) -> str:
        return f"all rows are divided by the largest norm, {self.norm:.6g}"


@dataclass(frozen=True)
class Dome(DivideByLargestNorm):
    """Divide by the largest norm R among the training inputs and append what makes the norm 1."""

    name: ClassVar[str] = "dome"

    def apply(self, inputs: Rows) -> Scaled:
        flat = super().apply(inputs)
        lengths = row_norms(flat)
        flat = flat / np.maximum(lengths, 1.0)[:, None]
        height = np.sqrt(np.maximum(1.0 - lengths**2, 0.0))
        return np.concatenate([flat, height[:, None]], axis=1)

    def invert(self, scaled: Scaled) -> Rows:
        return super().invert(scaled[:, :-1])

    def sentence(self) -> str:
        return f"{super().sentence()}, and a coordinate is appended that makes their norm 1"


#: Every step by its name.
STEPS: dict[str, type[Step]] = {step.name: step for step in (Standardize, Lift, Unit, DivideByLargestNorm, Dome)}


def step_from(entry: Mapping[str, Any], columns: int) -> Step:
    """A step from its name and its parameters: finite numbers, or one for each column; divisors are positive."""
    parameters: dict[str, Any] = {}
    for key, value in entry.items():
        if key != "step":
            numbers = np.asarray(value, float)
            if numbers.shape not in ((), (columns,)) or not np.isfinite(numbers).all():
                raise ValueError(f"{key} is not one finite number or {columns} of them")
            if key in ("spread", "norm") and not (numbers > 0).all():
                raise ValueError(f"{key} is not positive")
            parameters[key] = tuple(numbers.tolist()) if numbers.ndim else float(numbers)
    return STEPS[entry["step"]](**parameters)
