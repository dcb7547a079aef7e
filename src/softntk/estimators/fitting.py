"""Whether a function of scaled inputs and a preparation belong together: as many columns on both sides."""

from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from softntk.data.preparation import Preparation

__all__ = ["require_fit"]


def require_fit(function: Callable[[Any], Any], preparation: Preparation, dtype: Any) -> None:
    """Refuse a function that does not take the prepared inputs, or whose outputs cannot be decoded.

    Only shapes are followed, so nothing is computed.

    Raises:
        ValueError, TypeError: it does not fit.
    """
    with np.errstate(all="ignore"):
        scaled = preparation.inputs(np.zeros((1, len(preparation.input_names)))).shape
    outputs = jax.eval_shape(function, jax.ShapeDtypeStruct(scaled, dtype)).shape
    encoding = preparation.encoding
    classes = len(encoding.classes)
    columns = {"classification": classes if classes > 2 else 1, "regression": len(encoding.center)}
    if outputs != (1, columns.get(encoding.kind, len(preparation.target_names))):
        raise ValueError(f"outputs of shape {outputs} for {encoding.kind} of {classes or len(encoding.center)}")
    if encoding.kind == "regression" and len(preparation.target_names) != len(encoding.center):
        raise ValueError(f"{len(preparation.target_names)} targets and {len(encoding.center)} columns")
