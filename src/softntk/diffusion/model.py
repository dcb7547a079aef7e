"""A learned denoiser with all that is needed to sample from it.

In its file (see `softntk.files.models`), of kind `score`:

    description     what was learned from what, the process, the frame
    the arrays of what was learned, by name: centers, whitening, weights (kernel); hidden, output (network);
    points (empirical); w0, b0, w1, ... (deep network)
    shift, factor   to the units of the data; samples are given in those units
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from softntk.diffusion.exact import EmpiricalDenoiser
from softntk.diffusion.landmarks import Bounded, Landmarks, Predictor
from softntk.diffusion.preconditioning import PreconditionedDenoiser, Preconditioning
from softntk.diffusion.process import Constant, Cosine, Linear, Process
from softntk.diffusion.references import MLP
from softntk.diffusion.score import Denoiser, ScoreOfDenoiser
from softntk.failures import BadInput
from softntk.files import ModelFile
from softntk.kernels.limit import LimitKernel
from softntk.networks.features import features_named
from softntk.networks.two_layer import TwoLayer

__all__ = ["ScoreModel"]

_PROCESSES: dict[str, type[Process]] = {"constant": Constant, "linear": Linear, "cosine": Cosine}


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

    kind: ClassVar[str] = "score"
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

    def described(self) -> dict[str, Any]:
        """What the file says beside the arrays.

        Raises:
            BadInput: the denoiser or the process is not of a kind that is saved.
        """
        learned, _, details = _taken_apart(self.denoiser)
        return {
            "learned": learned,
            "details": details,
            "process": _process_to_dict(self.process),
            "start": float(self.start),
            "end": float(self.end),
            "training": dict(self.description),
        }

    def arrays(self) -> dict[str, Any]:
        """What was learned, and the units. Raises as `described`."""
        return _taken_apart(self.denoiser)[1] | {"shift": self.shift, "factor": self.factor}

    @classmethod
    def from_file(cls, file: ModelFile) -> "ScoreModel":
        """The model of a file.

        Raises:
            BadInput: what was learned, the process, the times and the units do not fit together.
        """
        said = file.description
        with file.reading():
            shift = file.array("shift", None)
            factor = file.array("factor", len(shift))
            start, end, process = float(said["start"]), float(said["end"]), _process_from_dict(said["process"])
            if not (0 < start < end <= process.horizon and (factor > 0).all()):
                raise ValueError(f"times {start:g} to {end:g}, horizon {process.horizon:g}, or a factor not positive")
            learned = str(said["learned"] if "learned" in said else said["kind"])  # as the first format called it
            arrays = {name: jnp.asarray(file.arrays[name]) for name in _names(learned, said["details"], file.arrays)}
            denoiser = _put_together(learned, arrays, said["details"], process)
            points = jax.ShapeDtypeStruct((1, len(shift)), jnp.zeros(()).dtype)
            found = jax.eval_shape(denoiser, jnp.asarray(start), points).shape
            if found != points.shape:
                raise ValueError(f"a denoiser that turns {points.shape} into {found}")
            return cls(denoiser, process, start, end, shift, factor, dict(said["training"]))


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
        {"frame": denoiser.frame.to_dict()} if isinstance(denoiser, PreconditionedDenoiser) else {}
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


def _names(kind: str, details: dict[str, Any], arrays: Mapping[str, np.ndarray]) -> tuple[str, ...]:
    if kind == "mlp":
        layers = int(details["layers"])
        if not 0 < 2 * layers <= len(arrays):
            raise ValueError(f"{layers} layers")
        return tuple(f"{letter}{i}" for i in range(layers) for letter in "wb")
    return {"empirical": ("points",), "kernel": ("centers", "whitening", "weights"), "network": ("hidden", "output")}[
        kind
    ]


def _put_together(kind: str, arrays: dict[str, Array], details: dict[str, Any], process: Process) -> Denoiser:
    if kind == "empirical":
        return EmpiricalDenoiser(process, arrays["points"], float(details["blur"]))
    frame = Preconditioning.from_dict(process, details["frame"])
    learned: eqx.Module
    if kind == "kernel":
        kernel = Bounded(LimitKernel(features_named(details["features"]), float(details["scale"])))
        learned = Predictor(Landmarks(kernel, arrays["centers"], arrays["whitening"]), arrays["weights"])
    elif kind == "network":
        learned = TwoLayer(arrays["hidden"], arrays["output"], features_named(details["features"]))
    else:
        learned = MLP([(arrays[f"w{i}"], arrays[f"b{i}"]) for i in range(int(details["layers"]))])
    return PreconditionedDenoiser(frame, learned)
