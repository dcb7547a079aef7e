"""How the study of generalization is shown: test errors beside what the kernel's complexity says."""

import xarray as xr

from softntk.records import Record
from softntk.report.figure import Axis, Figure
from softntk.report.section import Section, Table
from softntk.report.sections import names
from softntk.report.sections.curves import chart, seen
from softntk.report.words import FEW, Measured, choose, compare, exact, ranking

__all__ = ["build", "errors", "normalized"]


def build(record: Record) -> Section:
    """The section of `generalization`."""
    arrays, starts = names.complete(record.arrays), record.parameters["seeds"]
    last = arrays.isel(samples=-1)
    sources = list(arrays["data"].values)
    smallest = exact(arrays["bound"].min())
    says = choose(
        compare(smallest, exact(1.0)),
        smaller="below 1, so it says something",
        larger="above 1, so it says nothing of an error of at most 1",
        alike="1, so it says nothing of an error of at most 1",
    )
    answer = (
        "; ".join(
            f"on {names.data(source)} with n = {int(last['samples'])} the limit kernels err on "
            f"{ranking(errors(last.sel(data=source)))} % of new samples"
            for source in sources
        )
        + f". The bound with every constant visible is {smallest} at best: {says}."
    )
    answer = answer[0].upper() + answer[1:]
    why = " ".join(normalized(last.sel(data=source)) for source in sources)
    return Section(
        slug=record.study,
        title="Test error and the kernel's complexity",
        answer=answer,
        findings=[
            why,
            *(_networks(last.sel(data=source), starts) for source in sources),
            *map(_complexity, _each(last)),
        ],
        paragraphs=[
            "The limit kernel's interpolant is exact regression with the limit kernel, on one draw of training rows; "
            f"the network is trained by gradient descent from {starts} starts with m = {record.parameters['width']:,}. "
            "The complexity 2 sqrt(tr K yᵀK⁻¹y)/n orders growth and hides constants; it does not change when a kernel "
            "is multiplied by a number. The bound is a Rademacher bound with all constants written out, for the loss "
            "min(1, |f − y|).",
            "On the unit sphere the softmax and exponential kernels are the same up to a factor, so their "
            "interpolants are the same: normalization cannot change the predictor of the limit there. Small n, one "
            "scale, the data sets named: nothing is shown beyond.",
        ],
        figures=[figure for source in sources for figure in _error(arrays.sel(data=source), source)],
        tables=[_table(arrays, record)],
        questions={
            5: f"{why} The bound is {smallest} at best: {says}. That normalization helps generalization in general is "
            "not "
            "shown, here or in the literature used."
        },
    )


def errors(at: xr.Dataset, entry: str = "limit", drawn: int = FEW) -> dict[str, Measured]:
    """Test errors in %, with their standard errors."""
    return {
        names.network(name): 100
        * Measured(float(at[entry].sel(features=name)), float(at[f"{entry}_se"].sel(features=name)), drawn)
        for name in names.NETWORKS
    }


def normalized(at: xr.Dataset) -> str:
    """Whether normalization, or smoothness, is seen to change the test error on one data set."""
    found = errors(at)
    with_without = compare(found["softmax"], found["exponential"])
    smooth = compare(found["softmax"], found["ReLU"])
    return (
        f"On {names.data(str(at['data'].values))}, n = {int(at['samples'])}, softmax's test error ({found['softmax']} "
        f"%) is {with_without} that of the exponential network ({found['exponential']} %) and {smooth} that of ReLU "
        f"({found['ReLU']} %)."
    )


def _each(last: xr.Dataset) -> list[xr.Dataset]:
    return [last.sel(data=source) for source in last["data"].values]


def _networks(at: xr.Dataset, starts: int) -> str:
    return (
        f"Trained networks on {names.data(str(at['data'].values))} err on {ranking(errors(at, 'network', starts))} %."
    )


def _complexity(at: xr.Dataset) -> str:
    """Whether the complexity puts the networks into the order of their errors."""
    order = {names.network(name): exact(at["order"].sel(features=name)) for name in names.NETWORKS}
    found = errors(at)
    relations = [
        (compare(order[a], order[b]), compare(found[a], found[b]))
        for a, b in (("softmax", "ReLU"), ("exponential", "ReLU"))
    ]
    agree = sum(a == b for a, b in relations)
    return (
        f"{names.data(str(at['data'].values))}: complexity {ranking(order)}; it orders {agree} of {len(relations)} "
        "pairs with ReLU as the test errors do beyond two standard errors."
    )


def _error(at: xr.Dataset, source: str) -> list[Figure]:
    sizes = at["samples"].values.astype(float)
    rows = [errors(at.isel(samples=i)) for i in range(at.sizes["samples"])]
    curves = {names.network(name): [row[names.network(name)] for row in rows] for name in names.NETWORKS}
    return chart(
        curves,
        sizes,
        x=Axis("training samples n", log=True),
        y=Axis("test error of the limit, %"),
        caption=f"Share of wrong signs on held-out rows of {names.data(source)}, binomial standard errors.",
        description=f"Test error in % against the number of samples. {seen(curves, sizes, of='n', log=False)}",
    )


def _table(arrays: xr.Dataset, record: Record) -> Table:
    rows = []
    for source in arrays["data"].values:
        for n in arrays["samples"].values:
            at = arrays.sel(data=source, samples=n)
            limit, network = errors(at), errors(at, "network", record.parameters["seeds"])
            for name in names.NETWORKS:
                printed = names.network(name)
                one = at.sel(features=name)
                label = f"{names.data(source)}, {int(n)}, {printed}"
                rows.append(
                    [label, str(limit[printed]), str(network[printed]), float(one["order"]), float(one["bound"])]
                )
    return Table(
        "Test errors in % (limit: binomial standard error; network: standard error over starts), the complexity, and "
        f"the bound that holds with probability {1 - record.parameters['delta']:g}.",
        ["data, n, network", "limit", "network", "complexity", "bound"],
        rows,
    )
