"""How the stopping rules are shown: the curve of errors, and where each rule stops."""

from softntk.records import Record
from softntk.report.figure import Axis, Figure, plot
from softntk.report.marks import Line, Mark, Points
from softntk.report.section import Section, Table
from softntk.report.sections.draws import center, written
from softntk.report.style import OTHERS

__all__ = ["build"]


def build(record: Record) -> Section:
    """The section of `score_stopping`."""
    arrays = record.arrays
    kind, most = str(arrays["labels"].values[0]), int(arrays["samples"].values[-1])
    at = arrays["error"].sel(labels=kind, samples=most)
    answer = (
        f"With n = {most:,} the rule of held-out samples errs by {written(at.sel(rule='held out'))}, the best time by "
        f"{written(at.sel(rule='oracle'))}, the rule of the spectrum by {written(at.sel(rule='spectrum'))} and the "
        f"cutoff by {written(at.sel(rule='cutoff'))}."
    )
    return Section(
        slug=record.study,
        title="When to stop",
        answer=answer,
        paragraphs=[
            "One kernel's gradient flow, stopped by four rules. “Held out” looks at samples set aside; “spectrum” "
            "(Raskutti, Wainwright, Yu) and “cutoff” (Oymak et al.) look at the eigenvalues, the labels and the "
            "level of "
            "the noise only; the oracle looks at the truth.",
            "The noise of score matching differs from input to input, so the theorems behind the second and third rule "
            "do not apply as they stand; they are used as rules.",
            "Averaged labels are the mean of X_0 given X_t over the data, in the place of the X_0 of the view: "
            "the same "
            "regression with less noise. There, stopping matters less.",
        ],
        figures=[_curve(record, str(labels)) for labels in arrays["labels"].values],
        tables=[
            Table(
                f"E|f − f*|² at the time of each rule, mean and standard error of {arrays.sizes['draw']} draws.",
                ["labels, n", *(str(rule) for rule in arrays["rule"].values)],
                [
                    [
                        f"{labels}, {int(n):,}",
                        *(
                            written(arrays["error"].sel(labels=labels, samples=n, rule=rule))
                            for rule in arrays["rule"].values
                        ),
                    ]
                    for labels in arrays["labels"].values
                    for n in arrays["samples"].values
                ],
            )
        ],
    )


def _curve(record: Record, labels: str) -> Figure:
    arrays = record.arrays.sel(labels=labels).isel(samples=-1)
    place = center(arrays["time"]).values
    marks: list[Mark] = [Line("error along the flow", place, center(arrays["curve"]).values)]
    for rule, look in zip(arrays["rule"].values, OTHERS, strict=True):
        at = arrays.sel(rule=rule)
        marks.append(Points(str(rule), [float(center(at["stop"]))], [float(center(at["error"]))], look=look))
    return plot(
        *marks,
        x=Axis("time of the flow, in units of 1/(largest eigenvalue)", log=True),
        y=Axis("E|f − f*|²", log=True),
        caption=f"Error along the flow and at the stop of each rule (means of {arrays.sizes['draw']} draws, n = "
        f"{int(arrays['samples']):,}, {labels} labels).",
        description="The error falls, reaches its smallest value and, for drawn labels, rises again; the rules stop "
        "near or before the smallest value.",
    )
