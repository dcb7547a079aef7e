"""A trained network with everything needed to use it: weights, and what was done to the data.

In its file (see `softntk.files.models`), of kind `network`:

    hidden (d, m), output (k, m)     the weights
    description                      feature, scaling and encoding of the data, how it was trained
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Shaped

from softntk.data.matching import read_matching
from softntk.data.options import ReadOptions
from softntk.data.preparation import Preparation
from softntk.data.training_set import TrainingSet
from softntk.estimators.fitting import require_fit
from softntk.failures import BadInput
from softntk.files import ModelFile
from softntk.networks.features import features_named
from softntk.networks.two_layer import TwoLayer

__all__ = ["Model"]


@dataclass(frozen=True)
class Model:
    """A network and the preparation of its data; `training` says in JSON values how it came about."""

    kind: ClassVar[str] = "network"
    network: TwoLayer
    preparation: Preparation
    training: Mapping[str, Any] = field(default_factory=dict)

    def training_set(self, source: str, *, options: ReadOptions | None = None) -> TrainingSet:
        """The rows that the model was trained on, drawn again from a built-in set or a file.

        `options` say how the file is read; by default as for training.

        Raises:
            BadInput: the source is another one, or was changed so that its columns or rows do not fit.
        """
        table = read_matching(source, self.preparation, options=options)
        rows = np.asarray(self.preparation.rows)
        if rows.max() >= len(table.inputs):
            raise BadInput(
                "data",
                required=f"have at least {rows.max() + 1} rows, as in training",
                got=str(len(table.inputs)),
                advice="Pass the data that the model was trained on.",
            )
        return self.preparation.set_of(table.rows(rows))

    def outputs(self, raw: Float[np.ndarray, "n d"]) -> Float[np.ndarray, "n k"]:
        """Outputs of the network at inputs in the units of the data.

        Raises:
            BadInput: the number of columns is another one.
        """
        network = jax.tree.map(jnp.asarray, self.network)  # an estimator keeps it as NumPy's arrays
        return np.asarray(network(jnp.asarray(self.preparation.inputs(raw), network.hidden.dtype)))

    def predict(self, raw: Float[np.ndarray, "n d"]) -> Shaped[np.ndarray, "n ..."]:
        """Classes (n,), or numbers (n, k) in the units of the target. Raises as `outputs`."""
        return self.preparation.decode(self.outputs(raw))

    def described(self) -> dict[str, Any]:
        """What the file says beside the arrays."""
        return {
            "features": self.network.features.name,
            "preparation": self.preparation.to_dict(),
            "training": dict(self.training),
        }

    def arrays(self) -> dict[str, Any]:
        """The weights."""
        return {"hidden": self.network.hidden, "output": self.network.output}

    @classmethod
    def from_file(cls, file: ModelFile) -> "Model":
        """The model of a file.

        Raises:
            BadInput: the weights, the feature and the preparation do not fit together.
        """
        with file.reading():
            hidden = file.array("hidden", None, None)
            output = file.array("output", None, hidden.shape[1])
            features = features_named(file.description["features"])
            preparation = Preparation.from_dict(file.description["preparation"])
            network = TwoLayer(jnp.asarray(hidden), jnp.asarray(output), features)
            require_fit(network, preparation, network.hidden.dtype)
            return cls(network, preparation, dict(file.description["training"]))
