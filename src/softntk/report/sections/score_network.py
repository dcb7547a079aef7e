"""How the study of networks beside their kernel's flow is shown."""

from softntk.records import Record
from softntk.report.figure import Axis, Figure, plot
from softntk.report.marks import Points
from softntk.report.section import Section, Table
from softntk.report.sections import names
from softntk.report.sections.draws import center, spread, written

__all__ = ["build"]


def build(record: Record) -> Section:
    """The section of `score_network`."""
    arrays = record.arrays
    end = arrays.isel(leg=-1)
    widest = end.isel(width=-1)
    m, steps = int(widest["width"]), int(end["step"])
    at = widest.sel(features="softmax")
    answer = (
        f"After {steps:,} steps a softmax network of {m:,} neurons errs by {written(at['network'])}, its kernel's flow "
        f"by {written(at['flow'])}; the mean square distance of the two is {written(at['coupling'])}."
    )
    return Section(
        slug=record.study,
        title="Networks follow their kernel",
        answer=answer,
        paragraphs=[
            "Each network learns the denoiser from the same pairs by full-batch gradient descent. Beside it runs the "
            "gradient flow of its limit kernel for the same time, eta m N t for t steps. Without learning, the best "
            f"affine denoiser alone, the error is {written(at['affine'])}: networks learn what is left of it.",
            "The smooth networks learn slowly: the eigenvalues of their kernels fall fast, so many steps are needed "
            "for the finer parts. ReLU learns faster, and strays farther from its kernel.",
            "Steps are as many as this page's time allows, not as many as would be best.",
        ],
        figures=[_against_width(record), _against_time(record)],
        tables=[
            Table(
                f"Mean squared errors after {steps:,} steps, mean and standard error of {arrays.sizes['draw']} draws; "
                f"n = {record.parameters['samples']:,}, {record.parameters['views']} views of each sample.",
                ["network, width", "network", "kernel's flow", "distance"],
                [
                    [
                        f"{names.network(f)}, {int(width):,}",
                        *(written(end[key].sel(features=f, width=width)) for key in ("network", "flow", "coupling")),
                    ]
                    for f in arrays["features"].values
                    for width in arrays["width"].values
                ],
            )
        ],
    )


def _against_width(record: Record) -> Figure:
    arrays = record.arrays.isel(leg=-1)
    widths = arrays["width"].values.astype(float)
    return plot(
        *(
            Points(
                names.network(f),
                widths,
                center(arrays["coupling"].sel(features=f)),
                spread(arrays["coupling"].sel(features=f)),
            )
            for f in arrays["features"].values
        ),
        x=Axis("width m", log=True),
        y=Axis("E|network − kernel's flow|²", log=True),
        caption=f"Distance of networks from their kernel's flow after {int(arrays['step']):,} steps; mean and standard "
        f"error of {arrays.sizes['draw']} draws.",
        description="Distance against width on log-log axes: it falls for all three networks.",
    )


def _against_time(record: Record) -> Figure:
    arrays = record.arrays.isel(width=-1)
    steps = arrays["step"].values.astype(float)
    return plot(
        *(
            Points(
                names.network(f),
                steps,
                center(arrays["network"].sel(features=f)),
                spread(arrays["network"].sel(features=f)),
            )
            for f in arrays["features"].values
        ),
        x=Axis("step"),
        y=Axis("E|f − f*|²"),
        caption=f"Error during training, m = {int(arrays['width']):,}; mean and standard error of "
        f"{arrays.sizes['draw']} draws.",
        description="Error against steps: it falls for all three networks, fastest for ReLU.",
    )
