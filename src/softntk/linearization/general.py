"""Theorem B: the tube around the linearization of any start.

With Rhat(t+1) = (I - eta J0 J0^T) Rhat(t), Rhat(0) = R(0), eta b0^2 <= 2, e_t >= |R(t) - Rhat(t)|, rho_t the distance
moved, J L-Lipschitz on the ball in use,

    gamma_t   = |J0^T Rhat_t| + L rho_t |Rhat_t| + (b0 + L rho_t) e_t  >=  |J^T R(t)|,
    rho_{t+1} = rho_t + eta gamma_t,
    e_{t+1}   = e_t + eta L (rho_t + rho_{t+1}) / 2 gamma_t + eta b0 L rho_t (|Rhat_t| + e_t).

Only the spectrum of the kernel, the labels in its eigenbasis and L enter. At a new input x

    |f_t(x) - flin_t(x)| <= sum_{s<t} eta [ L_x (rho_s + rho_{s+1}) / 2 gamma_s + |J0(x)| |g_s - J0^T Rhat_s| ].

Proof: expand Jbar J^T - J0 J0^T = (Jbar - J0) J^T + J0 (J - J0)^T and use |I - eta J0 J0^T| <= 1; see docs/tube.md.
"""

import numpy as np

from softntk.bounds.curvature import Curvature
from softntk.linearization.curve import Curve
from softntk.linearization.linearized_path import LinearizedPath

__all__ = ["general_tube"]


def general_tube(path: LinearizedPath, curvature: Curvature) -> Curve:
    """Theorem B along a linearized path; infinite once it says nothing."""
    steps, eta, b0 = path.steps, path.step_size, path.norm
    at_start = np.sqrt(path.own)
    deviation, distance = np.full(steps + 1, np.inf), np.full(steps + 1, np.inf)
    others = np.full((len(at_start), steps + 1), np.inf)
    e = rho = change = 0.0
    far = np.zeros(len(at_start))
    deviation[0] = distance[0] = 0.0
    others[:, 0] = 0.0
    for t in range(steps):
        r = float(path.residual[t]) + e
        wrong = change * r + b0 * e
        gradient = float(path.pulled[t]) + wrong
        before, rho = rho, rho + eta * gradient
        lipschitz, _ = curvature.at(rho)
        mean = (before + rho) / 2
        e += eta * (lipschitz * mean * gradient + b0 * change * r)
        change = lipschitz * rho
        if not e <= path.residual[0]:
            break
        second_x, _ = curvature.at_others(rho)
        far = far + eta * (second_x * mean * gradient + at_start * wrong)
        deviation[t + 1], distance[t + 1], others[:, t + 1] = e, rho, far
    return Curve("general", deviation, distance, others)
