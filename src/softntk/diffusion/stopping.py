"""When to stop a kernel gradient flow: four rules, from the spectrum of K (N, N) and the labels, or from other data.

    held out   smallest error at noisy samples of held-out X_0
    spectrum   Raskutti, Wainwright, Yu: the last t = N tau with sqrt((1/N) sum_i min(t^2 l_i/N, t)) <= 1/(2 e omega),
               for a kernel with K(x, x) <= 1, a target of norm 1 and noise of level omega
    cutoff     Oymak et al.: directions with l_i from a cutoff on hold information, the others are a nuisance; after
               tau = Gamma/cutoff the residual is at most e^-Gamma |P_I r_0| + |P_N r_0|. Here the cutoff is where the
               energy of the labels in a direction falls to the level of the noise, and Gamma makes the two terms equal
    oracle     smallest error against the truth, where it is known

The first and the last look at a grid of times. The second and third need omega, the root mean square noise of a label;
it is estimated from the residual of the flow stopped on held-out data, corrected for the degrees of freedom used. The
noise of score matching depends on (t, x), so the theorems behind them do not apply as they stand; the rules can be
used all the same.

The second rule is invariant: scaling the kernel by 1/kappa, kappa = max K(x, x), and labels by the norm B of the target
(in the scaled kernel's space) turns omega into omega/B and tau into tau kappa. B is estimated by the norm of the flow
stopped on held-out data.

References: arXiv 1306.3574, Theorem 1; arXiv 1906.05392, Theorem 5.3.
"""

import math

import numpy as np
from jaxtyping import Float

from softntk.kernels.operator import diagonal
from softntk.regression import SpectralFit
from softntk.theorems.score import stopping_time

__all__ = [
    "RULES",
    "flow_times",
    "noise_level",
    "stop_by_cutoff",
    "stop_by_error",
    "stop_by_spectrum",
    "stopping_times",
]

#: Names of the rules.
RULES = ("held out", "spectrum", "cutoff", "oracle")


def flow_times(path: SpectralFit, count: int = 40, longest: float = 1e10) -> Float[np.ndarray, " count"]:
    """Times from 1/l_max to `longest`/l_max, evenly spaced in their logarithm."""
    return np.geomspace(1.0, longest, count) / path.eigenvalues[-1]


def stop_by_error(errors: Float[np.ndarray, " f"], times: Float[np.ndarray, " f"]) -> float:
    """The time with the smallest error."""
    return float(np.asarray(times)[int(np.argmin(np.asarray(errors)))])


def noise_level(path: SpectralFit, tau: float) -> float:
    """omega: root mean square residual a label (over all outputs) of the flow at `tau`, for its degrees of freedom."""
    shrink = np.exp(-tau * path.eigenvalues)
    seen = (path.coordinates**2).sum(axis=1)
    # What lies outside of the eigenvectors is untouched.
    outside = max(path.energy - float(seen.sum()), 0.0)
    residual = outside + float((shrink**2 * seen).sum())
    freedom = path.count - float((1 - shrink**2).sum())
    return math.sqrt(residual / path.coordinates.shape[1] / max(freedom, 1.0))


def stop_by_spectrum(path: SpectralFit, *, noise: float, norm: float, bound: float) -> float:
    """The rule of Raskutti, Wainwright and Yu; infinite where there is no noise.

    Arguments:
        noise: omega, in the units of the labels.
        norm: |F*|_H, the norm of the target in the kernel's space.
        bound: kappa = max K(x, x).
    """
    if noise == 0:
        return math.inf
    count = round(path.count)
    l = np.zeros(count)  # noqa: E741 - the symbol of the docstring, of K/N here
    l[: path.rank] = path.eigenvalues / count / bound
    scaled = noise / (norm * math.sqrt(bound))
    # Time in units so small that whole steps are fine enough: the first step is far from the rule's limit.
    step = 1e-3 / max(l.max(), 1e-300)
    return stopping_time(l.tolist(), noise=scaled, step=step) * step / bound / count


def stop_by_cutoff(path: SpectralFit, *, noise: float) -> float:
    """The rule of Oymak et al.; infinite if no direction has more than noise, or none has less."""
    l = path.eigenvalues[::-1]  # noqa: E741
    energy = (path.coordinates**2).sum(axis=1)[::-1]
    floor = path.coordinates.shape[1] * noise**2
    # Energies scatter by chance: their mean over a run of directions is what is compared.
    width = max(len(l) // 50, 1)
    smooth = np.convolve(energy, np.ones(width) / width, mode="same")
    below = np.flatnonzero(smooth < 2 * floor)
    if not len(below) or below[0] == 0:
        return math.inf
    cut = int(below[0])
    information = math.sqrt(float(energy[:cut].sum()))
    nuisance = math.sqrt(max(path.energy - information**2, 0.0))
    gamma = math.log(information / nuisance) if nuisance > 0 else math.inf
    return max(gamma, 1.0) / float(l[cut - 1])


def stopping_times(path: SpectralFit, held_out_time: float) -> dict[str, float]:
    """The time of each rule that needs no truth, given that of the held-out one; infinite where a rule never stops."""
    noise = noise_level(path, held_out_time)
    norm = float(path.norms(taus=[held_out_time])[0]) / math.sqrt(path.coordinates.shape[1])
    bound = float(diagonal(path.kernel, path.inputs).max())
    return {
        "held out": held_out_time,
        "spectrum": stop_by_spectrum(path, noise=noise, norm=norm, bound=bound),
        "cutoff": stop_by_cutoff(path, noise=noise),
    }
