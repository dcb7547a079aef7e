"""How the study of Table 1 is shown: lambda first, then what the rates ask for, then what n^o(1) hides."""

import numpy as np

from softntk.records import Record
from softntk.report.figure import Axis, Figure, plot
from softntk.report.marks import Line, Points
from softntk.report.numbers import from_log10, number
from softntk.report.section import Section, Table
from softntk.report.sections import names

__all__ = ["build"]

TITLE = "Table 1 with the numbers in it"


def build(record: Record) -> Section:
    """The section of `table_one`."""
    arrays = record.arrays
    n = record.parameters["count"]
    asked = arrays["log10_width"] + arrays["log10_width_factor"].sel(C=1.0)
    low, high = float(asked.min()), float(asked.max())
    o = arrays["hidden_exponent"].sel(C=1.0)
    by_size = ", ".join(f"{float(o.sel(samples=size)):.1f} at n = {int(size):,}" for size in arrays["samples"].values)
    answer = (
        f"With constant 1 for what is hidden and n = {n}, the table asks for widths from {from_log10(low, 1)} (ReLU) "
        "to "
        f"{from_log10(high, 1)}; lambda, which the rates divide by, differs by up to {_spread(record)} times between "
        "the "
        "networks on the same data."
    )
    return Section(
        slug=record.study,
        title=TITLE,
        answer=answer,
        paragraphs=[
            "The table compares rates in lambda, the smallest eigenvalue of each network's own limit kernel. The "
            "same rate "
            "is therefore not the same width: lambda has to be on the table. The softmax kernel is a power series in "
            "the "
            "product of the inputs, so its eigenvalues fall faster than those of ReLU when there are many points in "
            "few "
            "dimensions, and start higher when the dimension is large.",
            "Every width and number of steps hides a constant (1 is used here) and is an order of growth, nothing "
            "more.",
        ],
        figures=[_by_dimension(record), _spectrum(record)],
        tables=[_asked(record), _exponents(record)],
        questions={
            3: f"The rates are the same but lambda is not (see “{TITLE}”). On the unit sphere the exponential kernel "
            "is e times the softmax kernel, so these two have the same shape; ReLU's is another one. In few "
            "dimensions ReLU has the larger lambda, in many dimensions softmax has.",
            4: f"Written out as exp(18 B), the o(1) is {by_size} with C = 1, and ten times that with C = 10 (the paper "
            "takes C > 10). It is not small at any n that anybody has.",
        },
    )


def _spread(record: Record) -> str:
    each = record.arrays["lambda_limit"]
    return number(float((each.max("features") / each.min("features")).max()), 2)


def _by_dimension(record: Record) -> Figure:
    arrays = record.arrays["lambda_sphere"]
    dimensions = arrays["dimension"].values.astype(float)
    curves = []
    for name in arrays["features"].values:
        draws = arrays.sel(features=name)
        # Below the rounding of an eigenvalue solver there is nothing to show.
        middle = draws.median("draw").values
        curves.append(Points(names.network(name), dimensions, np.where(middle > 1e-14, middle, np.nan)))
    draws = arrays.sizes["draw"]
    return plot(
        *curves,
        x=Axis("input dimension d"),
        y=Axis("smallest eigenvalue lambda", log=True),
        caption=f"lambda of the limit kernels for {record.parameters['count']} random points on the sphere in d "
        f"dimensions, median of {draws} draws.",
        description="Smallest eigenvalue against dimension. Softmax and exponential rise by ten orders of magnitude "
        "from "
        "d = 3 to d = 30, ReLU by less than two; they cross between.",
    )


def _spectrum(record: Record) -> Figure:
    source = record.arrays["data"].values[0]
    values = record.arrays["spectrum"].sel(data=source)
    index = np.arange(1, values.sizes["index"] + 1)
    curves = [Line(names.network(name), index, values.sel(features=name).values) for name in values["features"].values]
    return plot(
        *curves,
        x=Axis("index", log=True),
        y=Axis("eigenvalue", log=True),
        caption=f"All eigenvalues of the limit kernels on {names.data(source)}, n = {record.parameters['count']}.",
        description="Eigenvalues in descending order. The exponential curve is the softmax curve moved up by a "
        "factor e.",
    )


def _asked(record: Record) -> Table:
    arrays = record.arrays
    rows = []
    for source in arrays["data"].values:
        for name in arrays["features"].values:
            at = arrays.sel(data=source, features=name)
            finite = at["lambda_finite"]
            spread = float(finite.std("seed", ddof=1)) / finite.sizes["seed"] ** 0.5
            hidden = float(at["log10_width_factor"].sel(C=1.0))
            rows.append(
                [
                    f"{names.data(source)}, {names.network(name)}",
                    float(at["lambda_limit"]),
                    f"{number(float(finite.mean()), 3)} ± {number(spread, 1)}",
                    from_log10(float(at["log10_width"]), 1),
                    from_log10(float(at["log10_steps"]), 1),
                    from_log10(hidden, 1) if hidden else "none",
                ]
            )
    return Table(
        f"n = {record.parameters['count']}, one output, unit sphere, epsilon = {record.parameters['epsilon']:g}. "
        "Width and "
        "steps with constant 1 and without n^o(1), whose factor (C = 1) stands in the last column. Finite networks "
        "have "
        f"m = {record.parameters['width']:,}; mean and standard error over {record.parameters['seeds']} starts.",
        ["data, network", "lambda, limit", "lambda, finite", "width", "steps", "n^o(1)"],
        rows,
    )


def _exponents(record: Record) -> Table:
    o = record.arrays["hidden_exponent"]
    return Table(
        "The o(1) in the width's n^(2+o(1)), written out as exp(18 B), for C in B = max(C sigma sqrt(log(n/delta)), "
        "1).",
        ["n", *(f"C = {C:g}" for C in o["C"].values)],
        [[f"{int(size):,}", *(float(o.sel(samples=size, C=C)) for C in o["C"].values)] for size in o["samples"].values],
    )
