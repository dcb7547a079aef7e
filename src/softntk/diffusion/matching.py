"""Score matching as regression: (t, X_t) -> X_0.

    X_t = a_t X_0 + sqrt(v_t) Z,    labels X_0 = f*(t, X_t) + noise of conditional mean zero,   f* = E[X_0 | X_t]

so least squares on pairs (t, X_t), X_0 estimates f*, and with it the score. Each X_0 gives several noisy copies, each
with its own t and Z. Copies that share X_0 are not independent: every split goes by X_0 (`owners`), never by copy.

Times have a law on [start, end], uniform or log-uniform; errors are averages over that law with a weight w(t):

    w = 1             E|f - f*|^2                 the denoising error
    w = (a_t/v_t)^2   E|s - s*|^2                 the score error
    w = g (a_t/v_t)^2 g E|s - s*|^2               what the bound on KL integrates
"""

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Int

from softntk.defaults import SCORE_END, SCORE_START
from softntk.diffusion.process import Process, Time
from softntk.failures import BadInput
from softntk.numerics.arrays import finite_matrix

__all__ = ["TIME_LAWS", "WEIGHTS", "NoisySamples", "TimeLaw", "noisy_samples", "split_clean"]

#: Laws of the time: its density is constant in t, or in log t.
TIME_LAWS = ("log-uniform", "uniform")

#: Weight of an error of the denoiser, by name: (process, t) -> w(t).
WEIGHTS = {
    "denoising": lambda _, t: jnp.ones_like(jnp.asarray(t, float)),
    "score": lambda process, t: (process.alpha(t) / process.variance(t)) ** 2,
    "likelihood": lambda process, t: process.g(t) * (process.alpha(t) / process.variance(t)) ** 2,
}


class TimeLaw(eqx.Module):
    """How times are drawn: `name` is one of `TIME_LAWS`, on [start, end].

    Raises:
        BadInput: the name is unknown, or not 0 < start < end.
    """

    name: str = eqx.field(static=True, default="log-uniform")
    start: float = eqx.field(static=True, default=SCORE_START)
    end: float = eqx.field(static=True, default=SCORE_END)

    def __check_init__(self):
        if self.name not in TIME_LAWS:
            raise BadInput(
                "name", required=f"be one of {', '.join(TIME_LAWS)}", got=repr(self.name), advice="Type 'log-uniform'."
            )
        if not 0 < self.start < self.end < float("inf"):
            raise BadInput(
                "start", required="be positive and below end", got=f"{self.start} and {self.end}", advice="Type 0.02."
            )

    def quantile(self, share: Float[Array, "..."]) -> Float[Array, "..."]:
        """The time below which this share of the law lies."""
        if self.name == "uniform":
            return self.start + (self.end - self.start) * share
        return self.start * jnp.exp(jnp.log(self.end / self.start) * share)

    def sample(self, key: Array, shape: tuple[int, ...]) -> Float[Array, "..."]:
        """Independent times."""
        return self.quantile(jax.random.uniform(key, shape))

    def density(self, t: Time) -> Float[Array, "..."]:
        """Density at t in [start, end]."""
        t = jnp.asarray(t, float)
        if self.name == "uniform":
            return jnp.full_like(t, 1 / (self.end - self.start))
        return 1 / (t * jnp.log(self.end / self.start))


class NoisySamples(eqx.Module):
    """Noisy samples, one a row: `times` (p,), `points` X_t (p, d), `clean` X_0 (p, d), `owners` (p,) rows of X_0."""

    times: Float[Array, " p"]
    points: Float[Array, "p d"]
    clean: Float[Array, "p d"]
    owners: Int[Array, " p"]

    @property
    def count(self) -> int:
        """Number of noisy samples, p."""
        return self.times.shape[0]

    def rows(self, chosen: Int[Array, " q"]) -> "NoisySamples":
        """The given rows, in the given order."""
        return jax.tree.map(lambda leaf: leaf[chosen], self)


def noisy_samples(key: Array, clean: ArrayLike, process: Process, *, law: TimeLaw, copies: int = 1) -> NoisySamples:
    """Draw `copies` noisy copies of each row of `clean` (n, d): n times as many rows, those of one X_0 side by side.

    Times of the copies of one X_0 are stratified: one in each of `copies` equal shares of the law, each by itself of
    that share's law, together of the law.

    Raises:
        BadInput: `clean` is not a finite matrix, `copies` is not a positive integer, or the law ends after the horizon.
    """
    clean = finite_matrix("clean", clean)
    if isinstance(copies, bool) or not isinstance(copies, int) or copies < 1:
        raise BadInput("copies", required="be a positive integer", got=repr(copies), advice="Type copies=4.")
    if law.end > process.horizon:
        raise BadInput(
            "law",
            required=f"end before the process does, at {process.horizon}",
            got=f"{law.end}",
            advice=f"Type end={process.horizon}.",
        )
    time_key, noise_key = jax.random.split(key)
    count, size = clean.shape
    share = (
        jnp.arange(copies, dtype=clean.dtype)[None] + jax.random.uniform(time_key, (count, copies), clean.dtype)
    ) / copies
    times = law.quantile(share).reshape(-1)
    owners = jnp.repeat(jnp.arange(count), copies)
    noise = jax.random.normal(noise_key, (count * copies, size), clean.dtype)
    again = clean[owners]
    points = process.alpha(times)[:, None] * again + process.deviation(times)[:, None] * noise
    return NoisySamples(times, points, again, owners)


def split_clean(key: Array, clean: ArrayLike, held_out: float = 0.2) -> tuple[Float[Array, "n d"], Float[Array, "h d"]]:
    """Split the clean samples in two, at random: rows to learn from, and a share `held_out` of them to choose by.

    Noisy samples are drawn from each part by itself, so that none shares its X_0 with one of the other part.

    Raises:
        BadInput: `clean` is not a finite matrix, or one part would be empty.
    """
    clean = finite_matrix("clean", clean)
    count = clean.shape[0]
    apart = round(count * held_out)
    if not 0 < apart < count:
        raise BadInput(
            "held_out", required="leave rows for both parts", got=f"{held_out} of {count} rows", advice="Type 0.2."
        )
    order = jax.random.permutation(key, count)
    return clean[order[apart:]], clean[order[:apart]]
