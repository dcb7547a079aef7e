"""Encoding of targets as labels with |y_i| at most 1, and back.

    kind             labels (n, k)                                            decoded
    classification   two classes: one column, -1 and +1                       the class on whose side the output is
                     k > 2 classes: +1/sqrt(k) in the column of the class,    the class of the largest output
                     -1/sqrt(k) in the others
    regression       (y - center) / spread in each column, spread =           y in its own units
                     sqrt(k) max |y - center| on the training rows;
                     center = 0 where all targets are equal
    as-given         the numbers themselves                                   the numbers themselves

The factor 1/sqrt(k) keeps the norm of every label row at most 1, and its entries with it. The rule that picks between
the first two is in `kind_of`, and every caller can overrule it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Shaped

from softntk.data.places import Places, quoted
from softntk.failures import BadInput, typed
from softntk.numerics.memory import announce

__all__ = ["KINDS", "Encoding", "kind_of"]

#: What a target can be.
KINDS = ("classification", "regression", "as-given")

#: A numeric target with more different values than this is taken for regression.
MOST_CLASSES = 20

Targets = Shaped[np.ndarray, "n ..."]


def kind_of(targets: Targets) -> tuple[str, str]:
    """Classification or regression, and the reason in words.

    Text and true/false are classes. Numbers are classes when there is one column of whole numbers with two different
    values, or with at most 20 that occur twice each on average. Everything else is regression.
    """
    if targets.dtype.kind in "US":
        return "classification", "the target is text"
    if targets.dtype.kind == "b":
        return "classification", "the target is true or false"
    if targets.ndim == 1 and (targets == np.round(targets)).all():
        different = len(np.unique(targets))
        if different == 2 or different <= min(MOST_CLASSES, len(targets) // 2):
            return "classification", f"the target holds {_number(different, 'different whole number')}"
    return "regression", "the target holds numbers that are not a few classes"


@dataclass(frozen=True)
class Encoding:
    """How targets became labels: `classes` for classification, `center` and `spread` (k entries) for regression."""

    kind: str
    classes: tuple[str | int | float | bool, ...] = ()
    center: tuple[float, ...] = ()
    spread: tuple[float, ...] = ()

    @classmethod
    def fit(cls, kind: str, targets: Targets) -> "Encoding":
        """Fit the encoding of this kind on targets: (n,) classes, or numbers (n,) or (n, k).

        Raises:
            BadInput: there is no such kind, text is to be used as numbers, several columns are to be classes, or
                numbers are too large to be centered.
        """
        if kind not in KINDS:
            choices = ", ".join(KINDS)
            raise BadInput("kind", required=f"be one of {choices}", got=repr(kind), advice=_sentence(kind="regression"))
        if kind == "classification":
            if targets.ndim != 1:
                raise BadInput(
                    "target",
                    required="be one column for classification",
                    got=f"{targets.shape[1]} columns",
                    advice=f"Name one column, or type {typed(kind='as-given')} if the columns already are labels.",
                )
            return cls(kind, classes=tuple(_plain(value) for value in np.unique(targets).tolist()))
        columns = _columns(kind, targets)
        if kind == "as-given":
            return cls(kind)
        peak = np.abs(columns).max(axis=0)
        parts = columns / np.where(peak > 0, peak, 1.0)[None, :]
        # A constant target (n = 1, say) would be all zero after centering, with nothing left to learn.
        center = np.where(columns.min(axis=0) == columns.max(axis=0), 0.0, peak * parts.mean(axis=0))
        with np.errstate(over="ignore"):
            spread = np.abs(columns - center[None, :]).max(axis=0) * columns.shape[1] ** 0.5
        if not np.isfinite(spread).all():
            raise BadInput(
                "target",
                required="stay within floating-point range when centered",
                got=f"entries up to {peak.max():.3g}",
                advice="Change its units.",
            )
        return cls(kind, center=tuple(center.tolist()), spread=tuple(np.where(spread > 0, spread, 1.0).tolist()))

    def encode(self, targets: Targets, places: Places | None = None) -> Float[np.ndarray, "n k"]:
        """Labels of these targets, training or new; `places` are their rows in the source, for messages.

        Raises:
            BadInput: a class that the fit has not seen, or another number of columns.
        """
        if self.kind != "classification":
            columns = _columns(self.kind, targets)
            if self.kind == "as-given":
                return columns
            if columns.shape[1] != len(self.center):
                raise BadInput(
                    "target",
                    required=f"have {len(self.center)} columns, as in training",
                    got=f"{columns.shape[1]}",
                    advice="Pass the same columns in the same order.",
                )
            return (columns - np.asarray(self.center)[None, :]) / np.asarray(self.spread)[None, :]
        where = self._indices(targets, places or Places())
        if len(self.classes) <= 2:
            # A single class is +1: a label of its own, however poor a task.
            return np.where(where == len(self.classes) - 1, 1.0, -1.0)[:, None]
        size = len(self.classes)
        announce(8.0 * len(where) * size, what="the labels", argument="target", advice="Learn fewer classes.")
        labels = np.full((len(where), size), -(size**-0.5))
        labels[np.arange(len(where)), where] = size**-0.5
        return labels

    def decode(self, outputs: Float[np.ndarray, "n k"]) -> Targets:
        """Classes (n,) or numbers (n, k) in the units of the target, from labels or from outputs of a network."""
        if self.kind == "classification":
            if len(self.classes) == 1:
                chosen = np.zeros(len(outputs), int)
            elif len(self.classes) == 2:
                chosen = (outputs[:, 0] > 0).astype(int)
            else:
                chosen = outputs.argmax(axis=1)
            return np.asarray(self.classes)[chosen]
        if self.kind == "as-given":
            return outputs
        return outputs * np.asarray(self.spread)[None, :] + np.asarray(self.center)[None, :]

    def sentence(self) -> str:
        """What was done, in words."""
        if self.kind == "as-given":
            return "labels are used as they are"
        if self.kind == "regression":
            return (
                f"the target is centered and divided by {', '.join(f'{s:.6g}' for s in self.spread[:3])}"
                f"{', ...' if len(self.spread) > 3 else ''}, so that label rows have norm at most 1"
            )
        names = [str(value) for value in self.classes]
        listed = ", ".join(names if len(names) <= 12 else [*names[:10], "..."])
        if len(names) == 1:
            return f"the only class, {listed}, became one column of +1"
        if len(names) == 2:
            return f"two classes became one column: {names[0]} is -1, {names[1]} is +1"
        return (
            f"{len(names)} classes ({listed}) became {len(names)} columns: +1/sqrt({len(names)}) for the class, "
            f"-1/sqrt({len(names)}) for the others, so that label rows have norm 1"
        )

    def to_dict(self) -> dict[str, Any]:
        """The encoding as JSON holds it; floats survive exactly."""
        return {
            "kind": self.kind,
            "classes": list(self.classes),
            "center": list(self.center),
            "spread": list(self.spread),
        }

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> "Encoding":
        """The encoding that `to_dict` described.

        Raises:
            BadInput: the description is not one of an encoding.
        """
        try:
            center, spread = (tuple(float(x) for x in record[name]) for name in ("center", "spread"))
            encoding = cls(str(record["kind"]), tuple(_plain(value) for value in record["classes"]), center, spread)
            if encoding.kind not in KINDS or (encoding.kind == "classification") != bool(encoding.classes):
                raise ValueError("kind and classes do not fit")
            if len(center) != len(spread) or not np.isfinite(center + spread).all() or not all(s > 0 for s in spread):
                raise ValueError("center and spread do not fit")
            if (encoding.kind == "regression") != bool(center):
                raise ValueError("kind and center do not fit")
        except (KeyError, TypeError, ValueError) as error:
            raise BadInput(
                "encoding",
                required="be an encoding as to_dict writes it",
                got=f"{type(error).__name__}: {error}",
                advice="Write the file again; it was changed or cut.",
            ) from None
        return encoding

    def _listed(self) -> str:
        return quoted((str(value) for value in self.classes), 12)

    def _indices(self, targets: Targets, places: Places) -> np.ndarray:
        """Index of the class of each target."""
        classes = np.asarray(self.classes)
        if (classes.dtype.kind == "U") != (targets.dtype.kind == "U") or targets.ndim != 1:
            got = f"{'text' if targets.dtype.kind == 'U' else 'numbers'} of shape {targets.shape}"
            raise BadInput(
                "target",
                required=f"hold the classes {self._listed()}",
                got=got,
                advice="Name the column that was learned.",
            )
        order = np.argsort(classes)
        where = order[np.minimum(np.searchsorted(classes, targets, sorter=order), len(classes) - 1)]
        unknown = np.flatnonzero(classes[where] != targets)
        if len(unknown):
            raise BadInput(
                "target",
                required=f"hold the classes {self._listed()}",
                got=f'"{targets[unknown[0]]}" in {places.several(unknown.tolist())}',
                advice="Drop rows of other classes, or train with them.",
            )
        return where


def _columns(kind: str, targets: Targets) -> Float[np.ndarray, "n k"]:
    if targets.dtype.kind not in "biuf":
        raise BadInput(
            "target",
            required=f"hold numbers to be used for {kind}",
            got=f"{targets.flat[0]!s}",
            advice=f"{_sentence(kind='classification')[:-1]}, or name a numeric column.",
        )
    return targets.reshape(len(targets), -1).astype(np.float64)


def _plain(value: object) -> str | int | float | bool:
    """A class as JSON holds it; whole floats become integers, so that digits read 0, 1, ... and not 0.0, 1.0."""
    if isinstance(value, str | bool | int):
        return value
    if isinstance(value, float) and np.isfinite(value):
        return int(value) if value == int(value) else value
    raise TypeError(f"{value!r} is not a class")


def _sentence(**arguments: str) -> str:
    return f"Type {typed(**arguments)}."


def _number(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"
