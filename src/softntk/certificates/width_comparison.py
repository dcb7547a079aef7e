"""How much wider is a proof than training needs? Both searches of `width` on the same networks."""

from dataclasses import dataclass
from typing import Any

from jaxtyping import Array, Float

from softntk.certificates.width import SmallestWidth, smallest_established_width, smallest_trained_width
from softntk.networks.features import Features

__all__ = ["WidthComparison", "compare_widths"]


@dataclass(frozen=True)
class WidthComparison:
    """What a proof asks for beside what training needs, in the words of the two searches.

    Attributes:
        features: name of the feature.
        established: the smallest width at which Theorem A applies.
        trained: the smallest width that trains.
        seeds, needed: starts that were drawn at a width, and how many of them had to succeed.
        halfway: whether the width a factor sqrt(2) below was tried.
    """

    features: str
    established: SmallestWidth
    trained: SmallestWidth
    seeds: int
    needed: int
    halfway: bool

    def __str__(self) -> str:
        widths = "powers of two and of sqrt 2" if self.halfway else "powers of two"
        return (
            f"{self.features}: smallest width for which the theorem holds at the start {self.established}, smallest "
            f"that trains {self.trained} ({self.needed} of {self.seeds} starts; {widths})"
        )

    def to_dict(self) -> dict[str, Any]:
        """Both widths as JSON values; null where none up to the largest did."""
        return {
            "features": self.features,
            "certified_width": self.established.width,
            "trained_width": self.trained.width,
            "words": [str(self)],
        }


def compare_widths(
    inputs: Float[Array, "n d"],
    labels: Float[Array, "n k"],
    features: Features,
    *,
    key: Array,
    largest: int,
    scale: float = 1.0,
    seeds: int = 5,
    needed: int = 4,
    halfway: bool = False,
) -> WidthComparison:
    """Search the smallest width for which Theorem A holds at the start, and the smallest that trains.

    Arguments and what is raised: as for `smallest_established_width`.
    """
    how: dict[str, Any] = {"seeds": seeds, "needed": needed, "halfway": halfway}
    arguments: dict[str, Any] = {"key": key, "largest": largest, "scale": scale, **how}
    established = smallest_established_width(inputs, labels, features, **arguments)
    trained = smallest_trained_width(inputs, labels, features, **arguments)
    return WidthComparison(features.name, established, trained, **how)
