"""One step of gradient descent on the softmax network, float32.

Against PyTorch (eager, autograd), against the plain network under `jax.value_and_grad` in the same scan, and, where
matrix products are most of the work, against the four products alone:

    X W (n d m),    E A^T (n m k),    R A (n k m),    X^T M (d n m)

in the same scan, each made from the one before and the last one moving W, so that none is optimized away.
The start is the antisymmetric one: `gradient_descent` sees that half of the output weights repeat the others with
opposite signs and does half of the second and third product. The others do all of them.
A run of t steps of `gradient_descent` evaluates the network t + 1 times; all of it is counted.
"""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from _timing import Claims, least_times, optional_torch
from softntk.dynamics import gradient_descent
from softntk.networks import Softmax, antisymmetric


class Case(NamedTuple):
    """Steps of one timed run, those of PyTorch, rounds, and by how much plain autodiff is to be beaten."""

    steps: int
    torch_steps: int
    rounds: int
    factor: float


#: (n, d, m, k) -> how it is run.
CASES = {
    (256, 64, 16384, 64): Case(steps=40, torch_steps=10, rounds=12, factor=1.0),
    (1000, 10, 65536, 1): Case(steps=10, torch_steps=2, rounds=5, factor=1.5),
    (64, 8, 1024, 1): Case(steps=2000, torch_steps=500, rounds=8, factor=1.0),
    (64, 8, 1024, 8): Case(steps=2000, torch_steps=500, rounds=8, factor=1.0),
}
PRODUCTS_SHAPE = (256, 64, 16384, 64)


def problem(n: int, d: int, m: int, k: int):
    """An antisymmetric network, inputs on the unit sphere, labels +-1, and a step so small that nothing diverges."""
    keys = jax.random.split(jax.random.key(0), 3)
    network = antisymmetric(keys[0], input_size=d, output_size=k, width=m, features=Softmax(), dtype="float32")
    inputs = jax.random.normal(keys[1], (n, d), "float32")
    labels = jax.random.rademacher(keys[2], (n, k), "float32")
    return network, inputs / jnp.linalg.norm(inputs, axis=1, keepdims=True), labels, 0.01 / (m * n)


@partial(jax.jit, static_argnames="steps")
def plain(hidden, output, inputs, labels, step_size, steps):
    """The same descent by automatic differentiation of the network as it is written down."""

    def loss(hidden):
        outputs = hidden.shape[1] * jax.nn.softmax(inputs @ hidden, axis=1) @ output.T
        return 0.5 * jnp.sum((outputs - labels) ** 2)

    def step(hidden, _):
        value, gradient = jax.value_and_grad(loss)(hidden)
        return hidden - step_size * gradient, value

    return jax.lax.scan(step, hidden, length=steps)


@partial(jax.jit, static_argnames="steps")
def products(hidden, output, inputs, labels, step_size, steps):
    """The four matrix products of a step and nothing else."""

    def step(hidden, _):
        mixed = ((inputs @ hidden) @ output.T) @ output
        return hidden - step_size * (inputs.T @ mixed), labels[0, 0]

    return jax.lax.scan(step, hidden, length=steps)


def with_torch(torch, network, inputs, labels, step_size, steps):
    """The same descent in PyTorch, eager mode."""
    output, inputs, labels, hidden = (
        torch.from_numpy(np.array(array)) for array in (network.output, inputs, labels, network.hidden)
    )
    width = hidden.shape[1]

    def run():
        weights = hidden.clone().requires_grad_()
        for _ in range(steps):
            outputs = width * torch.softmax(inputs @ weights, dim=1) @ output.T
            loss = 0.5 * ((outputs - labels) ** 2).sum()
            (gradient,) = torch.autograd.grad(loss, weights)
            with torch.no_grad():
                weights -= step_size * gradient
        return weights

    return run


def main() -> None:
    claims = Claims(f"One step of gradient descent, float32, JAX {jax.__version__}; least time of interleaved rounds")
    torch = optional_torch()
    for shape, (steps, torch_steps, rounds, factor) in CASES.items():
        network, inputs, labels, step_size = problem(*shape)
        arrays = (network.hidden, network.output, inputs, labels, step_size)

        def ours(run=(network, inputs, labels), eta=step_size, t=steps):
            return jax.block_until_ready(gradient_descent(*run, step_size=eta, steps=t, record_every=t)[0].hidden)

        def compiled(function, arrays=arrays, t=steps):
            return lambda: jax.block_until_ready(function(*arrays, steps=t))

        contenders = {"softntk": (ours, steps), "plain value_and_grad": (compiled(plain), steps)}
        if shape == PRODUCTS_SHAPE:
            contenders["its four bare matrix products"] = (compiled(products), steps)
        if torch is not None:
            contenders["PyTorch"] = (with_torch(torch, network, inputs, labels, step_size, torch_steps), torch_steps)
        times = least_times(contenders, rounds=rounds)
        factors = {"PyTorch": 2.0, "plain value_and_grad": factor, "its four bare matrix products": 1 / 1.25}
        for other in contenders:
            if other in factors:
                claims.faster(f"(n, d, m, k) = {shape}", times, "softntk", other, factors[other])
    claims.leave()


if __name__ == "__main__":
    main()
