"""How the study of certified width is shown: three widths on one axis, and what training buys."""

import math

from softntk.records import Record
from softntk.report.bars import PowerBars
from softntk.report.figure import Axis, Figure, plot
from softntk.report.numbers import from_log10, number
from softntk.report.section import Section, Table
from softntk.report.sections import names

__all__ = ["build"]


def build(record: Record) -> Section:
    """The section of `certified_width`."""
    arrays = record.arrays
    first = arrays.isel(data=0).sel(features="softmax")
    where = str(arrays["data"].values[0])
    gap = float(first["log10_theorem"]) - math.log10(float(first["certified"]))
    narrow = record.parameters["narrow"]
    answer = (
        f"On {where} a softmax network trains from {_width(first['trains'], record)} neurons and is certified from "
        f"{_width(first['certified'], record)}; the theorem asks for {from_log10(float(first['log10_theorem']), 1)}, "
        f"{from_log10(gap, 1)} times as many."
    )
    return Section(
        slug=record.study,
        title="How wide is wide enough",
        answer=answer,
        paragraphs=[
            "The theorem's width is that of Table 1 with constant 1 for what it hides and C = 1: the smallest reading "
            "that it allows. A certificate is a proof for one network and one data set: from these weights, gradient "
            "descent with the guaranteed step reaches loss zero. “Trains” is measured: the loss falls to a "
            "thousandth of "
            f"its start within {record.parameters['steps']:,} steps. Widths are powers of two at which at least 4 of 5 "
            "starts succeed. The search is in float64; at the width that it finds, the first start that succeeds is "
            "proved in ball arithmetic, as softntk certify --rigorous does.",
            "A network that is too narrow for a certificate at its start can get one on the way, when its residual "
            "has "
            f"become small: the last columns show when a network of {narrow} neurons does. From there on the rest of "
            "training is proved.",
            "A certificate is a sufficient condition. What is not certified may train all the same, and usually does.",
        ],
        figures=[_bars(record)],
        tables=[_table(record)],
        questions={
            1: f"By what it takes to prove convergence (one width axis): on {where}, softmax is certified from "
            f"{_width(first['certified'], record)} neurons, ReLU from "
            f"{_width(arrays.isel(data=0).sel(features='relu')['certified'], record)}. The sizes of the regions "
            "themselves stand under “The convex region”."
        },
    )


def _width(value, record: Record) -> str:
    return f"over {record.parameters['largest']:,}" if math.isnan(float(value)) else f"{float(value):,.0f}"


def _bars(record: Record) -> Figure:
    arrays = record.arrays.isel(data=0)
    networks = [str(name) for name in arrays["features"].values]

    def log10(entry: str) -> list[float]:
        return [math.log10(float(arrays[entry].sel(features=name))) for name in networks]

    return plot(
        PowerBars(
            [names.network(name) for name in networks],
            {
                "trains (measured)": log10("trains"),
                "certified (proved)": log10("certified"),
                "theorem, constant 1": [float(arrays["log10_theorem"].sel(features=name)) for name in networks],
            },
            missing=f"over {record.parameters['largest']:,}",
        ),
        x=Axis("neurons"),
        y=Axis(""),
        caption=f"Smallest widths on {arrays['data'].values}. The axis counts powers of ten.",
        description="Three bars for each network: a few neurons train, hundreds or thousands are certified, and the "
        "theorem asks for numbers with ten to thirty digits.",
        height=4.2,
    )


def _table(record: Record) -> Table:
    rows = []
    for data in record.arrays["data"].values:
        for name in record.arrays["features"].values:
            at = record.arrays.sel(data=data, features=name)
            first = float(at["first"])
            rows.append(
                [
                    f"{data}, {names.network(name)}",
                    _width(at["trains"], record),
                    _width(at["certified"], record),
                    _width(at["flow"], record),
                    from_log10(float(at["log10_theorem"]), 1),
                    "not in this run" if math.isnan(first) else number(int(first)),
                    None if math.isnan(first) else float(at["loss_at_first"]),
                ]
            )
    narrow = record.parameters["narrow"]
    return Table(
        f"Smallest widths, and the first certified step of a network of {narrow} neurons with its loss there as a "
        "share of "
        "the start.",
        [
            "data, network",
            "trains",
            "certified",
            "flow certified",
            "theorem",
            f"first step, m = {narrow}",
            "loss there",
        ],
        rows,
    )
