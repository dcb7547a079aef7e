"""How the study of the kernel's limit is shown: error against width, and the bias of softmax."""

import math

from softntk.records import Record
from softntk.report.figure import Axis, Figure, plot
from softntk.report.marks import Points, Slope
from softntk.report.numbers import number, plus_minus
from softntk.report.section import Section, Table
from softntk.report.sections import names

__all__ = ["build"]


def build(record: Record) -> Section:
    """The section of `kernel_limit`."""
    arrays = record.arrays
    widest = arrays.isel(width=-1)
    m = int(widest["width"])
    error = {
        name: plus_minus(
            100 * float(widest["error"].sel(features=name)), 100 * float(widest["error_se"].sel(features=name))
        )
        for name in arrays["features"].values
    }
    answer = (
        f"At {m:,} neurons the softmax kernel is still ({error['softmax']}) % away from its limit, ReLU's "
        f"({error['relu']}) %."
    )
    bias = plus_minus(float(arrays["bias"]), float(arrays["bias_se"]))
    keys = (
        "The softmax network is cross-attention with one query, m learned keys and m values, so its width is the "
        "number "
        f"of keys. With {m:,} keys its kernel is ({error['softmax']}) % away from that of infinitely many; the "
        "distance "
        "falls like one over the square root of their number."
    )
    return Section(
        slug=record.study,
        title="How wide until the limit",
        answer=answer,
        paragraphs=[
            "The error is ||H − K||/||K||: H is the kernel of a finite network at the paired start, K its limit. The "
            "law "
            "is one over the square root of the width. Exponentials have heavy tails, so for softmax and the "
            "exponential "
            "network the law sets in late and the error is large.",
            f"Softmax is also biased: the diagonal entry H(x, x) at a unit input is off by ({bias})/m, where the "
            "leading "
            f"order says {number(float(arrays['bias_theory']))}/m, beside a limit of e = {number(math.e)}; a single "
            "start "
            f"spreads by {number(float(arrays['spread']))}/√m (leading order "
            f"{number(float(arrays['spread_theory']))}/√m).",
        ],
        figures=[_error(record)],
        tables=[
            Table(
                "Fitted exponent of the error in the width (the law is −0.5, for large widths) and error at the "
                "largest "
                "width; standard errors.",
                ["network", "exponent", f"error at m = {m:,}, in %"],
                [
                    [
                        names.network(name),
                        plus_minus(
                            float(arrays["exponent"].sel(features=name)),
                            float(arrays["exponent_se"].sel(features=name)),
                        ),
                        error[name],
                    ]
                    for name in arrays["features"].values
                ],
            )
        ],
        questions={10: keys},
    )


def _error(record: Record) -> Figure:
    arrays = record.arrays
    widths = arrays["width"].values.astype(float)
    curves = [
        Points(names.network(name), widths, arrays["error"].sel(features=name), arrays["error_se"].sel(features=name))
        for name in arrays["features"].values
    ]
    law = Slope("slope −1/2", -0.5, widths[0], widths[-1], height=1.5 * float(arrays["error"].isel(width=0).max()))
    return plot(
        law,
        *curves,
        x=Axis("width m (number of keys)", log=True),
        y=Axis("relative error of the kernel", log=True),
        caption=f"Mean of {record.parameters['seeds']} starts with standard errors; n = "
        f"{record.parameters['samples']}, "
        f"d = {record.parameters['input_size']}, k = {record.parameters['outputs']}. Dotted: the law m^(−1/2).",
        description="Error against width on log-log axes. ReLU lies lowest with slope −1/2; softmax and exponential "
        "lie "
        "above with a flatter slope.",
    )
