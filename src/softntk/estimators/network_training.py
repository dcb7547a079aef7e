"""Training a network on prepared data, with what theory says of the run: for `softntk train` and `NetworkRegressor`.

start     antisymmetric (`networks.antisymmetric`), so that F = 0
run       full-batch gradient descent
claims    the paper's lemmas on the run, where they can be evaluated
proof     with `certify`: the first recorded step from which the rest of the run is proved, and the certificate at
          the end of the run
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np

from softntk.certificates.convergence import certify as certify_network
from softntk.certificates.during_training import margin
from softntk.certificates.promises import Certificate
from softntk.data.training_set import TrainingSet
from softntk.defaults import FEATURES, SCALE, STEP_SIZE, STEPS, WIDTH
from softntk.dynamics.descent import gradient_descent
from softntk.dynamics.step_size import resolved
from softntk.dynamics.trace import Trace
from softntk.failures import BadInput
from softntk.kernels.empirical import empirical_ntk
from softntk.kernels.spectra import extremes
from softntk.lemmas.induction import loss_contracts, neurons_stay
from softntk.networks.features import features_named
from softntk.networks.initialization import antisymmetric
from softntk.networks.two_layer import TwoLayer
from softntk.verdicts import Verdict

__all__ = ["Claims", "NetworkFit", "claims_on_run", "fit_network"]

# A kernel with more rows takes longer to decompose than most runs take.
_MOST_ROWS = 2000
_RECORDS = 50


@dataclass(frozen=True)
class NetworkFit:
    """A run: the network before and after it, and the trace.

    With `certify`, `certificate` is that of the network after the run, with the step size of the run, and
    `first_certified_step` the first recorded step from which the rest of the run is proved (None if there was none).
    """

    start: TwoLayer
    network: TwoLayer
    trace: Trace
    certificate: Certificate | None = None

    @property
    def first_certified_step(self) -> int | None:
        """The first recorded step at which a certificate covers the rest of the run."""
        if "margin" not in self.trace.probes:
            return None
        certified = np.asarray(self.trace.probes["margin"]) > 0
        return int(np.asarray(self.trace.steps)[certified.argmax()]) if certified.any() else None


def fit_network(
    training: TrainingSet,
    *,
    key: jax.Array,
    features: str = FEATURES,
    width: int = WIDTH,
    scale: float = SCALE,
    steps: int = STEPS,
    step_size: float | str = STEP_SIZE,
    certify: bool = False,
    stop: bool = False,
    on_progress: Callable[[int], None] | None = None,
) -> NetworkFit:
    """Train a network from the antisymmetric start.

    Arguments:
        key: draws the start.
        features: softmax, exponential or relu.
        width: hidden neurons, an even number.
        scale: standard deviation of the hidden weights at the start.
        steps, step_size, on_progress: as in `gradient_descent`. With `certify`, "stable" is half of that, which leaves
            room for the Jacobian to grow.
        certify: look for the first step from which the rest of the run is proved.
        stop: with `certify`, end the run there.

    Raises:
        BadInput: as `antisymmetric` and `gradient_descent`; `stop` without `certify`; `certify` where float64 is off.
        TooLarge: the run does not fit into free memory.
    """
    if stop and not certify:
        raise BadInput("stop", required="go with certify", got="stop alone", advice="Certify, too.")
    inputs, labels = training.inputs, training.labels
    start = antisymmetric(
        key,
        input_size=training.input_size,
        output_size=training.output_size,
        width=width,
        features=features_named(features),
        scale=scale,
    )
    eta = float(resolved(step_size, start, inputs))
    if certify and step_size == "stable":
        eta = eta / 2
    network, trace = gradient_descent(
        start,
        inputs,
        labels,
        step_size=eta,
        steps=steps,
        record_every=max(steps // _RECORDS, 1),
        probes={"margin": margin(inputs, labels, step_size=eta)} if certify else {},
        until="margin" if stop else None,
        on_progress=on_progress,
    )
    proved = certify and not trace.diverged
    return NetworkFit(
        start, network, trace, certify_network(network, inputs, labels, step_size=eta) if proved else None
    )


@dataclass(frozen=True)
class Claims:
    """Verdicts on a run, or in words why they were not computed."""

    verdicts: tuple[Verdict, ...] = ()
    not_computed: str = ""


def claims_on_run(fit: NetworkFit, training: TrainingSet, *, scale: float) -> Claims:
    """The paper's claims that can be checked on a run: the loss shrinks at each step, and neurons stay near the start.

    Both need the smallest eigenvalue of the kernel at the start, and are statements about the softmax network.
    """
    if fit.start.features.name != "softmax":
        return Claims()
    rows = training.count * training.output_size
    if rows > _MOST_ROWS:
        reason = f"the kernel at the start would have {rows:,} rows, and at most {_MOST_ROWS:,} are decomposed"
        return Claims(not_computed=f"the paper's claims about this run: not computed, since {reason} (use fewer rows)")
    around = extremes(empirical_ntk(fit.start, training.inputs))
    known: dict[str, Any] = {
        "lambda_min": float(around.smallest),
        "lambda_radius": float(around.smallest_radius),
        "scale": scale,
    }
    checks = (loss_contracts, neurons_stay)
    arguments = (fit.trace, fit.start, training.inputs, training.labels)
    return Claims(tuple(check(*arguments, **known).verdict for check in checks))
