"""Does a trained network estimate the score as its kernel limit does, and how far apart are the two?

Networks of growing width learn the denoiser of the mixture of three Gaussians from the same pairs by full-batch
gradient descent. At every leg of the run, after t steps, beside the kernel limit's gradient flow at the same time
tau = eta m N t:

    error      E|f - f*|^2 of the network and of the flow
    coupling   E|f_network - f_flow|^2

By the triangle inequality the roots of the two errors differ by at most the root of the coupling, so how small the
coupling is, is what matters. It falls with the width, and grows with the time.
"""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr

from softntk.data.mixture import mixture_named
from softntk.diffusion.exact import MixtureDenoiser
from softntk.diffusion.kernel_flow import flow_of_pairs
from softntk.diffusion.matching import TimeLaw, noisy_samples
from softntk.diffusion.network_flow import train_network
from softntk.diffusion.process import Constant
from softntk.diffusion.task import make_task
from softntk.kernels.limit import LimitKernel
from softntk.networks.features import FEATURES, features_named
from softntk.networks.initialization import antisymmetric
from softntk.studies.problems import title
from softntk.studies.study import Cell, Outcome, Parameters, Results, Study

__all__ = ["STUDY"]

NAMES = tuple(FEATURES)
_WEIGHT_OF_TIME = 0.5


def plan(parameters: Parameters) -> list[Cell]:
    return [
        Cell(f"{name}, m = {width}", partial(_run, name, width, parameters), weight=0.5 + width / 1024)
        for name in NAMES
        for width in parameters["widths"]
    ]


def _run(name: str, width: int, parameters: Parameters) -> dict:
    found = [_compared(name, width, draw, parameters) for draw in range(parameters["draws"])]
    return {key: np.stack([each[key] for each in found]) for key in found[0]}


def _compared(name: str, width: int, draw: int, parameters: Parameters) -> dict[str, np.ndarray]:
    key = jax.random.fold_in(jax.random.key(parameters["seed"]), draw)
    clean_key, fresh_key, view_key, task_key, start_key, mark_key = jax.random.split(key, 6)
    mixture, process, law = mixture_named(parameters["mixture"]), Constant(), TimeLaw()
    clean = mixture.sample(clean_key, parameters["samples"])
    fresh = noisy_samples(view_key, mixture.sample(fresh_key, parameters["fresh"]), process, law=law)
    truth = MixtureDenoiser(process, mixture)(fresh.times, fresh.points)
    task = make_task(task_key, clean, process, law, copies=parameters["views"], validation_copies=4)
    preconditioning, pairs = task.pairs(_WEIGHT_OF_TIME, refit=True)
    scale = parameters["scales"][name]
    start = antisymmetric(
        start_key,
        input_size=mixture.size + 2,
        output_size=mixture.size,
        width=width,
        features=features_named(name),
        scale=scale,
        dtype=jnp.float32,
    )
    kernel = LimitKernel(features_named(name), scale)
    path = flow_of_pairs(mark_key, kernel, pairs, count=parameters["landmarks"])
    inputs, size = preconditioning.ball(fresh.times, fresh.points), preconditioning.size(fresh.times)[:, None]
    base = preconditioning.baseline(fresh.times, fresh.points)
    outputs = []
    run = train_network(
        start,
        pairs,
        chunks=parameters["legs"],
        chunk_steps=parameters["leg_steps"],
        held_out_error=lambda network: outputs.append(network(inputs.astype(jnp.float32)).astype(float)) or 0.0,
        patience=parameters["legs"],
    )
    taus = run.at * run.time_of_step
    flow = jnp.asarray(path.predictions(inputs, taus=taus))

    def mean(rows: jax.Array) -> jax.Array:
        return (rows**2).sum(axis=-1).mean(axis=-1)

    network = jnp.stack(outputs)
    return {
        "network": np.asarray(mean((base - truth)[None] + size[None] * network)),
        "flow": np.asarray(mean((base - truth)[None] + size[None] * flow)),
        "coupling": np.asarray(mean(size[None] * (network - flow))),
        "steps": run.at,
        "tau": taus,
        "affine": np.asarray(mean(base - truth)),
    }


def conclude(parameters: Parameters, results: Results) -> Outcome:
    widths = parameters["widths"]

    def gathered(entry: str) -> np.ndarray:
        return np.array([[results[f"{name}, m = {width}"][entry] for width in widths] for name in NAMES])

    dims = ("features", "width", "draw", "leg")
    arrays = xr.Dataset(
        {
            "network": (dims, gathered("network"), {"long_name": "error of the network"}),
            "flow": (dims, gathered("flow"), {"long_name": "error of the kernel's flow at the same time"}),
            "coupling": (dims, gathered("coupling"), {"long_name": "mean square distance of the two"}),
            "affine": (dims[:3], gathered("affine"), {"long_name": "error of the best affine denoiser"}),
            "tau": (dims, gathered("tau"), {"long_name": "flow time"}),
        },
        coords={"features": list(NAMES), "width": widths, "step": ("leg", gathered("steps")[0, 0, 0])},
    )
    findings = []
    near = arrays["coupling"].isel(leg=-1).mean("draw")
    for name in NAMES:
        words = ", ".join(f"{float(near.sel(features=name, width=width)):.2g} at m = {width:,}" for width in widths)
        findings.append(f"{title(name)}: mean square distance to the kernel's flow {words}.")
    return Outcome(arrays, [], findings)


STUDY = Study(
    weight=5.8,
    name="score_network",
    question="Does a trained network estimate the score as its kernel limit does?",
    presets={
        "quick": {
            "seed": 0,
            "draws": 5,
            "mixture": "three-gaussians",
            "samples": 200,
            "views": 4,
            "widths": [64, 1024],
            "scales": {"softmax": 1.0, "exponential": 1.0, "relu": 1.0},
            "legs": 3,
            "leg_steps": 40,
            "fresh": 500,
            "landmarks": 200,
        },
        "full": {
            "seed": 0,
            "draws": 5,
            "mixture": "three-gaussians",
            "samples": 1000,
            "views": 4,
            "widths": [256, 1024, 4096],
            "scales": {"softmax": 1.0, "exponential": 1.0, "relu": 1.0},
            "legs": 10,
            "leg_steps": 200,
            "fresh": 10000,
            "landmarks": 1000,
        },
    },
    plan=plan,
    conclude=conclude,
)
