"""How the split of the error is shown: stacked bars, the chain to KL, the assumptions."""

import numpy as np
import xarray as xr

from softntk.records import Record
from softntk.report.bars import Stacks
from softntk.report.figure import Axis, Figure, plot
from softntk.report.section import Section, Table
from softntk.report.words import Measured, compare, counted, exact, listed, measured, pick, ranking, ratio

__all__ = ["build"]

_PARTS = {"coupling": "network − kernel", "noise": "noise of labels", "bias": "bias of stopping"}
_LINKS = {
    "learning": "learning: 1/2 ∫ g E|s − s*|²",
    "discretization": "discretization: the score frozen in each step",
    "prior": "prior: KL(p_T, N(0, I))",
    "bound": "bound on KL: 2 learning + 2 discretization + prior",
    "early_end": "early end: W2 of p_T0 and the data, at most",
}


def build(record: Record) -> Section:
    """The section of `score_split`."""
    arrays = record.arrays
    part = arrays["part"]
    learners = [str(name) for name in part["learner"].values]
    draws = f"{part.sizes['draw']} draw{'' if part.sizes['draw'] == 1 else 's'}"
    softmax = {label: _part(part, "softmax", term) for term, label in _PARTS.items()}
    answer = (
        f"The softmax network's error of {_part(part, 'softmax', 'total')} ({draws}) has the parts {ranking(softmax)}; "
        f"the rest is cross terms, {_part(part, 'softmax', 'cross')}."
    )
    checked = _assumptions(arrays)
    return Section(
        slug=record.study,
        title="Where the error comes from",
        answer=answer,
        findings=[
            *(_largest(part, name) for name in learners),
            f"Total errors: {ranking({_row(name): _part(part, name, 'total') for name in learners})}.",
            _bound(arrays, record.parameters["sampler_steps"]),
            checked,
        ],
        paragraphs=[
            "The flow of a kernel is linear in its labels, so its error comes apart: what the noise of the labels "
            "does, and what is missing when the flow is stopped early on clean labels. A network adds its distance "
            "from the kernel. Twice the inner products of the parts make up the rest (cross).",
            "The paper's final theorem has the same four terms, as an order of growth. The bound on the law of the "
            "samples is Girsanov's, which is explicit. Noisy inputs are unbounded: an explicit map takes them into "
            "the unit ball, at the price of cutting off a share of them.",
        ],
        figures=_bars(record, learners),
        tables=[_parts(part, learners, draws), _chain(arrays, record.parameters["sampler_steps"])],
        questions={8: checked},
    )


def _part(part: xr.DataArray, learner: str, term: str) -> Measured:
    return measured(pick(part, learner=learner, term=term))


def _largest(part: xr.DataArray, name: str) -> str:
    found = {label: _part(part, name, term) for term, label in _PARTS.items()}
    known = {label: each for label, each in found.items() if not np.isnan(each.value)}
    if not known:
        return f"{_row(name)}: no part was measured."
    first, *others = sorted(known, key=lambda label: -known[label].value)
    beyond = [label for label in others if compare(known[first], known[label]) != "larger than"]
    share = ratio(known[first], _part(part, name, "total"))
    alike = f", not told apart from {listed(beyond)}" if beyond else ""
    return f"{_row(name)}: the largest part is {first}, {known[first]}{alike}: {share} the error."


def _assumptions(arrays: xr.Dataset) -> str:
    """Each assumption of the score theorem with its number, and whether it is met."""
    fact = {str(name): arrays["facts"].sel(fact=name) for name in arrays["fact"].values}
    inputs, labels = (exact(fact[name].max()) for name in ("largest input", "largest label"))
    within = [
        f"{name} at most {each} "
        f"({'within' if each.value <= 1 + 1e-6 else 'not measured against' if np.isnan(each.value) else 'beyond'} 1)"
        for name, each in (("inputs have norm", inputs), ("labels are", labels))
    ]
    above = int((fact["lambda"] > fact["rounding of lambda"]).sum())
    total = fact["lambda"].size
    lipschitz = exact(fact["Lipschitz constant"].max())
    return (
        f"6.1: after the map into the unit ball {listed(within)}; it cuts off a share of "
        f"{measured(fact['truncated mass'])} of the noisy inputs, which changes the truth by "
        f"{measured(fact['change by truncation'])} in mean square. 6.2: lambda is {measured(fact['lambda'])}, above "
        f"its rounding error in {counted(above, total, 'draw')}. 6.3: g = 1. 6.4: the Lipschitz constant of the truth "
        f"is at least {lipschitz}."
    )


def _bound(arrays: xr.Dataset, steps: int) -> str:
    link = {
        name: measured(pick(arrays["chain"], link=name)) for name in ("learning", "discretization", "prior", "bound")
    }
    parts = {name: link[name] for name in ("learning", "discretization", "prior")}
    return f"KL of the samples' law after {steps} steps is at most {link['bound']}; its terms: {ranking(parts)}."


def _bars(record: Record, learners: list[str]) -> list[Figure]:
    part = record.arrays["part"]
    values = {
        label: np.array([max(_part(part, name, term).value, 0.0) for name in learners])
        for term, label in _PARTS.items()
    }
    shown = np.isfinite(np.stack(list(values.values()))).all(axis=0).reshape(len(learners))
    rows = [_row(name) for name, good in zip(learners, shown, strict=True) if good]
    if not rows:
        return []
    seen = "; ".join(_largest(part, name).rstrip(".") for name, good in zip(learners, shown, strict=True) if good)
    return [
        plot(
            Stacks(rows, {label: row[shown] for label, row in values.items()}),
            x=Axis("mean squared error"),
            y=Axis(),
            caption=f"Parts of E|f − f*|² for networks of {record.parameters['width']:,} neurons after "
            f"{record.parameters['steps']:,} steps, and for the tuned kernel limit; n = "
            f"{record.parameters['samples']:,}, mean "
            f"of {part.sizes['draw']} draws.",
            description=f"Stacked bars of the parts. {seen}.",
            height=2.6,
        )
    ]


def _row(name: str) -> str:
    return {"kernel, tuned": "tuned kernel"}.get(name, name)


def _parts(part: xr.DataArray, learners: list[str], draws: str) -> Table:
    terms = [str(term) for term in part["term"].values]
    return Table(
        f"The parts, mean and standard error of {draws}.",
        ["estimator", *terms],
        [[_row(name), *(str(_part(part, name, term)) for term in terms)] for name in learners],
    )


def _chain(arrays: xr.Dataset, steps: int) -> Table:
    return Table(
        f"From the learned score to the law of the samples, {steps} steps.",
        ["term", "value"],
        [[words, str(measured(pick(arrays["chain"], link=link)))] for link, words in _LINKS.items()],
    )
