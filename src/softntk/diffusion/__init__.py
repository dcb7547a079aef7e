"""Score estimation for diffusion models: processes, exact scores, matching as regression, sampling, distances."""

from softntk.diffusion.ball import BallMap, ball_map
from softntk.diffusion.comparison import DISTANCES, compare_samples
from softntk.diffusion.copying import coverage, memorized_share, nearest_distances, nearness
from softntk.diffusion.distance import mmd, sliced_wasserstein, wasserstein
from softntk.diffusion.error import error_by_time, excess_risk, integrated_error
from softntk.diffusion.exact import EmpiricalDenoiser, MixtureDenoiser, empirical_score, mixture_score
from softntk.diffusion.grid import GRIDS, time_grid
from softntk.diffusion.matching import TIME_LAWS, WEIGHTS, TimeLaw, Views, noisy_views, split_clean
from softntk.diffusion.ode import flow_log_density, flow_sample
from softntk.diffusion.process import Constant, Cosine, Custom, Linear, Process
from softntk.diffusion.sampler import SAMPLERS, Sampler, ddim, sample, sampler_named
from softntk.diffusion.score import Denoiser, DenoiserOfScore, Score, ScoreOfDenoiser
from softntk.diffusion.two_sample import classifier_accuracy

__all__ = [
    "DISTANCES",
    "GRIDS",
    "SAMPLERS",
    "TIME_LAWS",
    "WEIGHTS",
    "BallMap",
    "Constant",
    "Cosine",
    "Custom",
    "Denoiser",
    "DenoiserOfScore",
    "EmpiricalDenoiser",
    "Linear",
    "MixtureDenoiser",
    "Process",
    "Sampler",
    "Score",
    "ScoreOfDenoiser",
    "TimeLaw",
    "Views",
    "ball_map",
    "classifier_accuracy",
    "compare_samples",
    "coverage",
    "ddim",
    "empirical_score",
    "error_by_time",
    "excess_risk",
    "flow_log_density",
    "flow_sample",
    "integrated_error",
    "memorized_share",
    "mixture_score",
    "mmd",
    "nearest_distances",
    "nearness",
    "noisy_views",
    "sample",
    "sampler_named",
    "sliced_wasserstein",
    "split_clean",
    "time_grid",
    "wasserstein",
]
