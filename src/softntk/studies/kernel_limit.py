"""How many neurons (or attention keys) does it take until a finite kernel looks like its limit?

Two measurements over many antisymmetric starts:

    error   mean of ||H - K (x) I||_F / ||K (x) I||_F over seeds, against the width m; the law is m^(-1/2)
    bias    mean of m (H(x, x) - K(x, x)) of the softmax network at one unit input, against the leading order of
            `kernels.fluctuations` (the other two networks are sums over neurons: their bias is exactly zero)

The law is asymptotic, and where exp(z) has heavy tails it sets in late: it is compared as an order. The exponent is
fitted to the mean errors by least squares in log-log, weighted by their standard errors. The width of a softmax network
is the number of keys of an attention head, so the same picture says how many keys it takes.
"""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr

from softntk.data.synthetic import sphere_inputs
from softntk.kernels.empirical import empirical_ntk
from softntk.kernels.fluctuations import fluctuation
from softntk.kernels.limit import LimitKernel
from softntk.networks.features import FEATURES, features_named
from softntk.networks.initialization import antisymmetric
from softntk.numerics.expectation import mean_and_error, power_law
from softntk.studies.problems import title
from softntk.studies.study import Cell, Outcome, Parameters, Results, Study
from softntk.verdicts import equal, order_only

__all__ = ["STUDY"]

NAMES = tuple(FEATURES)


def plan(parameters: Parameters) -> list[Cell]:
    errors = [
        Cell(
            f"error {name} {width}",
            partial(_errors, name, index, width, parameters),
            weight=0.5 + width * parameters["seeds"] / 4e4,
        )
        for name in NAMES
        for index, width in enumerate(parameters["widths"])
    ]
    return [*errors, Cell("entry", partial(_entries, parameters), weight=2.0)]


def _errors(name: str, index: int, width: int, parameters: Parameters) -> dict:
    features = features_named(name)
    inputs = sphere_inputs(
        jax.random.key(parameters["seed"]), count=parameters["samples"], size=parameters["input_size"]
    )
    limit = LimitKernel(features)(inputs)
    wanted = limit[:, None, :, None] * jnp.eye(parameters["outputs"])[None, :, None, :]

    @jax.jit
    def one(key: jax.Array) -> jax.Array:
        network = antisymmetric(
            key, input_size=inputs.shape[1], output_size=parameters["outputs"], width=width, features=features
        )
        return jnp.linalg.norm((empirical_ntk(network, inputs) - wanted).ravel())

    keys = jax.random.split(jax.random.key(parameters["seed"] + 1 + index), parameters["seeds"])
    return {"error": jax.lax.map(one, keys) / jnp.linalg.norm(wanted.ravel())}


def _entries(parameters: Parameters) -> dict:
    """m (H(x, x) - K(x, x)) for many softmax starts, its linear part removed; a unit input needs no size beyond one.

    The linear part of M2 / M1^2 in the two means has expectation zero, so removing it keeps the bias and takes away
    nearly all of the variance.
    """
    width = parameters["entry_width"]
    unit, features = jnp.ones((1, 1)), features_named("softmax")
    limit = LimitKernel(features)(unit)[0, 0]
    E1, E2 = jnp.exp(0.5), jnp.exp(2.0)

    @jax.jit
    def one(key: jax.Array) -> tuple[jax.Array, jax.Array]:
        network = antisymmetric(key, input_size=1, output_size=1, width=width, features=features)
        entry = empirical_ntk(network, unit)[0, 0, 0, 0] - limit
        first, second = (jnp.exp(p * network.hidden).mean() for p in (1, 2))
        linear = (second - E2) / E1**2 - 2 * E2 / E1**3 * (first - E1)
        return entry, width * (entry - linear)

    entry, reduced = jax.lax.map(
        one, jax.random.split(jax.random.key(parameters["seed"] + 1000), parameters["entry_seeds"]), batch_size=64
    )
    return {"entry": entry, "reduced": reduced}


def conclude(parameters: Parameters, results: Results) -> Outcome:
    widths = np.array(parameters["widths"])
    error = {name: [mean_and_error(results[f"error {name} {width}"]["error"]) for width in widths] for name in NAMES}
    mean = np.array([[e.mean for e in error[name]] for name in NAMES])
    standard_error = np.array([[e.error for e in error[name]] for name in NAMES])
    laws = [power_law(widths, mean[i], standard_error[i]) for i in range(len(NAMES))]
    bias = mean_and_error(results["entry"]["reduced"])
    spread = results["entry"]["entry"].std(ddof=1) * np.sqrt(parameters["entry_width"])
    theory = fluctuation(features_named("softmax"))

    verdicts = [
        order_only(
            f"{title(name)}: the kernel's error falls like m^(-1/2)",
            f"fitted exponent {law.exponent:.3f} ± {law.error:.3f} for m = {widths[0]:,} to {widths[-1]:,}",
            law.exponent,
            -0.5,
        )
        for name, law in zip(NAMES, laws, strict=True)
    ]
    verdicts.append(
        equal(
            f"softmax: bias of H(x, x) times m, at m = {parameters['entry_width']:,}, to leading order",
            bias.mean,
            theory.bias,
            error=4 * bias.error,
        )
    )
    findings = []
    for i, name in enumerate(NAMES):
        findings.append(
            f"{title(name)}: relative error {mean[i, -1]:.3f} ± {standard_error[i, -1]:.3f} at m = {widths[-1]:,}."
        )
    findings.append(
        f"softmax has a bias of ({bias.mean:.1f} ± {bias.error:.1f})/m at a unit input, theory {theory.bias:.1f}/m, "
        f"beside a limit of {np.e:.3f}."
    )
    arrays = xr.Dataset(
        {
            "error": (
                ("features", "width"),
                mean,
                {"long_name": "relative error of the finite kernel, mean over seeds"},
            ),
            "error_se": (("features", "width"), standard_error, {"long_name": "standard error of the mean"}),
            "exponent": (
                "features",
                [law.exponent for law in laws],
                {"long_name": "fitted exponent of the error in m"},
            ),
            "exponent_se": ("features", [law.error for law in laws], {"long_name": "standard error of the exponent"}),
            "bias": ((), bias.mean, {"long_name": "measured bias of the softmax H(x, x) times m"}),
            "bias_se": ((), bias.error, {"long_name": "standard error of the bias"}),
            "bias_theory": ((), theory.bias, {"long_name": "leading-order bias times m"}),
            "spread": ((), spread, {"long_name": "measured spread of the softmax H(x, x) times sqrt(m)"}),
            "spread_theory": ((), theory.spread, {"long_name": "leading-order spread times sqrt(m)"}),
        },
        coords={"features": list(NAMES), "width": widths},
    )
    return Outcome(arrays, verdicts, findings)


STUDY = Study(
    name="kernel_limit",
    question="How wide must a network be (how many keys must attention have) before its kernel looks like the limit?",
    presets={
        "quick": {
            "seed": 1,
            "samples": 16,
            "input_size": 8,
            "outputs": 2,
            "seeds": 24,
            "widths": [256, 4096, 16384],
            "entry_width": 4096,
            "entry_seeds": 2048,
        },
        "full": {
            "seed": 1,
            "samples": 64,
            "input_size": 16,
            "outputs": 4,
            "seeds": 64,
            "widths": [256, 512, 1024, 2048, 4096, 8192, 16384, 32768, 65536],
            "entry_width": 16384,
            "entry_seeds": 32768,
        },
    },
    plan=plan,
    conclude=conclude,
)
