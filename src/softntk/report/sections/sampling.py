"""How the study of samplers is shown: distance against steps with its floor, and KL against its bound."""

import numpy as np
import xarray as xr

from softntk.records import Record
from softntk.report.figure import Axis, Figure
from softntk.report.marks import Line
from softntk.report.section import Section, Table
from softntk.report.sections.curves import along, chart, seen
from softntk.report.style import OTHERS, REFERENCE, STYLES
from softntk.report.words import Measured, compare, counted, exact, listed, ranking, ratio, trend

__all__ = ["build"]

#: Samplers that the figure shows; the table has all.
_SHOWN = {
    "euler-maruyama": OTHERS[0],
    "ddpm": OTHERS[1],
    "ddim": OTHERS[2],
    "heun": OTHERS[3],
    "dpm-solver++": STYLES["softmax"],
}


def build(record: Record) -> Section:
    """The section of `sampling`."""
    arrays, seeds = record.arrays, record.parameters["seeds"]
    steps, mixtures = arrays["steps"].values, [str(name) for name in arrays["mixture"].values]
    most = int(steps[-1])
    divergence, bound = (exact(arrays[entry].values[-1]) for entry in ("divergence", "bound"))
    answer = (
        f"With the exact score and {most} steps ({seeds} seeds) the distances are "
        + "; ".join(f"{name}: {_at_floor(arrays.sel(mixture=name), seeds)}" for name in mixtures)
        + f". For one Gaussian KL is {divergence} where Girsanov's bound says {bound}, {ratio(bound, divergence)} as "
        "much."
    )
    return Section(
        slug=record.study,
        title="Samplers against the number of steps",
        answer=answer,
        findings=[
            *(_fewest(arrays.sel(mixture=name), seeds, name) for name in mixtures),
            *(f"{name}: {ranking(_last(arrays.sel(mixture=name), seeds))}." for name in mixtures),
            _kept(arrays),
        ],
        paragraphs=[
            "The score is exact here, so that what is left is the error of the sampler. The floor is the distance "
            "between two fresh sets of the same size: no sampler can be told from the truth below it, and a distance "
            "without its floor says nothing.",
            "The bound on KL adds the score frozen during each step to KL(p_T || N(0, I)), which no number of steps "
            "takes away. For one Gaussian the law of the samples is a recursion, so that KL itself is known.",
            "Not shown: learned scores, whose errors are in the sections on score estimation.",
        ],
        figures=[
            *(figure for name in mixtures[:2] for figure in _distance(record, name)),
            *_bound(arrays, record.parameters["bound_start"]),
        ],
        tables=[_table(arrays.sel(mixture=name), name, seeds) for name in mixtures],
    )


def _curve(at: xr.Dataset, sampler: str, seeds: int) -> list[Measured]:
    one = at.sel(sampler=sampler)
    return along(one["distance"], "steps", error=one["distance_se"], drawn=seeds)


def _last(at: xr.Dataset, seeds: int) -> dict[str, Measured]:
    return {str(name): _curve(at, str(name), seeds)[-1] for name in at["sampler"].values}


def _arrived(at: xr.Dataset, sampler: str, seeds: int) -> np.ndarray:
    """Where the mean distance is within two standard deviations of one comparison from the floor."""
    values = np.array([each.value for each in _curve(at, sampler, seeds)])
    return values <= float(at["floor"]) + 2 * abs(float(at["floor_sd"]))


def _at_floor(at: xr.Dataset, seeds: int) -> str:
    samplers = [str(name) for name in at["sampler"].values]
    there = sum(bool(_arrived(at, name, seeds)[-1]) for name in samplers)
    floor = f"{exact(at['floor'])}, give or take {exact(at['floor_sd'])}"
    last = {name: each for name, each in _last(at, seeds).items() if not np.isnan(each.value)}
    nearest = min(last, key=lambda name: last[name].value, default=None)
    least = f"the least that of {nearest}, {last[nearest]}" if nearest else "none was measured"
    return f"at the finite-sample floor ({floor}) for {counted(there, len(samplers), 'sampler')}, {least}"


def _fewest(at: xr.Dataset, seeds: int, name: str) -> str:
    said = []
    for sampler in _present(at):
        there = np.flatnonzero(_arrived(at, sampler, seeds))
        first = f"with {int(at['steps'].values[there[0]])}" if there.size else "not with the most tried"
        said.append(f"{sampler} {first}")
    return f"{name}: fewest steps tried that reach the floor: {listed(said)}."


def _kept(arrays: xr.Dataset) -> str:
    known = arrays["divergence"].notnull() & arrays["bound"].notnull()
    kept = (arrays["divergence"] <= arrays["bound"] + 3 * abs(arrays["bound_se"])) & known
    steps = arrays["steps"].values
    return (
        f"Girsanov's bound holds for {counted(int(kept.sum()), int(known.sum()), 'number')} of steps; KL "
        f"{trend(steps, along(arrays['divergence'], 'steps'), of='steps')}, its bound "
        f"{trend(steps, along(arrays['bound'], 'steps'), of='steps')}."
    )


def _present(at: xr.Dataset) -> list[str]:
    return [name for name in _SHOWN if name in at["sampler"].values]


def _distance(record: Record, mixture: str) -> list[Figure]:
    at, seeds = record.arrays.sel(mixture=mixture), record.parameters["seeds"]
    steps = at["steps"].values.astype(float)
    floor, spread = float(at["floor"]), float(at["floor_sd"])
    level = np.full(len(steps), floor)
    curves = {name: _curve(at, name, seeds) for name in _present(at)}
    return chart(
        curves,
        steps,
        looks=_SHOWN,
        under=[Line("floor", steps, level, level - spread, level + spread, style=REFERENCE)]
        if np.isfinite(floor)
        else [],
        x=Axis("steps", log=True),
        y=Axis("sliced Wasserstein distance to fresh points", log=True),
        caption=f"{mixture}: {record.parameters['samples']:,} samples with the exact score, mean of {seeds} seeds with "
        "standard "
        "errors. Dotted: the floor, with the standard deviation of one comparison.",
        description=f"Distance against steps, floor {exact(floor)}. {seen(curves, steps, of='steps')}",
    )


def _bound(arrays: xr.Dataset, start: float) -> list[Figure]:
    steps = arrays["steps"].values.astype(float)
    curves = {
        "bound": along(arrays["bound"], "steps", error=arrays["bound_se"], drawn=10**6),
        "KL": along(arrays["divergence"], "steps"),
    }
    prior = arrays["prior"].values
    over = sum(compare(k, b) == "larger than" for k, b in zip(curves["KL"], curves["bound"], strict=True))
    return chart(
        curves,
        steps,
        looks={"bound": OTHERS[1], "KL": STYLES["softmax"]},
        under=[Line("prior alone", steps, prior, style=REFERENCE)] if np.isfinite(prior).any() else [],
        x=Axis("steps", log=True),
        y=Axis("KL(p_T0 || law of the samples)", log=True),
        caption=f"One Gaussian, exact score, T0 = {start:g}: KL of the sampler that freezes the score during a step, "
        "and "
        "Girsanov's bound on it with standard errors. Dotted: the part of the bound that comes from starting at N(0, "
        "I).",
        description=f"{seen(curves, steps, of='steps')} KL is above its bound at {counted(over, len(steps), 'place')}.",
    )


def _evaluations(at: xr.Dataset, sampler: str) -> int | None:
    count = float(at["evaluations"].sel(sampler=sampler))
    return None if np.isnan(count) else int(count)


def _table(at: xr.Dataset, mixture: str, seeds: int) -> Table:
    steps = at["steps"].values
    rows = [
        [str(name), _evaluations(at, str(name)), *map(str, _curve(at, str(name), seeds))]
        for name in at["sampler"].values
    ]
    return Table(
        f"{mixture}: sliced Wasserstein distance by number of steps; floor {exact(at['floor'])}, give or take "
        f"{exact(at['floor_sd'])}.",
        ["sampler", "evaluations a step", *(f"{count} steps" for count in steps)],
        rows,
    )
