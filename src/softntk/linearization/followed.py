"""The sharper tubes: errors are filtered by the linear dynamics, and the path is known.

Write What for the linearized weights, z = W - What for the lag, Q = F(W) - F(W0) - J0 (W - W0). Then
R - Rhat = J0 z + Q, and an error made at step s has been filtered by (I - eta J0 J0^T)^(t-1-s) since. With omega,
kappa, nu from `linear_path`, D >= |J - J0|, q >= |Q|, r = |Rhat| + e, and g >= |J^T R|,

    (a)  e_t <= q_t + eta sum_{s<t} [ kappa_{t-1-s} D_s r_s + nu_{t-1-s} q_s ]
    (b)  e_t <= eta sum_{s<t} [ kappa_{t-1-s} D_s r_s + omega_{t-1-s} Dbar_s g_s ],     Dbar the mean over the step
    (c)  e_t <= omega_1 e_{t-1} + eta [ b0 D r + Dbar g ]_{t-1}
         z_t <= eta sum_{s<t} [ D_s r_s + kappa_{t-1-s} q_s ],      z_t <= z_{t-1} + eta [ D r + b0 e ]_{t-1}

and the least is taken at every step. D and q come from a point of the linearized path that was visited (`snapshots`):

    D = |J(What_g) - J0| + K (|What_t - What_g| + z),      K = L, and L3 |V| for an antisymmetric start.

*smoothed*: the start is the only point visited, so that only the spectrum of the kernel, the labels in its eigenbasis,
L and L3 enter. *followed*: a few hundred points are. Antisymmetric start: U has its own lag y and terms B >= |J_U|. At
new inputs (a) is used, with J0(x) in front. Proof: docs/tube.md.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from softntk.bounds.curvature import Curvature
from softntk.linearization.curve import Curve
from softntk.linearization.linearized_path import LinearizedPath
from softntk.linearization.reference_path import Nearby, ReferencePath

__all__ = ["followed_tube"]


def followed_tube(path: LinearizedPath, curvature: Curvature, reference: ReferencePath, *, name: str) -> Curve:
    """The least of (a), (b), (c) along a linearized path; infinite once it says nothing."""
    eta, b0 = path.step_size, path.norm
    omega, kappa, nu = path.filters
    # What happened at each step so far: D r, q and Dbar g + Bbar h.
    change, defect, gained = np.zeros((3, path.steps + 1))
    deviation, distance = np.full((2, path.steps + 1), np.inf)
    lags = np.zeros((2, path.steps + 1))
    e = y = z = 0.0
    before: _Step | None = None
    for t in range(path.steps + 1):
        if before is not None:
            z = min(z + eta * (change[t - 1] + b0 * e), eta * (change[:t].sum() + float(kappa[:t][::-1] @ defect[:t])))
            y += eta * before.lag_gained
        radius = reference.radius(t, y, z)
        second, third = curvature.at(radius if before is None else max(radius, before.radius))
        near = reference.near(t, y, z, second, third)
        if before is not None:
            mean = _mean_over_step(
                before, near, eta, second, third * max(radius, before.radius), reference.antisymmetric
            )
            gained[t - 1] = mean[0] * before.gradient + mean[1] * before.gradient_aside
            filtered = float(kappa[:t][::-1] @ change[:t])
            e = min(
                near.defect + eta * (filtered + float(nu[:t][::-1] @ defect[:t])),
                eta * (filtered + float(omega[:t][::-1] @ gained[:t])),
                omega[1] * e + eta * (b0 * change[t - 1] + gained[t - 1]),
            )
        if not e <= path.residual[0]:
            break
        linear = path.residual[t]
        before = _Step(
            radius=radius,
            near=near,
            gradient=path.pulled[t] + b0 * e + near.change * (linear + e),
            gradient_aside=near.sideways * (linear + e),
            lag_gained=reference.lag_gained(t, y, z, e, linear, second, third),
        )
        change[t], defect[t] = near.change * (linear + e), near.defect
        deviation[t], distance[t], lags[:, t] = e, radius, (y, z)
    others = _at_others(path, curvature, reference, distance, lags, change, defect)
    return Curve(name, deviation, distance, others, len(reference.snapshots.times) - 1)


class _Step(NamedTuple):
    """What the next step needs of this one; the gradients bound |J_V^T R| and |J_U^T R|."""

    radius: float
    near: Nearby[float]
    gradient: float
    gradient_aside: float
    lag_gained: float


def _mean_over_step(
    before: _Step, near: Nearby[float], eta: float, second: float, odd: float, antisymmetric: bool
) -> tuple[float, float]:
    """Bounds of the means of J_V - J0 and of J_U along the step, from the better of its two ends.

    `odd` bounds the derivatives along (V, V) and (U, U) of an antisymmetric start, L3 |V|.
    """
    ahead, aside = eta * before.gradient / 2, eta * before.gradient_aside / 2
    turned = odd * ahead + second * aside if antisymmetric else second * ahead
    crossed = second * ahead + odd * aside if antisymmetric else 0.0
    return min(before.near.change, near.change) + turned, min(before.near.sideways, near.sideways) + crossed


def _at_others(
    path: LinearizedPath,
    curvature: Curvature,
    reference: ReferencePath,
    distance: Float[np.ndarray, " T1"],
    lags: Float[np.ndarray, "2 T1"],
    change: Float[np.ndarray, " T1"],
    defect: Float[np.ndarray, " T1"],
) -> Float[np.ndarray, "n2 T1"]:
    """|f_t(x) - flin_t(x)| <= |J0(x) z| + |Q(x)|, the first as in (a)."""
    kappa, nu = path.filters_at_others
    result = np.full((len(path.own), path.steps + 1), np.inf)
    known = int(np.isfinite(distance).sum())
    for t in range(known):
        bounds = curvature.at_others(distance[t])
        result[:, t] = reference.near(t, *lags[:, t], *bounds).defect
    past = slice(0, known - 1)
    for i, at_start in enumerate(np.sqrt(path.own)):
        lag = np.zeros(known)
        if known > 1:
            filtered = np.convolve(kappa[i, past], change[past]) + np.convolve(nu[i, past], defect[past])
            lag[1:] = path.step_size * filtered[past]
        result[i, :known] += np.minimum(lag, at_start * lags[1, :known])
    return result
