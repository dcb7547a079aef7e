"""A kernel predictor with what was done to its data, as `estimators.model` has it for a network.

In its file (see `softntk.files.models`), of kind `kernel`:

    coefficients (p, k)      of the features
    points (p, d)            inputs of the kernel sections; empty for explicit features
    description              kernel, features, scaling and encoding of the data, how it was made
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Shaped

from softntk.data.preparation import Preparation
from softntk.estimators.fitting import require_fit
from softntk.failures import BadInput
from softntk.files import ModelFile
from softntk.kernels.expansion import Expansion
from softntk.kernels.limit import LimitKernel
from softntk.networks.features import features_named
from softntk.regression.predictor import Predictor, Sections

__all__ = ["KernelModel"]


@dataclass(frozen=True)
class KernelModel:
    """A predictor of a limit kernel and the preparation of its data; `training` says how it came about."""

    kind: ClassVar[str] = "kernel"
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

    def described(self) -> dict[str, Any]:
        """What the file says beside the arrays.

        Raises:
            BadInput: the predictor is not one of a `LimitKernel`.
        """
        kernel, basis = self._saved()
        said: dict[str, Any] = {
            "features": kernel.features.name,
            "scale": float(kernel.scale),
            "trained": kernel.trained,
        }
        if isinstance(basis, Expansion):
            said |= {"degree": basis.degree, "radius": float(basis.radius)}
        return {"kernel": said, "preparation": self.preparation.to_dict(), "training": dict(self.training)}

    def arrays(self) -> dict[str, Any]:
        """The coefficients and the points. Raises as `described`."""
        _, basis = self._saved()
        points = basis.inputs if isinstance(basis, Sections) else np.zeros((0, basis.size))
        return {"coefficients": self.predictor.coefficients, "points": points}

    @classmethod
    def from_file(cls, file: ModelFile) -> "KernelModel":
        """The model of a file.

        Raises:
            BadInput: the coefficients, the kernel and the preparation do not fit together.
        """
        with file.reading():
            said, preparation = file.description["kernel"], Preparation.from_dict(file.description["preparation"])
            kernel = LimitKernel(features_named(said["features"]), float(said["scale"]), said["trained"])
            coefficients, points = file.array("coefficients", None, None), file.arrays["points"]
            if coefficients.dtype != np.float64 or points.dtype != np.float64:
                raise ValueError("arrays that are not float64")
            if "degree" in said:
                degree = int(said["degree"])
                if not 0 <= degree <= len(coefficients):  # each degree has features; also keeps their count small
                    raise ValueError(f"degree {degree} for {len(coefficients)} coefficients")
                columns = file.array("points", 0, None).shape[1]
                basis = Expansion(kernel, columns, degree, float(said["radius"]))
            else:
                basis = Sections(kernel, jnp.asarray(file.array("points", len(coefficients), None)))
            if basis.rank != len(coefficients):
                raise ValueError(f"{len(coefficients)} coefficients for {basis.rank} features")
            predictor = Predictor(basis, jnp.asarray(coefficients))
            require_fit(predictor, preparation, predictor.coefficients.dtype)
            return cls(predictor, preparation, dict(file.description["training"]))

    def _saved(self) -> tuple[LimitKernel, Sections | Expansion]:
        basis = self.predictor.basis
        if isinstance(basis, Sections | Expansion) and isinstance(basis.kernel, LimitKernel):
            return basis.kernel, basis
        raise BadInput(
            "model",
            required="predict with a LimitKernel",
            got=repr(basis),
            advice="Save those of other kernels yourself: np.savez(file, coefficients=predictor.coefficients).",
        )
