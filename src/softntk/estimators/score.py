"""A learned score as scikit-learn wants it: fit to samples, draw new ones.

    fit      units -> task (what is held out to choose by) -> learner -> `softntk.diffusion.LearnedScore`
    sample   the process backward, in the units of the data

Everything runs in float64 whatever the caller's setting.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from softntk.data.mixture import GaussianMixture
from softntk.defaults import (
    SAMPLER,
    SAMPLER_GRID,
    SAMPLER_STEPS,
    SCORE_END,
    SCORE_LANDMARKS,
    SCORE_LEARNER,
    SCORE_START,
    SCORE_WIDTH,
)
from softntk.diffusion.diagnosis import Diagnosis, diagnose
from softntk.diffusion.learn import learn
from softntk.diffusion.matching import TimeLaw
from softntk.diffusion.model import LearnedScore, open_score
from softntk.diffusion.process import Constant
from softntk.diffusion.task import make_task
from softntk.diffusion.units import units_of
from softntk.files import save_model

__all__ = ["ScoreModel"]

T = TypeVar("T")


class ScoreModel(BaseEstimator):
    """The score of a law, learned from samples of it, to draw new ones.

    Arguments:
        learner: "kernel", "softmax", "exponential", "relu", "neighbors", "smoothed" or "mlp", as in
            `softntk.diffusion.LEARNERS`; what each sets, it chooses on held-out samples.
        copies: noisy copies of each sample to learn from; by default about 8,000 in all.
        width: hidden neurons of a network.
        landmarks: of the kernel.
        start, end: the smallest and the largest time.
        units: "columns", "pooled" or "none", as in `softntk.diffusion.units`.
        random_state: an integer, or a NumPy generator: of everything that is drawn in `fit`.

    After `fit`: `learned_` (a `LearnedScore`), `choice_`, `held_out_error_`; `task_` and `fit_`, which are not pickled.
    """

    def __init__(
        self,
        learner=SCORE_LEARNER,
        *,
        copies=None,
        width=SCORE_WIDTH,
        landmarks=SCORE_LANDMARKS,
        start=SCORE_START,
        end=SCORE_END,
        units="columns",
        random_state=0,
    ):
        self.learner, self.copies, self.width, self.landmarks = learner, copies, width, landmarks
        self.start, self.end, self.units, self.random_state = start, end, units, random_state

    def fit(
        self, X, y=None, *, columns: Sequence[str] = (), description: Mapping[str, Any] | None = None
    ) -> "ScoreModel":
        """Learn from samples X (n, d); `y` is there for pipelines.

        Arguments:
            columns: names of the columns, for tables of new samples; by default those of a data frame.
            description: JSON values that go into the file.

        Raises:
            BadInput: fewer than 3 different samples, or a parameter out of range.
        """
        X = np.asarray(validate_data(self, X, dtype=np.float64, ensure_min_samples=3))
        units = units_of(X, self.units)
        with jax.enable_x64(True):
            self.seed_ = _seed(self.random_state)
            task_key, fit_key, _ = _keys(self.seed_)
            process, law = Constant(horizon=self.end), TimeLaw(start=self.start, end=self.end)
            self.task_ = make_task(task_key, units.remove(X), process, law, copies=self.copies)
            self.fit_ = learn(fit_key, self.task_, self.learner, width=self.width, landmarks=self.landmarks)
            self.choice_, self.held_out_error_ = dict(self.fit_.choice), self.fit_.held_out_error
        named = columns or getattr(self, "feature_names_in_", ())  # scikit-learn sets it for data frames only
        settings = {"learner": self.learner, "n": len(X), "chosen": self.choice_} | dict(description or {})
        self.learned_ = LearnedScore(
            _as_numpy(self.fit_.denoiser),
            process,
            self.start,
            self.end,
            units.shift,
            units.factor,
            tuple(map(str, named)),
            settings,
        )
        return self

    def sample(
        self,
        n_samples: int = 1,
        *,
        sampler: str = SAMPLER,
        steps: int = SAMPLER_STEPS,
        grid: str = SAMPLER_GRID,
        denoised: bool = True,
        random_state: Any = 0,
    ) -> np.ndarray:
        """Draw samples (n_samples, d) in the units of the data; arguments as `LearnedScore.draw`."""
        check_is_fitted(self)
        with jax.enable_x64(True):
            key = jax.random.key(_seed(random_state))
            learned = replace(self.learned_, denoiser=_as_jax(self.learned_.denoiser))
            return learned.draw(key, n_samples, sampler=sampler, steps=steps, grid=grid, denoised=denoised)

    def log_density(self, X) -> np.ndarray:
        """Log-density (n,) at points X (n, d), as `LearnedScore.log_density`: d at most 64, and diffrax."""
        check_is_fitted(self)
        X = np.asarray(validate_data(self, X, reset=False, dtype=np.float64))
        with jax.enable_x64(True):
            return replace(self.learned_, denoiser=_as_jax(self.learned_.denoiser)).log_density(X)

    def diagnose(self, mixture: GaussianMixture | None = None) -> Diagnosis:
        """Where the error comes from; `mixture` is the law of the samples in the units of the fit, if it is known."""
        check_is_fitted(self, "fit_")
        with jax.enable_x64(True):
            return diagnose(_keys(self.seed_)[2], self.task_, self.fit_, mixture)

    def __getstate__(self) -> dict[str, Any]:
        """Without what only `diagnose` needs: JAX's arrays would lose their precision where float64 is off."""
        state: Any = super().__getstate__()
        return {name: value for name, value in state.items() if name not in ("task_", "fit_")}

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the learned score and return its path. Raises as `softntk.files.save_model`."""
        check_is_fitted(self)
        with jax.enable_x64(True):
            return save_model(self.learned_, path)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> "ScoreModel":
        """A model that samples, from a file. Raises as `softntk.diffusion.open_score`."""
        with jax.enable_x64(True):
            learned = open_score(path)
        model = cls(learner=learned.description.get("learner", SCORE_LEARNER), start=learned.start, end=learned.end)
        model.learned_ = learned
        return model


def _keys(seed: int) -> tuple[jax.Array, jax.Array, jax.Array]:
    """For the task, the learner and the diagnosis; the first of the four is the caller's, to draw the data by."""
    _, task, fit, diagnosis = jax.random.split(jax.random.key(seed), 4)
    return task, fit, diagnosis


def _as_numpy(tree: T) -> T:
    """NumPy's arrays in the place of JAX's, which would lose their precision when unpickled where float64 is off."""
    return jax.tree.map(lambda leaf: np.asarray(leaf) if eqx.is_array(leaf) else leaf, tree)


def _as_jax(tree: T) -> T:
    """JAX's arrays again, in float64."""
    return jax.tree.map(lambda leaf: jnp.asarray(leaf) if eqx.is_array(leaf) else leaf, tree)


def _seed(random_state: Any) -> int:
    """An integer as it is, so that it means the same seed everywhere; a generator gives one."""
    if isinstance(random_state, int | np.integer) and not isinstance(random_state, bool):
        return int(random_state)
    return int(check_random_state(random_state).randint(np.iinfo(np.int32).max))
