"""How the stopping rules are shown: the curve of errors, and where each rule stops."""

import numpy as np
import xarray as xr

from softntk.records import Record
from softntk.report.figure import Axis, Figure, plot
from softntk.report.marks import Line, Mark, Points
from softntk.report.section import Section, Table
from softntk.report.style import OTHERS
from softntk.report.words import Measured, counted, exact, listed, measured, pick, ranking, ratio

__all__ = ["build"]

_ORACLE = "oracle"


def build(record: Record) -> Section:
    """The section of `score_stopping`."""
    arrays = record.arrays
    rules = [str(rule) for rule in arrays["rule"].values]
    kinds, most, draws = (
        [str(kind) for kind in arrays["labels"].values],
        int(arrays["samples"].values[-1]),
        arrays.sizes["draw"],
    )
    at = arrays.sel(labels=kinds[0], samples=most)
    answer = (
        f"With n = {most:,} and {kinds[0]} labels ({draws} draw{'' if draws == 1 else 's'}) the errors at the stop are "
        f"{ranking({_printed(rule): _error(at, rule) for rule in rules})}."
    )
    return Section(
        slug=record.study,
        title="When to stop",
        answer=answer,
        findings=[
            *(_beside(arrays, kind, rules) for kind in kinds),
            *(_never(arrays.sel(labels=kind), kind, rules) for kind in kinds),
        ],
        paragraphs=[
            "One kernel's gradient flow, stopped by four rules. “Held out” looks at samples set aside; “spectrum” "
            "(Raskutti, Wainwright, Yu) and “cutoff” (Oymak et al.) look at the eigenvalues, the labels and the level "
            "of the noise only; the best time (oracle) looks at the truth.",
            "The noise of score matching differs from input to input, so the theorems behind the second and third "
            "rule do not apply as they stand; they are used as rules. A rule that never stops is taken to go to the "
            "end of the grid.",
            "Averaged labels are the mean of X_0 given X_t over the data, in the place of the X_0 of the view: the "
            "same regression with less noise.",
        ],
        figures=[figure for kind in kinds for figure in _curve(arrays, kind, rules)],
        tables=[
            Table(
                f"E|f − f*|² at the time of each rule, mean and standard error of {draws} draws.",
                ["labels, n", *map(_printed, rules)],
                [
                    [f"{kind}, {int(n):,}", *(str(_error(arrays.sel(labels=kind, samples=n), rule)) for rule in rules)]
                    for kind in kinds
                    for n in arrays["samples"].values
                ],
            )
        ],
    )


def _printed(rule: str) -> str:
    return {_ORACLE: "best time"}.get(rule, rule)


def _error(at: xr.Dataset, rule: str) -> Measured:
    return measured(pick(at["error"], rule=rule))


def _beside(arrays: xr.Dataset, kind: str, rules: list[str]) -> str:
    """The price of each rule beside the best time, at every n."""
    said = []
    for n in arrays["samples"].values:
        at = arrays.sel(labels=kind, samples=n)
        best = _error(at, _ORACLE)
        prices = [f"{rule} {ratio(_error(at, rule), best)}" for rule in rules if rule != _ORACLE]
        said.append(f"n = {int(n):,}: {listed(prices)}")
    return f"{kind.capitalize()} labels, error at the stop over that of the best time: {'; '.join(said)}."


def _unstopped(at: xr.Dataset, rule: str) -> xr.DataArray:
    """Draws in which the rule went to the end of the grid."""
    return pick(at["stop"], rule=rule) >= 0.999 * at["time"].max("place")


def _never(arrays: xr.Dataset, kind: str, rules: list[str]) -> str:
    said = []
    for rule in rules:
        ends = _unstopped(arrays, rule)
        said.append(f"{_printed(rule)} {counted(int(ends.sum()), ends.size, 'run')}")
    return f"{kind.capitalize()} labels, went on to the end of the grid: {', '.join(said)}."


def _curve(arrays: xr.Dataset, kind: str, rules: list[str]) -> list[Figure]:
    at = arrays.sel(labels=kind).isel(samples=-1)
    place, curve = (
        np.exp(np.log(at["time"].where(at["time"] > 0).values).mean(axis=at["time"].dims.index("draw"))),
        at["curve"].mean("draw").values,
    )
    if not (np.isfinite(curve) & np.isfinite(place) & (curve > 0)).any():
        return []
    marks: list[Mark] = [Line("error along the flow", place, curve)]
    said, left = [], []
    for rule, style in zip(rules, OTHERS, strict=False):
        stopped = ~_unstopped(at, rule)
        if not bool(stopped.any()):
            left.append(_printed(rule))
            continue
        # Draws that stopped only: times differ by powers of ten, so their middle is that of their logarithms.
        time = float(np.exp(np.log(pick(at["stop"], rule=rule).where(stopped)).mean()))
        on_curve = float(np.interp(np.log(time), np.log(place), curve)) if time > 0 else np.nan
        said.append(f"{_printed(rule)} at {exact(time)}, {counted(int(stopped.sum()), stopped.size, 'draw')}")
        marks.append(Points(_printed(rule), [time], [on_curve], style=style))
    low, high = int(np.nanargmin(curve)), len(curve) - 1
    notes = f" Left out, since no draw stopped: {listed(left)}." if left else ""
    return [
        plot(
            *marks,
            x=Axis("time of the flow, in units of 1/(largest eigenvalue)", log=True),
            y=Axis("E|f − f*|²", log=True),
            caption=f"Error along the flow (mean of {at.sizes['draw']} draws, n = {int(at['samples']):,}, {kind} "
            "labels), and on it "
            f"the middle time of each rule over the draws that stopped.{notes}",
            description=f"The mean error is least, {exact(curve[low])}, at time {exact(place[low])}, and "
            f"{exact(curve[high])} at the end "
            f"of the grid. Rules stop: {'; '.join(said) or 'none'}.{notes}",
        )
    ]
