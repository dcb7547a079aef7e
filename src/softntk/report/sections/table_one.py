"""How the study of Table 1 is shown: lambda first, then what the rates ask for, then what n^o(1) hides."""

import numpy as np
import xarray as xr

from softntk.records import Record
from softntk.report.figure import Axis, Figure, plot
from softntk.report.marks import Line, Mark
from softntk.report.numbers import from_log10, number
from softntk.report.section import Section, Table
from softntk.report.sections import names
from softntk.report.sections.curves import chart, seen
from softntk.report.words import Measured, choose, compare, draws, exact, measured, pick, ranking, ratio

__all__ = ["build", "lambdas"]

TITLE = "Table 1 with the numbers in it"


def build(record: Record) -> Section:
    """The section of `table_one`."""
    arrays = names.complete(record.arrays)
    n = record.parameters["count"]
    first = arrays.isel(data=0)
    asked = first["log10_width"] + pick(first["log10_width_factor"], C=1.0)
    widths = "; ".join(
        f"{names.network(name)} {from_log10(float(asked.sel(features=name)), 1)}" for name in names.NETWORKS
    )
    answer = (
        f"Order only: on {names.data(str(first['data'].values))} with n = {n} and constant 1 for what is hidden (C = "
        f"1; the paper takes C > 10) the table asks for widths of {widths}. {_spread(arrays)}"
    )
    exponents = _o(arrays, 1.0)
    return Section(
        slug=record.study,
        title=TITLE,
        answer=answer,
        findings=[
            *(_lambda(arrays.sel(data=source), n) for source in arrays["data"].values),
            *(lambdas(record, d) for d in arrays["dimension"].values),
            f"The o(1) in n^(2+o(1)), written out as exp(18 B): {exponents}.",
        ],
        paragraphs=[
            "The table compares rates in lambda, the smallest eigenvalue of each network's own limit kernel. The same "
            "rate is therefore not the same width: lambda has to be on the table. The softmax kernel is a power series "
            "in the product of the inputs with factorially falling coefficients, ReLU's eigenvalues fall like a power: "
            "which lambda is larger depends on how many points there are in how many dimensions.",
            "Every width and number of steps hides a constant (1 is used here) and is an order of growth, nothing "
            "more.",
        ],
        figures=[*_by_dimension(arrays, record), *_spectrum(arrays, n)],
        tables=[_asked(arrays, record), _exponents(arrays)],
        questions={
            3: "The rates are the same but lambda is not. "
            f"{' '.join(lambdas(record, d) for d in arrays['dimension'].values)} "
            f"{' '.join(_lambda(arrays.sel(data=source), n) for source in arrays['data'].values)}",
            4: f"Written out as exp(18 B), the o(1) is {exponents} with C = 1, and {_o(arrays, 10.0)} with C = 10 (the "
            "paper "
            "takes C > 10).",
        },
    )


def lambdas(record: Record, dimension: float | np.integer) -> str:
    """lambda of the three kernels for random points in so many dimensions: medians, for draws differ widely."""
    arrays = names.complete(record.arrays)
    at = pick(arrays["lambda_sphere"], dimension=dimension)
    found = {name: _median(at.sel(features=name)) for name in names.NETWORKS}
    softmax, relu = found["softmax"], found["relu"]
    larger = choose(
        compare(softmax, relu),
        smaller="ReLU's is larger",
        larger="softmax's is larger",
        alike="softmax's and ReLU's are not told apart",
        unknown="softmax and ReLU are not compared",
    )
    said = ", ".join(f"{names.network(name)} {number(each.value, 2)}" for name, each in found.items())
    return f"Random points in d = {int(dimension)} (median of {draws(at.sizes['draw'])}): lambda is {said}; {larger}."


def _median(values: xr.DataArray) -> Measured:
    row = values.values[~np.isnan(values.values)]
    return Measured(float(np.median(row)) if row.size else float("nan"))


def _spread(arrays: xr.Dataset) -> str:
    """The largest ratio of lambda between two networks, over everything that the record holds."""
    sphere = arrays["lambda_sphere"].median("draw")
    data, random = (
        float((each.max("features") / each.min("features")).max()) for each in (arrays["lambda_limit"], sphere)
    )
    return (
        f"lambda, which the rates divide by, differs between the networks by up to {number(data, 2)} times on the data "
        f"sets and up to {number(random, 2)} times on random points."
    )


def _lambda(at: xr.Dataset, n: int) -> str:
    found = {names.network(name): exact(at["lambda_limit"].sel(features=name)) for name in names.NETWORKS}
    return (
        f"{names.data(str(at['data'].values))}, n = {n}: lambda of the limit is {ranking(found)}; exponential over "
        f"softmax {ratio(found['exponential'], found['softmax'], 3)}."
    )


def _o(arrays: xr.Dataset, C: float) -> str:
    o = pick(arrays["hidden_exponent"], C=C)
    return ", ".join(f"{number(float(pick(o, samples=n)), 2)} at n = {int(n):,}" for n in arrays["samples"].values)


def _by_dimension(arrays: xr.Dataset, record: Record) -> list[Figure]:
    sphere = arrays["lambda_sphere"]
    dimensions = sphere["dimension"].values.astype(float)
    # Below the rounding of an eigenvalue solver there is nothing to show.
    curves = {
        names.network(name): [_median(pick(sphere, features=name, dimension=d)) for d in sphere["dimension"].values]
        for name in names.NETWORKS
    }
    curves = {name: [each if each.value > 1e-14 else Measured(np.nan) for each in row] for name, row in curves.items()}
    return chart(
        curves,
        dimensions,
        x=Axis("input dimension d"),
        y=Axis("smallest eigenvalue lambda", log=True),
        caption=f"lambda of the limit kernels for {record.parameters['count']} random points on the sphere in d "
        "dimensions, "
        f"median of {sphere.sizes['draw']} draws.",
        description=f"Smallest eigenvalue against dimension. {seen(curves, dimensions, of='d', log=False)}",
    )


def _spectrum(arrays: xr.Dataset, n: int) -> list[Figure]:
    at = arrays["spectrum"].isel(data=0)
    index = np.arange(1, at.sizes["index"] + 1, dtype=float)
    rows = {names.network(name): at.sel(features=name).values for name in names.NETWORKS}
    rows = {name: row for name, row in rows.items() if (np.isfinite(row) & (row > 0)).any()}
    if not rows:
        return []
    marks: list[Mark] = [Line(name, index, row) for name, row in rows.items()]
    ends = "; ".join(
        f"{name} from {number(float(row[0]), 2)} to {number(float(row[-1]), 2)}" for name, row in rows.items()
    )
    return [
        plot(
            *marks,
            x=Axis("index", log=True),
            y=Axis("eigenvalue", log=True),
            caption=f"All eigenvalues of the limit kernels on {names.data(str(at['data'].values))}, n = {n}.",
            description=f"Eigenvalues, largest first: {ends}.",
        )
    ]


def _asked(arrays: xr.Dataset, record: Record) -> Table:
    rows = []
    for source in arrays["data"].values:
        for name in names.NETWORKS:
            at = arrays.sel(data=source, features=name)
            hidden = float(pick(at["log10_width_factor"], C=1.0))
            rows.append(
                [
                    f"{names.data(source)}, {names.network(name)}",
                    float(at["lambda_limit"]),
                    str(measured(at["lambda_finite"], "seed")),
                    from_log10(float(at["log10_width"]), 1),
                    from_log10(float(at["log10_steps"]), 1),
                    from_log10(hidden, 1) if hidden else "none",
                ]
            )
    return Table(
        f"Order only. n = {record.parameters['count']}, one output, unit sphere, epsilon = "
        f"{record.parameters['epsilon']:g}. Width and steps with constant 1 and without n^o(1), whose factor (C = 1) "
        f"stands in the last column. Finite networks have m = {record.parameters['width']:,}; mean and standard error "
        f"over {arrays.sizes['seed']} starts.",
        ["data, network", "lambda, limit", "lambda, finite", "width", "steps", "n^o(1)"],
        rows,
    )


def _exponents(arrays: xr.Dataset) -> Table:
    o = arrays["hidden_exponent"]
    return Table(
        "The o(1) in the width's n^(2+o(1)), written out as exp(18 B), for C in B = max(C sigma sqrt(log(n/delta)), "
        "1).",
        ["n", *(f"C = {C:g}" for C in o["C"].values)],
        [[f"{int(size):,}", *(float(o.sel(samples=size, C=C)) for C in o["C"].values)] for size in o["samples"].values],
    )
