"""Where do softmax and the exponential network part company, and where does each stop being certifiable?

On the unit sphere at scale 1 the two are alike. As the scale sigma of the weights grows, or the norm |x| of the inputs,
exp(z) is not normalized by anything. Only the product sigma |x| matters: multiplying the inputs by c and dividing the
weights by c leaves every z as it is, multiplies s0 by c and L by c^2, and so leaves h = L r0 / s0^2 as it is. So one
axis is enough. Measured at one width along it, in float64: h of Theorem A (convergence below 1/2), the condition of the
kernel, and the number of steps that is then enough. Every start with h < 1/2 is also trained for real.

Then inputs whose norms differ, log-uniform between 1 and r, at scale 1: the condition of the kernel against r. A
condition that float64 cannot tell from that of a singular matrix is infinite.
"""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr

from softntk.certificates.convergence import certify
from softntk.certificates.promises import Certificate
from softntk.data.synthetic import sphere, sphere_inputs
from softntk.data.training_set import TrainingSet
from softntk.dynamics.descent import gradient_descent
from softntk.kernels.empirical import empirical_ntk
from softntk.kernels.spectra import extremes
from softntk.networks.features import FEATURES, features_named
from softntk.networks.initialization import antisymmetric
from softntk.networks.two_layer import TwoLayer
from softntk.studies.problems import title
from softntk.studies.study import Cell, Outcome, Parameters, Results, Study
from softntk.verdicts import at_most

__all__ = ["STUDY"]

NAMES = tuple(FEATURES)


def plan(parameters: Parameters) -> list[Cell]:
    along = [Cell(name, partial(_draws, name, parameters), weight=4.0) for name in NAMES]
    return along + [Cell(f"norms {name}", partial(_norms, name, parameters), weight=1.0) for name in NAMES]


def _draws(name: str, parameters: Parameters) -> dict:
    found = [_along(name, parameters["seed"] + draw, parameters) for draw in range(parameters["draws"])]
    return {entry: np.stack([each[entry] for each in found]) for entry in found[0]}


def _along(name: str, seed: int, parameters: Parameters) -> dict:
    data_key, start_key = jax.random.split(jax.random.key(seed))
    data = sphere(data_key, count=parameters["samples"], size=parameters["input_size"])
    found, slowest = [], 0.0
    for scale in parameters["scales"]:
        start = antisymmetric(
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


def _norms(name: str, parameters: Parameters) -> dict:
    """Condition of the kernel (draw, spread) where norms are log-uniform between 1 and the spread."""
    features = features_named(name)
    found = []
    for draw in range(parameters["draws"]):
        data_key, start_key, norm_key = jax.random.split(jax.random.key(parameters["seed"] + draw), 3)
        inputs = sphere_inputs(data_key, count=parameters["samples"], size=parameters["input_size"])
        start = antisymmetric(
            start_key, input_size=parameters["input_size"], output_size=1, width=parameters["width"], features=features
        )
        # Both ends are among the norms, so that r is their ratio.
        logarithms = jax.random.uniform(norm_key, (parameters["samples"],)).at[0].set(0.0).at[-1].set(1.0)
        found.append([_condition(start, inputs, logarithms, spread) for spread in parameters["spreads"]])
    return {"condition": np.array(found)}


def _condition(start: TwoLayer, inputs: jax.Array, logarithms: jax.Array, spread: float) -> float:
    around = extremes(empirical_ntk(start, inputs * (spread**logarithms)[:, None]))
    if not float(around.smallest) > float(around.smallest_radius):
        return float("inf")
    return float(around.largest) / float(around.smallest)


def _slowest_step(start: TwoLayer, data: TrainingSet, proof: Certificate, steps: int) -> float:
    """The largest factor by which a step of the real run shrinks the residual, in units of the factor promised.

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
        "h": "h of gradient descent, convergence below 1/2",
        "h_flow": "h of gradient flow",
        "lambda_min": "smallest eigenvalue of the kernel",
        "condition": "lambda_max / lambda_min of the kernel",
        "steps": f"steps after which the loss is below {parameters['loss']:g} by Theorem A",
    }
    found = {entry: np.array([results[name][entry] for name in NAMES], float) for entry in words}
    apart = np.array([results[f"norms {name}"]["condition"] for name in NAMES])
    arrays = xr.Dataset(
        {entry: (("features", "draw", "scale"), found[entry], {"long_name": words[entry]}) for entry in words}
        | {
            "condition_of_norms": (
                ("features", "draw", "spread"),
                apart,
                {"long_name": "lambda_max / lambda_min where norms differ, infinite beyond float64"},
            )
        },
        coords={"features": list(NAMES), "scale": scales, "spread": parameters["spreads"]},
    )
    findings = []
    for f, name in enumerate(NAMES):
        fine = [scale for scale, h in zip(scales, found["h"][f].T, strict=True) if (h < 0.5).all()]
        words_of_range = f"sigma |x| from {fine[0]:g} to {fine[-1]:g}" if fine else "no sigma |x|"
        findings.append(
            f"{title(name)}, m = {parameters['width']:,}: h < 1/2 at all {parameters['draws']} starts for "
            f"{words_of_range}, of {scales[0]:g} to {scales[-1]:g}."
        )
    verdicts = [
        at_most(
            f"{title(name)}, m = {parameters['width']:,}: every step of the runs from starts with h < 1/2 shrinks the "
            "residual at least as much as Theorem A says, up to rounding (worst factor over the one promised)",
            float(results[name]["slowest"].max()),
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
            "draws": 5,
            "samples": 20,
            "input_size": 10,
            "width": 1024,
            "loss": 1e-3,
            "steps": 100,
            "sharp": False,
            "scales": [0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0],
            "spreads": [1.0, 2.0, 4.0, 8.0],
        },
        "full": {
            "seed": 0,
            "draws": 5,
            "samples": 20,
            "input_size": 10,
            "width": 16384,
            "loss": 1e-3,
            "steps": 1000,
            "sharp": True,
            "scales": [0.125, 0.25, 0.35, 0.5, 0.71, 1.0, 1.41, 2.0, 2.83, 4.0, 8.0, 16.0, 32.0, 64.0],
            "spreads": [1.0, 1.41, 2.0, 2.83, 4.0, 5.66, 8.0, 11.3, 16.0],
        },
    },
    plan=plan,
    conclude=conclude,
)
