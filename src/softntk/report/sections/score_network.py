"""How the study of networks beside their kernel's flow is shown."""

import xarray as xr

from softntk.records import Record
from softntk.report.figure import Axis
from softntk.report.section import Section, Table
from softntk.report.sections import names
from softntk.report.sections.curves import chart, networks, seen
from softntk.report.words import measured, ranking, told, trend

__all__ = ["build"]


def build(record: Record) -> Section:
    """The section of `score_network`."""
    arrays = names.complete(record.arrays)
    end = arrays.isel(leg=-1)
    widest = end.isel(width=-1)
    m, steps, draws = int(widest["width"]), int(end["step"]), arrays.sizes["draw"]
    apart = {names.network(name): measured(widest["coupling"].sel(features=name)) for name in names.NETWORKS}
    answer = (
        f"After {steps:,} steps with m = {m:,} ({draws} draw{'' if draws == 1 else 's'}) the mean square distance of a "
        f"network from its kernel's flow is {ranking(apart)}."
    )
    widths, times = arrays["width"].values.astype(float), arrays["step"].values.astype(float)
    by_width, by_time = networks(end, "coupling", "width"), networks(arrays.isel(width=-1), "network", "leg")
    return Section(
        slug=record.study,
        title="Networks follow their kernel",
        answer=answer,
        findings=[
            f"Errors of the networks against the truth: {ranking(_errors(widest, 'network'))}.",
            *(_beside(widest, name) for name in names.NETWORKS),
            "With the width the distance "
            + "; ".join(f"of {name} {trend(widths, curve, of='m')}" for name, curve in by_width.items())
            + ".",
        ],
        paragraphs=[
            "Each network learns the denoiser from the same pairs by full-batch gradient descent. Beside it runs the "
            "gradient flow of its limit kernel for the same time, eta m N t for t steps. Where learning starts, all is "
            "left to the best affine denoiser: networks learn what is left of it.",
            "Steps are as many as this page's time allows, not as many as would be best.",
        ],
        figures=[
            *chart(
                by_width,
                widths,
                x=Axis("width m", log=True),
                y=Axis("E|network − kernel's flow|²", log=True),
                caption=f"Distance of networks from their kernel's flow after {steps:,} steps; mean and standard error "
                "of "
                f"{draws} draws.",
                description=f"Distance against width. {seen(by_width, widths, of='m')}",
            ),
            *chart(
                by_time,
                times,
                x=Axis("step"),
                y=Axis("E|f − f*|²"),
                caption=f"Error during training, m = {m:,}; mean and standard error of {draws} draws.",
                description=f"Error against steps. {seen(by_time, times, of='step', log=False)}",
            ),
        ],
        tables=[
            Table(
                f"Mean squared errors after {steps:,} steps, mean and standard error of {draws} draws; n = "
                f"{record.parameters['samples']:,}, {record.parameters['views']} views of each sample.",
                ["network, width", "network", "kernel's flow", "distance"],
                [
                    [
                        f"{names.network(f)}, {int(width):,}",
                        *(
                            str(measured(end[key].sel(features=f, width=width)))
                            for key in ("network", "flow", "coupling")
                        ),
                    ]
                    for f in names.NETWORKS
                    for width in arrays["width"].values
                ],
            )
        ],
    )


def _errors(at: xr.Dataset, entry: str) -> dict:
    return {names.network(name): measured(at[entry].sel(features=name)) for name in names.NETWORKS}


def _beside(at: xr.Dataset, name: str) -> str:
    network, flow, affine = (measured(at[entry].sel(features=name)) for entry in ("network", "flow", "affine"))
    return (
        f"{names.network(name)}: {told('the error of the network', network, 'that of the flow', flow)}; before "
        f"learning it is {affine}."
    )
