"""Many small networks at once: 128 of (n, d, m, k) = (64, 8, 256, 1), 500 steps each, float32, as one program.

Against a loop over the networks in PyTorch (eager, autograd), each trained as in `step.py`. The loop takes as long for
each network as for any other, so that 8 of the 128 are timed.
"""

import jax
import jax.numpy as jnp

from _timing import Claims, least_times, optional_torch
from softntk.dynamics import ensemble
from softntk.networks import Softmax, antisymmetric
from step import with_torch

N, D, M, K = 64, 8, 256, 1
NETWORKS, LOOPED, STEPS, ROUNDS = 128, 8, 500, 5


def main() -> None:
    claims = Claims(f"{NETWORKS} networks, {STEPS} steps, float32, JAX {jax.__version__}; least of {ROUNDS} rounds")
    torch = optional_torch()
    keys = jax.random.split(jax.random.key(0), 3)
    networks = jax.vmap(
        lambda key: antisymmetric(key, input_size=D, output_size=K, width=M, features=Softmax(), dtype="float32")
    )(jax.random.split(keys[0], NETWORKS))
    inputs = jax.random.normal(keys[1], (N, D), "float32")
    inputs = inputs / jnp.linalg.norm(inputs, axis=1, keepdims=True)
    labels = jax.random.rademacher(keys[2], (N, K), "float32")
    step_size = 0.01 / (M * N)

    def ours():
        ends, _ = ensemble(networks, inputs, labels, step_size=step_size, steps=STEPS, record_every=STEPS)
        return jax.block_until_ready(ends.hidden)

    contenders = {"softntk": (ours, NETWORKS)}
    if torch is not None:
        each = [jax.tree.map(lambda leaf, i=i: leaf[i], networks) for i in range(LOOPED)]
        runs = [with_torch(torch, network, inputs, labels, step_size, STEPS) for network in each]
        contenders["a PyTorch loop"] = (lambda: [run() for run in runs], LOOPED)
    times = {name: NETWORKS * time for name, time in least_times(contenders, rounds=ROUNDS).items()}
    if torch is not None:
        claims.faster(f"{NETWORKS} networks {(N, D, M, K)}", times, "softntk", "a PyTorch loop", 10.0)
    claims.leave()


if __name__ == "__main__":
    main()
