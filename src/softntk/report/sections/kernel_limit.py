"""How the study of the kernel's limit is shown: error against width, and the bias of softmax."""

import math

import numpy as np

from softntk.records import Record
from softntk.report.figure import Axis
from softntk.report.section import Section, Table
from softntk.report.sections import names
from softntk.report.sections.curves import chart, law, networks, seen
from softntk.report.words import Measured, choose, compare, exact, pick, ranking, told, trend

__all__ = ["build"]


def build(record: Record) -> Section:
    """The section of `kernel_limit`."""
    arrays, seeds = names.complete(record.arrays), record.parameters["seeds"]
    widths = arrays["width"].values.astype(float)
    m = int(widths[-1])
    curves = networks(arrays, "error", "width", error="error_se", drawn=seeds)
    percent = {name: 100 * curve[-1] for name, curve in curves.items()}
    answer = f"Distance of the kernel from its limit at {m:,} neurons ({seeds} starts), in %: {ranking(percent)}."
    exponents = {
        names.network(name): Measured(
            float(pick(arrays["exponent"], features=name)), float(pick(arrays["exponent_se"], features=name)), seeds
        )
        for name in names.NETWORKS
    }
    bias = Measured(float(arrays["bias"]), float(arrays["bias_se"]), record.parameters["entry_seeds"])
    said = told(
        "the bias of H(x, x) at a unit input, times m,", bias, "its leading order", exact(arrays["bias_theory"])
    )
    keys = (
        "The softmax network is cross-attention with one query, m learned keys and m values, so its width is the "
        f"number of keys. Its kernel's distance to that of infinitely many keys, in units of the kernel, "
        f"{trend(widths, curves['softmax'], of='m')}."
    )
    return Section(
        slug=record.study,
        title="How wide until the limit",
        answer=answer,
        findings=[
            "With the width the error "
            + "; ".join(f"of {name} {trend(widths, curve, of='m')}" for name, curve in curves.items())
            + ".",
            *(_law(name, each) for name, each in exponents.items()),
            f"Softmax at m = {record.parameters['entry_width']:,}: {said}. A single start spreads by "
            f"{exact(arrays['spread'])}/√m (leading order {exact(arrays['spread_theory'])}/√m).",
        ],
        paragraphs=[
            "The error is ||H − K||/||K||: H is the kernel of a network at the antisymmetric start, K its limit. The "
            "law for large widths is one over the square root of the width. exp(z) has heavy tails, and a ratio of "
            f"means is biased; H(x, x) tends to e = {math.e:.3f} at a unit input."
        ],
        figures=chart(
            curves,
            widths,
            under=law(
                "slope −1/2",
                -0.5,
                widths,
                1.5 * max((c[0].value for c in curves.values() if c[0].value > 0), default=np.nan),
            ),
            x=Axis("width m (number of keys)", log=True),
            y=Axis("relative error of the kernel", log=True),
            caption=f"Mean of {seeds} starts with standard errors; n = {record.parameters['samples']}, d = "
            f"{record.parameters['input_size']}, k = {record.parameters['outputs']}. Dotted: the law m^(−1/2).",
            description=f"Error against width. {seen(curves, widths, of='m')}",
        ),
        tables=[
            Table(
                "Fitted exponent of the error in the width (the law is −0.5, for large widths) and error at the "
                "largest width; standard errors.",
                ["network", "exponent", f"error at m = {m:,}, in %"],
                [[name, str(each), str(percent[name])] for name, each in exponents.items()],
            )
        ],
        questions={2: f"Kernels against their limit: {answer}", 10: keys},
    )


def _law(name: str, exponent: Measured) -> str:
    steeper = choose(
        compare(exponent, exact(-0.5)),
        smaller="steeper than the law",
        larger="flatter than the law",
        alike="as the law says",
    )
    return f"{name}: the error goes like m to the power {exponent}, {steeper} (−1/2)."
