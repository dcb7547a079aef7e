"""How the study of the kernel's perturbation is shown: worst change against its bounds, mean change against spread."""

import numpy as np
import xarray as xr

from softntk.records import Record
from softntk.report.figure import Axis, Figure
from softntk.report.marks import Line
from softntk.report.numbers import from_log10, number
from softntk.report.section import Section, Table
from softntk.report.sections import names
from softntk.report.sections.curves import along, chart, networks, seen
from softntk.report.words import Measured, choose, compare, exact, measured, pick, ranking, ratio, trend

__all__ = ["build", "difficulty"]


def build(record: Record) -> Section:
    """The section of `perturbation`."""
    arrays = names.complete(record.arrays)
    small = arrays.isel(radius=len(arrays["radius"]) // 2)
    D = float(small["radius"])
    worst = {names.network(name): measured(small["worst"].sel(features=name)) for name in names.NETWORKS}
    softmax = small.sel(features="softmax")
    answer = (
        f"When every neuron moves by {number(D, 1)}, the worst change of the kernel found is {ranking(worst)} "
        f"({arrays.sizes['draw']} starts). For softmax the sharp bound says {measured(softmax['sharp'])}, the paper's "
        f"{_power(softmax['log10_literature'])}."
    )
    return Section(
        slug=record.study,
        title="How much the kernel moves",
        answer=answer,
        findings=[
            _grows(arrays),
            *(f"{names.network(name)}: {_reach(arrays, name)}." for name in names.NETWORKS),
            difficulty(record),
        ],
        paragraphs=[
            "The perturbation property is what lets the proof go through: near the start the kernel stays close to "
            "where it began. The worst change is the largest found over random moves and by ascent from them, so it "
            "is a lower bound on the true worst change; the sharp bound holds, entry by entry, for every move (its "
            "numbers are taken in float64). The room between is either slack in the bound or weakness of the search.",
            "What normalization adds to the proof: under independent moves the change of the kernel has a mean and a "
            "spread. Concentration makes the spread fall with the width and does nothing for the mean. Such a move "
            "makes the weights' variance larger, so the mean tends to the change of the limit kernel with the "
            "variance.",
        ],
        figures=[*_worst(arrays, record), *_moments(arrays, record)],
        tables=[_table(arrays)],
        questions={6: difficulty(record), 2: f"Perturbation: {answer}"},
    )


def difficulty(record: Record) -> str:
    """Mean and spread of the change under independent moves, for all networks, and whether each goes with the width."""
    arrays, drawn = names.complete(record.arrays), record.parameters["moment_draws"]
    widths, m = arrays["width"].values, int(arrays["width"].values[-1])
    means = {name: curve[-1] for name, curve in _means(arrays, drawn).items()}
    spread = {name: curve[-1] for name, curve in networks(arrays, "spread_of_change", "width").items()}
    zero = "; ".join(f"{name} {_side_of_zero(each)}" for name, each in means.items())
    way = trend(widths, networks(arrays, "spread_of_change", "width")["softmax"], of="m")
    return (
        f"Under independent moves of size {record.parameters['moment_radius']:g} at m = {m:,} a diagonal entry of the "
        f"kernel changes on average by {ranking(means)} ({zero}); exponential over softmax "
        f"{ratio(means['exponential'], means['softmax'])}. One draw spreads by {ranking(spread)}. With the width "
        f"softmax's spread {way}, its mean {trend(widths, _means(arrays, drawn)['softmax'], of='m', log=False)} (limit "
        f"{exact(pick(arrays['limit_change'], features='softmax'))}): what concentration does not remove has to be "
        "bounded by other means."
    )


def _side_of_zero(mean: Measured) -> str:
    relation = compare(mean, exact(0.0))
    return choose(relation, smaller="below zero", larger="above zero", alike="not told apart from zero")


def _means(arrays: xr.Dataset, drawn: int) -> dict:
    return networks(arrays, "mean_change", "width", error="mean_change_se", drawn=drawn)


def _power(log10: xr.DataArray) -> str:
    return from_log10(float(log10), 1)


def _grows(arrays: xr.Dataset) -> str:
    radii = arrays["radius"].values
    ways = "; ".join(
        f"{names.network(name)} {trend(radii, along(arrays['worst'].sel(features=name), 'radius'), of='D')}"
        for name in names.NETWORKS
    )
    return f"With the distance D the worst change {ways}."


def _reach(arrays: xr.Dataset, name: str) -> str:
    worst, sharp = arrays["worst"].sel(features=name), arrays["sharp"].sel(features=name)
    share = (worst / sharp).where(sharp != 0)
    if share.isnull().all():
        return "no change was measured against its bound"
    top = Measured(float(share.max()))
    within = choose(compare(top, exact(1.0)), smaller="within it", larger="beyond it", alike="all of it")
    return f"the worst change found reaches {top} of the sharp bound, {within}"


def _worst(arrays: xr.Dataset, record: Record) -> list[Figure]:
    radii = arrays["radius"].values.astype(float)
    curves = networks(arrays, "worst", "radius")
    bound = along(arrays["sharp"].sel(features="softmax"), "radius")
    values = np.array([each.value for each in bound])
    return chart(
        curves,
        radii,
        over=[Line("sharp bound, softmax", radii, values)] if np.isfinite(values).any() else [],
        x=Axis("distance D of every neuron", log=True),
        y=Axis("change of the kernel", log=True),
        caption=f"Largest change ‖H(W′) − H(W)‖ found, mean of {arrays.sizes['draw']} starts with standard errors; n = "
        f"{record.parameters['samples']}, d = {record.parameters['input_size']}, m = {record.parameters['width']:,}, "
        "one "
        "output.",
        description=f"Worst change against distance. {seen(curves, radii, of='D')} The sharp bound of softmax "
        f"{trend(radii, bound, of='D')}.",
    )


def _moments(arrays: xr.Dataset, record: Record) -> list[Figure]:
    widths, drawn = arrays["width"].values.astype(float), record.parameters["moment_draws"]
    means = _means(arrays, drawn)
    # What is within two standard errors of zero is noise, and no place on a log axis.
    curves = {
        name: [each if compare(each, exact(0.0)) == "larger than" else Measured(np.nan) for each in curve]
        for name, curve in means.items()
    }
    spread = networks(arrays, "spread_of_change", "width")["softmax"]
    values = np.array([each.value for each in spread])
    left_out = [name for name, curve in curves.items() if all(np.isnan(each.value) for each in curve)]
    noise = (
        f" Not drawn, since no mean is above zero by two standard errors: {', '.join(left_out)}." if left_out else ""
    )
    return chart(
        curves,
        widths,
        over=[Line("spread, softmax", widths, values)] if np.isfinite(values).any() else [],
        x=Axis("width m", log=True),
        y=Axis("mean change of H(x, x)", log=True),
        caption="Mean change of a diagonal entry under independent moves of size "
        f"{record.parameters['moment_radius']:g}, "
        f"over {drawn} draws, with standard errors.{noise} Dotted: how much one draw spreads, for softmax.",
        description=f"Mean change against width. {seen(means, widths, of='m', log=False)} The spread of softmax "
        f"{trend(widths, spread, of='m')}.",
    )


def _table(arrays: xr.Dataset) -> Table:
    rows = []
    for D in arrays["radius"].values:
        for name in names.NETWORKS:
            at = arrays.sel(radius=D, features=name)
            rows.append(
                [
                    f"{number(float(D), 1)}, {names.network(name)}",
                    *(str(measured(at[each])) for each in ("random", "worst", "sharp")),
                    _power(at["log10_literature"]),
                ]
            )
    return Table(
        "Change of the kernel in Frobenius norm, mean and standard error over starts. Literature: for softmax the "
        "paper's D n k exp(10 B) with C = 10, which needs D < 0.01; for ReLU 2 n D with high probability; for the "
        "exponential 3 D n, order only.",
        ["D, network", "random moves", "worst found", "sharp bound", "literature"],
        rows,
    )
