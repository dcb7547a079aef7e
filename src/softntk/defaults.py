"""One place for what commands, estimators and functions take where nobody says otherwise.

Only numbers and names stand here, so that the command line reads them without importing anything that computes.
"""

__all__ = [
    "ACCURACY",
    "FEATURES",
    "HELD_OUT",
    "KERNEL_ROWS",
    "LANCZOS_STEPS",
    "REGRESSION_TRAINED",
    "RIDGE",
    "SAMPLER",
    "SAMPLER_GRID",
    "SAMPLER_STEPS",
    "SAMPLES_DRAWN",
    "SCALE",
    "SCALES",
    "SCALING",
    "SCALINGS",
    "SCORE_COPIES",
    "SCORE_END",
    "SCORE_LANDMARKS",
    "SCORE_LEARNER",
    "SCORE_START",
    "SCORE_WIDTH",
    "SOLVER",
    "STEPS",
    "STEP_SIZE",
    "TRAINED",
    "WIDTH",
]

#: Of the networks and their limit kernels: a row of `networks.FEATURES`, and the spread of the hidden weights.
FEATURES, SCALE = "softmax", 1.0
#: Hidden neurons of a network that is trained or whose kernel is taken.
WIDTH = 4096
#: Which layers a kernel counts as trained: the hidden ones, as networks here are trained; in kernel regression both,
#: which predicts better and costs the same.
TRAINED, REGRESSION_TRAINED = "hidden", "both"
#: Rows up to which a kernel whose eigenvalues are asked for is formed; steps of Lanczos above.
KERNEL_ROWS, LANCZOS_STEPS = 8000, 60
#: Steps of gradient descent, and their size, by name.
STEPS, STEP_SIZE = 300, "stable"
#: Share of the rows that a command holds out for testing.
HELD_OUT = 0.25
#: Of the inputs of a network: a row of `data.SCALINGS`.
SCALING = "sphere"
#: Scales and scalings that kernel regression chooses from by leave-one-out.
SCALES, SCALINGS = (0.5, 1.0, 2.0, 4.0, 6.0), ("sphere", "hemisphere")
#: Ridge, solver, and true residual relative to the labels, of kernel regression.
RIDGE, SOLVER, ACCURACY = "auto", "auto", 1e-6
#: What learns a score: a row of `diffusion.learners.LEARNERS`.
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
