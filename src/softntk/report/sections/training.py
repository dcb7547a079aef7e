"""How the study of training is shown: the measured loss beside its linearization and the theorem's rate."""

import numpy as np
import xarray as xr

from softntk.records import Record
from softntk.report.figure import Axis, Figure
from softntk.report.marks import Line
from softntk.report.section import Section, Table
from softntk.report.sections import names
from softntk.report.sections.curves import along, chart, law, networks, seen
from softntk.report.style import REFERENCES
from softntk.report.words import Measured, choose, compare, counted, listed, measured, ranking, trend

__all__ = ["build", "percent_apart"]


def build(record: Record) -> Section:
    """The section of `training`."""
    arrays = names.complete(record.arrays)
    sources, m = list(arrays["data"].values), int(arrays["width"].values[-1])
    wide = arrays.isel(width=-1)
    where = listed([names.data(source) for source in sources])
    starts = f"{arrays.sizes['draw']} start{'' if arrays.sizes['draw'] == 1 else 's'}"
    answer = (
        f"Largest difference of the loss from its linearization at m = {m:,}, {starts}, in %: "
        + "; ".join(f"{names.data(source)} {ranking(_percent(wide.sel(data=source)))}" for source in sources)
        + "."
    )
    return Section(
        slug=record.study,
        title="Gradient descent against its theory",
        answer=answer,
        findings=[
            *(_with_width(arrays.sel(data=source), source) for source in sources),
            *(_distances(arrays.sel(data=source), source) for source in sources),
            _rate(arrays),
            *(_end(wide.sel(data=source), source) for source in sources),
        ],
        paragraphs=[
            "Each run has the antisymmetric start, where outputs are zero, with the step size 1/(m lambda_max). The "
            "linearized run is exact for the kernel at the start, step by step; losses are compared while they are "
            "above a millionth of their start. The paper's rate for the softmax network is (1 − m eta lambda/2)^t for "
            "the squared residual. Where the width is below what its hypotheses ask for, nothing is promised, and "
            "what is shown is whether the rate is kept all the same.",
            "This is training loss on small samples; it says nothing about the test error.",
        ],
        figures=[*_loss(record, wide.isel(data=0)), *_distance(arrays.isel(data=0, step=-1))],
        tables=[_table(arrays, starts)],
        questions={
            2: f"In training, on {where}: {answer} " + " ".join(_with_width(arrays.sel(data=s), s) for s in sources)
        },
    )


#: Below this share of its start a loss is mostly rounding.
_SEEN = 1e-6


def percent_apart(at: xr.Dataset) -> xr.DataArray:
    """The largest difference between measured and linearized loss in a run, in % of the latter, while it is seen."""
    linearized = at["linearized_loss"]
    seen_of = linearized > _SEEN * linearized.isel(step=0)
    return (100 * abs(at["loss"] / linearized - 1)).where(seen_of).max("step")


def _percent(at: xr.Dataset) -> dict[str, Measured]:
    apart = percent_apart(at)
    return {names.network(name): measured(apart.sel(features=name)) for name in names.NETWORKS}


def _with_width(at: xr.Dataset, source: str) -> str:
    widths, apart = at["width"].values, percent_apart(at)
    ways = "; ".join(
        f"{names.network(name)} {trend(widths, along(apart.sel(features=name), 'width'), of='m')}"
        for name in names.NETWORKS
    )
    return f"On {names.data(source)} the difference in %: {ways}."


def _distances(at: xr.Dataset, source: str) -> str:
    last = at["distance"].isel(step=-1)
    ways = "; ".join(
        f"{names.network(name)} {trend(at['width'].values, along(last.sel(features=name), 'width'), of='m')}"
        for name in names.NETWORKS
    )
    return f"On {names.data(source)} the distance moved (the theory: like m^−1/2): {ways}."


def _rate(arrays: xr.Dataset) -> str:
    runs = arrays.sel(features="softmax")
    known = runs["promised_loss"].notnull().all("step") & runs["loss"].notnull().all("step")
    kept = (runs["loss"] <= runs["promised_loss"] * (1 + 1e-9)).all("step") & known
    return f"The paper's rate is kept by {counted(int(kept.sum()), int(known.sum()), 'softmax run')}."


def _end(at: xr.Dataset, source: str) -> str:
    ends = at["loss"].isel(step=-1) / at["loss"].isel(step=0)
    shares = {names.network(name): measured(ends.sel(features=name)) for name in names.NETWORKS}
    softmax, relu = shares["softmax"], shares["ReLU"]
    who = choose(
        compare(softmax, relu),
        smaller="softmax is ahead of ReLU",
        larger="ReLU is ahead of softmax",
        alike="softmax and ReLU are not told apart",
        unknown="softmax and ReLU are not compared",
    )
    where = f"After {int(at['step'][-1])} steps on {names.data(source)}"
    return f"{where} the loss is, as a share of its start, {ranking(shares)}: {who}."


def _loss(record: Record, at: xr.Dataset) -> list[Figure]:
    steps, source = at["step"].values.astype(float), names.data(str(at["data"].values))
    softmax = at.sel(features="softmax")
    reference = {
        "linearized, softmax": (softmax["linearized_loss"].mean("draw").values, REFERENCES[0]),
        "rate, softmax": (softmax["promised_loss"].mean("draw").values, REFERENCES[1]),
    }
    curves = networks(at, "loss", "step")
    return chart(
        curves,
        steps,
        over=[Line(name, steps, y, style=style) for name, (y, style) in reference.items() if np.isfinite(y).any()],
        x=Axis("step"),
        y=Axis("training loss", log=True),
        caption=f"Loss on {source}, n = {record.parameters['count']}, m = {int(at['width']):,}, mean of "
        f"{at.sizes['draw']} "
        "starts with standard errors. Dotted: the linearized softmax run; dashed: the paper's rate for softmax.",
        description=f"Loss against steps. {seen(curves, steps, of='step', log=False)} Softmax is at most "
        f"{_percent(at)['softmax']} % from its linearization.",
    )


def _distance(at: xr.Dataset) -> list[Figure]:
    widths, source = at["width"].values.astype(float), names.data(str(at["data"].values))
    curves = networks(at, "distance", "width")
    top = max((each[0].value for each in curves.values() if each[0].value > 0), default=np.nan)
    return chart(
        curves,
        widths,
        under=law("slope −1/2", -0.5, widths, 1.4 * top),
        x=Axis("width m", log=True),
        y=Axis("distance moved", log=True),
        caption=f"‖W(T) − W(0)‖ after {int(at['step'])} steps on {source}, mean of {at.sizes['draw']} starts with "
        "standard "
        "errors. Dotted: m^(−1/2).",
        description=f"Distance moved against width. {seen(curves, widths, of='m')}",
    )


def _table(arrays: xr.Dataset, starts: str) -> Table:
    last, rows = arrays.isel(step=-1), []
    for source in arrays["data"].values:
        for name in names.NETWORKS:
            for m in arrays["width"].values:
                at = last.sel(data=source, features=name, width=m)
                start = arrays["loss"].sel(data=source, features=name, width=m).isel(step=0)
                rows.append(
                    [
                        f"{names.data(source)}, {names.network(name)}, {int(m):,}",
                        str(measured(at["lambda_min"])),
                        *(str(measured(at[each] / start)) for each in ("loss", "linearized_loss")),
                        str(measured(at["promised_loss"] / start)) if name == "softmax" else "does not apply",
                        *(str(measured(at[each])) for each in ("distance", "linearized_distance", "neuron_distance")),
                    ]
                )
    return Table(
        f"After {int(last['step'])} steps; losses as shares of the start; mean and standard error of {starts}.",
        ["data, network, width", "lambda", "loss", "linearized", "rate", "distance", "linearized", "farthest neuron"],
        rows,
    )
