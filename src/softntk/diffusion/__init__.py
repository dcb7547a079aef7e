"""Score estimation for diffusion models: processes, exact scores, matching as regression, sampling, distances."""

from softntk.diffusion.ball import UnitBallMap, unit_ball_map
from softntk.diffusion.error import error_by_time, excess_risk, integrated_error
from softntk.diffusion.exact import EmpiricalDenoiser, MixtureDenoiser, empirical_score, mixture_score
from softntk.diffusion.grid import GRIDS, time_grid
from softntk.diffusion.landmarks import Bounded, KernelPath, Landmarks, draw_landmarks, kernel_path
from softntk.diffusion.law import NormalLaw, law_of_samples, normal_divergence
from softntk.diffusion.learn import (
    LABELS,
    KernelFit,
    NetworkFit,
    Task,
    learn_blur,
    learn_kernel,
    learn_mlp,
    learn_neighbors,
    learn_network,
    make_task,
)
from softntk.diffusion.matching import TIME_LAWS, WEIGHTS, NoisySamples, TimeLaw, noisy_samples, split_clean
from softntk.diffusion.model import ScoreModel
from softntk.diffusion.ode import flow_log_density, flow_sample
from softntk.diffusion.preconditioning import (
    PRECONDITIONINGS,
    Pairs,
    PreconditionedDenoiser,
    Preconditioning,
    make_preconditioning,
    preconditioned_pairs,
)
from softntk.diffusion.process import Constant, Cosine, Custom, Linear, Process
from softntk.diffusion.references import MLP, AffineDenoiser, Chosen, NeighborDenoiser
from softntk.diffusion.sampler import SAMPLERS, Sampler, ddim, sample, sampler_named
from softntk.diffusion.samples import CleanSamples, clean_samples
from softntk.diffusion.score import Denoiser, DenoiserOfScore, Score, ScoreOfDenoiser
from softntk.diffusion.split import chain_to_kl, error_split, lipschitz_constant, mean_square_error, truncation
from softntk.diffusion.stopping import (
    RULES,
    flow_times,
    noise_level,
    stop_by_cutoff,
    stop_by_error,
    stop_by_spectrum,
    stopping_times,
)
from softntk.diffusion.wide import NetworkRun, train_network

__all__ = [
    "GRIDS",
    "LABELS",
    "MLP",
    "PRECONDITIONINGS",
    "RULES",
    "SAMPLERS",
    "TIME_LAWS",
    "WEIGHTS",
    "AffineDenoiser",
    "Bounded",
    "Chosen",
    "CleanSamples",
    "Constant",
    "Cosine",
    "Custom",
    "Denoiser",
    "DenoiserOfScore",
    "EmpiricalDenoiser",
    "KernelFit",
    "KernelPath",
    "Landmarks",
    "Linear",
    "MixtureDenoiser",
    "NeighborDenoiser",
    "NetworkFit",
    "NetworkRun",
    "NoisySamples",
    "NormalLaw",
    "Pairs",
    "PreconditionedDenoiser",
    "Preconditioning",
    "Process",
    "Sampler",
    "Score",
    "ScoreModel",
    "ScoreOfDenoiser",
    "Task",
    "TimeLaw",
    "UnitBallMap",
    "chain_to_kl",
    "clean_samples",
    "ddim",
    "draw_landmarks",
    "empirical_score",
    "error_by_time",
    "error_split",
    "excess_risk",
    "flow_log_density",
    "flow_sample",
    "flow_times",
    "integrated_error",
    "kernel_path",
    "law_of_samples",
    "learn_blur",
    "learn_kernel",
    "learn_mlp",
    "learn_neighbors",
    "learn_network",
    "lipschitz_constant",
    "make_preconditioning",
    "make_task",
    "mean_square_error",
    "mixture_score",
    "noise_level",
    "noisy_samples",
    "normal_divergence",
    "preconditioned_pairs",
    "sample",
    "sampler_named",
    "split_clean",
    "stop_by_cutoff",
    "stop_by_error",
    "stop_by_spectrum",
    "stopping_times",
    "time_grid",
    "train_network",
    "truncation",
    "unit_ball_map",
]
