"""The training problems that the studies share, by name.

    digits          8 x 8 images of handwritten digits, ten classes: ten outputs
    digits_parity   the same images, even against odd: one output
    breast_cancer   thirty measurements of tumors, malignant or benign: one output
    sphere_10, ...  uniform points on the unit sphere in so many dimensions, random signs: one output

Inputs are on the unit sphere, where the theorems want them (see `data.scaling`).
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from softntk.data.sources import load_split
from softntk.data.synthetic import sphere

__all__ = ["Problem", "problem", "title"]


class Problem(NamedTuple):
    """Training inputs (n, d) and labels (n, k), held-out inputs and labels (no rows where labels are random)."""

    inputs: Float[Array, "n d"]
    labels: Float[Array, "n k"]
    test_inputs: Float[Array, "n2 d"]
    test_labels: Float[Array, "n2 k"]


def problem(name: str, key: jax.Array, *, count: int) -> Problem:
    """`count` training rows of a problem, and a quarter of all rows held out; the same held out for every count."""
    if name.startswith("sphere_"):
        drawn = sphere(key, count=count, size=int(name.removeprefix("sphere_")))
        return Problem(drawn.inputs, drawn.labels, drawn.inputs[:0], drawn.labels[:0])
    training, held_out, _ = load_split(name.removesuffix("_parity"), key=key, count=count)
    labels = [_parity(part.labels) if name.endswith("_parity") else part.labels for part in (training, held_out)]
    return Problem(training.inputs, labels[0], held_out.inputs, labels[1])


def title(name: str) -> str:
    """The name of a problem or of a network as a reader likes it."""
    if name.startswith("sphere_"):
        return f"random points, d = {name.removeprefix('sphere_')}"
    return {"digits_parity": "digits, even or odd", "relu": "ReLU"}.get(name, name.replace("_", " "))


def _parity(labels: Float[Array, "n 10"]) -> Float[Array, "n 1"]:
    """+1 for even digits, -1 for odd ones."""
    return jnp.where(labels.argmax(axis=1) % 2 == 0, 1.0, -1.0)[:, None]
