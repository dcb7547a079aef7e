"""A trained network with everything needed to use it: weights, and what was done to the data.

One file, an npz archive readable with NumPy alone:

    hidden (d, m), output (k, m)     the weights
    description                      JSON text: feature, version, scaling and encoding of the data, how it was trained

Nothing is pickled, and nothing in the file is executed when it is opened. It is written by one rename.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Shaped

from softntk.data.matching import read_matching
from softntk.data.numpy_files import read_members, write_members
from softntk.data.preparation import Preparation
from softntk.data.training_set import TrainingSet
from softntk.failures import BadInput
from softntk.networks.features import features_named
from softntk.networks.two_layer import TwoLayer

__all__ = ["Model", "load_model", "save_model"]

_FORMAT = "softntk-model/1"


@dataclass(frozen=True)
class Model:
    """A network and the preparation of its data; `training` says in JSON values how it came about."""

    network: TwoLayer
    preparation: Preparation
    training: Mapping[str, Any] = field(default_factory=dict)

    def training_set(self, source: str) -> TrainingSet:
        """The rows that the model was trained on, drawn again from a built-in set or a file.

        Raises:
            BadInput: the source is another one, or was changed so that its columns or rows do not fit.
        """
        table = read_matching(source, self.preparation)
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


def save_model(model: Model, path: str | os.PathLike[str]) -> Path:
    """Write the model and return its path.

    Raises:
        BadInput: the path cannot be written to.
    """
    path = Path(path)
    description = {
        "format": _FORMAT,
        "softntk": version("softntk"),
        "features": model.network.features.name,
        "preparation": model.preparation.to_dict(),
        "training": dict(model.training),
    }
    hidden, output = np.asarray(model.network.hidden), np.asarray(model.network.output)
    return write_members(path, {"hidden": hidden, "output": output, "description": json.dumps(description)})


def load_model(path: str | os.PathLike[str]) -> Model:
    """Read a model.

    Raises:
        BadInput: the file is missing, damaged, or not a model.
    """
    path = Path(path)
    members = read_members(
        path, ("hidden", "output", "description"), advice="Train a model: softntk train DATA -o model.npz."
    )
    try:
        description = json.loads(str(members["description"]))
        if description["format"] != _FORMAT:
            raise KeyError(f"format {description['format']!r}")
        features = features_named(description["features"])
        preparation = Preparation.from_dict(description["preparation"])
        training = dict(description["training"])
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise _not_a_model(path, f"a file with {type(error).__name__}: {error}") from None
    hidden, output = members["hidden"], members["output"]
    weights = (hidden, output)
    if any(w.ndim != 2 or w.dtype not in (np.float32, np.float64) or not np.isfinite(w).all() for w in weights):
        raise _not_a_model(path, "weights that are not finite matrices")
    if hidden.shape[1] != output.shape[1]:
        raise _not_a_model(path, f"hidden {hidden.shape} and output {output.shape}")
    return Model(TwoLayer(jnp.asarray(hidden), jnp.asarray(output), features), preparation, training)


def _not_a_model(path: Path, got: str) -> BadInput:
    return BadInput(
        "model",
        required=f"be a file that softntk train wrote ({_FORMAT})",
        got=f"{path}: {got}",
        advice="Train one: softntk train DATA -o model.npz.",
    )
