"""What normalization does, and what it does not: softmax beside the network without it, and beside ReLU.

    softmax against exponential    what dividing by the sum over neurons changes
    both against ReLU              what smoothness changes

Each measure comes from the record of a study and says whether more or less of it is better. A measure is counted for
whom it favors beyond two standard errors; medians, widths and counts, which have none, by their numbers.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from softntk.records import Record
from softntk.report.numbers import number
from softntk.report.section import Section, Table
from softntk.report.sections import names
from softntk.report.sections.convex_region import in_paths
from softntk.report.sections.generalization import errors
from softntk.report.sections.scales import condition
from softntk.report.sections.training import percent_apart
from softntk.report.words import NOT_MEASURED, Measured, Relation, compare, counted, exact, measured

__all__ = ["SOURCES", "build"]

TITLE = "What normalization does, and what it does not"


@dataclass(frozen=True)
class _Measure:
    """One number for each network; `texts` in the place of numbers that do not say enough."""

    words: str
    values: Mapping[str, Measured]
    more_is_better: bool = False
    texts: Mapping[str, str] = field(default_factory=dict)

    def ahead(self, first: str, second: str) -> str:
        """Who is ahead of the two: one of them, neither, or not compared."""
        relation = compare(self.values[first], self.values[second])
        if relation in (Relation.SMALLER, Relation.LARGER):
            return first if (relation is Relation.LARGER) == self.more_is_better else second
        return "not compared" if relation is Relation.UNKNOWN else "not told apart"

    def smooth(self) -> str:
        """Whether the smooth networks are ahead of ReLU."""
        leaders = [self.ahead(name, "relu") for name in ("softmax", "exponential")]
        if "not compared" in leaders:
            return "not compared"
        count = leaders.count("relu")
        return "smooth" if not count and "not told apart" not in leaders else "ReLU" if count == 2 else "mixed"


def build(records: Mapping[str, Record]) -> Section:
    """The section, of those records that are there."""
    sphere = [measure for study, made in _ON_SPHERE.items() if study in records for measure in made(records[study])]
    beyond = _beyond(records["scales"]) if "scales" in records else []
    on, off = (_counted(measures) for measures in (sphere, beyond))
    smooth = [measure.smooth() for measure in sphere]
    tested = " ".join(_sentence(measure) for measure in sphere if "test error" in measure.words)
    answer = (
        f"On the unit sphere, {on}. Where sigma |x| grows or norms differ, {off}. Smooth against ReLU, on the sphere: "
        f"both smooth networks are ahead in {counted(smooth.count('smooth'), len(smooth), 'measure')}, behind in "
        f"{smooth.count('ReLU')}."
    )
    return Section(
        slug="normalization",
        title=TITLE,
        answer=answer,
        findings=[*(_sentence(measure) for measure in beyond), *(_sentence(measure) for measure in sphere)],
        paragraphs=[
            "The paper's claim: the normalization of softmax gives its kernel a good perturbation property, and with "
            "it a good convex region of the loss. The network without normalization is the exponential one, so that "
            "is what softmax is set beside; what both share against ReLU comes from smooth features and is called "
            "that.",
            "Why the sphere shows nothing of it: there the limit kernel of the exponential network is e^s times that "
            "of softmax, s the variance of the weights, and a factor changes neither a condition nor a predictor. "
            "Elsewhere the norms of the inputs stay in the exponential kernel, exp(s |x + x′|²/2), and cancel in the "
            "softmax kernel, exp(s <x, x′>).",
        ],
        tables=[
            Table("Who is ahead, measure by measure.", _COLUMNS, [_row(measure) for measure in (*sphere, *beyond)])
        ],
        questions={1: answer, 3: answer, **({5: f"What is seen of normalization: {tested}"} if tested else {})},
    )


_COLUMNS = ("measure", "softmax", "exponential", "ReLU", "softmax or exponential", "smooth or ReLU")


def _printed(measure: _Measure, name: str) -> str:
    return measure.texts.get(name, str(measure.values[name]))


def _row(measure: _Measure) -> list[str]:
    better = "more is better" if measure.more_is_better else "less is better"
    ahead = measure.ahead("softmax", "exponential")
    return [
        f"{measure.words} ({better})",
        *(_printed(measure, name) for name in names.NETWORKS),
        ahead,
        measure.smooth(),
    ]


def _numbers(measure: _Measure) -> str:
    said = ", ".join(f"{names.network(name)} {_printed(measure, name)}" for name in names.NETWORKS)
    return f"{measure.words}: {said}"


def _sentence(measure: _Measure) -> str:
    ahead, smooth = measure.ahead("softmax", "exponential"), measure.smooth()
    who = (
        f"{ahead} is ahead of {'exponential' if ahead == 'softmax' else 'softmax'}"
        if ahead in names.NETWORKS
        else f"softmax and exponential {ahead}"
    )
    others = {
        "smooth": "both smooth networks are ahead of ReLU",
        "ReLU": "ReLU is ahead of both smooth networks",
        "mixed": "smooth and ReLU are not told apart as groups",
    }.get(smooth, f"smooth and ReLU {smooth}")
    numbers = _numbers(measure)
    return f"{numbers[0].upper()}{numbers[1:]}; {who}, {others}."


def _counted(measures: Sequence[_Measure]) -> str:
    leaders = [measure.ahead("softmax", "exponential") for measure in measures]
    if not leaders:
        return f"softmax and the exponential network were {NOT_MEASURED}"
    alike = f" (not told apart in {leaders.count('not told apart')})" if "not told apart" in leaders else ""
    return (
        f"softmax is ahead of the exponential network in {leaders.count('softmax')} of {len(leaders)} measures and "
        f"behind in {leaders.count('exponential')}{alike}; {_numbers(measures[0])}"
    )


def _each(value) -> dict[str, Measured]:
    return {name: value(name) for name in names.NETWORKS}


def _region(record: Record) -> list[_Measure]:
    at = in_paths(record).isel(width=-1)
    one = at.sel(distance=1.0, method="nearest")
    return [
        _Measure(
            f"region shown, in paths, m = {int(at['width']):,}",
            _each(lambda name: measured(at["inner"].sel(features=name))),
            True,
        ),
        _Measure(
            f"change of the kernel {float(one['distance']):.2g} path away toward the worst point found, in %",
            _each(lambda name: 100 * measured(one["change"].sel(features=name))),
        ),
    ]


def _width(record: Record) -> list[_Measure]:
    at, largest = names.complete(record.arrays).isel(data=0), record.parameters["largest"]
    found = {name: float(at["certified"].sel(features=name)) for name in names.NETWORKS}
    ran = {name: bool(at["trains"].sel(features=name).notnull()) for name in names.NETWORKS}
    # Beyond the search there is no number, but an order there is.
    values = {n: exact(math.inf if math.isnan(w) and ran[n] else w) for n, w in found.items()}
    texts = {name: f"none up to {largest:,}" for name, each in values.items() if math.isinf(each.value)}
    return [_Measure(f"smallest certified width on {at['data'].values}", values, texts=texts)]


def _training(record: Record) -> list[_Measure]:
    at = names.complete(record.arrays).isel(data=0, width=-1)
    apart = percent_apart(at)
    where = f"{names.data(str(at['data'].values))}, m = {int(at['width']):,}"
    return [
        _Measure(f"loss off its linearization on {where}, in %", _each(lambda name: measured(apart.sel(features=name))))
    ]


def _test_error(record: Record) -> list[_Measure]:
    at = names.complete(record.arrays).isel(data=0, samples=-1)
    found = errors(at)
    where = f"{names.data(str(at['data'].values))}, n = {int(at['samples'])}"
    return [_Measure(f"test error on {where}, in %", _each(lambda name: found[names.network(name)]))]


def _beyond(record: Record) -> list[_Measure]:
    arrays = names.complete(record.arrays)
    scales, spread = arrays["scale"].values, float(arrays["spread"].values[-1])
    top = float(scales[-1])

    def fine(name: str) -> Measured:
        h = arrays["h"].sel(features=name)
        return exact(math.nan if h.isnull().all() else int((h < 0.5).all("draw").sum()))

    middle = {
        f"condition of the kernel at sigma |x| = {top:g}": _each(
            lambda name: condition(arrays, "condition", name, scale=top)
        ),
        f"condition of the kernel with norms from 1 to {spread:g}": _each(
            lambda name: condition(arrays, "condition_of_norms", name, spread=spread)
        ),
    }
    return [
        *(
            _Measure(words, each, texts={n: "beyond float64" for n, v in each.items() if math.isinf(v.value)})
            for words, each in middle.items()
        ),
        _Measure(
            f"scales with h < 1/2 at every start, of {len(scales)}",
            _each(fine),
            more_is_better=True,
            texts={n: number(int(fine(n).value)) for n in names.NETWORKS if not math.isnan(fine(n).value)},
        ),
    ]


#: Study -> its measures on the unit sphere.
_ON_SPHERE = {"convex_region": _region, "certified_width": _width, "training": _training, "generalization": _test_error}

#: The studies that the section is made of.
SOURCES = (*_ON_SPHERE, "scales")
