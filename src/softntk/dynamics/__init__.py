"""Gradient descent with probes, its linearization, and many runs at once."""

from softntk.dynamics.descent import gradient_descent
from softntk.dynamics.ensembles import ensemble
from softntk.dynamics.iteration import Probe
from softntk.dynamics.linearized import Linearized, linearize
from softntk.dynamics.step_size import largest_stable_step, resolved
from softntk.dynamics.trace import Trace

__all__ = [
    "Linearized",
    "Probe",
    "Trace",
    "ensemble",
    "gradient_descent",
    "largest_stable_step",
    "linearize",
    "resolved",
]
