"""Nearest neighbors as a denoiser: F(u) is the mean label of the k nearest pairs in the ball, Euclidean distance.

They see the same pairs in the same preconditioning as kernels and networks; k is chosen on held-out X_0. The search is
that of a tree, outside of JAX: such a denoiser can be sampled from, but has no derivative.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from scipy.spatial import KDTree

from softntk.diffusion.choice import Chosen, squared_error
from softntk.diffusion.matching import NoisySamples
from softntk.diffusion.preconditioning import Pairs, PreconditionedDenoiser, Preconditioning
from softntk.diffusion.process import Process
from softntk.diffusion.score import Parts

__all__ = ["NeighborDenoiser", "best_neighbors"]


@dataclass(frozen=True, eq=False)
class Tree:
    """Inputs with their labels and a tree to search them, kept outside of JAX and compared by identity."""

    inputs: Float[np.ndarray, "p columns"]
    labels: Float[np.ndarray, "p d"]
    search: KDTree

    def means(self, inputs: Float[np.ndarray, "n columns"], counts: list[int]) -> list[Float[np.ndarray, "n d"]]:
        """Mean label of the nearest pairs, for each of the counts."""
        found = self.search.query(inputs, k=max(counts), workers=1)[1].reshape(len(inputs), -1)
        sums = np.cumsum(self.labels[found], axis=1)
        return [sums[:, count - 1] / count for count in counts]


class NeighborDenoiser(PreconditionedDenoiser):
    """Mean label of the `neighbors` nearest pairs."""

    kind: ClassVar[str] = "neighbors"
    differentiable: ClassVar[bool] = False

    preconditioning: Preconditioning
    tree: Tree = eqx.field(static=True)
    neighbors: int = eqx.field(static=True)

    @classmethod
    def of_pairs(
        cls, preconditioning: Preconditioning, inputs: np.ndarray, labels: np.ndarray, neighbors: int
    ) -> "NeighborDenoiser":
        """The denoiser of inputs (p, d + 2) in the ball and their labels (p, d)."""
        return cls(preconditioning, Tree(inputs, labels, KDTree(inputs)), neighbors)

    def outputs(self, inputs: Float[Array, "n columns"]) -> Float[Array, "n d"]:
        shape = jax.ShapeDtypeStruct((inputs.shape[0], self.tree.labels.shape[1]), inputs.dtype)

        def average(rows: Any) -> np.ndarray:
            return self.tree.means(np.asarray(rows), [self.neighbors])[0]

        return jax.pure_callback(average, shape, inputs, vmap_method="sequential")

    def parts(self) -> Parts:
        details = {"preconditioning": self.preconditioning.to_dict(), "neighbors": self.neighbors}
        return Parts({"inputs": jnp.asarray(self.tree.inputs), "labels": jnp.asarray(self.tree.labels)}, details)

    @classmethod
    def from_parts(cls, process: Process, parts: Parts) -> "NeighborDenoiser":
        preconditioning = Preconditioning.from_dict(process, parts.details["preconditioning"])
        inputs, labels = (np.asarray(parts.arrays[name]) for name in ("inputs", "labels"))
        neighbors = int(parts.details["neighbors"])
        if len(inputs) != len(labels) or not 1 <= neighbors <= len(inputs):
            raise ValueError(f"{neighbors} neighbors among {len(inputs)} inputs with {len(labels)} labels")
        return cls.of_pairs(preconditioning, inputs, labels, neighbors)


def best_neighbors(
    preconditioning: Preconditioning, pairs: Pairs, held_out: NoisySamples, counts: tuple[int, ...] = ()
) -> Chosen:
    """Choose the number of neighbors on held-out X_0, by default among powers of two up to a quarter of the pairs."""
    total = pairs.inputs.shape[0]
    counts = counts or tuple(2**i for i in range(2, 11) if 2**i <= max(total // 4, 4)) or (1,)
    counts = tuple(min(count, total) for count in counts)
    inputs, labels = np.asarray(pairs.inputs), np.asarray(pairs.labels)
    tree = Tree(inputs, labels, KDTree(inputs))
    queries = np.asarray(preconditioning.ball(held_out.times, held_out.points))
    errors = [
        squared_error(preconditioning.denoised(held_out.times, held_out.points, jnp.asarray(outputs)), held_out)
        for outputs in tree.means(queries, list(counts))
    ]
    best = counts[int(np.argmin(errors))]
    denoiser = NeighborDenoiser(preconditioning, tree, best)
    return Chosen(denoiser, {"neighbors": best}, np.asarray(counts, float), np.asarray(errors))
