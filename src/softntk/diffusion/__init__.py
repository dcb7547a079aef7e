"""Score estimation for diffusion models: processes, exact scores, matching as regression, sampling, distances."""

from softntk.diffusion.ball import BallMap, ball_map
from softntk.diffusion.exact import EmpiricalDenoiser, MixtureDenoiser, empirical_score, mixture_score
from softntk.diffusion.matching import TIME_LAWS, WEIGHTS, TimeLaw, Views, noisy_views, split_clean
from softntk.diffusion.process import Constant, Cosine, Custom, Linear, Process
from softntk.diffusion.score import Denoiser, DenoiserOfScore, Score, ScoreOfDenoiser

__all__ = [
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
    "Score",
    "ScoreOfDenoiser",
    "TimeLaw",
    "Views",
    "ball_map",
    "empirical_score",
    "mixture_score",
    "noisy_views",
    "split_clean",
]
