"""Template: how a study is shown on the report page.

Copy to `src/softntk/report/sections/<study>.py`, fill in, and add the row `"<study>": <study>.build` to `BUILDERS` in
`sections/__init__.py`, at its place in the reading order. Then look at the page: wide, on a phone, dark, printed.

Rules
- A section reads the record and nothing else, and computes at most what a reader could do by hand (a ratio, a
  maximum): then every number on the page is in a file.
- `answer` is one sentence with a number and its error. It stands in the summary at the top, alone: it must be
  understood there. If the study cannot answer, it says so.
- A figure shows one thing. Its caption says what a point is, of how many runs, and what the bars are; its description
  says what is to be seen, for those who cannot see it.
- The networks keep their looks: label a curve "softmax", "exponential" or "ReLU" and it has the right one.
- A sentence that states a result is made from the record, its words chosen by `report.words` (compare, ranking, trend):
  it has to turn around if the numbers do. Results stand in `answer`, `findings`, `questions` and descriptions;
  paragraphs explain and state none. `tests/adverse.py` looks for sentences that stay as they are.
- The last paragraph says what the study does not show.
- `questions` maps a reader's question (see `report/questions.py`) to the answer that this study gives, if it gives one.
"""

from softntk.records import Record
from softntk.report.figure import Axis, Figure, plot
from softntk.report.marks import Points, Slope
from softntk.report.numbers import plus_minus
from softntk.report.section import Section, Table
from softntk.report.sections.curves import networks, seen

__all__ = ["build"]

#: Name in the record -> name on the page.
PRINTED = {"softmax": "softmax", "exponential": "exponential", "relu": "ReLU"}


def build(record: Record) -> Section:
    """The section of a study that measured `error` and `error_se` (features, width)."""
    arrays = record.arrays
    widest = arrays.isel(width=-1)
    m = int(widest["width"])
    measured = {
        name: plus_minus(float(widest["error"].sel(features=name)), float(widest["error_se"].sel(features=name)))
        for name in arrays["features"].values
    }
    answer = f"At width {m:,} the error is {measured['softmax']} for softmax and {measured['relu']} for ReLU."
    return Section(
        slug=record.study,
        title="Two to six words",
        answer=answer,
        paragraphs=[
            "What is measured, in a sentence or two, with the letters used in the figure.",
            "What this does not show.",
        ],
        figures=[_error(record)],
        tables=[
            Table(
                f"Relative error at width {m:,}, mean and standard error.",
                ["network", "error"],
                [[PRINTED[name], error] for name, error in measured.items()],
            )
        ],
        questions={2: answer},
    )


def _error(record: Record) -> Figure:
    arrays = record.arrays
    widths = arrays["width"].values.astype(float)
    curves = [
        Points(PRINTED[name], widths, arrays["error"].sel(features=name), arrays["error_se"].sel(features=name))
        for name in arrays["features"].values
    ]
    law = Slope("slope −1/2", -0.5, widths[0], widths[-1], height=1.5 * float(arrays["error"].isel(width=0).max()))
    return plot(
        law,
        *curves,
        x=Axis("width m", log=True),
        y=Axis("relative error", log=True),
        caption=f"Relative error, mean of {len(record.seeds)} networks with standard errors. Dotted: the law m^(−1/2).",
        description=f"Error against width. {seen(networks(arrays, 'error', 'width'), widths, of='m')}",
    )
