"""One file for each study: how its record is shown.

To show a new study, write `sections/<study>.py` with a function `build(record) -> Section` (a template is
`docs/templates/section.py`) and add its row to `BUILDERS`. The order of the rows is the order on the page; studies
without a row come last, as plain tables.
"""

from collections.abc import Callable

from softntk.failures import BadInput
from softntk.records import Record
from softntk.report.section import Section
from softntk.report.sections import (
    certified_width,
    convex_region,
    generalization,
    generic,
    kernel_limit,
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

__all__ = ["BUILDERS", "build_section", "in_order"]

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
    try:
        return BUILDERS.get(record.study, generic.build)(record)
    except KeyError as missing:
        raise BadInput(
            record.study,
            required="be a record that this version of softntk can show",
            got=f"one without {missing}",
            advice=f"Make it again: {record.command}",
        ) from missing


def in_order(records: tuple[Record, ...]) -> list[Record]:
    """The records in the order of `BUILDERS`, those without a builder last, by name."""
    ranks = {study: rank for rank, study in enumerate(BUILDERS)}
    return sorted(records, key=lambda record: (ranks.get(record.study, len(ranks)), record.study))
