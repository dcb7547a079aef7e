"""Does gradient descent do on real data what the theory says?

For each network, data set and width: runs from several antisymmetric starts with the step "stable", and beside each

    linearized     the same run in the eigenbasis of the kernel at the start, step by step
    rate           softmax only, the paper's (1 - m eta lambda / 2)^t for the squared residual, lambda at the start
    distance       ||W(t) - W(0)||_F against m^(-1/2), and the farthest neuron against m^-1

The theorem is about the softmax network. Where its hypotheses are not met its verdict is *does not apply*; whether the
runs keep the rate all the same is measured.

References: arXiv 2405.03251v1, Theorem 4.2 and the induction of its proof.
"""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr

from softntk.dynamics.descent import gradient_descent
from softntk.dynamics.linearized import linearize
from softntk.networks.features import FEATURES, features_named
from softntk.networks.initialization import antisymmetric
from softntk.numerics.eigen import dense_radius
from softntk.studies.problems import problem, title
from softntk.studies.study import Cell, Outcome, Parameters, Results, Study
from softntk.theorems.induction import LOSS
from softntk.verdicts import Answer, Verdict, does_not_apply

__all__ = ["STUDY"]

NAMES = tuple(FEATURES)


def plan(parameters: Parameters) -> list[Cell]:
    return [
        Cell(_name(source, name, width), partial(_runs, source, name, width, parameters), weight=1 + width / 4096)
        for source in parameters["data"]
        for name in NAMES
        for width in parameters["widths"]
    ]


def _name(source: str, name: str, width: int) -> str:
    return f"{name}, m = {width}, {title(source)}"


def _runs(source: str, name: str, width: int, parameters: Parameters) -> dict:
    found = [_run(source, name, width, draw, parameters) for draw in range(parameters["draws"])]
    return {entry: np.stack([each[entry] for each in found]) for entry in found[0]}


def _run(source: str, name: str, width: int, draw: int, parameters: Parameters) -> dict:
    data_key, start_key = jax.random.split(jax.random.key(parameters["seed"]))
    inputs, labels, *_ = problem(source, data_key, count=parameters["count"])
    network = antisymmetric(
        jax.random.fold_in(start_key, draw),
        input_size=inputs.shape[1],
        output_size=labels.shape[1],
        width=width,
        features=features_named(name),
    )
    around = linearize(network, inputs, labels)
    _, trace = gradient_descent(
        network,
        inputs,
        labels,
        step_size=float(around.step_size),
        steps=parameters["steps"],
        record_every=parameters["record_every"],
    )
    values = around.spectrum.values
    return {
        "steps": trace.steps,
        "loss": trace.loss,
        "distance": trace.distance,
        "neuron_distance": trace.neuron_distance,
        "linearized_loss": around.loss(trace.steps),
        "linearized_distance": around.distance(trace.steps),
        "step_size": trace.step_size,
        "lambda_min": values[0],
        "lambda_error": dense_radius(values),
        "residual": jnp.linalg.norm(labels),
        "outputs": labels.shape[1],
    }


def conclude(parameters: Parameters, results: Results) -> Outcome:
    data, widths = parameters["data"], parameters["widths"]

    def gathered(entry: str) -> np.ndarray:
        return np.array([[[results[_name(s, f, w)][entry] for w in widths] for f in NAMES] for s in data])

    loss, lin, steps = gathered("loss"), gathered("linearized_loss"), gathered("steps")[0, 0, 0, 0]
    smallest, error, eta = gathered("lambda_min"), gathered("lambda_error"), gathered("step_size")
    rate = 1 - np.array(widths)[:, None] * eta * smallest / 2
    promised = loss[..., :1] * rate[..., None] ** steps
    promised[:, [name != "softmax" for name in NAMES]] = np.nan
    softmax = NAMES.index("softmax")
    verdicts = [
        _rate_verdict(
            parameters,
            source,
            width,
            results[_name(source, "softmax", width)],
            loss[s, softmax, w],
            promised[s, softmax, w],
        )
        for s, source in enumerate(data)
        for w, width in enumerate(widths)
    ]
    dims = ("data", "features", "width", "draw")
    arrays = xr.Dataset(
        {
            "loss": ((*dims, "step"), loss, {"long_name": "training loss, measured"}),
            "linearized_loss": ((*dims, "step"), lin, {"long_name": "training loss of the linearized run"}),
            "promised_loss": ((*dims, "step"), promised, {"long_name": "start times (1 - m eta lambda / 2)^t"}),
            "distance": ((*dims, "step"), gathered("distance"), {"long_name": "||W(t) - W(0)||_F"}),
            "linearized_distance": (
                (*dims, "step"),
                gathered("linearized_distance"),
                {"long_name": "the same of the linearized run"},
            ),
            "neuron_distance": (
                (*dims, "step"),
                gathered("neuron_distance"),
                {"long_name": "largest distance of a neuron"},
            ),
            "lambda_min": (dims, smallest, {"long_name": "smallest eigenvalue of the kernel at the start"}),
            "lambda_error": (dims, error, {"long_name": "numerical error of it"}),
            "step_size": (dims, eta, {"long_name": "step size"}),
        },
        coords={"data": data, "features": list(NAMES), "width": widths, "step": steps},
    )
    return Outcome(arrays, verdicts, _findings(parameters, arrays))


def _rate_verdict(
    parameters: Parameters, source: str, width: int, result, loss: np.ndarray, promised: np.ndarray
) -> Verdict:
    """The paper's induction on the softmax network, at the start whose lambda is smallest."""
    claim = f"softmax on {title(source)}, m = {width:,}: the loss falls like (1 - m eta lambda/2)^t"
    kept = int((loss <= promised * (1 + 1e-9)).all(axis=1).sum())
    seen = f"{kept} of {len(loss)} runs keep the rate"
    least = int(result["lambda_min"].argmin())
    if not result["lambda_min"][least] > result["lambda_error"][least]:
        return does_not_apply(claim, f"lambda = {float(result['lambda_min'][least]):.2g} is below its numerical error")
    evaluation = LOSS.evaluate(
        n=parameters["count"],
        m=width,
        k=int(result["outputs"][least]),
        delta=0.01,
        sigma=1.0,
        eta=float(result["step_size"][least]),
        lambda_min=float(result["lambda_min"][least]),
        residual=float(result["residual"][least]),
        softmax=1.0,
    )
    ends = float(loss[least, -1]), float(promised[least, -1])
    failed = next((str(check) for check in evaluation.checks if check.status == "not met"), None)
    if failed is not None:
        return does_not_apply(claim, f"{failed}; {seen} all the same", *ends)
    return Verdict(claim, Answer.HOLDS if kept == len(loss) else Answer.FAILS, seen, *ends)


def _findings(parameters: Parameters, arrays: xr.Dataset) -> list[str]:
    findings = []
    # How far measured and linearized loss are apart at most, in units of the linearized loss.
    apart = abs(arrays["loss"] / arrays["linearized_loss"] - 1).max("step").mean("draw")
    for source in parameters["data"]:
        for name in NAMES:
            words = ", ".join(
                f"{float(apart.sel(data=source, features=name, width=width)):.1e} at m = {width:,}"
                for width in parameters["widths"]
            )
            findings.append(
                f"{title(name)} on {title(source)}: measured and linearized loss differ at most by {words} (relative, "
                f"mean of {parameters['draws']} starts)."
            )
    return findings


STUDY = Study(
    weight=2.8,
    name="training",
    question="Does gradient descent do on real data what the theory says, at widths that can be built?",
    presets={
        "quick": {
            "seed": 0,
            "draws": 5,
            "data": ["digits", "breast_cancer"],
            "count": 60,
            "widths": [256, 4096],
            "steps": 200,
            "record_every": 10,
        },
        "full": {
            "seed": 0,
            "draws": 5,
            "data": ["digits", "breast_cancer", "wine"],
            "count": 100,
            "widths": [256, 1024, 4096, 16384, 65536],
            "steps": 4000,
            "record_every": 50,
        },
    },
    plan=plan,
    conclude=conclude,
)
