"""What the network does at a few points of its linearized path.

The linearized path What_t = W0 - J0^T (eta sum_{s<t} Rhat_s) is known in closed form, so a few of its points can be
visited whatever the number of steps. At the visited times t_g,

    change   |J(What) - J0|        defect   |F(What) - F(W0) - J0 (What - W0)|.

Antisymmetric start (see `antisymmetric`): V = (w+ - w-)/sqrt 2 follows the linearized path, and U = (w+ + w-)/sqrt 2,
which the linearized network does not move, is led along by Uhat_{g+1} = Uhat_g - J_U(What_g)^T (eta sum of Rhat_s
between the two visits). Then `change` is that of J_V, and `sideways` = |J_U(What_g)|.

Rounding. These numbers are measured in float64, so each is raised by what rounding may have taken from it: the errors
of F and of J at What and at W0 (`bounds.start`); that of J0 (What - W0), a sum of d m terms; and |J0| times the
rounding of What itself. Where nothing has moved they are zero exactly.

Times are spread evenly over log-length: the steps in units of the distance already covered. With as many visits as
steps, every step is visited.
"""

from dataclasses import dataclass

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from softntk.bounds.roundoff import SLACK, UNIT, gamma
from softntk.bounds.start import Start, evaluated
from softntk.kernels.jacobian import sensitivity
from softntk.linearization.linearized_path import LinearizedPath
from softntk.networks.two_layer import TwoLayer, is_antisymmetric

__all__ = ["Snapshots", "start_only", "visit"]


@dataclass(frozen=True)
class Snapshots:
    """Measured at the visited times; rows "g n1" hold the training set as a whole first, then each new input.

    Attributes:
        times: t_g, ascending from 0 (g,).
        change: |J_V(What_g) - J0|; Frobenius norms at new inputs (g, 1 + n').
        sideways: |J_U(What_g)|, zero for any other start (g, 1 + n').
        defect: |F(What_g) - F(W0) - J0 (What_g - W0)| (g, 1 + n').
        drift: |Uhat_g| (g,).
    """

    times: Int[np.ndarray, " g"]
    change: Float[np.ndarray, "g n1"]
    sideways: Float[np.ndarray, "g n1"]
    defect: Float[np.ndarray, "g n1"]
    drift: Float[np.ndarray, " g"]


def start_only(others: int) -> Snapshots:
    """The start and nothing else: there, every measured quantity is zero."""
    zeros = np.zeros((1, 1 + others))
    return Snapshots(np.zeros(1, int), zeros, zeros, zeros, np.zeros(1))


def visit(
    network: TwoLayer,
    inputs: Float[Array, "n d"],
    others: Float[Array, "n2 d"] | None,
    path: LinearizedPath,
    count: int,
) -> Snapshots:
    """Visit at most `count` points of the linearized path, the start included."""
    moves = np.linalg.norm(np.sqrt(path.curvatures) * np.diff(path.sums, axis=0), axis=1)
    covered = np.maximum(path.distance[1:], np.finfo(float).tiny)
    length = np.concatenate([[0.0], np.cumsum(moves / covered)])
    if count > path.steps:
        times = np.arange(path.steps + 1)
    else:
        times = np.unique(np.searchsorted(length, np.linspace(0, length[-1], count)).clip(max=path.steps))
    sums = path.sums[times] @ path.vectors.T
    shape = (len(times), len(inputs), network.output_size)
    # Padded to `count` rows, so that one compilation serves every run of this shape.
    padding = ((0, count - len(times)), (0, 0), (0, 0))
    positions = np.pad(sums.reshape(shape), padding, mode="edge")
    dwelt = np.diff(positions, axis=0, append=positions[-1:])
    points = inputs if others is None else jnp.concatenate([inputs, others])
    found = _visit(
        network, points, jnp.asarray(positions), jnp.asarray(dwelt), jnp.asarray(len(times)), is_antisymmetric(network)
    )
    change, sideways, defect, drift = (np.asarray(values)[: len(times)] for values in found)
    return Snapshots(times, change, sideways, defect, drift)


@eqx.filter_jit
def _visit(
    network: TwoLayer,
    points: Float[Array, "p d"],
    positions: Float[Array, "g n k"],
    dwelt: Float[Array, "g n k"],
    count: Int[Array, ""],
    antisymmetric: bool,
) -> tuple[Float[Array, "g n1"], Float[Array, "g n1"], Float[Array, "g n1"], Float[Array, " g"]]:
    n, half, root = positions.shape[1], network.width // 2, np.sqrt(2.0)
    inputs = points[:n]

    def blocks(hidden: Float[Array, "d m"]) -> tuple[Float[Array, "p k h"], Float[Array, "p k h2"]]:
        """dF/dz along V and along U; everything and nothing for any other start."""
        slope, means, _ = sensitivity(network.moved_to(hidden), points)
        derivative = slope[:, None, :] * (network.output[None] - means[:, :, None])
        if not antisymmetric:
            return derivative, jnp.zeros_like(derivative[:, :, :1])
        first, second = derivative[:, :, :half], derivative[:, :, half:]
        return (first - second) / root, (first + second) / root

    gram = jnp.repeat(jnp.repeat(inputs @ inputs.T, network.output_size, 0), network.output_size, 1)

    def norms(derivative: Float[Array, "p k h"]) -> Float[Array, " n1"]:
        flat = derivative[:n].reshape(-1, derivative.shape[2])
        largest = jnp.linalg.eigvalsh(gram * (flat @ flat.T))[-1]
        single = (derivative[n:] ** 2).sum(axis=(1, 2)) * (points[n:] ** 2).sum(axis=1)
        return jnp.sqrt(jnp.maximum(jnp.concatenate([largest[None], single]), 0))

    def pulled(derivative: Float[Array, "p k h"], vector: Float[Array, "n k"]) -> Float[Array, "d h"]:
        return inputs.T @ jnp.einsum("nk,nkh->nh", vector, derivative[:n])

    def in_groups(rows: Float[Array, " p"]) -> Float[Array, " n1"]:
        """Norms over the training set, then at each new input."""
        return jnp.concatenate([jnp.linalg.norm(rows[:n])[None], rows[n:]]) * SLACK

    at_start, (start, _) = evaluated(network, points), blocks(network.hidden)
    # |D_i| |x_i| <= 2 a sqrt(sum phi^2) |x_i| bounds the rows of J0.
    size_of_start = in_groups(2 * at_start.output_norm * jnp.sqrt(at_start.energies) * at_start.norms)
    terms = gamma(network.width + network.input_size + 4)

    def one(index, state: tuple[Float[Array, "d h"], tuple]):
        sideways, rows = state
        along = -pulled(start, positions[index])
        moved = jnp.concatenate([sideways + along, sideways - along], axis=1) / root if antisymmetric else along
        hidden = network.hidden + moved
        forward, across = blocks(hidden)
        linear = jnp.einsum("pkh,ph->pk", start, points @ along)
        there = evaluated(network.moved_to(hidden), points)
        rest = there.outputs - at_start.outputs - linear
        length = jnp.linalg.norm(along)
        of_jacobian = in_groups(_jacobian_error(there)) + in_groups(_jacobian_error(at_start))
        placed = 2 * UNIT * (jnp.linalg.norm(hidden) + jnp.linalg.norm(network.hidden))
        of_defect = (
            in_groups(there.output_error + at_start.output_error)
            + (in_groups(_jacobian_error(at_start)) + terms * size_of_start) * length
            + size_of_start * placed
        )
        moving = jnp.where(jnp.any(moved != 0), 1.0, 0.0)
        row = (
            norms(forward - start) * SLACK + moving * of_jacobian,
            norms(across) * SLACK + moving * of_jacobian,
            in_groups(jnp.linalg.norm(rest, axis=1)) + moving * of_defect,
            jnp.linalg.norm(sideways),
        )
        rows = tuple(many.at[index].set(value) for many, value in zip(rows, row, strict=True))
        return sideways - pulled(across, dwelt[index]) if antisymmetric else sideways, rows

    empty = jnp.zeros((len(positions), 1 + len(points) - n), points.dtype)
    first = jnp.zeros((points.shape[1], half if antisymmetric else 1), points.dtype)
    return jax.lax.fori_loop(0, count, one, (first, (empty, empty, empty, empty[:, 0])))[1]


def _jacobian_error(at: Start) -> Float[Array, " p"]:
    """What rounding does to the rows of J that belong to each point, in Frobenius norm (`bounds.start`)."""
    return 4 * at.output_norm * at.relative_error * jnp.sqrt(at.energies) * at.norms
