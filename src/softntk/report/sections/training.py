"""How the study of training is shown: the measured loss beside its linearization and the theorem's rate."""

from softntk.records import Record
from softntk.report.figure import Axis, Figure, plot
from softntk.report.marks import Line, Points, Slope
from softntk.report.numbers import number
from softntk.report.section import Section, Table
from softntk.report.sections import names
from softntk.report.style import REFERENCES

__all__ = ["build"]


def build(record: Record) -> Section:
    """The section of `training`."""
    arrays = record.arrays
    narrow, wide = (int(arrays["width"].values[i]) for i in (0, -1))
    apart = abs(arrays["loss"] / arrays["linearized_loss"] - 1).max(dim="step").max(dim="data")
    percent = {
        (name, m): number(100 * float(apart.sel(features=name, width=m)), 2)
        for name in arrays["features"].values
        for m in (narrow, wide)
    }
    kept = bool((arrays["loss"] <= arrays["promised_loss"] * (1 + 1e-9)).all())
    answer = (
        f"Yes, far below the theorem's widths: at m = {wide:,} the softmax network's loss is within "
        f"{percent['softmax', wide]} % of its linearization at every record, and {'every' if kept else 'not every'} "
        "run "
        "keeps the theorem's rate."
    )
    return Section(
        slug=record.study,
        title="Gradient descent against its theory",
        answer=answer,
        paragraphs=[
            "Each run starts at the paired start, where every output is zero, with the step size 1/(m lambda_max). The "
            "linearized run is exact for the kernel at the start, step by step. The theorem's rate is "
            "(1 − m eta lambda/2)^t for the squared residual; its hypotheses ask for widths that nobody can build, "
            "so its "
            "verdict is “does not apply”, and what is shown is whether the rate is kept all the same.",
            f"At m = {narrow:,} measured and linearized loss differ by up to {percent['softmax', narrow]} % (softmax), "
            f"{percent['exponential', narrow]} % (exponential), {percent['relu', narrow]} % (ReLU); at m = {wide:,} by "
            f"{percent['softmax', wide]} %, {percent['exponential', wide]} % and {percent['relu', wide]} %.",
            "This is training loss on small samples; it says nothing about the test error.",
        ],
        figures=[_loss(record), _distance(record)],
        tables=[_table(record)],
        questions={
            2: f"Yes. On digits and breast cancer the loss follows the kernel's prediction, the better the wider the "
            f"network (softmax within {percent['softmax', wide]} % at m = {wide:,}), and the distance moved falls "
            "like one over the square root of the width."
        },
    )


def _loss(record: Record) -> Figure:
    arrays = record.arrays
    source, m = arrays["data"].values[0], int(arrays["width"].values[-1])
    at = arrays.sel(data=source, width=m)
    steps = arrays["step"].values
    curves = [Points(names.network(f), steps, at["loss"].sel(features=f)) for f in arrays["features"].values]
    return plot(
        *curves,
        Line("linearized, softmax", steps, at["linearized_loss"].sel(features="softmax"), look=REFERENCES[0]),
        Line("rate, softmax", steps, at["promised_loss"].sel(features="softmax"), look=REFERENCES[1]),
        x=Axis("step"),
        y=Axis("training loss", log=True),
        caption=f"One run of each network on {names.data(source)}, n = {record.parameters['count']}, m = {m:,}. "
        "Dotted: the "
        "linearized run of the softmax network; dashed: the theorem's rate for it.",
        description="Loss against steps. Each curve falls; softmax lies on its linearization and below the theorem's "
        "rate.",
    )


def _distance(record: Record) -> Figure:
    arrays = record.arrays.isel(step=-1)
    source = arrays["data"].values[0]
    widths = arrays["width"].values.astype(float)
    at = arrays["distance"].sel(data=source)
    curves = [Points(names.network(f), widths, at.sel(features=f)) for f in arrays["features"].values]
    return plot(
        Slope("slope −1/2", -0.5, widths[0], widths[-1], height=1.4 * float(at.isel(width=0).max())),
        *curves,
        x=Axis("width m", log=True),
        y=Axis("distance moved", log=True),
        caption=f"‖W(T) − W(0)‖ after {int(arrays['step'])} steps on {names.data(source)}. Dotted: m^(−1/2).",
        description="Distance moved against width on log-log axes; three nearly parallel lines of slope −1/2.",
    )


def _table(record: Record) -> Table:
    arrays = record.arrays
    last = arrays.isel(step=-1)
    rows = []
    for source in arrays["data"].values:
        for name in arrays["features"].values:
            for m in arrays["width"].values:
                at = last.sel(data=source, features=name, width=m)
                start = float(arrays["loss"].sel(data=source, features=name, width=m)[0])
                rows.append(
                    [
                        f"{names.data(source)}, {names.network(name)}, {int(m):,}",
                        float(at["lambda_min"]),
                        float(at["loss"]) / start,
                        float(at["linearized_loss"]) / start,
                        float(at["promised_loss"]) / start,
                        float(at["distance"]),
                        float(at["linearized_distance"]),
                        float(at["neuron_distance"]),
                    ]
                )
    return Table(
        f"After {int(last['step'])} steps; losses as shares of the start. One start for each row (seed "
        f"{record.parameters['seed']}).",
        ["data, network, width", "lambda", "loss", "linearized", "rate", "distance", "linearized", "farthest neuron"],
        rows,
    )
