"""Where does the error of a learned score come from?

On a mixture of three Gaussians: what a trained network loses to its distance from the kernel limit, to the noise of the
labels under the kernel's flow, and to stopping early; the tuned limit loses to the last two (`diffusion.split`); and

    truncation        share of the noisy inputs that do not fit into the ball, and what moving them changes
    Theorem B         proved and measured distance of a network from its linearization, on a small set of pairs
    the chain to KL   learning, discretization and prior in the bound on the law of the samples
    final theorem     evaluated with hidden constants 1, as an order of growth, and its assumptions checked
"""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr

from softntk.data.mixture import mixture_named
from softntk.diffusion.exact import MixtureDenoiser
from softntk.diffusion.kernel_flow import flow_of_pairs, learn_kernel
from softntk.diffusion.matching import TimeLaw, noisy_samples
from softntk.diffusion.network_flow import train_network
from softntk.diffusion.process import Constant
from softntk.diffusion.split import chain_to_kl, error_split, lipschitz_constant, truncation
from softntk.diffusion.task import make_task
from softntk.kernels.limit import LimitKernel
from softntk.linearization.deviations import deviation
from softntk.linearization.tubes import tube
from softntk.networks.features import FEATURES, Softmax, features_named
from softntk.networks.initialization import antisymmetric
from softntk.numerics.eigen import dense_radius
from softntk.numerics.expectation import Estimate
from softntk.studies.problems import title
from softntk.studies.study import Cell, Outcome, Parameters, Results, Study
from softntk.theorems.score import SCORE
from softntk.verdicts import Verdict, at_most, does_not_apply

__all__ = ["STUDY"]

NAMES = tuple(FEATURES)
TERMS = ("coupling", "noise", "bias", "cross", "total")
CHAIN = ("learning", "discretization", "prior", "bound", "early_end")
_TUNED = "kernel, tuned"
_WEIGHT_OF_TIME = 0.5


def plan(parameters: Parameters) -> list[Cell]:
    cells = [Cell(name, partial(_network, name, parameters), weight=2.0) for name in NAMES]
    return [
        *cells,
        Cell(_TUNED, partial(_kernel, parameters), weight=4.0),
        Cell("Theorem B", partial(_tube, parameters), weight=2.0),
    ]


def _setting(draw: int, parameters: Parameters):
    key = jax.random.fold_in(jax.random.key(parameters["seed"]), draw)
    clean_key, fresh_key, view_key, task_key, rest = jax.random.split(key, 5)
    mixture, process, law = mixture_named(parameters["mixture"]), Constant(), TimeLaw()
    clean = mixture.sample(clean_key, parameters["samples"])
    fresh = noisy_samples(view_key, mixture.sample(fresh_key, parameters["fresh"]), process, law=law)
    task = make_task(
        task_key, clean, process, law, copies=parameters["views"], validation_copies=4, labels=parameters["labels"]
    )
    return mixture, MixtureDenoiser(process, mixture), task, fresh, rest


def _gathered(splits: list[dict[str, Estimate]]) -> dict[str, np.ndarray]:
    """Each term of each draw, and zero for one that is absent."""
    return {
        "terms": np.array([[split.get(term, Estimate(0.0, 0.0)).mean for term in TERMS] for split in splits]),
        "errors": np.array([[split.get(term, Estimate(0.0, 0.0)).error for term in TERMS] for split in splits]),
    }


def _network(name: str, parameters: Parameters) -> dict:
    splits = []
    for draw in range(parameters["draws"]):
        mixture, truth, task, fresh, key = _setting(draw, parameters)
        start_key, mark_key = jax.random.split(key)
        preconditioning, pairs = task.pairs(_WEIGHT_OF_TIME, refit=True)
        features, scale = features_named(name), parameters["scales"][name]
        start = antisymmetric(
            start_key,
            input_size=mixture.size + 2,
            output_size=mixture.size,
            width=parameters["width"],
            features=features,
            scale=scale,
            dtype=jnp.float32,
        )
        run = train_network(start, pairs, chunks=1, chunk_steps=parameters["steps"])
        path = flow_of_pairs(mark_key, LimitKernel(features, scale), pairs, count=parameters["landmarks"])
        splits.append(
            error_split(
                path,
                run.tau,
                preconditioning,
                task.noisy_all,
                truth,
                fresh,
                lambda u, net=run.network: net(u.astype(jnp.float32)).astype(u.dtype),
            )
        )
    return _gathered(splits)


def _kernel(parameters: Parameters) -> dict:
    splits, chains, facts = [], [], []
    for draw in range(parameters["draws"]):
        mixture, truth, task, fresh, key = _setting(draw, parameters)
        fit_key, chain_key = jax.random.split(key)
        fit = learn_kernel(fit_key, task, scales=parameters["kernel_scales"], count=parameters["landmarks"])
        tau = fit.choice["tau"]
        splits.append(error_split(fit.path, tau, fit.preconditioning, task.noisy_all, truth, fresh))
        grid = jnp.geomspace(task.law.end, task.law.start, parameters["sampler_steps"] + 1)
        chain = chain_to_kl(chain_key, task.process, mixture, fit.denoiser, grid, count=parameters["fresh"])
        chains.append([[chain[name].mean, chain[name].error] for name in CHAIN])
        cut = truncation(fit.preconditioning, truth, fresh)
        sample = fit.pairs.inputs[: parameters["lambda_pairs"]]
        kernel = fit.path.kernel(sample, None)
        lowest = jnp.linalg.eigvalsh(kernel)
        floor = dense_radius(lowest)
        # All in the space of the kernel divided by its largest entry, which is bounded by 1.
        top = jnp.diagonal(kernel).max()
        squared_norm = fit.path.norms(taus=[tau])[0] ** 2 * top
        facts.append(
            [
                cut["mass"].mean,
                cut["mass"].error,
                cut["error"].mean,
                cut["error"].error,
                float(lowest[0] / top),
                float(floor / top),
                float(squared_norm),
                lipschitz_constant(truth, fresh),
                float(jnp.linalg.norm(fit.pairs.inputs, axis=1).max()),
                float(jnp.abs(fit.pairs.labels).max()),
            ]
        )
    return _gathered(splits) | {"chain": np.array(chains), "facts": np.array(facts)}


def _tube(parameters: Parameters) -> dict:
    _, _, task, _, key = _setting(0, parameters)
    _, pairs = task.pairs(_WEIGHT_OF_TIME, refit=True)
    chosen = jnp.arange(parameters["tube_pairs"])
    inputs, labels = pairs.inputs[chosen], pairs.labels[chosen]
    start = antisymmetric(
        key,
        input_size=inputs.shape[1],
        output_size=labels.shape[1],
        width=parameters["tube_width"],
        features=Softmax(),
        scale=1.0,
    )
    arguments = {"step_size": "stable", "steps": parameters["tube_steps"]}
    bound = tube(start, inputs, labels, visits=8, **arguments)
    measured = deviation(start, inputs, labels, **arguments)
    curves = np.stack([bound.curves[name].deviation for name in bound.curves])
    return {
        "measured": measured.training,
        "bound": np.nanmin(np.where(np.isfinite(curves), curves, np.inf), axis=0),
        "floor": measured.floor,
        "start": np.linalg.norm(np.asarray(labels)),
    }


def conclude(parameters: Parameters, results: Results) -> Outcome:
    rows = [*(title(name) for name in NAMES), _TUNED]
    found = [results[name] for name in (*NAMES, _TUNED)]
    tuned, near = results[_TUNED], results["Theorem B"]
    chain = tuned["chain"]
    arrays = xr.Dataset(
        {
            "part": (
                ("learner", "draw", "term"),
                np.stack([each["terms"] for each in found]),
                {"long_name": "part of the mean squared error"},
            ),
            "part_error": (
                ("learner", "draw", "term"),
                np.stack([each["errors"] for each in found]),
                {"long_name": "standard error of the part, from the fresh views"},
            ),
            "chain": (("draw", "link"), chain[:, :, 0], {"long_name": "term of the bound on KL"}),
            "chain_error": (("draw", "link"), chain[:, :, 1], {"long_name": "standard error of the term"}),
            "facts": (("draw", "fact"), tuned["facts"], {"long_name": "what the assumptions ask about"}),
            "tube_measured": ("step", near["measured"], {"long_name": "distance from the linearization"}),
            "tube_bound": ("step", near["bound"], {"long_name": "proved bound of that distance"}),
        },
        coords={
            "learner": rows,
            "term": list(TERMS),
            "link": list(CHAIN),
            "fact": [
                "truncated mass",
                "its error",
                "change by truncation",
                "error of the change",
                "lambda",
                "rounding of lambda",
                "squared norm",
                "Lipschitz constant",
                "largest input",
                "largest label",
            ],
        },
    )
    return Outcome(arrays, _verdicts(parameters, arrays, near), _findings(arrays))


def _verdicts(parameters: Parameters, arrays: xr.Dataset, near) -> list[Verdict]:
    claim = "Theorem B on score matching: the softmax network stays in the tube around its linearization"
    known = np.isfinite(near["bound"]) & (near["bound"] < float(near["start"]))
    if known.sum() > 1:
        excess = np.where(known, near["measured"] - near["bound"] - near["floor"], -np.inf)
        # The step that breaks the bound if there is one, else the one where most is at stake.
        worst = int(excess.argmax() if excess.max() > 0 else np.where(known, near["measured"], -1).argmax())
        contained = at_most(claim, float(near["measured"][worst]), float(near["bound"][worst] + near["floor"]))
    else:
        contained = does_not_apply(claim, "the bound says nothing after the first step")
    fact = {str(name): arrays["facts"].sel(fact=name) for name in arrays["fact"].values}
    lowest = float(fact["lambda"].min())
    evaluation = SCORE.evaluate(
        n=parameters["samples"],
        d=2,
        lambda_min=lowest,
        lambda_radius=float(fact["rounding of lambda"].max()),
        stopping_error=float(arrays["part"].sel(learner=_TUNED, term="bias").mean()),
        target_norm_squared=float(fact["squared norm"].mean()),
        lipschitz=float(fact["Lipschitz constant"].max()),
        mismatch=float(arrays["part"].sel(learner=_TUNED, term="noise").mean()),
        largest_input=float(fact["largest input"].max()),
        largest_label=float(fact["largest label"].max()),
    )
    total = float(arrays["part"].sel(learner=_TUNED, term="total").mean())
    return [contained, evaluation.verdict(total, claim="The paper's final theorem, beside the measured error")]


def _findings(arrays: xr.Dataset) -> list[str]:
    part = arrays["part"].mean("draw")
    findings = []
    for learner in arrays["learner"].values:
        at = part.sel(learner=learner)
        largest = max(("coupling", "noise", "bias"), key=lambda term: float(at.sel(term=term)))
        share = 100 * float(at.sel(term=largest) / at.sel(term="total"))
        findings.append(f"{learner}: the largest part of the error is the {largest}, {share:.0f} %.")
    return findings


STUDY = Study(
    weight=2.6,
    name="score_split",
    question="Where does the error of a learned score come from?",
    presets={
        "quick": {
            "seed": 0,
            "draws": 5,
            "mixture": "three-gaussians",
            "samples": 200,
            "views": 4,
            "labels": "drawn",
            "fresh": 1000,
            "width": 512,
            "steps": 200,
            "landmarks": 200,
            "scales": {"softmax": 1.0, "exponential": 1.0, "relu": 1.0},
            "kernel_scales": [8.0],
            "sampler_steps": 50,
            "lambda_pairs": 100,
            "tube_pairs": 16,
            "tube_width": 2048,
            "tube_steps": 50,
        },
        "full": {
            "seed": 0,
            "draws": 5,
            "mixture": "three-gaussians",
            "samples": 1000,
            "views": 4,
            "labels": "drawn",
            "fresh": 20000,
            "width": 4096,
            "steps": 2000,
            "landmarks": 1000,
            "scales": {"softmax": 1.0, "exponential": 1.0, "relu": 1.0},
            "kernel_scales": [4.0, 6.0, 8.0],
            "sampler_steps": 200,
            "lambda_pairs": 400,
            "tube_pairs": 32,
            "tube_width": 8192,
            "tube_steps": 300,
        },
    },
    plan=plan,
    conclude=conclude,
)
