"""The tangent kernel of one finite network, float32, against the usual recipe: the Jacobian of every sample by reverse
differentiation (`vmap` of `jacrev`), contracted over the weights.

The recipe holds n k d m numbers; the closed form should hold about n m k + (nk)^2. What either allocates is what XLA
reports for the compiled program: temporary arrays and the result.
"""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from _timing import Claims, least_times
from softntk.kernels import empirical_ntk
from softntk.networks import Softmax, TwoLayer, antisymmetric

SHAPES = ((64, 16, 4096, 8), (512, 16, 4096, 1))
ROUNDS = 7


def recipe(hidden, output, inputs):
    """J J^T / m from per-sample Jacobians of the network as it is written down."""

    def outputs(hidden, x):
        return hidden.shape[1] * output @ jax.nn.softmax(x @ hidden)

    jacobian = jax.vmap(jax.jacrev(outputs), (None, 0))(hidden, inputs)
    return jnp.einsum("iadm,jbdm->iajb", jacobian, jacobian) / hidden.shape[1]


def closed_form(hidden, output, inputs):
    return empirical_ntk(TwoLayer(hidden, output, Softmax()), inputs)


def numbers_held(function, arrays) -> float:
    """Temporary arrays and result of the compiled function, in float32 numbers."""
    memory = jax.jit(function).lower(*arrays).compile().memory_analysis()
    return (memory.temp_size_in_bytes + memory.output_size_in_bytes) / 4


def main() -> None:
    claims = Claims(f"Finite tangent kernel, float32, JAX {jax.__version__}; least of {ROUNDS} interleaved rounds")
    for n, d, m, k in SHAPES:
        keys = jax.random.split(jax.random.key(0))
        network = antisymmetric(keys[0], input_size=d, output_size=k, width=m, features=Softmax(), dtype="float32")
        inputs = jax.random.normal(keys[1], (n, d), "float32") / np.sqrt(d)
        arrays = (network.hidden, network.output, inputs)
        runs = {
            "softntk": partial(empirical_ntk, network, inputs),
            "the jacrev recipe": partial(jax.jit(recipe), *arrays),
        }
        kernel, truth = (run() for run in runs.values())
        difference = float(jnp.abs(kernel - truth).max() / jnp.abs(truth).max())
        waiting = {name: (lambda run=run: jax.block_until_ready(run()), 1) for name, run in runs.items()}
        times = least_times(waiting, rounds=ROUNDS)
        name = f"(n, d, m, k) = {(n, d, m, k)}"
        claims.faster(name, times, "softntk", "the jacrev recipe", 10.0)
        held, least = numbers_held(closed_form, arrays), n * m * k + (n * k) ** 2
        claims.line(
            f"{name}: memory of at most 2.5 (n m k + (nk)^2) numbers",
            f"{held / least:.2f} times (the recipe: {numbers_held(recipe, arrays) / least:.1f} times)",
            held <= 2.5 * least,
        )
        claims.line(f"{name}: the same kernel, to 1e-4", f"relative difference {difference:.1e}", difference <= 1e-4)
    claims.leave()


if __name__ == "__main__":
    main()
