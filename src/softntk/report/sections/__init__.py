"""One file for each study: how its record is shown.

To show a new study, write `sections/<study>.py` with a function `build(record) -> Section` (a template is
`docs/templates/section.py`) and add its row to `BUILDERS`. The order of the rows is the order on the page; studies
without a row come last, as plain tables. Two more stand before: `opening`, the picture above the
summary, and `normalization`, made of several records.
"""

from collections.abc import Callable, Sequence

from softntk.failures import BadInput
from softntk.records import Record
from softntk.report.section import Section
from softntk.report.sections import (
    certified_width,
    convex_region,
    generalization,
    generic,
    kernel_limit,
    normalization,
    opening,
    perturbation,
    sampling,
    scales,
    score_error,
    score_field,
    score_network,
    score_samples,
    score_split,
    score_stopping,
    table_one,
    training,
    tube,
)

__all__ = ["BUILDERS", "OPENED_BY", "build_leading", "build_opening", "build_section", "in_order"]

#: Study -> builder of its section.
BUILDERS: dict[str, Callable[[Record], Section]] = {
    "certified_width": certified_width.build,
    "table_one": table_one.build,
    "training": training.build,
    "convex_region": convex_region.build,
    "tube": tube.build,
    "scales": scales.build,
    "kernel_limit": kernel_limit.build,
    "perturbation": perturbation.build,
    "generalization": generalization.build,
    "score_error": score_error.build,
    "score_network": score_network.build,
    "score_split": score_split.build,
    "score_stopping": score_stopping.build,
    "score_field": score_field.build,
    "score_samples": score_samples.build,
    "sampling": sampling.build,
}


def build_section(record: Record) -> Section:
    """The section of a record.

    Raises:
        BadInput: the record lacks an array or a parameter that its section shows, since another version made it.
    """
    return _built(record, lambda: BUILDERS.get(record.study, generic.build)(record))


#: The study whose record the opening picture is made of.
OPENED_BY = "convex_region"


def build_opening(records: Sequence[Record]) -> Section | None:
    """The picture above the summary, if its record is there.

    Raises:
        BadInput: as `build_section`.
    """
    found = next((record for record in records if record.study == OPENED_BY), None)
    return None if found is None else _built(found, lambda: opening.build(found))


def build_leading(records: Sequence[Record]) -> Section | None:
    """What normalization does and does not, from those of its records that are there; None if none is.

    Raises:
        BadInput: as `build_section`.
    """
    used = {record.study: record for record in records if record.study in normalization.SOURCES}
    return _built(next(iter(used.values())), lambda: normalization.build(used)) if used else None


def _built(record: Record, build: Callable[[], Section]) -> Section:
    try:
        return build()
    except (KeyError, ValueError) as missing:
        raise BadInput(
            record.study,
            required="be a record that this version of softntk can show",
            got=f"one of another version ({missing})",
            advice=f"Make it again: {record.command}",
        ) from missing


def in_order(records: tuple[Record, ...]) -> list[Record]:
    """The records in the order of `BUILDERS`, those without a builder last, by name."""
    ranks = {study: rank for rank, study in enumerate(BUILDERS)}
    return sorted(records, key=lambda record: (ranks.get(record.study, len(ranks)), record.study))
