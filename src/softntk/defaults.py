"""One place for what commands, estimators and functions take where nobody says otherwise.

Only numbers and names stand here, so that the command line reads them without importing anything that computes.
"""

__all__ = [
    "SAMPLER",
    "SAMPLER_GRID",
    "SAMPLER_STEPS",
    "SAMPLES_DRAWN",
    "SCORE_COPIES",
    "SCORE_END",
    "SCORE_LANDMARKS",
    "SCORE_LEARNER",
    "SCORE_START",
    "SCORE_WIDTH",
]

#: What learns a score: a row of `diffusion.learn.LEARNERS`.
SCORE_LEARNER = "kernel"
#: Smallest and largest time that a score is learned for, and sampled from.
SCORE_START, SCORE_END = 0.02, 5.0
#: Noisy samples that a score is learned from, in all.
SCORE_COPIES = 8000
#: Hidden neurons of a network that learns a score.
SCORE_WIDTH = 2048
#: Landmarks of a kernel that learns a score.
SCORE_LANDMARKS = 1000
#: How samples are drawn: a row of `diffusion.sampler.SAMPLERS`, a row of `diffusion.grid.GRIDS`, and steps.
SAMPLER, SAMPLER_GRID, SAMPLER_STEPS = "ddpm", "log-snr", 200
#: Samples that `softntk sample` draws.
SAMPLES_DRAWN = 64
