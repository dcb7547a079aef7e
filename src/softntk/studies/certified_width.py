"""How wide is wide enough: by the theorem, by a certificate, and by trying?

For each data set and network, at the antisymmetric start with scale 1:

    theorem     log10 of the width that Table 1 asks for, n^o(1) written out with C = 1 and constant 1
    certified   the smallest power of two, from `smallest` on, at which Theorem A holds for at least 4 of 5 starts
                (gradient descent; for ReLU also gradient flow, which asks for less)
                and the first such start is proved in ball arithmetic
    trains      the smallest power of two at which the loss falls to 1e-3 of its start within 10^4 stable steps

And certify as you go: the first step at which a network that is too narrow for a certificate at the start gets one.
"""

from functools import cache, partial

import jax
import numpy as np
import xarray as xr

from softntk.certificates.convergence import certify
from softntk.certificates.during_training import certify_during_training
from softntk.certificates.promises import Certificate
from softntk.certificates.width import SmallestWidth, smallest_trained_width, smallest_width
from softntk.kernels.limit import LimitKernel
from softntk.kernels.spectra import extremes
from softntk.networks.features import FEATURES, features_named
from softntk.networks.initialization import antisymmetric
from softntk.networks.two_layer import TwoLayer
from softntk.studies.problems import Problem, problem, title
from softntk.studies.study import Cell, Outcome, Parameters, Results, Study
from softntk.theorems.constants import OPTIMISTIC
from softntk.theorems.convergence import TABLE_ONE
from softntk.verdicts import Answer, Verdict

__all__ = ["STUDY"]

NAMES = tuple(FEATURES)


def plan(parameters: Parameters) -> list[Cell]:
    cells = []
    for source, count in parameters["data"]:
        size = max(count * parameters["largest"] / 1e6, 1.0)
        for name in NAMES:
            arguments = (source, count, name, parameters)
            cells += [
                Cell(f"certified {source} {count} {name}", partial(_certified, *arguments), weight=8.0 * size),
                Cell(f"trains {source} {count} {name}", partial(_trains, *arguments), weight=3.0 * size),
                Cell(f"along {source} {count} {name}", partial(_along, *arguments), weight=3.0 * size),
            ]
    return cells


def _problem(source: str, count: int, parameters: Parameters) -> tuple[Problem, jax.Array]:
    data_key, start_key = jax.random.split(jax.random.key(parameters["seed"]))
    return problem(source, data_key, count=count), start_key


def _certified(source: str, count: int, name: str, parameters: Parameters) -> dict:
    (inputs, labels, *_), key = _problem(source, count, parameters)
    features = features_named(name)

    def start(width: int, seed: int) -> TwoLayer:
        return antisymmetric(
            jax.random.fold_in(key, seed),
            input_size=inputs.shape[1],
            output_size=labels.shape[1],
            width=width,
            features=features,
        )

    @cache
    def certificate(width: int, seed: int) -> Certificate:
        return certify(start(width, seed), inputs, labels, sharp=parameters["sharp"])

    widths = {"smallest": parameters["smallest"], "largest": parameters["largest"]}
    descent = smallest_width(lambda width, seed: certificate(width, seed).established, **widths)
    # For the smooth networks descent and flow ask for the same.
    flow = descent
    if name == "relu":
        flow = smallest_width(lambda width, seed: certificate(width, seed).flow.established, **widths)
    around = extremes(LimitKernel(features)(inputs))
    asked = np.nan
    if around.smallest > around.smallest_radius:
        said = TABLE_ONE[name].evaluate(
            n=count, sigma=1.0, lambda_min=float(around.smallest), epsilon=1e-3, constants=OPTIMISTIC
        )
        asked = said.promised["log10_width"] + said.promised["log10_width_factor"]
    proved = {"proved": False, "proved_h": np.nan}
    if descent.width is not None:
        width = int(descent.width)
        seed = next(seed for seed in range(5) if certificate(width, seed).established)
        proof = certify(start(width, seed), inputs, labels, sharp=parameters["sharp"], rigorous=True)
        proved = {"proved": proof.verdict.answer is Answer.CERTIFIED, "proved_h": proof.h}
    return {"descent": _or_nan(descent), "flow": _or_nan(flow), "log10_theorem": asked} | proved


def _or_nan(found: SmallestWidth) -> float:
    return np.nan if found.width is None else found.width


def _trains(source: str, count: int, name: str, parameters: Parameters) -> dict:
    (inputs, labels, *_), key = _problem(source, count, parameters)
    found = smallest_trained_width(
        inputs, labels, features_named(name), key=key, largest=parameters["largest"], steps=parameters["steps"]
    )
    return {"width": _or_nan(found)}


def _along(source: str, count: int, name: str, parameters: Parameters) -> dict:
    (inputs, labels, *_), key = _problem(source, count, parameters)
    start = antisymmetric(
        key,
        input_size=inputs.shape[1],
        output_size=labels.shape[1],
        width=parameters["narrow"],
        features=features_named(name),
    )
    found = certify_during_training(
        start, inputs, labels, steps=parameters["along_steps"], record_every=parameters["along_every"]
    )
    return {
        "first": np.nan if found.first is None else found.first,
        "proved": found.steps_to(1e-6),
        "loss_at_first": found.trace.loss[-1] / found.trace.loss[0],
    }


def conclude(parameters: Parameters, results: Results) -> Outcome:
    data = parameters["data"]
    labels = [f"{title(source)}, n = {count}" for source, count in data]

    def gathered(kind: str, entry: str) -> np.ndarray:
        return np.array([[float(results[f"{kind} {s} {n} {f}"][entry]) for f in NAMES] for s, n in data])

    words = {
        "trains": "smallest width that trains",
        "certified": "smallest width certified for gradient descent",
        "flow": "smallest width certified for gradient flow",
        "log10_theorem": "log10 of the width of Table 1, C = 1",
        "first": f"first certified step at m = {parameters['narrow']}",
        "loss_at_first": "loss there, as a share of its start",
        "proved": "steps after which the loss is proved to be below 1e-6",
    }
    found = {
        "trains": gathered("trains", "width"),
        "certified": gathered("certified", "descent"),
        "flow": gathered("certified", "flow"),
        "log10_theorem": gathered("certified", "log10_theorem"),
        "first": gathered("along", "first"),
        "loss_at_first": gathered("along", "loss_at_first"),
        "proved": gathered("along", "proved"),
    }
    arrays = xr.Dataset(
        {entry: (("data", "features"), found[entry], {"long_name": words[entry]}) for entry in words},
        coords={"data": labels, "features": list(NAMES)},
    )
    verdicts = [
        _proved(f"{title(name)} on {label}", results[f"certified {s} {n} {name}"])
        for label, (s, n) in zip(labels, data, strict=True)
        for name in NAMES
    ]
    return Outcome(arrays, [each for each in verdicts if each is not None], _findings(parameters, arrays))


def _proved(who: str, found) -> Verdict | None:
    """What ball arithmetic says of the first start that float64 certifies at the smallest certified width."""
    if np.isnan(found["descent"]):
        return None
    claim = f"{who}: gradient descent reaches loss zero at m = {int(found['descent']):,}, the smallest certified width"
    if found["proved"]:
        reason = f"in ball arithmetic; h = {float(found['proved_h']):.3g} in float64, and below 1/2 is enough"
        return Verdict(claim, Answer.CERTIFIED, reason, float(found["proved_h"]), 0.5)
    return Verdict(claim, Answer.UNDECIDED, "float64 finds a proof and ball arithmetic does not")


def _findings(parameters: Parameters, arrays: xr.Dataset) -> list[str]:
    findings = []
    over = f"over {parameters['largest']:,}"
    for label in arrays["data"].values:
        for name in NAMES:
            at = arrays.sel(data=label, features=name)
            certified, trains, first = (float(at[entry]) for entry in ("certified", "trains", "first"))
            findings.append(
                f"{title(name)}, {label}: trains from {trains:,.0f} neurons, certified from "
                f"{over if np.isnan(certified) else f'{certified:,.0f}'}, the theorem asks for "
                f"10^{float(at['log10_theorem']):.0f}; {parameters['narrow']} neurons are certified "
                f"{'not within the run' if np.isnan(first) else f'from step {first:,.0f} on'}."
            )
    return findings


STUDY = Study(
    name="certified_width",
    question="How wide is wide enough: by the theorem, by a certificate, and by trying?",
    presets={
        "quick": {
            "seed": 0,
            "data": [["breast_cancer", 20]],
            "smallest": 512,
            "largest": 4096,
            "steps": 10000,
            "narrow": 128,
            "along_steps": 2000,
            "along_every": 50,
            "sharp": False,
        },
        "full": {
            "seed": 0,
            "data": [
                ["sphere_10", 10],
                ["sphere_10", 20],
                ["digits_parity", 50],
                ["digits_parity", 200],
                ["breast_cancer", 50],
            ],
            "smallest": 4,
            "largest": 65536,
            "steps": 10000,
            "narrow": 256,
            "along_steps": 20000,
            "along_every": 100,
            "sharp": True,
        },
    },
    plan=plan,
    conclude=conclude,
)
