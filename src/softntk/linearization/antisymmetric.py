"""Theorem B': the tube around the linearization of an antisymmetric start.

At the antisymmetric start the neurons come in twins w+, w- with opposite output weights. In the coordinates

    U = (w+ + w-) / sqrt 2,      V = (w+ - w-) / sqrt 2

F is odd in V. So at V = 0: F = 0, J_U = 0, and of the second derivative only the part (U, V) is left. With L and L3
bounds of the second and third derivative, u and v the distances moved in U and V, and d = L u + L3 v^2 / 2,

    |J_V - J0| <= d,    |J_U| <= L v,
    gV = |J0^T Rhat| + d |Rhat| + (b0 + d) e,    gU = L v (|Rhat| + e),
    v+ = v + eta gV,    u+ = u + eta gU,    d+ = L u+ + L3 v+^2 / 2,
    e+ = e + eta [ d+ gV + L v+ gU + b0 d (|Rhat| + e) ].

The deviation is of second order in the distance moved, where Theorem B has first order. Proof: docs/tube.md.
"""

import math

import numpy as np

from softntk.bounds.curvature import Curvature
from softntk.linearization.curve import Curve
from softntk.linearization.linearized_path import LinearizedPath

__all__ = ["antisymmetric_tube"]


def antisymmetric_tube(path: LinearizedPath, curvature: Curvature) -> Curve:
    """Theorem B' along a linearized path that starts at an antisymmetric network; infinite once it overflows."""
    steps, eta, b0 = path.steps, path.step_size, path.norm
    at_start = np.sqrt(path.own)
    deviation, distance = np.full(steps + 1, np.inf), np.full(steps + 1, np.inf)
    others = np.full((len(at_start), steps + 1), np.inf)
    e = u = v = d = 0.0
    lipschitz, _ = curvature.at(0.0)
    far = np.zeros(len(at_start))
    deviation[0] = distance[0] = 0.0
    others[:, 0] = 0.0
    for t in range(steps):
        r = float(path.residual[t]) + e
        along, across = float(path.pulled[t]) + d * r + b0 * e, lipschitz * v * r
        wrong = d * r + b0 * e
        u, v = u + eta * across, v + eta * along
        radius = math.hypot(u, v)
        lipschitz, third = curvature.at(radius)
        ahead = lipschitz * u + third * v**2 / 2
        e += eta * (ahead * along + lipschitz * v * across + b0 * d * r)
        d = ahead
        if not e <= path.residual[0]:
            break
        second_x, third_x = curvature.at_others(radius)
        far = far + eta * ((second_x * u + third_x * v**2 / 2) * along + second_x * v * across + at_start * wrong)
        deviation[t + 1], distance[t + 1], others[:, t + 1] = e, radius, far
    return Curve("antisymmetric", deviation, distance, others)
