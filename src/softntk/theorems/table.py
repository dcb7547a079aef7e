"""All guarantees in one table, for the docs and the report to iterate over.

A new theorem is a `Guarantee` in one of the modules below (or in a new one) and its row here.
"""

from softntk.failures import BadInput
from softntk.theorems import convergence, descent, generalization, induction, perturbation, ranks, score
from softntk.theorems.guarantee import Guarantee

__all__ = ["GUARANTEES", "guarantee_named"]

#: Every guarantee by its name, in reading order.
GUARANTEES: dict[str, Guarantee] = {
    guarantee.name: guarantee
    for room in (convergence, perturbation, induction, ranks, descent, generalization, score)
    for guarantee in room.GUARANTEES
}


def guarantee_named(name: str) -> Guarantee:
    """Look a guarantee up by its name.

    Raises:
        BadInput: there is none.
    """
    if name not in GUARANTEES:
        known = ", ".join(GUARANTEES)
        raise BadInput("name", required=f"be one of {known}", got=repr(name), advice='Type "softmax-convergence".')
    return GUARANTEES[name]
