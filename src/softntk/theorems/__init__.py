"""What the literature promises, as objects: hypotheses, conclusion, kind, reference, numbers in log form."""

from softntk.theorems.constants import OPTIMISTIC, PAPER, Constants, preactivation_bound
from softntk.theorems.convergence import (
    SOFTMAX,
    TABLE_ONE,
    hidden_exponent,
    log10_samples_for_exponent,
    log10_step_size,
)
from softntk.theorems.generalization import complexity, linearized_distance
from softntk.theorems.guarantee import Check, Evaluation, Guarantee, Hypothesis, Kind, Origin, Status
from softntk.theorems.logs import exp10, log10
from softntk.theorems.perturbation import exponential_bracket, softmax_bracket, softmax_drift
from softntk.theorems.score import approximation_error, critical_radius, local_complexity, stopping_time
from softntk.theorems.symbols import SYMBOLS
from softntk.theorems.table import GUARANTEES, guarantee_named

__all__ = [
    "GUARANTEES",
    "OPTIMISTIC",
    "PAPER",
    "SOFTMAX",
    "SYMBOLS",
    "TABLE_ONE",
    "Check",
    "Constants",
    "Evaluation",
    "Guarantee",
    "Hypothesis",
    "Kind",
    "Origin",
    "Status",
    "approximation_error",
    "complexity",
    "critical_radius",
    "exp10",
    "exponential_bracket",
    "guarantee_named",
    "hidden_exponent",
    "linearized_distance",
    "local_complexity",
    "log10",
    "log10_samples_for_exponent",
    "log10_step_size",
    "preactivation_bound",
    "softmax_bracket",
    "softmax_drift",
    "stopping_time",
]
