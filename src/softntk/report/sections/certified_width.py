"""How the study of certified width is shown: three widths on one axis, and what training buys."""

import math

import numpy as np
import xarray as xr

from softntk.records import Record
from softntk.report.bars import PowerBars
from softntk.report.figure import Axis, Figure, plot
from softntk.report.numbers import from_log10, number
from softntk.report.section import Section, Table
from softntk.report.sections import names
from softntk.report.words import choose, compare, counted, exact, listed, pick, ratio
from softntk.verdicts import Answer

__all__ = ["build", "certified_order"]


def build(record: Record) -> Section:
    """The section of `certified_width`."""
    arrays, largest = names.complete(record.arrays), record.parameters["largest"]
    first = arrays.isel(data=0)
    where = str(first["data"].values)
    widths = {names.network(name): first.sel(features=name) for name in names.NETWORKS}
    asked = "; ".join(f"{name} {_power(at['log10_theorem'])}" for name, at in widths.items())
    answer = (
        f"On {where}: "
        + "; ".join(
            f"{name} trains {_from(at['trains'], largest)} and is certified {_from(at['certified'], largest)}"
            for name, at in widths.items()
        )
        + f". The theory (order only, constant 1, C = 1) asks for {asked}."
    )
    narrow = record.parameters["narrow"]
    return Section(
        slug=record.study,
        title="How wide is wide enough",
        answer=answer,
        findings=[
            *(certified_order(arrays.sel(data=label), largest) for label in arrays["data"].values),
            _proved(record),
            _underway(arrays, narrow),
        ],
        paragraphs=[
            "The theory's width is that of Table 1 with constant 1 for what it hides and C = 1: friendlier than the "
            "paper, which takes C > 10. With hidden constants it is an order of growth, so its verdict is “order "
            "only”. A certificate is a sufficient condition for one network and one data set: from these weights, "
            "gradient descent with the guaranteed step reaches loss zero. “Trains” is measured: the loss falls to a "
            f"thousandth of its start within {record.parameters['steps']:,} steps. Widths are powers of two, from "
            f"{record.parameters['smallest']:,} (certified) to {largest:,}, at which at least 4 of 5 starts succeed: "
            "where none is given, the search ended there and says nothing beyond. The search is in float64; at the "
            "width that it finds, the first start that succeeds is then put to ball arithmetic.",
            "A network that is too narrow for a certificate at its start can get one on the way, when its residual "
            "has become small; from there on the rest of training is covered.",
            "What is not certified may train all the same.",
        ],
        figures=_bars(first, where, largest),
        tables=[_table(arrays, narrow, largest)],
        questions={
            1: f"By the width at which convergence can be shown: {certified_order(first, largest)} What the width "
            "hides, the sizes of the regions, stands under “The convex region”.",
            12: f"Explicit: the certificates, {_proved(record)} Order only: Table 1, {asked} on {where} with every "
            "hidden constant replaced by 1.",
        },
    )


def certified_order(at: xr.Dataset, largest: int) -> str:
    """Who is certified at which width on one data set, and what that says of normalization and of smoothness."""
    found = {name: float(at["certified"].sel(features=name)) for name in names.NETWORKS}
    order = sorted(found, key=lambda name: (math.isnan(found[name]), found[name]))
    said = ", ".join(f"{names.network(name)} {_width(found[name], largest)}" for name in order)
    softmax, exponential = exact(found["softmax"]), exact(found["exponential"])
    normalized = choose(
        compare(softmax, exponential),
        smaller=f"softmax is certified at {ratio(softmax, exponential)} the width of the exponential network",
        larger=f"softmax needs {ratio(softmax, exponential)} the width of the exponential network",
        alike="softmax needs the width of the exponential network",
        unknown="softmax and the exponential network are not compared",
    )
    smooth = max(found["softmax"], found["exponential"])
    relu = found["relu"] if not math.isnan(found["relu"]) else float("inf")
    known = not math.isnan(found["softmax"] + found["exponential"]) and bool(
        at["trains"].sel(features="relu").notnull()
    )
    which = (
        "smooth against ReLU is not compared"
        if not known
        else "both smooth networks are certified before ReLU is"
        if smooth < relu
        else "ReLU is certified no later than the wider of the smooth networks"
    )
    return f"{at['data'].values}, certified from: {said} neurons; {normalized}, {which}."


def _proved(record: Record) -> str:
    proved = sum(each.answer is Answer.CERTIFIED for each in record.verdicts)
    return f"{counted(proved, len(record.verdicts), 'network')} proved in ball arithmetic at the smallest such width."


def _underway(arrays: xr.Dataset, narrow: int) -> str:
    said = []
    for label in arrays["data"].values:
        at = arrays.sel(data=label)
        steps = [
            f"{names.network(name)} {'not within the run' if math.isnan(step) else f'from step {step:,.0f} on'}"
            for name in names.NETWORKS
            for step in (float(at["first"].sel(features=name)),)
        ]
        said.append(f"{label}: {listed(steps)}")
    return f"Certified on the way with {narrow} neurons (one draw): {'; '.join(said)}."


def _from(value: xr.DataArray, largest: int) -> str:
    return f"at no width up to {largest:,}" if math.isnan(float(value)) else f"from {float(value):,.0f} neurons"


def _width(value: float | xr.DataArray, largest: int) -> str:
    return f"none up to {largest:,}" if math.isnan(float(value)) else f"{float(value):,.0f}"


def _power(log10: float | xr.DataArray) -> str:
    return from_log10(float(log10), 1)


def _bars(at: xr.Dataset, where: str, largest: int) -> list[Figure]:
    networks = [name for name in names.NETWORKS if np.isfinite(float(at["trains"].sel(features=name)))]
    if not networks:
        return []
    rows = {
        "trains (measured)": [_log10(at["trains"].sel(features=name)) for name in networks],
        "certified": [_log10(at["certified"].sel(features=name)) for name in networks],
        "theory, order only": [float(at["log10_theorem"].sel(features=name)) for name in networks],
    }
    seen = "; ".join(
        f"{names.network(name)}: "
        + ", ".join(f"{kind} {_power(row[i]) if np.isfinite(row[i]) else 'none'}" for kind, row in rows.items())
        for i, name in enumerate(networks)
    )
    return [
        plot(
            PowerBars([names.network(name) for name in networks], rows, missing=f"none up to {largest:,}"),
            x=Axis("neurons"),
            y=Axis(""),
            caption=f"Smallest widths on {where}. The axis counts powers of ten.",
            description=f"Three bars for each network, in neurons. {seen}.",
            height=4.2,
        )
    ]


def _log10(value: xr.DataArray) -> float:
    return math.log10(float(value)) if float(value) > 0 else math.nan


def _table(arrays: xr.Dataset, narrow: int, largest: int) -> Table:
    rows = []
    for label in arrays["data"].values:
        for name in names.NETWORKS:
            at = pick(arrays.sel(data=label)["first"], features=name)
            one = arrays.sel(data=label, features=name)
            first = float(at)
            rows.append(
                [
                    f"{label}, {names.network(name)}",
                    _width(one["trains"], largest),
                    _width(one["certified"], largest),
                    _width(one["flow"], largest),
                    _power(one["log10_theorem"]),
                    "not in this run" if math.isnan(first) else number(int(first)),
                    None if math.isnan(first) else float(one["loss_at_first"]),
                ]
            )
    return Table(
        f"Smallest widths, and the first certified step of one network of {narrow} neurons with its loss there as a "
        "share of the start.",
        ["data, network", "trains", "certified", "flow certified", "theory", f"first step, m = {narrow}", "loss there"],
        rows,
    )
