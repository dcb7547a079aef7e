# %% [markdown]
# # Training keys
#
# The softmax network is cross-attention: the input is the query, the hidden weights are the keys, the values are fixed
# signs. Here attention learns a smooth target on the circle by moving its keys only.

# %%
import jax
import jax.numpy as jnp

from softntk.dynamics import gradient_descent
from softntk.networks import Softmax, antisymmetric, attend

jax.config.update("jax_enable_x64", True)

angles = jnp.linspace(0.0, 2 * jnp.pi, 24, endpoint=False)
queries = jnp.stack([jnp.cos(angles), jnp.sin(angles)], axis=1)
targets = jnp.sin(3 * angles)[:, None] / 2

# %%
for keys in (16, 128, 1024):
    start = antisymmetric(jax.random.key(0), input_size=2, output_size=1, width=keys, features=Softmax())
    trained, trace = gradient_descent(start, queries, targets, steps=1500, record_every=1500)
    gap = jnp.abs(attend(trained, queries) - trained(queries)).max()
    losses = f"loss {trace.loss[0]:.3f} -> {trace.loss[-1]:.4f}"
    print(f"{keys:4} keys: {losses}, moved {trace.distance[-1]:.2f}, attend differs by {gap:.0e}")

# %% [markdown]
# More keys, less way to go: the distance that the keys move shrinks like the inverse root of their number, which is why
# the kernel at the start describes wide attention.
