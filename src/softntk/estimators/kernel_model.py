"""A kernel predictor with what was done to its data, in one file, as `estimators.model` does for a network.

    coefficients (p, k)      of the features
    points (p, d)            inputs of the kernel sections; empty for explicit features
    description              JSON text: kernel, features, version, scaling and encoding of the data, how it was made

Nothing is pickled, and nothing in the file is executed when it is opened. It is written by one rename.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Shaped

from softntk.data.numpy_files import read_members, write_members
from softntk.data.preparation import Preparation
from softntk.estimators.model import Model, load_model
from softntk.failures import BadInput
from softntk.kernels.expansion import Expansion
from softntk.kernels.limit import LimitKernel
from softntk.networks.features import features_named
from softntk.regression.predictor import Predictor, Sections

__all__ = ["KernelModel", "load_kernel_model", "load_predictor", "save_kernel_model"]

_FORMAT = "softntk-kernel-model/1"
_ADVICE = "Make one: softntk regress DATA -o model.npz."


@dataclass(frozen=True)
class KernelModel:
    """A predictor of a limit kernel and the preparation of its data; `training` says how it came about."""

    predictor: Predictor
    preparation: Preparation
    training: Mapping[str, Any] = field(default_factory=dict)

    def outputs(self, raw: Float[np.ndarray, "n d"]) -> Float[np.ndarray, "n k"]:
        """Outputs at inputs in the units of the data.

        Raises:
            BadInput: the number of columns is another one.
        """
        return np.asarray(self.predictor(jnp.asarray(self.preparation.inputs(raw), float)))

    def predict(self, raw: Float[np.ndarray, "n d"]) -> Shaped[np.ndarray, "n ..."]:
        """Classes (n,), or numbers (n, k) in the units of the target. Raises as `outputs`."""
        return self.preparation.decode(self.outputs(raw))


def save_kernel_model(model: KernelModel, path: str | os.PathLike[str]) -> Path:
    """Write the model and return its path.

    Raises:
        BadInput: the path cannot be written to, or the predictor is not one of a `LimitKernel`.
    """
    path, basis = Path(path), model.predictor.basis
    kernel = getattr(basis, "kernel", None)
    if not isinstance(kernel, LimitKernel) or not isinstance(basis, Sections | Expansion):
        raise BadInput(
            "model",
            required="predict with a Limit",
            got=repr(basis),
            advice="Save the coefficients of other kernels "
            "yourself: np.savez(file, coefficients=predictor.coefficients).",
        )
    points = np.asarray(basis.inputs) if isinstance(basis, Sections) else np.zeros((0, basis.size))
    described: dict[str, Any] = {
        "features": kernel.features.name,
        "scale": float(kernel.scale),
        "trained": kernel.trained,
    }
    if isinstance(basis, Expansion):
        described |= {"degree": basis.degree, "radius": basis.radius}
    description = {
        "format": _FORMAT,
        "softntk": version("softntk"),
        "kernel": described,
        "preparation": model.preparation.to_dict(),
        "training": dict(model.training),
    }
    coefficients = np.asarray(model.predictor.coefficients)
    return write_members(path, {"coefficients": coefficients, "points": points, "description": json.dumps(description)})


def load_kernel_model(path: str | os.PathLike[str]) -> KernelModel:
    """Read a model.

    Raises:
        BadInput: the file is missing, damaged, or not a kernel model.
    """
    path = Path(path)
    members = read_members(path, ("coefficients", "points", "description"), advice=_ADVICE)
    try:
        description = json.loads(str(members["description"]))
        if description["format"] != _FORMAT:
            raise KeyError(f"format {description['format']!r}")
        described = description["kernel"]
        kernel = LimitKernel(features_named(described["features"]), float(described["scale"]), described["trained"])
        preparation = Preparation.from_dict(description["preparation"])
        training = dict(description["training"])
        points, coefficients = (_matrix(members[name]) for name in ("points", "coefficients"))
        if "degree" in described:
            basis = Expansion(kernel, points.shape[1], int(described["degree"]), float(described["radius"]))
        else:
            basis = Sections(kernel, jnp.asarray(points))
        if basis.rank != len(coefficients):
            raise ValueError(f"{len(coefficients)} coefficients for {basis.rank} features")
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise BadInput(
            "model",
            required=f"be a file that softntk regress wrote ({_FORMAT})",
            got=f"{path}: {type(error).__name__}: {error}",
            advice=_ADVICE,
        ) from None
    return KernelModel(Predictor(basis, jnp.asarray(coefficients)), preparation, training)


def load_predictor(path: str | os.PathLike[str]) -> Model | KernelModel:
    """Read a network or a kernel model, whichever the file holds.

    Raises:
        BadInput: the file is missing, damaged, or neither.
    """
    path = Path(path)
    members = read_members(path, ("description",), advice="Make one: softntk train, or softntk regress.")
    kind = _FORMAT if _FORMAT in str(members["description"])[:200] else ""
    return load_kernel_model(path) if kind else load_model(path)


def _matrix(array: np.ndarray) -> Float[np.ndarray, "rows columns"]:
    if array.ndim != 2 or array.dtype != np.float64 or not np.isfinite(array).all():
        raise ValueError("an array that is not a finite float64 matrix")
    return array
