"""Does the kernel's complexity say anything about the test error, and does normalization help?

For each data set, number of samples and kernel: the test error of the limit kernel's interpolant, of a finite network
trained by gradient descent, and two statements about them:

    complexity   2 sqrt(tr K y^T K^-1 y) / n        order only
    bound        with every constant visible        an upper bound on the clipped loss, hence on the error

Errors are shares of wrong signs on held-out rows; the standard error of the limit's is binomial, that of the network
is over seeds.

References: arXiv 1901.08584, Theorem 5.1; Rademacher bound (Bartlett and Mendelson 2002).
"""

from dataclasses import replace
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr

from softntk.dynamics.ensembles import ensemble
from softntk.kernels.limit import LimitKernel
from softntk.networks.features import FEATURES, features_named
from softntk.networks.initialization import antisymmetric
from softntk.numerics.eigen import dense_radius
from softntk.studies.problems import problem, title
from softntk.studies.study import Cell, Outcome, Parameters, Results, Study
from softntk.theorems.generalization import GENERALIZATION, GENERALIZATION_EXPLICIT
from softntk.verdicts import Verdict, at_most

__all__ = ["STUDY"]

NAMES = tuple(FEATURES)


def plan(parameters: Parameters) -> list[Cell]:
    return [
        Cell(_name(source, name, count), partial(_measure, source, name, count, parameters), weight=1 + count / 100)
        for source in parameters["data"]
        for name in NAMES
        for count in parameters["counts"]
    ]


def _name(source: str, name: str, count: int) -> str:
    return f"{name}, n = {count}, {title(source)}"


def _measure(source: str, name: str, count: int, parameters: Parameters) -> dict:
    data_key, start_key = jax.random.split(jax.random.key(parameters["seed"]))
    inputs, labels, test_inputs, test_labels = problem(source, data_key, count=count)
    features = features_named(name)
    kernel = LimitKernel(features)(inputs)
    values, vectors = jnp.linalg.eigh(kernel)
    weights = vectors @ ((vectors.T @ labels) / values[:, None])
    limit = LimitKernel(features)(test_inputs, inputs) @ weights

    starts = jax.vmap(
        lambda key: antisymmetric(
            key, input_size=inputs.shape[1], output_size=1, width=parameters["width"], features=features
        )
    )(jax.random.split(start_key, parameters["seeds"]))
    trained, _ = ensemble(starts, inputs, labels, steps=parameters["steps"], record_every=parameters["steps"])
    outputs = jax.vmap(lambda network: network(test_inputs))(trained)
    return {
        "limit_error": jnp.mean(jnp.sign(limit) != test_labels),
        "limit_clipped": jnp.minimum(jnp.abs(limit - test_labels), 1).ravel(),
        "network_error": jnp.mean(jnp.sign(outputs) != test_labels[None], axis=(1, 2)),
        "norm_squared": jnp.sum(labels * weights),
        "trace": jnp.trace(kernel),
        "largest": kernel.diagonal().max(),
        "lambda_min": values[0],
        "lambda_error": dense_radius(values),
    }


def conclude(parameters: Parameters, results: Results) -> Outcome:
    data, counts = parameters["data"], parameters["counts"]
    shape = (len(data), len(NAMES), len(counts))
    measured = {key: np.full(shape, np.nan) for key in ("limit", "limit_se", "network", "network_se", "order", "bound")}
    verdicts: list[Verdict] = []
    for place in np.ndindex(shape):
        source, name, count = data[place[0]], NAMES[place[1]], counts[place[2]]
        found = results[_name(source, name, count)]
        tests = found["limit_clipped"].size
        share, seeds = float(found["limit_error"]), found["network_error"]
        measured["limit"][place], measured["limit_se"][place] = share, np.sqrt(share * (1 - share) / tests)
        measured["network"][place] = seeds.mean()
        measured["network_se"][place] = seeds.std(ddof=1) / np.sqrt(seeds.size)
        numbers: dict[str, Any] = {
            "n": count,
            "trace": float(found["trace"]),
            "norm_squared": float(found["norm_squared"]),
        }
        known: dict[str, Any] = {
            "lambda_min": float(found["lambda_min"]),
            "lambda_radius": float(found["lambda_error"]),
        }
        known = {key: value for key, value in known.items() if key in GENERALIZATION.symbols}
        order = GENERALIZATION.evaluate(**numbers, **known)
        bound = GENERALIZATION_EXPLICIT.evaluate(
            **numbers, **known, largest_diagonal=float(found["largest"]), delta=parameters["delta"]
        )
        measured["order"][place] = order.promised["complexity"]
        measured["bound"][place] = bound.promised["test_error"]
        clipped = found["limit_clipped"]
        verdict = at_most(
            f"{title(name)} on {title(source)}, n = {count}: clipped test loss of the limit's interpolant",
            float(clipped.mean()),
            bound.promised["test_error"],
            error=3 * float(clipped.std() / np.sqrt(tests)),
        )
        if measured["bound"][place] >= 1:
            verdict = replace(verdict, reason=f"{verdict.reason}: a bound above 1 says nothing of a loss up to 1")
        verdicts.append(verdict)
    words = {
        "limit": "test error of the limit's interpolant",
        "limit_se": "its binomial standard error",
        "network": "test error of the finite network, mean over seeds",
        "network_se": "its standard error over seeds",
        "order": "2 sqrt(tr K y^T K^-1 y)/n",
        "bound": "upper bound with every constant visible",
    }
    arrays = xr.Dataset(
        {key: (("data", "features", "samples"), measured[key], {"long_name": words[key]}) for key in measured},
        coords={"data": data, "features": list(NAMES), "samples": counts},
    )
    return Outcome(arrays, verdicts, _findings(parameters, arrays))


def _findings(parameters: Parameters, arrays: xr.Dataset) -> list[str]:
    findings, n = [], parameters["counts"][-1]
    for source in parameters["data"]:
        last = arrays.sel(data=source, samples=n)
        words = "; ".join(
            f"{title(name)} {float(last['limit'].sel(features=name)):.1%} ± "
            f"{float(last['limit_se'].sel(features=name)):.1%} "
            f"(network {float(last['network'].sel(features=name)):.1%}, "
            f"complexity {float(last['order'].sel(features=name)):.2f})"
            for name in NAMES
        )
        findings.append(f"{title(source)}, n = {n}: test error {words}.")
    return findings


STUDY = Study(
    weight=2.3,
    name="generalization",
    question="Does the kernel's complexity predict the test error, and does normalization help?",
    presets={
        "quick": {
            "seed": 0,
            "data": ["digits_parity"],
            "counts": [50, 200],
            "width": 1024,
            "seeds": 5,
            "steps": 300,
            "delta": 0.01,
        },
        "full": {
            "seed": 0,
            "data": ["digits_parity", "breast_cancer"],
            "counts": [50, 100, 200, 400],
            "width": 8192,
            "seeds": 10,
            "steps": 3000,
            "delta": 0.01,
        },
    },
    plan=plan,
    conclude=conclude,
)
