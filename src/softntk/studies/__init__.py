"""The studies: one question each, in the order in which the page answers them."""

import difflib

from softntk.failures import BadInput
from softntk.studies import (
    certified_width,
    convex_region,
    generalization,
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
from softntk.studies.scheduling import run_studies
from softntk.studies.study import Cell, Outcome, Study, forget_cells, run

__all__ = ["STUDIES", "Cell", "Outcome", "Study", "forget_cells", "run", "run_studies", "study_named"]

#: Every study by its name. A new study is a new row.
STUDIES: dict[str, Study] = {
    module.STUDY.name: module.STUDY
    for module in (
        certified_width,
        table_one,
        training,
        convex_region,
        tube,
        scales,
        kernel_limit,
        perturbation,
        generalization,
        score_error,
        score_network,
        score_split,
        score_stopping,
        score_field,
        score_samples,
        sampling,
    )
}


def study_named(name: str) -> Study:
    """Look a study up by its name.

    Raises:
        BadInput: there is no such study.
    """
    if name not in STUDIES:
        near = difflib.get_close_matches(name, STUDIES, n=1)
        raise BadInput(
            "only",
            required=f"be one of {', '.join(STUDIES)}",
            got=repr(name),
            advice=f"Type --only {near[0] if near else next(iter(STUDIES))}.",
        )
    return STUDIES[name]
