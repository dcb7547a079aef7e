"""How the study of the kernel's perturbation is shown: worst change against its bounds, mean change against spread."""

from softntk.records import Record
from softntk.report.figure import Axis, Figure, plot
from softntk.report.marks import Line, Points, Slope
from softntk.report.numbers import from_log10, number, plus_minus
from softntk.report.section import Section, Table
from softntk.report.sections import names

__all__ = ["build"]


def build(record: Record) -> Section:
    """The section of `perturbation`."""
    arrays = record.arrays
    small = arrays.isel(radius=len(arrays["radius"]) // 2)
    D = float(small["radius"])
    softmax = small.sel(features="softmax")
    ratio = {
        name: number(float((arrays["worst"] / arrays["sharp"]).sel(features=name).max()), 2)
        for name in arrays["features"].values
    }
    widest = arrays.isel(width=-1)
    m = int(widest["width"])
    mean = {name: _mean(widest, name) for name in arrays["features"].values}
    spread = {name: number(float(widest["spread_of_change"].sel(features=name)), 2) for name in mean}
    answer = (
        f"When every neuron moves by {number(D, 1)}, the softmax kernel moves by at most "
        f"{number(float(softmax['worst']), 2)} in the worst case found; the sharp bound says "
        f"{number(float(softmax['sharp']), 2)}, the paper's {from_log10(float(softmax['log10_literature']), 1)}."
    )
    difficulty = (
        f"The kernel's change has a mean that does not go away. Under independent moves of size "
        f"{record.parameters['moment_radius']:g}, m = {m:,}, a diagonal entry moves on average by {mean['softmax']} "
        "for "
        f"softmax and by {mean['relu']} for ReLU; the spread ({spread['softmax']} and {spread['relu']}) falls with the "
        "width, the mean does not. Concentration takes care of the spread only. The reason is in the limit kernel: "
        "such "
        "a move makes the weights' variance larger, the softmax kernel depends on it, and ReLU's does not."
    )
    return Section(
        slug=record.study,
        title="How much the kernel moves",
        answer=answer,
        paragraphs=[
            "The perturbation property is what lets the proof go through: near the start the kernel stays close to "
            "where "
            "it began. The worst change is the largest found over random moves and by ascent from them, so it is a "
            "lower "
            "bound on the true worst change; the sharp bound is proved, entry by entry, for every move.",
            difficulty,
            f"The worst change found reaches {ratio['softmax']} (softmax), {ratio['exponential']} (exponential) and "
            f"{ratio['relu']} (ReLU) of the sharp bound at best: the room between is either slack in the bound or "
            "weakness "
            "of the search.",
        ],
        figures=[_worst(record), _moments(record)],
        tables=[_table(record)],
        questions={6: difficulty},
    )


def _mean(at, name: str) -> str:
    return plus_minus(float(at["mean_change"].sel(features=name)), float(at["mean_change_se"].sel(features=name)))


def _worst(record: Record) -> Figure:
    arrays = record.arrays
    radii = arrays["radius"].values
    curves = []
    for name in arrays["features"].values:
        worst = arrays["worst"].sel(features=name)
        curves.append(Points(names.network(name), radii, worst.where(worst > 0)))
    bound = Line("sharp bound, softmax", radii, arrays["sharp"].sel(features="softmax"))
    return plot(
        *curves,
        bound,
        x=Axis("distance D of every neuron", log=True),
        y=Axis("change of the kernel", log=True),
        caption=f"Largest change ‖H(W′) − H(W)‖ found; n = {record.parameters['samples']}, "
        f"d = {record.parameters['input_size']}, m = {record.parameters['width']:,}, one output.",
        description="Change against distance on log-log axes. The smooth networks' changes are straight lines of "
        "slope 1 "
        "below their bound; ReLU's are lower and start where the first neuron changes sign.",
    )


def _moments(record: Record) -> Figure:
    arrays = record.arrays
    widths = arrays["width"].values.astype(float)
    softmax = arrays.sel(features="softmax")
    return plot(
        Points("softmax", widths, softmax["mean_change"], softmax["mean_change_se"]),
        Points("ReLU", widths, abs(arrays["mean_change"].sel(features="relu"))),
        Line("spread, softmax", widths, softmax["spread_of_change"]),
        Slope("slope −1/2", -0.5, widths[0], widths[-1], height=2 * float(softmax["spread_of_change"].max())),
        x=Axis("width m", log=True),
        y=Axis("mean change of H(x, x)", log=True),
        caption=f"Mean change of a diagonal entry under independent moves, over {record.parameters['moment_draws']} "
        "draws, "
        "with standard errors; for ReLU its absolute value, which is zero up to sampling.",
        description="The mean change of softmax is level while its spread falls with slope −1/2; ReLU's mean is far "
        "below.",
    )


def _table(record: Record) -> Table:
    arrays = record.arrays
    rows = []
    for D in arrays["radius"].values:
        for name in arrays["features"].values:
            at = arrays.sel(radius=D, features=name)
            rows.append(
                [
                    f"{number(float(D), 1)}, {names.network(name)}",
                    float(at["random"]),
                    float(at["worst"]),
                    float(at["sharp"]),
                    from_log10(float(at["log10_literature"]), 1),
                ]
            )
    return Table(
        "Change of the kernel in Frobenius norm. Literature: for softmax the paper's D n k exp(10 B) with C = 10, "
        "which "
        "needs D < 0.01; for ReLU 2 n D with high probability; for the exponential 3 D n, order only.",
        ["D, network", "random moves", "worst found", "sharp bound", "literature"],
        rows,
    )
