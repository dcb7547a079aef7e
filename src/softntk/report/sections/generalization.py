"""How the study of generalization is shown: test errors beside what the kernel's complexity says."""

from softntk.records import Record
from softntk.report.figure import Axis, Figure, plot
from softntk.report.marks import Points
from softntk.report.numbers import number, plus_minus
from softntk.report.section import Section, Table
from softntk.report.sections import names

__all__ = ["build"]


def build(record: Record) -> Section:
    """The section of `generalization`."""
    arrays = record.arrays
    last = arrays.isel(samples=-1)
    n, source = int(last["samples"]), arrays["data"].values[0]
    at = last.sel(data=source)
    error = {
        name: plus_minus(100 * float(at["limit"].sel(features=name)), 100 * float(at["limit_se"].sel(features=name)))
        for name in arrays["features"].values
    }
    smallest = float(arrays["bound"].min())
    vacuous = smallest >= 1
    answer = (
        f"On {names.data(source)} with n = {n}, the limit kernels err on ({error['softmax']}) % (softmax), "
        f"({error['relu']}) % (ReLU) of new samples; the bound with every constant visible is "
        f"{number(smallest, 2)} at best{', which says nothing for an error of at most 1' if vacuous else ''}."
    )
    sets = "one data set" if len(arrays["data"]) == 1 else f"{len(arrays['data'])} data sets"
    why = (
        "On the unit sphere the softmax and exponential kernels are the same up to a factor, so their interpolants are "
        f"the same: normalization does not change the predictor there. On {names.data(source)} with n = {n} the "
        f"errors are ({error['softmax']}) % for softmax and ({error['relu']}) % for ReLU, standard errors included. "
        f"What this shows is limited: {sets}, small n, one scale."
    )
    return Section(
        slug=record.study,
        title="Test error and the kernel's complexity",
        answer=answer,
        paragraphs=[
            "The limit kernel's interpolant is exact regression with the limit kernel; the network is trained by "
            "gradient "
            f"descent from {record.parameters['seeds']} starts with m = {record.parameters['width']:,}. The complexity "
            "2 sqrt(tr K yᵀK⁻¹y)/n orders growth and hides constants; it does not change when a kernel is multiplied "
            "by a "
            "number. The bound is a Rademacher bound with all constants written out, for the loss min(1, |f − y|).",
            why,
        ],
        figures=[_error(record, source) for source in arrays["data"].values],
        tables=[_table(record)],
        questions={5: why},
    )


def _error(record: Record, source: str) -> Figure:
    at = record.arrays.sel(data=source)
    sizes = at["samples"].values.astype(float)
    curves = [
        Points(
            names.network(name), sizes, 100 * at["limit"].sel(features=name), 100 * at["limit_se"].sel(features=name)
        )
        for name in at["features"].values
    ]
    return plot(
        *curves,
        x=Axis("training samples n", log=True),
        y=Axis("test error of the limit, %"),
        caption=f"Share of wrong signs on held-out rows of {names.data(source)}, binomial standard errors.",
        description="Test error against the number of samples: all three fall together, within their error bars.",
    )


def _table(record: Record) -> Table:
    arrays = record.arrays
    rows = []
    for source in arrays["data"].values:
        for n in arrays["samples"].values:
            for name in arrays["features"].values:
                at = arrays.sel(data=source, samples=n, features=name)
                rows.append(
                    [
                        f"{names.data(source)}, {int(n)}, {names.network(name)}",
                        plus_minus(100 * float(at["limit"]), 100 * float(at["limit_se"])),
                        plus_minus(100 * float(at["network"]), 100 * float(at["network_se"])),
                        float(at["order"]),
                        float(at["bound"]),
                    ]
                )
    return Table(
        "Test errors in % (limit: binomial standard error; network: standard error over starts), the complexity, and "
        "the "
        f"bound that holds with probability {1 - record.parameters['delta']:g}.",
        ["data, n, network", "limit", "network", "complexity", "bound"],
        rows,
    )
