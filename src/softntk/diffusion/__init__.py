"""Score estimation for diffusion models: processes, exact scores, matching as regression, sampling, distances."""

from softntk.diffusion.ball import BallMap, ball_map
from softntk.diffusion.exact import EmpiricalDenoiser, MixtureDenoiser, empirical_score, mixture_score
from softntk.diffusion.grid import GRIDS, time_grid
from softntk.diffusion.matching import TIME_LAWS, WEIGHTS, TimeLaw, Views, noisy_views, split_clean
from softntk.diffusion.ode import flow_log_density, flow_sample
from softntk.diffusion.process import Constant, Cosine, Custom, Linear, Process
from softntk.diffusion.sampler import SAMPLERS, Sampler, ddim, sample, sampler_named
from softntk.diffusion.score import Denoiser, DenoiserOfScore, Score, ScoreOfDenoiser

__all__ = [
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
    "ddim",
    "empirical_score",
    "flow_log_density",
    "flow_sample",
    "mixture_score",
    "noisy_views",
    "sample",
    "sampler_named",
    "split_clean",
    "time_grid",
]
