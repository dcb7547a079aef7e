"""The lemmas of the literature on a network, a move, or a run: measured, promised, verdict."""

from softntk.lemmas.basic import (
    bounded_preactivations,
    bounded_softmax_change,
    bounded_softmax_weights,
    largest_preactivation,
)
from softntk.lemmas.finding import Finding, neuron_distance
from softntk.lemmas.generalization_bound import (
    HeldOutLoss,
    clipped_loss,
    distance_moved,
    explicit_generalization,
    generalization,
    interpolant_norm,
)
from softntk.lemmas.induction import (
    loss_contracts,
    neuron_gradient,
    neurons_move_little,
    neurons_stay,
    worst_contraction,
)
from softntk.lemmas.perturbation import kernel_perturbation, sharp_bound, sharp_perturbation
from softntk.lemmas.ranks import jacobian_rank, numerical_rank, output_rank
from softntk.lemmas.step_split import Split, remainder_order, split, split_adds_up, split_adds_up_on_trace, split_probe
from softntk.lemmas.table_one import KernelAtStart, SpectrumEnds, kernel_at_start, lanczos_steps
from softntk.networks.two_layer import is_antisymmetric

__all__ = [
    "Finding",
    "HeldOutLoss",
    "KernelAtStart",
    "SpectrumEnds",
    "Split",
    "bounded_preactivations",
    "bounded_softmax_change",
    "bounded_softmax_weights",
    "clipped_loss",
    "distance_moved",
    "explicit_generalization",
    "generalization",
    "interpolant_norm",
    "is_antisymmetric",
    "jacobian_rank",
    "kernel_at_start",
    "kernel_perturbation",
    "lanczos_steps",
    "largest_preactivation",
    "loss_contracts",
    "neuron_distance",
    "neuron_gradient",
    "neurons_move_little",
    "neurons_stay",
    "numerical_rank",
    "output_rank",
    "remainder_order",
    "sharp_bound",
    "sharp_perturbation",
    "split",
    "split_adds_up",
    "split_adds_up_on_trace",
    "split_probe",
    "worst_contraction",
]
