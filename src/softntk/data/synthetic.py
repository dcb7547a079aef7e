"""Synthetic training sets: inputs on the unit sphere, labels of a chosen law.

    sphere      inputs uniform on the unit sphere in R^d; labels random signs
    separated   the same, but no two inputs closer than a chosen distance
    teacher     inputs uniform on the sphere; labels from a fixed two-layer network

Random labels are +1/sqrt(k) or -1/sqrt(k), independent. The teacher is none of the students,

    y_l = 1/(N sqrt(k)) sum_q b_lq tanh(s u_q . x),   u_q uniform on the sphere, b_lq = +1 or -1, s = `steepness`,

with N hidden neurons, so every label row has norm at most 1 on all of R^d, not only on the sample. Sampling is exact: a
normal vector divided by its norm is uniform on the sphere.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from softntk.data.training_set import TrainingSet
from softntk.failures import BadInput

__all__ = ["Teacher", "random_labels", "separated", "separated_inputs", "sphere", "sphere_inputs", "teacher"]


def sphere(key: Array, *, count: int, size: int, outputs: int = 1) -> TrainingSet:
    """`count` inputs uniform on the unit sphere in R^size, with random signs / sqrt(outputs) as labels.

    Raises:
        BadInput: a size is not a positive integer.
    """
    inputs_key, labels_key = jax.random.split(key)
    inputs = sphere_inputs(inputs_key, count=count, size=size)
    return TrainingSet(inputs, random_labels(labels_key, count=count, outputs=outputs))


def separated(key: Array, *, count: int, size: int, separation: float, outputs: int = 1) -> TrainingSet:
    """As `sphere`, with |x_i - x_j| at least `separation` for all i < j.

    Raises:
        BadInput: as `separated_inputs`.
    """
    inputs_key, labels_key = jax.random.split(key)
    inputs = separated_inputs(inputs_key, count=count, size=size, separation=separation)
    return TrainingSet(inputs, random_labels(labels_key, count=count, outputs=outputs))


def teacher(
    key: Array, *, count: int, size: int, outputs: int = 1, neurons: int = 4, steepness: float = 4.0
) -> TrainingSet:
    """`count` inputs uniform on the unit sphere in R^size, labeled by a random teacher; label norms are at most 1.

    Raises:
        BadInput: a size is not a positive integer, or `steepness` is not a positive finite number.
    """
    inputs_key, teacher_key = jax.random.split(key)
    inputs = sphere_inputs(inputs_key, count=count, size=size)
    network = Teacher.draw(teacher_key, size=size, outputs=outputs, neurons=neurons, steepness=steepness)
    return TrainingSet(inputs, network(inputs))


class Teacher(eqx.Module):
    """A fixed two-layer tanh network (n, d) -> (n, k) with outputs of norm at most 1."""

    hidden: Float[Array, "d neurons"]
    output: Float[Array, "k neurons"]

    @classmethod
    def draw(cls, key: Array, *, size: int, outputs: int = 1, neurons: int = 4, steepness: float = 4.0) -> "Teacher":
        """A random teacher. Raises as `teacher`."""
        _check(size=size, outputs=outputs, neurons=neurons)
        _check_positive("steepness", steepness)
        hidden_key, output_key = jax.random.split(key)
        hidden = steepness * sphere_inputs(hidden_key, count=neurons, size=size).T
        signs = jax.random.rademacher(output_key, (outputs, neurons), hidden.dtype)
        return cls(hidden, signs / (neurons * outputs**0.5))

    def __call__(self, inputs: Float[Array, "n d"]) -> Float[Array, "n k"]:
        return jnp.tanh(inputs @ self.hidden) @ self.output.T


def sphere_inputs(key: Array, *, count: int, size: int) -> Float[Array, "n d"]:
    """`count` points uniform on the unit sphere in R^size. Raises as `sphere`."""
    _check(count=count, size=size)
    points = jax.random.normal(key, (count, size))
    return points / jnp.linalg.norm(points, axis=1, keepdims=True)


def separated_inputs(key: Array, *, count: int, size: int, separation: float) -> Float[Array, "n d"]:
    """Points on the unit sphere, no two closer than `separation`: uniform draws, kept if far from all kept before.

    Raises:
        BadInput: a size is not a positive integer, `separation` is not a positive finite number, or 100 draws for each
            point did not find room for all.
    """
    _check(count=count, size=size)
    _check_positive("separation", separation)
    kept, filled = np.empty((count, size)), 0
    for draw_key in jax.random.split(key, 100):
        points = sphere_inputs(draw_key, count=count, size=size)
        for point in np.asarray(points):
            if (((kept[:filled] - point[None, :]) ** 2).sum(axis=1) >= separation**2).all():
                kept[filled] = point
                filled += 1
            if filled == count:
                return jnp.asarray(kept, points.dtype)
    raise BadInput(
        "separation",
        required=f"leave room for {count} points on the unit sphere in R^{size}",
        got=f"{separation:.4g}, with room found for {filled}",
        advice="Type a smaller separation, fewer points or more dimensions.",
    )


def random_labels(key: Array, *, count: int, outputs: int = 1) -> Float[Array, "n k"]:
    """Independent labels +1/sqrt(outputs) or -1/sqrt(outputs). Raises as `sphere`."""
    _check(count=count, outputs=outputs)
    return jax.random.rademacher(key, (count, outputs), float) / outputs**0.5


def _check(**sizes: int) -> None:
    for name, size in sizes.items():
        if isinstance(size, bool) or not isinstance(size, int) or size < 1:
            raise BadInput(name, required="be a positive integer", got=repr(size), advice=f"Type {name}=10, say.")


def _check_positive(name: str, value: float) -> None:
    if not 0 < value < float("inf"):
        raise BadInput(name, required="be positive and finite", got=repr(value), advice=f"Type {name}=0.5, say.")
