"""A learned score with all that is needed to sample from it.

In its file (see `softntk.files.models`), of kind `score`:

    description     the kind of the denoiser and its details, the process, names of the columns, how it was learned
    shift, factor   data = shift + factor * (what the denoiser speaks of), column by column
    other arrays    those of the denoiser, by name, as its class says (`denoisers.DENOISERS`)
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from softntk.data.mixture import MIXTURES, GaussianMixture, mixture_named
from softntk.defaults import SAMPLER, SAMPLER_GRID, SAMPLER_STEPS
from softntk.diffusion.denoisers import DENOISERS
from softntk.diffusion.exact import MixtureDenoiser
from softntk.diffusion.grid import time_grid
from softntk.diffusion.ode import flow_log_density, flow_sample
from softntk.diffusion.process import Constant, Cosine, Linear, Process
from softntk.diffusion.sampler import sample
from softntk.diffusion.score import Parts, SavedDenoiser, ScoreOfDenoiser
from softntk.failures import BadInput
from softntk.files import ModelFile, plain, read_model
from softntk.numerics.arrays import finite_matrix

__all__ = ["FLOW", "LearnedScore", "exact_score", "open_score"]

#: Name of the sampler with adaptive steps, beside those of `sampler.SAMPLERS`.
FLOW = "flow"

_EXACT_START = 1e-4
_PROCESSES: dict[str, type[Process]] = {"constant": Constant, "linear": Linear, "cosine": Cosine}
_NAMES = {kind: name for name, kind in _PROCESSES.items()}
_OWN = ("shift", "factor")


@dataclass(frozen=True)
class LearnedScore:
    """A denoiser, the process, and the units of the data.

    Attributes:
        denoiser: of the data in the units it was learned in.
        process: the forward process.
        start, end: the times it was learned for.
        shift, factor: data = shift + factor * (what the denoiser speaks of), column by column; factor 0 for a column
            that does not vary.
        columns: their names; empty if they have none.
        description: how it came about, JSON values.
    """

    kind: ClassVar[str] = "score"
    denoiser: SavedDenoiser
    process: Process
    start: float
    end: float
    shift: Float[np.ndarray, " d"]
    factor: Float[np.ndarray, " d"]
    columns: tuple[str, ...] = ()
    description: Mapping[str, Any] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Numbers in a sample, d."""
        return len(self.shift)

    @property
    def score(self) -> ScoreOfDenoiser:
        """The score, for samplers."""
        return ScoreOfDenoiser(self.process, self.denoiser)

    def in_units(self, samples: Float[Array, "n d"]) -> Float[np.ndarray, "n d"]:
        """Samples in the units of the data."""
        return np.asarray(samples) * self.factor[None] + self.shift[None]

    def draw(
        self,
        key: Array,
        count: int,
        *,
        sampler: str = SAMPLER,
        steps: int = SAMPLER_STEPS,
        grid: str = SAMPLER_GRID,
        denoised: bool = True,
    ) -> Float[np.ndarray, "count d"]:
        """Draw samples in the units of the data; equal keys give equal samples.

        Rows that are not finite are returned as they are: take more steps, or another sampler.

        Arguments:
            sampler: a row of `SAMPLERS`, or "flow" for the probability flow with adaptive steps.
            grid: a row of `GRIDS`: how the `steps` are spaced; not for "flow".
            denoised: take off the noise of the last time.

        Raises:
            BadInput: `count` or `steps` is not positive, or there is no such sampler or grid.
        """
        if count < 1:
            raise BadInput("count", required="be at least 1", got=str(count), advice="Type count=64.")
        if sampler == FLOW:
            noise = jax.random.normal(key, (count, self.size))
            points = flow_sample(self.denoiser, self.process, noise, start=self.start, end=self.end)
            return self.in_units(self.denoiser(jnp.asarray(self.start), points) if denoised else points)
        times = time_grid(self.process, steps, grid=grid, start=self.start, end=self.end)
        points = sample(
            self.denoiser,
            self.process,
            key,
            count=count,
            size=self.size,
            times=times,
            sampler=sampler,
            denoised=denoised,
        )
        return self.in_units(points)

    def log_density(self, points: ArrayLike, *, tolerance: float = 1e-6) -> Float[np.ndarray, " n"]:
        """Log-density at points (n, d) in the units of the data: that of the model at its smallest time.

        The data have a little noise there, of the share sqrt(v) of their spread.

        Raises:
            BadInput: the points have other columns, the denoiser has no derivatives, or diffrax is not installed.
            TooLarge: d is above 64.
        """
        rows = np.asarray(finite_matrix("points", points, columns=self.size), float)
        if not self.denoiser.differentiable:
            raise BadInput(
                "denoiser",
                required="have derivatives",
                got=f"the kind {self.denoiser.kind!r}",
                advice="Learn another kind: softntk score DATA --learner kernel.",
            )
        if not (self.factor > 0).all():
            raise BadInput(
                "points",
                required="have columns that vary, for there to be a density",
                got=f"{int((self.factor == 0).sum())} that did not vary in training",
                advice="Learn without them.",
            )
        alpha = float(self.process.alpha(self.start))
        scaled = jnp.asarray(alpha * (rows - self.shift[None]) / self.factor[None])
        found = flow_log_density(
            self.denoiser, self.process, scaled, start=self.start, end=self.end, tolerance=tolerance
        )
        return np.asarray(found) + self.size * np.log(alpha) - float(np.log(self.factor).sum())

    def described(self) -> dict[str, Any]:
        """What its file says beside the arrays.

        Raises:
            BadInput: the process is not of a kind that is saved.
        """
        description = {
            "learned": self.denoiser.kind,
            "details": self.denoiser.parts().details,
            "process": _process_to_dict(self.process),
            "start": float(self.start),
            "end": float(self.end),
            "columns": list(self.columns),
            "training": dict(self.description),
        }
        return plain("description", description)

    def arrays(self) -> dict[str, Any]:
        """Those of the denoiser, and the units."""
        return self.denoiser.parts().arrays | {"shift": self.shift, "factor": self.factor}

    @classmethod
    def from_file(cls, file: ModelFile) -> "LearnedScore":
        """The score of a file.

        Raises:
            BadInput: the denoiser, the process, the times and the units do not fit together.
        """
        said = file.description
        with file.reading():
            shift = file.array("shift", None)
            factor = file.array("factor", len(shift))
            columns = tuple(str(name) for name in said.get("columns", ()))
            if not (factor >= 0).all() or len(columns) not in (0, len(shift)):
                raise ValueError(f"a factor below 0, or {len(columns)} names of {len(shift)} columns")
            start, end, process = float(said["start"]), float(said["end"]), _process_from_dict(said["process"])
            if not 0 < start < end <= process.horizon:
                raise ValueError(f"times {start:g} to {end:g}, horizon {process.horizon:g}")
            details = dict(said["details"])
            if "frame" in details:  # as the first format called it; there, `kind` was the denoiser's
                details["preconditioning"] = details.pop("frame")
            arrays = {name: jnp.asarray(array) for name, array in file.arrays.items() if name not in _OWN}
            kind = str(said["learned"] if "learned" in said else said["kind"])
            denoiser = DENOISERS[kind].from_parts(process, Parts(arrays, details))
            points = jax.ShapeDtypeStruct((1, len(shift)), jnp.zeros(()).dtype)
            found = jax.eval_shape(denoiser, jnp.asarray(start), points).shape
            if found != points.shape:
                raise ValueError(f"a denoiser that turns {points.shape} into {found}")
            return cls(denoiser, process, start, end, shift, factor, columns, dict(said["training"]))


def exact_score(mixture: GaussianMixture) -> LearnedScore:
    """The exact score of a mixture, from a time at which almost no noise is left."""
    process, size = Constant(), mixture.size
    denoiser = MixtureDenoiser(process, mixture)
    return LearnedScore(denoiser, process, _EXACT_START, process.horizon, np.zeros(size), np.ones(size))


def open_score(source: str | os.PathLike[str]) -> LearnedScore:
    """The exact score of the mixture of this name, or the learned one in the file.

    Raises:
        BadInput: there is no such mixture or file, or it holds no score.
        TooLarge: the file does not fit in memory.
    """
    if str(source) in MIXTURES:
        return exact_score(mixture_named(str(source)))
    return LearnedScore.from_file(read_model(source, "score"))


def _process_to_dict(process: Process) -> dict[str, Any]:
    if type(process) not in _NAMES:
        raise BadInput(
            "process",
            required="be one of the built-in kinds to be saved",
            got=type(process).__name__,
            advice="Use Constant, Linear or Cosine.",
        )
    return {"name": _NAMES[type(process)]} | {key: float(value) for key, value in vars(process).items()}


def _process_from_dict(values: dict[str, Any]) -> Process:
    values = dict(values)
    return _PROCESSES[values.pop("name")](**{str(key): float(value) for key, value in values.items()})
