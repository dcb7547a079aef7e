"""Records that say something else, to see that the page's words go with the numbers.

stating(section)         every text that states a result: answer, findings, answers to readers, texts for the blind
versions(record)         the same record with networks reversed, numbers inverted, negated or missing, one draw, one
                         place on every axis, a network or a data set missing; never true, always well formed
check(build, record)     what holds for the texts of all of them
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import xarray as xr

from softntk.records import Record
from softntk.report import figure
from softntk.report.section import Section
from softntk.verdicts import Answer

KINDS = ("features", "learner", "rule", "sampler", "set", "score", "curve", "term", "link", "fact", "measure")
DRAWS = ("draw", "seed")
PLACES = (
    "width",
    "samples",
    "steps",
    "scale",
    "spread",
    "radius",
    "dimension",
    "time",
    "distance",
    "step",
    "leg",
    "place",
)
BROKEN = re.compile(r"\bnan\b|\binf\b|\bNone\b|not a number|<xarray|Measured\(")


def stating(section: Section) -> list[str]:
    """Every text of a section that states a result, alt texts last."""
    return [
        section.answer,
        *section.findings,
        *section.questions.values(),
        *(each.description for each in section.figures),
    ]


def versions(record: Record) -> Iterator[tuple[str, Record]]:
    """Name and record of each version."""
    arrays = record.arrays

    def changed(change: Callable[[xr.DataArray], xr.DataArray]) -> Record:
        found = {
            name: change(each).assign_attrs(each.attrs) if each.dtype.kind in "fi" else each
            for name, each in arrays.data_vars.items()
        }
        return replace(record, arrays=arrays.assign(found))

    def missing(each: xr.DataArray) -> xr.DataArray:
        return xr.full_like(each, np.nan, dtype=float)

    def inverted(each: xr.DataArray) -> xr.DataArray:
        values = each.astype(float)
        return -values if str(each.name).startswith("log10") else 1 / values.where(values != 0, 1e-3)

    def part(*dims: str, start: int = 0, stop: int = 1) -> Record:
        return replace(record, arrays=arrays.isel({dim: slice(start, stop) for dim in dims if dim in arrays.dims}))

    undecided = [replace(each, answer=Answer.UNDECIDED) for each in record.verdicts]
    yield (
        "reversed",
        changed(
            lambda each: each.copy(
                data=np.flip(each.values, tuple(each.dims.index(d) for d in KINDS if d in each.dims))
            )
        ),
    )
    yield "inverted", changed(inverted)
    yield "negated", changed(lambda each: -each.astype(float))
    yield "missing", replace(changed(missing), verdicts=undecided)
    yield "one draw", part(*DRAWS)
    yield "one place", part(*PLACES)
    if arrays.sizes.get("features", 0) > 1:
        yield "no first network", part("features", start=1, stop=9)
        yield "no last network", part("features", stop=-1)
    if arrays.sizes.get("learner", 0) > 1:
        yield "no first learner", part("learner", start=1, stop=9)
    if arrays.sizes.get("data", 0) > 1:
        yield "no first data set", part("data", start=1, stop=9)


def check(build: Callable[[Record], Section], record: Record, monkeypatch) -> None:
    """The words of a section go with its record, whatever that says.

    Nothing that states a result is left as it was where nothing was measured, or where networks changed places; what
    explains stays as it is; no version prints what a program prints for a number that is missing.
    """
    with monkeypatch.context() as patch:
        patch.setattr(figure, "_drawn", lambda *_: "<svg />")
        real = build(record)
        for name, version in versions(record):
            found = build(version)
            for text in [
                *stating(found),
                *found.paragraphs,
                *(cell for t in found.tables for row in t.written() for cell in row),
            ]:
                assert not BROKEN.search(text), (name, text)
            if name in ("missing", "inverted"):
                kept = set(stating(real)) & set(stating(found))
                assert not kept or name == "inverted", (name, kept)
                assert list(found.paragraphs) == list(real.paragraphs), name
            if name in ("reversed", "inverted"):
                assert found.answer != real.answer, name
            if name == "inverted":
                # Drawn otherwise, described otherwise.
                kept = {each.description for each in real.figures} & {each.description for each in found.figures}
                assert not kept, (name, kept)
            if name == "one draw" and set(DRAWS) & set(record.arrays.dims):
                assert re.search(r"one (draw|start)|1 (start|draw)\b", " ".join(stating(found))), stating(found)
