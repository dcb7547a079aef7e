"""How the study of samplers is shown: distance against steps with its floor, and KL against its bound."""

import numpy as np

from softntk.records import Record
from softntk.report.figure import Axis, Figure, plot
from softntk.report.marks import Line, Points
from softntk.report.numbers import number, plus_minus
from softntk.report.section import Section, Table
from softntk.report.style import OTHERS, REFERENCE, STYLES

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
    arrays = record.arrays
    steps, mixtures = arrays["steps"].values, list(arrays["mixture"].values)
    arrived = [
        steps[row <= floor + 2 * spread][:1]
        for row, floor, spread in zip(
            arrays["distance"].sel(sampler="dpm-solver++").values,
            arrays["floor"].values,
            arrays["floor_sd"].values,
            strict=True,
        )
    ]
    needed = [int(each[0]) for each in arrived if len(each)]
    reach = (
        f"reaches the finite-sample floor after {_range(needed)} steps"
        if len(needed) == len(mixtures)
        else f"reaches the finite-sample floor on {len(needed)} of {len(mixtures)} mixtures"
    )
    divergence, bound = arrays["divergence"].values, arrays["bound"].values
    answer = (
        f"With the exact score dpm-solver++ {reach}; with {steps[-1]} steps of the sampler of the theorem, KL is "
        f"{number(float(divergence[-1]), 2)} where Girsanov's bound says {number(float(bound[-1]), 2)}."
    )
    return Section(
        slug=record.study,
        title="Samplers against the number of steps",
        answer=answer,
        paragraphs=[
            "The score is exact here, so that what is left is the error of the sampler. The floor is the distance "
            "between two fresh sets of the same size: no sampler can be told from the truth below it, and a distance "
            "without its floor says nothing.",
            "The bound on KL adds the score frozen during each step to KL(p_T || N(0, I)), which no number of steps "
            "takes away. For one Gaussian the law of the samples is a recursion, so that KL itself is known.",
            "Not shown: learned scores, whose errors are in the sections on score estimation.",
        ],
        figures=[*(_distance(record, name) for name in mixtures[:2]), _bound(record)],
        tables=[_table(record, name) for name in mixtures],
    )


def _range(counts: list[int]) -> str:
    least, most = min(counts), max(counts)
    return f"{least}" if least == most else f"{least} to {most}"


def _distance(record: Record, mixture: str) -> Figure:
    at = record.arrays.sel(mixture=mixture)
    steps = at["steps"].values.astype(float)
    floor, spread = float(at["floor"]), float(at["floor_sd"])
    level = np.full(len(steps), floor)
    curves = [
        Points(name, steps, at["distance"].sel(sampler=name), at["distance_se"].sel(sampler=name), look=look)
        for name, look in _SHOWN.items()
    ]
    return plot(
        Line("floor", steps, level, level - spread, level + spread, look=REFERENCE),
        *curves,
        x=Axis("steps", log=True),
        y=Axis("sliced Wasserstein distance to fresh points", log=True),
        caption=f"{mixture}: {record.parameters['samples']:,} samples with the exact score, mean of "
        f"{record.parameters['seeds']} seeds with standard errors. Dotted: the floor, with the standard deviation of "
        "one comparison.",
        description="Distances fall with the number of steps until they reach the floor; samplers of order two arrive "
        "first.",
    )


def _bound(record: Record) -> Figure:
    arrays = record.arrays
    steps = arrays["steps"].values.astype(float)
    return plot(
        Line("prior alone", steps, arrays["prior"], look=REFERENCE),
        Points("bound", steps, arrays["bound"], arrays["bound_se"], look=OTHERS[1]),
        Points("KL", steps, arrays["divergence"], look=STYLES["softmax"]),
        x=Axis("steps", log=True),
        y=Axis("KL(p_T0 || law of the samples)", log=True),
        caption=f"One Gaussian, exact score, T0 = {record.parameters['bound_start']:g}: KL of the sampler that freezes "
        "the score during a step, and Girsanov's bound on it with standard errors. Dotted: the part of the bound that "
        "comes from starting at N(0, I).",
        description="KL falls faster than its bound as the steps grow; the bound stays above it.",
    )


def _table(record: Record, mixture: str) -> Table:
    at = record.arrays.sel(mixture=mixture)
    steps = at["steps"].values
    rows = [
        [
            name,
            int(at["evaluations"].sel(sampler=name)),
            *(
                plus_minus(float(d), float(e))
                for d, e in zip(
                    at["distance"].sel(sampler=name).values, at["distance_se"].sel(sampler=name).values, strict=True
                )
            ),
        ]
        for name in at["sampler"].values
    ]
    return Table(
        f"{mixture}: sliced Wasserstein distance by number of steps; floor {number(float(at['floor']), 3)}, give or "
        f"take {number(float(at['floor_sd']), 2)}.",
        ["sampler", "evaluations a step", *(f"{count} steps" for count in steps)],
        rows,
    )
