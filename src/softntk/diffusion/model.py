"""A learned denoiser in a file: one npz archive, readable with NumPy alone.

    description     JSON text: what was learned from what, the process, the preconditioning, versions
    the arrays of what was learned, by name: centers, whitening, weights (kernel); hidden, output (network);
    points (empirical); w0, b0, w1, ... (deep network)
    mean, variance  of the data in its own units, if it was standardized; samples are given in those units

Nothing is pickled, and nothing in the file is executed when it is opened. It is written by one rename.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from softntk.data.numpy_files import read_members, write_members
from softntk.diffusion.exact import EmpiricalDenoiser
from softntk.diffusion.landmarks import Bounded, Landmarks, Predictor
from softntk.diffusion.preconditioning import PreconditionedDenoiser, Preconditioning
from softntk.diffusion.process import Constant, Cosine, Linear, Process
from softntk.diffusion.references import MLP
from softntk.diffusion.score import Denoiser, ScoreOfDenoiser
from softntk.failures import BadInput
from softntk.kernels.limit import LimitKernel
from softntk.networks.features import features_named
from softntk.networks.two_layer import TwoLayer

__all__ = ["ScoreModel", "load_score", "save_score"]

_FORMAT = "softntk-score/1"
_PROCESSES: dict[str, type[Process]] = {"constant": Constant, "linear": Linear, "cosine": Cosine}
_ADVICE = "Learn one: softntk score DATA -o model.npz."


@dataclass(frozen=True)
class ScoreModel:
    """A denoiser with all that is needed to sample from it.

    Attributes:
        denoiser: of the data in the units it was learned in.
        process: the forward process.
        start, end: the times it was learned for.
        shift, factor: data = shift + factor * (what the denoiser speaks of), column by column.
        description: how it came about, JSON values.
    """

    denoiser: Denoiser
    process: Process
    start: float
    end: float
    shift: Float[np.ndarray, " d"]
    factor: Float[np.ndarray, " d"]
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


def save_score(model: ScoreModel, path: str | os.PathLike[str]) -> Path:
    """Write the model and return its path.

    Raises:
        BadInput: the denoiser or the process is not of a kind that is saved, or the path cannot be written to.
    """
    path = Path(path)
    kind, arrays, details = _taken_apart(model.denoiser)
    description = {
        "format": _FORMAT,
        "softntk": version("softntk"),
        "kind": kind,
        "details": details,
        "process": _process_to_dict(model.process),
        "start": model.start,
        "end": model.end,
        "training": dict(model.description),
    }
    arrays |= {"shift": model.shift, "factor": model.factor, "description": np.array(json.dumps(description))}
    return write_members(path, {key: np.asarray(array) for key, array in arrays.items()})


def load_score(path: str | os.PathLike[str]) -> ScoreModel:
    """Read a model.

    Raises:
        BadInput: the file is missing, damaged, or not a model.
    """
    path = Path(path)
    first = read_members(path, ("description", "shift", "factor"), advice=_ADVICE)
    try:
        found = json.loads(str(first["description"]))
        if found["format"] != _FORMAT:
            raise KeyError(f"format {found['format']!r}")
        kind, details = str(found["kind"]), found["details"]
        process = _process_from_dict(found["process"])
        names = _names(kind, details)
        arrays = {key: jnp.asarray(_finite(value)) for key, value in read_members(path, names, advice=_ADVICE).items()}
        denoiser = _put_together(kind, arrays, details, process)
        return ScoreModel(
            denoiser,
            process,
            float(found["start"]),
            float(found["end"]),
            _finite(first["shift"]),
            _finite(first["factor"]),
            dict(found["training"]),
        )
    except (KeyError, TypeError, ValueError, RecursionError, AttributeError) as error:
        if isinstance(error, BadInput) and error.argument != "model":
            raise
        raise BadInput(
            "model",
            required=f"be a file that softntk score wrote ({_FORMAT})",
            got=f"{path}: a file with {type(error).__name__}: {error}",
            advice=_ADVICE,
        ) from None


def _finite(array: np.ndarray) -> np.ndarray:
    if array.dtype not in (np.float32, np.float64) or not np.isfinite(array).all():
        raise ValueError("numbers that are not finite")
    return array


def _process_to_dict(process: Process) -> dict[str, Any]:
    for name, kind in _PROCESSES.items():
        if type(process) is kind:
            return {"name": name} | {key: float(value) for key, value in vars(process).items()}
    raise BadInput(
        "process",
        required="be one of the built-in kinds to be saved",
        got=type(process).__name__,
        advice="Use Constant, Linear or Cosine.",
    )


def _process_from_dict(values: dict[str, Any]) -> Process:
    values = dict(values)
    return _PROCESSES[values.pop("name")](**{str(key): float(value) for key, value in values.items()})


def _taken_apart(denoiser: Any) -> tuple[str, dict[str, Any], dict[str, Any]]:
    """Kind, arrays and JSON values of a denoiser."""
    if isinstance(denoiser, EmpiricalDenoiser):
        return "empirical", {"points": denoiser.points}, {"blur": float(denoiser.blur)}
    learned = getattr(denoiser, "learned", None)
    details: dict[str, Any] = (
        {"preconditioning": denoiser.preconditioning.to_dict()} if isinstance(denoiser, PreconditionedDenoiser) else {}
    )
    if isinstance(learned, Predictor):
        phi = learned.features
        limit = phi.kernel.kernel
        details |= {"features": limit.features.name, "scale": float(limit.scale)}
        return "kernel", {"centers": phi.centers, "whitening": phi.whitening, "weights": learned.weights}, details
    if isinstance(learned, TwoLayer):
        return (
            "network",
            {"hidden": learned.hidden, "output": learned.output},
            details | {"features": learned.features.name},
        )
    if isinstance(learned, MLP):
        arrays = {}
        for i, (weights, bias) in enumerate(learned.layers):
            arrays |= {f"w{i}": weights, f"b{i}": bias}
        return "mlp", arrays, details | {"layers": len(learned.layers)}
    raise BadInput(
        "denoiser",
        required="be a kernel, a network, a deep network or the data",
        got=type(denoiser).__name__,
        advice="Learn one with softntk.diffusion.",
    )


def _names(kind: str, details: dict[str, Any]) -> tuple[str, ...]:
    if kind == "mlp":
        return tuple(f"{letter}{i}" for i in range(int(details["layers"])) for letter in "wb")
    return {"empirical": ("points",), "kernel": ("centers", "whitening", "weights"), "network": ("hidden", "output")}[
        kind
    ]


def _put_together(kind: str, arrays: dict[str, Array], details: dict[str, Any], process: Process) -> Denoiser:
    if kind == "empirical":
        return EmpiricalDenoiser(process, arrays["points"], float(details["blur"]))
    preconditioning = Preconditioning.from_dict(process, details["preconditioning"])
    learned: eqx.Module
    if kind == "kernel":
        kernel = Bounded(LimitKernel(features_named(details["features"]), float(details["scale"])))
        learned = Predictor(Landmarks(kernel, arrays["centers"], arrays["whitening"]), arrays["weights"])
    elif kind == "network":
        learned = TwoLayer(arrays["hidden"], arrays["output"], features_named(details["features"]))
    else:
        learned = MLP([(arrays[f"w{i}"], arrays[f"b{i}"]) for i in range(int(details["layers"]))])
    return PreconditionedDenoiser(preconditioning, learned)
