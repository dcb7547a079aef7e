"""Score estimation for diffusion models: processes, exact scores, matching as regression, sampling."""

from softntk.diffusion.ball import unit_ball_map
from softntk.diffusion.drawn import save_samples
from softntk.diffusion.exact import EmpiricalDenoiser, MixtureDenoiser, empirical_score, mixture_score
from softntk.diffusion.grid import GRIDS, time_grid
from softntk.diffusion.kernel_flow import KernelFit, learn_kernel
from softntk.diffusion.law import law_of_samples
from softntk.diffusion.learners import LEARNERS, learn, learn_blur, learn_mlp, learn_neighbors
from softntk.diffusion.matching import NoisySamples, TimeLaw, noisy_samples
from softntk.diffusion.model import LearnedScore, open_score
from softntk.diffusion.network_flow import NetworkFit, learn_network
from softntk.diffusion.ode import flow_log_density, flow_sample
from softntk.diffusion.preconditioning import AffineDenoiser, Preconditioning
from softntk.diffusion.process import Constant, Cosine, Custom, Linear, Process
from softntk.diffusion.sampler import SAMPLERS, ddim, sample
from softntk.diffusion.samples import CleanSamples, clean_samples
from softntk.diffusion.score import DenoiserOfScore, ScoreOfDenoiser
from softntk.diffusion.split import chain_to_kl, error_split, mean_square_error
from softntk.diffusion.stopping import stopping_times
from softntk.diffusion.task import Task, make_task

__all__ = [
    "GRIDS",
    "LEARNERS",
    "SAMPLERS",
    "AffineDenoiser",
    "CleanSamples",
    "Constant",
    "Cosine",
    "Custom",
    "DenoiserOfScore",
    "EmpiricalDenoiser",
    "KernelFit",
    "LearnedScore",
    "Linear",
    "MixtureDenoiser",
    "NetworkFit",
    "NoisySamples",
    "Preconditioning",
    "Process",
    "ScoreOfDenoiser",
    "Task",
    "TimeLaw",
    "chain_to_kl",
    "clean_samples",
    "ddim",
    "empirical_score",
    "error_split",
    "flow_log_density",
    "flow_sample",
    "law_of_samples",
    "learn",
    "learn_blur",
    "learn_kernel",
    "learn_mlp",
    "learn_neighbors",
    "learn_network",
    "make_task",
    "mean_square_error",
    "mixture_score",
    "noisy_samples",
    "open_score",
    "sample",
    "save_samples",
    "stopping_times",
    "time_grid",
    "unit_ball_map",
]
