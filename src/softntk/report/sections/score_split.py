"""How the split of the error is shown: stacked bars, the chain to KL, the assumptions."""

import numpy as np

from softntk.records import Record
from softntk.report.bars import Stacks
from softntk.report.figure import Axis, Figure, plot
from softntk.report.numbers import number
from softntk.report.section import Section, Table
from softntk.report.sections.draws import center, written

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
    softmax = part.sel(learner="softmax")
    tuned = part.sel(learner="kernel, tuned")
    answer = (
        f"Of the softmax network's error of {written(softmax.sel(term='total'))}, its distance from the "
        "kernel limit is "
        f"{written(softmax.sel(term='coupling'))}, the noise of the labels "
        f"{written(softmax.sel(term='noise'))}, and the "
        f"bias of stopping early {written(softmax.sel(term='bias'))}."
    )
    facts = arrays["facts"].mean("draw")
    fact = {str(name): float(facts.sel(fact=name)) for name in facts["fact"].values}
    checked = (
        f"Inputs are mapped into the unit ball (largest norm {number(fact['largest input'])}), labels are at most "
        f"{number(fact['largest label'])}: assumption 6.1 holds by construction, at the price of truncating a share of "
        f"{number(fact['truncated mass'], 2)} of the noisy inputs, which changes the truth by "
        f"{number(fact['change by truncation'], 2)} in mean square. Assumption 6.2: lambda is "
        f"{number(fact['lambda'], 2)} "
        f"with a rounding error of {number(fact['rounding of lambda'], 2)}. Assumption 6.3: g = 1. Assumption 6.4: the "
        f"Lipschitz constant of the truth is at least {number(fact['Lipschitz constant'])}, and finite."
    )
    return Section(
        slug=record.study,
        title="Where the error comes from",
        answer=answer,
        paragraphs=[
            "The flow of a kernel is linear in its labels, so its error comes apart: what the noise of the "
            "labels does, "
            "and what is missing when the flow is stopped early on clean labels. A network adds its distance from the "
            "kernel. Twice the inner products of the parts make up the rest (cross). "
            f"The tuned kernel errs by {written(tuned.sel(term='total'))}.",
            checked,
            "The paper's final theorem has the same four terms, as an order of growth. The bound on the law of the "
            "samples is Girsanov's: it is explicit, and far from tight.",
        ],
        figures=[_bars(record)],
        tables=[_parts(record), _chain(record)],
        questions={8: checked},
    )


def _bars(record: Record) -> Figure:
    part = center(record.arrays["part"])
    rows = [_row(name) for name in part["learner"].values]
    return plot(
        Stacks(rows, {label: np.maximum(part.sel(term=term).values, 0.0) for term, label in _PARTS.items()}),
        x=Axis("mean squared error"),
        y=Axis(),
        caption=f"Parts of E|f − f*|² for networks of {record.parameters['width']:,} neurons after "
        f"{record.parameters['steps']:,} steps, and for the tuned kernel limit; n = {record.parameters['samples']:,}, "
        f"mean of {part.sizes.get('draw', record.arrays.sizes['draw'])} draws.",
        description="Stacked bars. Bias of stopping is the largest part of every bar, noise of labels the second.",
        height=2.6,
    )


def _row(name: str) -> str:
    return {"kernel, tuned": "tuned kernel"}.get(str(name), str(name))


def _parts(record: Record) -> Table:
    part = record.arrays["part"]
    return Table(
        f"The parts, mean and standard error of {part.sizes['draw']} draws.",
        ["estimator", *(str(term) for term in part["term"].values)],
        [
            [_row(name), *(written(part.sel(learner=name, term=term)) for term in part["term"].values)]
            for name in part["learner"].values
        ],
    )


def _chain(record: Record) -> Table:
    chain = record.arrays["chain"]
    return Table(
        f"From the learned score to the law of the samples, {record.parameters['sampler_steps']} steps.",
        ["term", "value"],
        [[_LINKS[str(link)], written(chain.sel(link=link))] for link in chain["link"].values],
    )
