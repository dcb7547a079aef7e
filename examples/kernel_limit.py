# %% [markdown]
# # How wide before a kernel looks like its limit?
#
# The tangent kernel of a finite network fluctuates around the closed form of the infinitely wide one, with tails so
# heavy that thousands of neurons are needed. Every error below has a standard error over 16 networks.

# %%
import jax
import jax.numpy as jnp

from softntk.data import sphere_inputs
from softntk.kernels import LimitKernel, empirical_ntk
from softntk.networks import FEATURES, antisymmetric

jax.config.update("jax_enable_x64", True)

data_key, start_key = jax.random.split(jax.random.key(0))
inputs = sphere_inputs(data_key, count=8, size=5)
keys = jax.random.split(start_key, 16)


# %%
def relative_errors(features, width):
    """Errors of the kernels of 16 networks, in Frobenius norm, relative to the limit."""
    limit = LimitKernel(features)(inputs)

    @jax.jit
    @jax.vmap
    def error(key):
        network = antisymmetric(key, input_size=5, output_size=1, width=width, features=features)
        return jnp.linalg.norm(empirical_ntk(network, inputs)[:, 0, :, 0] - limit) / jnp.linalg.norm(limit)

    return error(keys)


# %%
print("relative error of the finite kernel, mean and standard error")
widths = (256, 4096)
for name, features in FEATURES.items():
    errors = [relative_errors(features, width) for width in widths]
    cells = [f"m = {m}: {e.mean():.3f} ± {e.std(ddof=1) / 4:.3f}" for m, e in zip(widths, errors, strict=True)]
    print(f"{name:12}", "   ".join(cells))

# %% [markdown]
# Sixteen times the width, a quarter of the error: the law is $m^{-1/2}$, which softmax follows only from about a
# thousand neurons on. ReLU's kernel counts neurons and is the quietest; the other two average exponentials.
