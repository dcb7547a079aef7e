"""How much does the kernel move when every neuron moves by at most D, and what makes softmax harder than ReLU?

First part, for each network and radius D: the worst change ||H(W') - H(W)||_F found over random moves and by ascent
(each step sends every neuron to the boundary along its gradient), the literature's bound, and the sharp bound.

Second part, what normalization adds to the proof. Let every neuron move by an independent N(0, D^2/d I). Averaged over
the start as well, a neuron is then drawn with variance s + D^2/d in place of s, so the mean of the change tends to

    K(s + D^2/d) - K(s),        K the limit kernel at s = sigma^2.

For ReLU this is zero, K does not depend on s; for softmax and the exponential it is not. Concentration makes the spread
fall with the width, the mean stays: it has to be bounded by other means. That is the technical difficulty.

References: arXiv 2405.03251v1, Lemma 5.1; sharp forms: `lemmas.perturbation`.
"""

from functools import partial

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr

from softntk.data.synthetic import sphere_inputs
from softntk.kernels.empirical import empirical_ntk
from softntk.kernels.limit import LimitKernel
from softntk.lemmas.perturbation import kernel_perturbation, sharp_bound, sharp_perturbation
from softntk.networks.features import FEATURES, features_named
from softntk.networks.initialization import antisymmetric
from softntk.networks.two_layer import TwoLayer
from softntk.numerics.expectation import mean_and_error
from softntk.studies.problems import title
from softntk.studies.study import Cell, Outcome, Parameters, Results, Study
from softntk.verdicts import Answer, Verdict, equal

__all__ = ["STUDY"]

NAMES = tuple(FEATURES)


def plan(parameters: Parameters) -> list[Cell]:
    worst = [Cell(f"worst {name}", partial(_worst, name, parameters), weight=4.0) for name in NAMES]
    moments = [
        Cell(f"moments {name} {width}", partial(_moments, name, width, parameters), weight=1 + width / 4096)
        for name in NAMES
        for width in parameters["moment_widths"]
    ]
    return worst + moments


def _start(name: str, parameters: Parameters, width: int, key: jax.Array) -> TwoLayer:
    return antisymmetric(
        key, input_size=parameters["input_size"], output_size=1, width=width, features=features_named(name)
    )


def _worst(name: str, parameters: Parameters) -> dict:
    found = [_worst_of_start(name, parameters["seed"] + draw, parameters) for draw in range(parameters["starts"])]
    return {entry: np.stack([each[entry] for each in found]) for entry in found[0]}


def _worst_of_start(name: str, seed: int, parameters: Parameters) -> dict[str, np.ndarray]:
    data_key, start_key, move_key = jax.random.split(jax.random.key(seed), 3)
    inputs = sphere_inputs(data_key, count=parameters["samples"], size=parameters["input_size"])
    network = _start(name, parameters, parameters["width"], start_key)
    keys = jax.random.split(move_key, parameters["restarts"])
    found: dict[str, list] = {entry: [] for entry in ("random", "worst", "literature", "sharp", "sharp_answer")}
    for radius in parameters["radii"]:
        runs = [_ascend(network, inputs, key, jnp.asarray(radius), parameters["ascent_steps"]) for key in keys]
        moves = [run[1] for run in runs] + [_toward_kinks(network, inputs, radius)]
        changes = [float(_change(network, inputs, move)) for move in moves]
        moved = network.moved_to(network.hidden + moves[int(np.argmax(changes))])
        checked = sharp_perturbation(network, moved, inputs)
        said = kernel_perturbation(network, moved, inputs, scale=1.0, antisymmetric=True)
        found["random"].append(max(float(run[0]) for run in runs))
        found["worst"].append(max(changes))
        found["literature"].append(np.nan if said.promised is None else said.promised)
        found["sharp"].append(float(jnp.linalg.norm(sharp_bound(network, inputs, radius).ravel())))
        found["sharp_answer"].append(checked.verdict.answer is Answer.HOLDS)
    return {entry: np.array(values) for entry, values in found.items()}


@eqx.filter_jit
def _change(network: TwoLayer, inputs: jax.Array, move: jax.Array) -> jax.Array:
    moved = empirical_ntk(network.moved_to(network.hidden + move), inputs)
    return jnp.linalg.norm((moved - empirical_ntk(network, inputs)).ravel())


def _at_radius(direction: jax.Array, radius: jax.Array | float) -> jax.Array:
    length = jnp.linalg.norm(direction, axis=0, keepdims=True)
    return radius * direction / jnp.where(length > 0, length, 1)


@eqx.filter_jit
def _ascend(
    network: TwoLayer, inputs: jax.Array, key: jax.Array, radius: jax.Array, steps: int
) -> tuple[jax.Array, jax.Array]:
    start = _at_radius(jax.random.normal(key, network.hidden.shape), radius)

    def step(move: jax.Array, _) -> tuple[jax.Array, tuple[jax.Array, jax.Array]]:
        value, gradient = jax.value_and_grad(lambda at: _change(network, inputs, at))(move)
        # A neuron without a gradient (ReLU away from its kinks) stays where it is.
        still = jnp.linalg.norm(gradient, axis=0, keepdims=True) == 0
        return jnp.where(still, move, _at_radius(gradient, radius)), (value, move)

    _, (values, moves) = jax.lax.scan(step, start, None, length=steps)
    return values[0], moves[jnp.argmax(values)]


def _toward_kinks(network: TwoLayer, inputs: jax.Array, radius: float) -> jax.Array:
    """ReLU has no gradient to follow: send each neuron against the first sample it can still leave or reach."""
    scores = inputs @ network.hidden
    sample = jnp.argmin(jnp.abs(scores), axis=0)
    against = -jnp.sign(jnp.take_along_axis(scores, sample[None], axis=0)) * inputs[sample].T
    return _at_radius(against, radius)


def _moments(name: str, width: int, parameters: Parameters) -> dict:
    """Change of the mean diagonal entry under independent moves, over draws of start and move."""
    data_key, draw_key = jax.random.split(jax.random.key(parameters["seed"]))
    inputs = sphere_inputs(data_key, count=parameters["samples"], size=parameters["input_size"])
    deviation = parameters["moment_radius"] / parameters["input_size"] ** 0.5

    @jax.jit
    def one(key: jax.Array) -> jax.Array:
        start_key, move_key = jax.random.split(key)
        network = _start(name, parameters, width, start_key)
        moved = network.moved_to(network.hidden + deviation * jax.random.normal(move_key, network.hidden.shape))
        return (_diagonal(empirical_ntk(moved, inputs)) - _diagonal(empirical_ntk(network, inputs))).mean()

    keys = jax.random.split(draw_key, parameters["moment_draws"])
    features = features_named(name)
    wider = (1 + deviation**2) ** 0.5
    limit = LimitKernel(features, wider).diagonal(inputs) - LimitKernel(features).diagonal(inputs)
    return {"change": jax.lax.map(one, keys), "limit": limit.mean()}


def _diagonal(kernel: jax.Array) -> jax.Array:
    return kernel.reshape(kernel.shape[0] * kernel.shape[1], -1).diagonal()


def conclude(parameters: Parameters, results: Results) -> Outcome:
    radii, widths = parameters["radii"], parameters["moment_widths"]
    worst = {
        entry: np.array([results[f"worst {name}"][entry] for name in NAMES])
        for entry in ("random", "worst", "literature", "sharp", "sharp_answer")
    }
    changes = np.array([[results[f"moments {name} {width}"]["change"] for width in widths] for name in NAMES])
    limits = np.array([results[f"moments {name} {widths[-1]}"]["limit"] for name in NAMES])
    means = [[mean_and_error(each) for each in row] for row in changes]
    verdicts: list[Verdict] = []
    for f, name in enumerate(NAMES):
        kept = worst["sharp_answer"][f].astype(bool).all()
        # At the smallest radii no ReLU neuron can change sign: both sides are zero, and there is no ratio.
        moved = worst["sharp"][f] > 0
        ratio = float((worst["worst"][f][moved] / worst["sharp"][f][moved]).max())
        verdicts.append(
            Verdict(
                f"{title(name)}: the sharp bound on the kernel's change, every entry, at {len(radii)} radii and "
                f"{parameters['starts']} starts",
                Answer.HOLDS if kept else Answer.FAILS,
                f"the worst change found reaches {ratio:.0%} of the bound in Frobenius norm",
                ratio,
                1.0,
            )
        )
        verdicts.append(
            equal(
                f"{title(name)}: mean change of a diagonal entry at m = {widths[-1]:,} equals that of the limit kernel",
                means[f][-1].mean,
                float(limits[f]),
                error=4 * means[f][-1].error,
            )
        )
    arrays = xr.Dataset(
        {
            "random": (
                ("features", "draw", "radius"),
                worst["random"],
                {"long_name": "largest change over random moves"},
            ),
            "worst": (("features", "draw", "radius"), worst["worst"], {"long_name": "largest change found"}),
            "log10_literature": (
                ("features", "radius"),
                worst["literature"].max(axis=1),
                {"long_name": "log10 of the literature"},
            ),
            "sharp": (("features", "draw", "radius"), worst["sharp"], {"long_name": "sharp bound"}),
            "mean_change": (
                ("features", "width"),
                [[e.mean for e in row] for row in means],
                {"long_name": "mean change of a diagonal entry under independent moves"},
            ),
            "mean_change_se": (
                ("features", "width"),
                [[e.error for e in row] for row in means],
                {"long_name": "its standard error"},
            ),
            "spread_of_change": (
                ("features", "width"),
                changes.std(axis=2, ddof=1),
                {"long_name": "spread of that change over draws"},
            ),
            "limit_change": ("features", limits, {"long_name": "change of the limit kernel's diagonal entry"}),
        },
        coords={"features": list(NAMES), "radius": radii, "width": widths},
    )
    return Outcome(arrays, verdicts, _findings(parameters, arrays))


def _findings(parameters: Parameters, arrays: xr.Dataset) -> list[str]:
    findings = []
    middle = parameters["radii"][len(parameters["radii"]) // 2]
    at = arrays.sel(radius=middle)
    for name in NAMES:
        one = at.sel(features=name)
        findings.append(
            f"{title(name)}, D = {middle:g}, {parameters['starts']} starts: the kernel moved by at most "
            f"{float(one['worst'].max()):.2g}; sharp bound {float(one['sharp'].max()):.2g}, literature "
            f"10^{float(one['log10_literature']):.1f}."
        )
    last = arrays.isel(width=-1)
    for name in NAMES:
        one = last.sel(features=name)
        findings.append(
            f"{title(name)}, independent moves of size {parameters['moment_radius']:g}, m = {int(last['width']):,}: a "
            f"diagonal entry moves by {float(one['mean_change']):.4f} ± {float(one['mean_change_se']):.4f} on average, "
            f"limit {float(one['limit_change']):.4f}; spread {float(one['spread_of_change']):.4f}."
        )
    return findings


STUDY = Study(
    name="perturbation",
    question="How much does the kernel move when the neurons move, and what makes softmax harder than ReLU?",
    presets={
        "quick": {
            "seed": 0,
            "samples": 16,
            "input_size": 8,
            "width": 1024,
            "radii": [1e-4, 1e-3, 0.00999, 0.1, 1.0],
            "starts": 5,
            "restarts": 2,
            "ascent_steps": 12,
            "moment_widths": [256, 4096],
            "moment_radius": 0.5,
            "moment_draws": 400,
        },
        "full": {
            "seed": 0,
            "samples": 40,
            "input_size": 20,
            "width": 4096,
            "radii": [1e-5, 1e-4, 1e-3, 0.00999, 0.03, 0.1, 0.3, 1.0],
            "starts": 5,
            "restarts": 8,
            "ascent_steps": 60,
            "moment_widths": [256, 1024, 4096, 16384],
            "moment_radius": 0.5,
            "moment_draws": 2000,
        },
    },
    plan=plan,
    conclude=conclude,
)
