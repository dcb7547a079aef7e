# %% [markdown]
# # What normalizing over the neurons does to the spectrum
#
# All rates of convergence are rates in lambda, the smallest eigenvalue of the kernel. Softmax and exponential have
# analytic kernels, whose eigenvalues fall faster than any power; those of ReLU fall like a power. So in low dimension
# with many points lambda is tiny for softmax, and in high dimension it is larger than ReLU's.

# %%
import jax
import jax.numpy as jnp
import numpy as np

from softntk.data import sphere_inputs
from softntk.kernels import LimitKernel, extremes
from softntk.networks import FEATURES

jax.config.update("jax_enable_x64", True)

keys = jax.random.split(jax.random.key(0), 5)

# %%
print("lambda at n = 100, median of 5 draws; a value below its numerical error is zero")
for size in (3, 10, 30):
    draws = [sphere_inputs(key, count=100, size=size) for key in keys]
    for name, features in FEATURES.items():
        found = [extremes(LimitKernel(features)(inputs)) for inputs in draws]
        median = float(np.median([float(each.smallest) for each in found]))
        print(f"d = {size:2}  {name:12} {median:9.2e}  (error {float(found[0].smallest_radius):.0e})")

# %% [markdown]
# On the unit sphere the exponential kernel is $e^{\sigma^2}$ times the softmax kernel. Off it they part: the norms
# cancel in the softmax kernel only.

# %%
inputs = sphere_inputs(keys[0], count=20, size=5)
for length in (1.0, 2.0, 4.0):
    softmax, exponential = (LimitKernel(FEATURES[name])(length * inputs).max() for name in ("softmax", "exponential"))
    print(f"|x| = {length}: exponential / softmax = {exponential / softmax:.4g}, e^(|x|^2) = {jnp.exp(length**2):.4g}")
