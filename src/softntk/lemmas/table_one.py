"""Table 1 on a data set: the eigenvalues of the kernels at the start, and the width and steps that they ask for.

    limit kernel K (n, n)        lambda = lambda_min(K), which Table 1 takes: m = Omega(lambda^-2 n^2 ...)
    one network of width m       H at its antisymmetric start, one output: stable steps are below 2 / (m lambda_max(H))

Up to some rows both are formed, and every number is within n eps ||K|| of an eigenvalue. Above, or on demand, Lanczos
takes products with K, which is not formed; its smallest value bounds lambda from above only, and what Table 1 asks for
is then at least what is found.

Reference: arXiv 2405.03251v1, Table 1 (statements: `theorems.convergence`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import jax
import numpy as np
from jaxtyping import Array, Float

from softntk.defaults import KERNEL_ROWS, LANCZOS_STEPS, SCALE, TRAINED, WIDTH
from softntk.failures import BadInput
from softntk.kernels.empirical import Trained, empirical_ntk
from softntk.kernels.limit import LimitKernel
from softntk.kernels.spectra import as_matrix, spectrum
from softntk.networks.features import Features
from softntk.networks.initialization import antisymmetric
from softntk.numerics.arrays import finite_matrix
from softntk.regression.lanczos import quadrature
from softntk.theorems.constants import OPTIMISTIC
from softntk.theorems.convergence import TABLE_ONE
from softntk.theorems.guarantee import Evaluation
from softntk.verdicts import Verdict, does_not_apply

__all__ = ["KernelAtStart", "SpectrumEnds", "kernel_at_start", "lanczos_steps"]

# The loss that Table 1 counts steps to.
_EPSILON = 1e-3


@dataclass(frozen=True)
class SpectrumEnds:
    """Smallest and largest eigenvalue of a kernel, each within `error` of an eigenvalue; all of them if it was formed.

    Attributes:
        width: m of the largest stable step.
        values: (N,) in ascending order; None after Lanczos.
    """

    smallest: float
    largest: float
    error: float
    width: int
    values: Float[np.ndarray, " N"] | None = field(default=None, repr=False, compare=False)

    @property
    def largest_stable_step(self) -> float | None:
        """2 / (m lambda_max); None for a kernel that is zero."""
        return 2 / (self.width * self.largest) if self.largest > 0 else None

    def to_dict(self) -> dict[str, float | None]:
        """The numbers as JSON values."""
        return {
            "lambda_min": self.smallest,
            "lambda_max": self.largest,
            "error": self.error,
            "largest_stable_step": self.largest_stable_step,
        }


@dataclass(frozen=True)
class KernelAtStart:
    """The kernels of a data set at the start of training, and what Table 1 says of them.

    Attributes:
        features: name of the feature.
        samples, input_size: n and d.
        scale: standard deviation of the hidden weights.
        trained: the layer that the kernels count as trained.
        width: m of the network.
        limit: of the limit kernel.
        network: of one network with one output; None if `lanczos`.
        lanczos: steps of Lanczos; 0 if the kernels were formed.
        obstacles: what stands against a positive lambda, as given.
        evaluation: Table 1 on n and lambda with hidden constants 1; None where it does not apply.
        verdict: of Table 1; it hides constants, so never more than *order only*.
        kernel: the limit kernel (n, n); None if `lanczos`.
    """

    features: str
    samples: int
    input_size: int
    scale: float
    trained: Trained
    width: int
    limit: SpectrumEnds
    network: SpectrumEnds | None
    lanczos: int
    obstacles: tuple[str, ...]
    evaluation: Evaluation | None
    verdict: Verdict
    kernel: Float[np.ndarray, "n n"] | None = field(default=None, repr=False, compare=False)

    @property
    def largest_stable_step(self) -> float | None:
        """That of the network where it is known, and that of the limit otherwise."""
        return (self.network or self.limit).largest_stable_step

    def arrays(self) -> dict[str, Float[np.ndarray, "..."]]:
        """Kernel and spectra by the names they have in a file; empty if `lanczos`."""
        found = {
            "kernel": self.kernel,
            "eigenvalues_limit": self.limit.values,
            "eigenvalues_network": None if self.network is None else self.network.values,
        }
        return {name: array for name, array in found.items() if array is not None}

    def to_dict(self) -> dict[str, Any]:
        """Sizes, numbers and the verdict as JSON values."""
        found: dict[str, Any] = {
            "features": self.features,
            "n": self.samples,
            "d": self.input_size,
            "scale": self.scale,
            "trained": self.trained,
            "width": self.width,
            "obstacles": list(self.obstacles),
            "limit": self.limit.to_dict(),
            "verdict": str(self.verdict),
        }
        found |= {"lanczos": self.lanczos} if self.lanczos else {}
        found |= {} if self.network is None else {"network": self.network.to_dict()}
        return found | ({} if self.evaluation is None else {"table_one": dict(self.evaluation.promised)})

    def __str__(self) -> str:
        lines = [f"limit kernel: {self._words(self.limit)}"]
        if self.network is not None:
            lines.append(f"one network, m = {self.width:,}, one output: {self._words(self.network)}")
        if self.largest_stable_step:
            lines.append(f"largest stable step at m = {self.width:,}: {self.largest_stable_step:.4g}")
        lines += [f"obstacle: {each}" for each in self.obstacles]
        return "\n".join([*lines, str(self.verdict)])

    def _words(self, ends: SpectrumEnds) -> str:
        most, of = ("at most ", " of an eigenvalue") if self.lanczos else ("", "")
        return f"lambda_min {most}{ends.smallest:.4g}, lambda_max {ends.largest:.4g}, each within {ends.error:.1g}{of}"


def lanczos_steps(rows: int, asked: int | None = None) -> int:
    """Steps of Lanczos for a kernel of so many rows; 0 if it is formed.

    Raises:
        BadInput: the steps asked for are neither 0 nor at least 2.
    """
    if asked is None:
        return LANCZOS_STEPS if rows > KERNEL_ROWS else 0
    if asked == 1 or asked < 0:
        raise BadInput("lanczos", required="be 0 or at least 2 steps", got=str(asked), advice="Type 60.")
    return asked


def kernel_at_start(
    inputs: Float[Array, "n d"],
    features: Features,
    *,
    key: jax.Array,
    scale: float = SCALE,
    trained: Trained = TRAINED,
    width: int = WIDTH,
    lanczos: int | None = None,
    obstacles: Sequence[str] = (),
) -> KernelAtStart:
    """Eigenvalues of the limit kernel and of one network at its start, and what Table 1 asks for.

    Arguments:
        key: draws the network, or the starts of Lanczos.
        scale: standard deviation of the hidden weights.
        trained: layer whose weights the kernels count: "hidden", of which Table 1 speaks, "output" or "both".
        width: hidden neurons, an even number.
        lanczos: steps of Lanczos on the limit kernel, which is not formed, and no network is drawn; 0 forms it.
            None: `lanczos_steps`.
        obstacles: what stands against a positive lambda, in words, such as `data.TrainingSet.obstacles` finds. Lanczos
            need not see that a kernel is singular, so any of them ends it there.

    Raises:
        BadInput: wrong shapes, NaN or infinite inputs, an unknown layer, a width or a number of steps out of range;
            float32 with Lanczos.
        TooLarge: the kernels, or the bases of Lanczos, do not fit into free memory.
    """
    inputs = finite_matrix("inputs", inputs)
    count, input_size = inputs.shape
    limit_kernel = LimitKernel(features, scale, trained)
    steps = lanczos_steps(count, lanczos)
    network = kernel = None
    if steps:
        ends = quadrature(limit_kernel, inputs, key=key, steps=steps).extremes
        error = max(float(ends.smallest_radius), float(ends.largest_radius))
        limit = SpectrumEnds(float(ends.smallest), float(ends.largest), error, width)
    else:
        drawn = antisymmetric(
            key, input_size=input_size, output_size=1, width=width, features=features, scale=scale, dtype=inputs.dtype
        )
        kernel = np.asarray(limit_kernel(inputs))
        limit = _ends(kernel, width)
        network = _ends(as_matrix(empirical_ntk(drawn, inputs, trained=trained)), width)
    largest_input = float(np.linalg.norm(np.asarray(inputs), axis=1).max())
    found = _table_one(features, count, scale, limit, largest_input, trained, tuple(obstacles), bool(steps))
    sizes = (features.name, count, input_size, float(scale), trained, width)
    return KernelAtStart(*sizes, limit, network, steps, tuple(obstacles), *found, kernel)


def _ends(kernel: Float[Array, "N N"] | Float[np.ndarray, "N N"], width: int) -> SpectrumEnds:
    found = spectrum(jax.numpy.asarray(kernel))
    values = np.asarray(found.values)
    return SpectrumEnds(float(values[0]), float(values[-1]), float(found.radius), width, values)


def _table_one(
    features: Features,
    count: int,
    scale: float,
    limit: SpectrumEnds,
    largest_input: float,
    trained: Trained,
    obstacles: tuple[str, ...],
    from_above: bool,
) -> tuple[Evaluation | None, Verdict]:
    """What Table 1 asks for, or why it does not apply."""
    if trained != "hidden":
        return None, does_not_apply("Table 1", f"it trains the hidden layer only, and here trained = {trained}")
    # A kernel that was formed shows by its eigenvalues whether it is singular; Lanczos need not.
    if not limit.smallest > limit.error or (from_above and obstacles):
        why = f"lambda = {limit.smallest:.3g} is not above its numerical error {limit.error:.1g}"
        return None, does_not_apply("Table 1", "; ".join(obstacles) or why)
    asked = TABLE_ONE[features.name].evaluate(
        n=count,
        sigma=scale,
        lambda_min=limit.smallest,
        epsilon=_EPSILON,
        largest_input=largest_input,
        constants=OPTIMISTIC,
    )
    least = "at least, since lambda is at most what Lanczos finds: " if from_above else ""
    return asked, asked.verdict(claim=f"{least}{asked.guarantee.title}")
