"""Where do softmax and the exponential network part company, and where does each stop being certifiable?

On the unit sphere at scale 1 the two are alike. As the scale sigma of the weights grows, or the norm |x| of the inputs,
exp(z) is not normalized by anything. Only the product sigma |x| matters: multiplying the inputs by c and dividing the
weights by c leaves every z as it is, multiplies s0 by c and L by c^2, and so leaves h = L r0 / s0^2 as it is. So one
axis is enough. Measured at one width along it: h of Theorem A (below 1/2 the network is certified), the condition of
the kernel, and the number of steps that is proved to be enough. Every certified start is also trained for real.
"""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr

from softntk.certificates.convergence import Certificate, certify
from softntk.data.synthetic import sphere
from softntk.data.training_set import TrainingSet
from softntk.dynamics.descent import gradient_descent
from softntk.networks.features import FEATURES, features_named
from softntk.networks.initialization import paired
from softntk.networks.two_layer import TwoLayer
from softntk.studies.problems import title
from softntk.studies.study import Cell, Outcome, Parameters, Results, Study
from softntk.verdicts import at_most

__all__ = ["STUDY"]

NAMES = tuple(FEATURES)


def plan(parameters: Parameters) -> list[Cell]:
    return [Cell(name, partial(_along, name, parameters), weight=4.0) for name in NAMES]


def _along(name: str, parameters: Parameters) -> dict:
    data_key, start_key = jax.random.split(jax.random.key(parameters["seed"]))
    data = sphere(data_key, count=parameters["samples"], size=parameters["input_size"])
    found, slowest = [], 0.0
    for scale in parameters["scales"]:
        start = paired(
            start_key,
            input_size=parameters["input_size"],
            output_size=1,
            width=parameters["width"],
            features=features_named(name),
            scale=scale,
        )
        found.append(certify(start, data.inputs, data.labels, sharp=parameters["sharp"]))
        if found[-1].established:
            slowest = max(slowest, _slowest_step(start, data, found[-1], parameters["steps"]))
    return {
        "slowest": slowest,
        "h": [each.h for each in found],
        "h_flow": [each.h_flow for each in found],
        "lambda_min": [each.lambda_min for each in found],
        "condition": [each.b0**2 / each.s0**2 if each.s0 > 0 else float("inf") for each in found],
        "steps": [each.steps_to(parameters["loss"]) for each in found],
    }


def _slowest_step(start: TwoLayer, data: TrainingSet, proof: Certificate, steps: int) -> float:
    """The largest factor by which a step of the real run shrinks the residual, in units of the factor proved.

    An output is a sum of m terms, which is off by a few eps of the sum without signs; so much is granted to each step.
    """
    _, trace = gradient_descent(start, data.inputs, data.labels, step_size=proof.step_size, steps=steps)
    norms = np.sqrt(2 * np.asarray(trace.loss))
    sums = TwoLayer(start.hidden, jnp.abs(start.output), start.features)(data.inputs)
    noise = 16 * np.finfo(float).eps * float(jnp.linalg.norm(sums) + jnp.linalg.norm(data.labels))
    visible = norms[:-1] > 100 * noise
    factors = (norms[1:] - noise)[visible] / norms[:-1][visible]
    return float(np.max(factors, initial=0.0)) / proof.contraction


def conclude(parameters: Parameters, results: Results) -> Outcome:
    scales = parameters["scales"]
    words = {
        "h": "h of gradient descent, certified below 1/2",
        "h_flow": "h of gradient flow",
        "lambda_min": "smallest eigenvalue of the kernel",
        "condition": "lambda_max / lambda_min of the kernel",
        "steps": f"steps after which the loss is proved to be below {parameters['loss']:g}",
    }
    found = {entry: np.array([results[name][entry] for name in NAMES], float) for entry in words}
    arrays = xr.Dataset(
        {entry: (("features", "scale"), found[entry], {"long_name": words[entry]}) for entry in words},
        coords={"features": list(NAMES), "scale": scales},
    )
    findings = []
    for f, name in enumerate(NAMES):
        fine = [scale for scale, h in zip(scales, found["h"][f], strict=True) if h < 0.5]
        words_of_range = f"sigma |x| from {fine[0]:g} to {fine[-1]:g}" if fine else "no sigma |x|"
        findings.append(
            f"{title(name)}, m = {parameters['width']:,}: certified for {words_of_range}, of {scales[0]:g} to "
            f"{scales[-1]:g}."
        )
    verdicts = [
        at_most(
            f"{title(name)}, m = {parameters['width']:,}: every step of the runs from certified starts shrinks the "
            "residual at least as much as proved, up to rounding (worst factor over the one proved)",
            float(results[name]["slowest"]),
            1.0,
        )
        for f, name in enumerate(NAMES)
        if (found["h"][f] < 0.5).any()
    ]
    return Outcome(arrays, verdicts, findings)


STUDY = Study(
    name="scales",
    question="Where do softmax and the exponential network part company as weights or inputs grow?",
    presets={
        "quick": {
            "seed": 0,
            "samples": 20,
            "input_size": 10,
            "width": 1024,
            "loss": 1e-3,
            "steps": 100,
            "sharp": False,
            "scales": [0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0],
        },
        "full": {
            "seed": 0,
            "samples": 20,
            "input_size": 10,
            "width": 16384,
            "loss": 1e-3,
            "steps": 1000,
            "sharp": True,
            "scales": [0.125, 0.25, 0.35, 0.5, 0.71, 1.0, 1.41, 2.0, 2.83, 4.0, 8.0, 16.0, 32.0, 64.0],
        },
    },
    plan=plan,
    conclude=conclude,
)
