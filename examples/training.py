# %% [markdown]
# # One run, three descriptions of it
#
# What gradient descent did, what the linearized network predicts for it, and what the convergence theorem asks for.

# %%
import jax

from softntk.data import load
from softntk.dynamics import gradient_descent, linearize
from softntk.kernels import empirical_ntk, extremes
from softntk.networks import FEATURES, antisymmetric
from softntk.theorems import guarantee_named

jax.config.update("jax_enable_x64", True)

data_key, start_key = jax.random.split(jax.random.key(0))
data, preparation = load("breast_cancer", count=50, key=data_key)

# %%
for name, features in FEATURES.items():
    network = antisymmetric(start_key, input_size=data.input_size, output_size=1, width=4096, features=features)
    _, trace = gradient_descent(network, data.inputs, data.labels, steps=300, record_every=100)
    predicted = linearize(network, data.inputs, data.labels, step_size=float(trace.step_size))
    print(name)
    for step, loss, distance in zip(trace.steps, trace.loss, trace.distance, strict=True):
        expected = predicted.loss(int(step))
        print(f"  step {step:3}  loss {loss:8.3e}  linearized {expected:8.3e}  moved {distance:.3f}")

# %% [markdown]
# The same numbers go into the paper's theorem. It hides constants, so its answer is *order only*.

# %%
network = antisymmetric(start_key, input_size=data.input_size, output_size=1, width=4096, features=FEATURES["softmax"])
lambda_min = float(extremes(empirical_ntk(network, data.inputs)).smallest)
promise = guarantee_named("softmax-convergence").evaluate(
    n=data.count, k=1, delta=0.01, sigma=1.0, lambda_min=lambda_min, epsilon=1e-3
)
print(f"lambda = {lambda_min:.2g}; width asked for: 10^{promise.promised['log10_width']:.0f}; in use: 4096")
print(promise.verdict())
