"""A learned score with all that is needed to sample from it, and its file: one npz archive, readable with NumPy alone.

    description     JSON text: the kind of the denoiser and its details, the process, names of the columns, versions
    shift, factor   data = shift + factor * (what the denoiser speaks of), column by column
    other arrays    those of the denoiser, by name, as its class says (`denoisers.DENOISERS`)

Nothing is pickled, and nothing in the file is executed when it is opened. What could not be read again is not written.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

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
from softntk.files import dumps, input_path, loads, output_path, plain, read_npz, write_npz
from softntk.numerics.arrays import finite_matrix

__all__ = ["FLOW", "LearnedScore", "exact_score", "load_score", "open_score", "save_score"]

#: Name of the sampler with adaptive steps, beside those of `sampler.SAMPLERS`.
FLOW = "flow"

_EXACT_START = 1e-4
_FORMAT, _OLD_FORMAT = "softntk-score/2", "softntk-score/1"
_PROCESSES: dict[str, type[Process]] = {"constant": Constant, "linear": Linear, "cosine": Cosine}
_NAMES = {kind: name for name, kind in _PROCESSES.items()}
_OWN = ("description", "shift", "factor")
_ADVICE = "Learn one: softntk score DATA -o model.npz."


@dataclass(frozen=True)
class LearnedScore:
    """A denoiser, the process, and the units of the data.

    Attributes:
        denoiser: of the data in the units it was learned in.
        process: the forward process.
        start, end: the times it was learned for.
        shift, factor: data = shift + factor * (what the denoiser speaks of), column by column.
        columns: their names; empty if they have none.
        description: how it came about, JSON values.
    """

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
        """d."""
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
        alpha = float(self.process.alpha(self.start))
        scaled = jnp.asarray(alpha * (rows - self.shift[None]) / self.factor[None])
        found = flow_log_density(
            self.denoiser, self.process, scaled, start=self.start, end=self.end, tolerance=tolerance
        )
        return np.asarray(found) + self.size * np.log(alpha) - float(np.log(self.factor).sum())


def save_score(model: LearnedScore, path: str | os.PathLike[str]) -> Path:
    """Write the model and return its path; `model` means `model.npz`.

    Raises:
        BadInput: the process is not of a kind that is saved, numbers are not finite, or the path cannot be written to.
    """
    path = output_path(path, ".npz")
    parts = model.denoiser.parts()
    description = {
        "format": _FORMAT,
        "softntk": version("softntk"),
        "kind": model.denoiser.kind,
        "details": parts.details,
        "process": _process_to_dict(model.process),
        "start": model.start,
        "end": model.end,
        "columns": list(model.columns),
        "training": dict(model.description),
    }
    arrays = {key: np.asarray(array) for key, array in parts.arrays.items()}
    arrays |= {"shift": np.asarray(model.shift), "factor": np.asarray(model.factor)}
    try:
        for array in arrays.values():
            _finite(array)
    except ValueError as error:
        raise BadInput(
            "model", required="hold finite numbers to be saved", got=str(error), advice="Check the data."
        ) from None
    return write_npz(path, arrays | {"description": np.array(dumps(plain("description", description)))})


def load_score(path: str | os.PathLike[str]) -> LearnedScore:
    """Read a model; `model` means `model.npz` where there is no such file.

    Raises:
        BadInput: the file is missing, damaged, or not a model.
        TooLarge: it does not fit in memory.
    """
    path = input_path(path, ".npz")
    arrays = read_npz(path, argument="model", advice=_ADVICE)
    try:
        return _put_together(arrays)
    # It comes from a file: whatever stumbles over it, a class of a denoiser or JAX, it is no model.
    except Exception as error:
        reason = " ".join(str(error).split())[:200]
        raise BadInput(
            "model",
            required=f"be a file that softntk score wrote ({_FORMAT})",
            got=f"{path}: {type(error).__name__}: {reason}",
            advice=_ADVICE,
        ) from None


def exact_score(mixture: GaussianMixture) -> LearnedScore:
    """The exact score of a mixture, from a time at which almost no noise is left."""
    process, size = Constant(), mixture.size
    denoiser = MixtureDenoiser(process, mixture)
    return LearnedScore(denoiser, process, _EXACT_START, process.horizon, np.zeros(size), np.ones(size))


def open_score(source: str | os.PathLike[str]) -> LearnedScore:
    """The exact score of the mixture of this name, or the learned one in the file. Raises as `load_score`."""
    return exact_score(mixture_named(str(source))) if str(source) in MIXTURES else load_score(source)


def _put_together(arrays: dict[str, np.ndarray]) -> LearnedScore:
    found = loads(str(arrays["description"]))
    if found["format"] not in (_FORMAT, _OLD_FORMAT):
        raise ValueError(f"format {found['format']!r}")
    details = dict(found["details"])
    if found["format"] == _OLD_FORMAT and "frame" in details:
        details["preconditioning"] = details.pop("frame")
    process = _process_from_dict(found["process"])
    shift, factor = (_finite(arrays[name]) for name in ("shift", "factor"))
    columns = tuple(str(name) for name in found.get("columns", ()))
    if shift.ndim != 1 or shift.shape != factor.shape or not (factor > 0).all() or len(columns) not in (0, len(shift)):
        raise ValueError(f"shift {shift.shape}, factor {factor.shape} and {len(columns)} columns")
    parts = {name: jnp.asarray(_finite(array)) for name, array in arrays.items() if name not in _OWN}
    denoiser = DENOISERS[str(found["kind"])].from_parts(process, Parts(parts, details))
    start, end = float(found["start"]), float(found["end"])
    if not 0 < start < end <= process.horizon:
        raise ValueError(f"times {start} and {end}")
    point = jax.ShapeDtypeStruct((1, len(shift)), jnp.zeros(0).dtype)
    if jax.eval_shape(lambda x: denoiser(start, x), point).shape != point.shape:
        raise ValueError("a denoiser of other dimensions")
    return LearnedScore(denoiser, process, start, end, shift, factor, columns, dict(found["training"]))


def _finite(array: np.ndarray) -> np.ndarray:
    if array.dtype not in (np.float32, np.float64) or not np.isfinite(array).all():
        raise ValueError("numbers that are not finite floating-point numbers")
    return array


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
