"""Gradient descent with probes, its linearization, and many runs at once."""

from softntk.dynamics.descent import Probe, descend
from softntk.dynamics.ensemble import ensemble
from softntk.dynamics.linearized import Linearized, linearized
from softntk.dynamics.step_size import largest_stable_step, resolved
from softntk.dynamics.trace import Trace

__all__ = [
    "Linearized",
    "Probe",
    "Trace",
    "descend",
    "ensemble",
    "largest_stable_step",
    "linearized",
    "resolved",
]
