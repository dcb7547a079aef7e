"""A study: one question, a plan of independent cells, a conclusion, one record.

    plan(parameters)               -> cells, each a name and a function that returns arrays
    conclude(parameters, results)  -> arrays with named dimensions, verdicts, findings

Cells are the unit of progress and of resumption: the result of each is kept until the record is written, so an
interrupted study goes on where it stopped. They run in any order, also in other processes, so `compute` is a function
of a module with its arguments (`functools.partial`). `conclude` only looks at results; it computes nothing long.

To add a study, copy `docs/templates/study.py` and add a row to `STUDIES` in `studies/__init__.py`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from softntk.failures import BadInput
from softntk.records.record import Record, installed_versions
from softntk.studies.cells import KeptCells, timed
from softntk.verdicts import Verdict

__all__ = ["Cell", "Outcome", "Parameters", "Results", "Study", "forget_cells", "run"]

#: What a study is run with: JSON values by name.
Parameters = Mapping[str, Any]
#: What its cells returned: arrays by name, by cell.
Results = Mapping[str, Mapping[str, np.ndarray]]


@dataclass(frozen=True)
class Cell:
    """One piece of a study: what it computes, and how long it takes beside the others."""

    name: str
    compute: Callable[[], Mapping[str, Any]]
    weight: float = 1.0


@dataclass(frozen=True)
class Outcome:
    """What a study concludes."""

    arrays: xr.Dataset
    verdicts: Sequence[Verdict] = ()
    findings: Sequence[str] = ()


@dataclass(frozen=True)
class Study:
    """One question and how it is answered.

    Arguments:
        name: lower-case letters and underscores; also the name of its record.
        question: the question, as a sentence.
        presets: preset -> parameters, JSON values; every preset has a `seed`.
        plan: parameters -> cells.
        conclude: parameters and the results of the cells by name -> outcome.
        weight: seconds that a unit of cell weight takes, roughly; shares progress between studies.
    """

    name: str
    question: str
    presets: Mapping[str, Parameters]
    plan: Callable[[Parameters], Sequence[Cell]]
    conclude: Callable[[Parameters, Results], Outcome]
    weight: float = 1.0

    def parameters(self, preset: str, seed: int | None = None) -> dict[str, Any]:
        """The parameters of a preset, with another seed if one is given.

        Raises:
            BadInput: there is no such preset.
        """
        if preset not in self.presets:
            raise BadInput(
                "preset",
                required=f"be one of {', '.join(self.presets)}",
                got=repr(preset),
                advice="Type --preset quick.",
            )
        chosen = dict(self.presets[preset])
        return chosen if seed is None else chosen | {"seed": seed}

    def estimate(self, parameters: Parameters) -> float:
        """Seconds that the study takes, roughly."""
        return self.weight * sum(cell.weight for cell in self.plan(parameters))


def run(
    study: Study,
    parameters: Parameters,
    *,
    command: str,
    folder: Path | None = None,
    on_cell: Callable[[Cell], None] | None = None,
    executor: Executor | None = None,
) -> Record:
    """Run a study and return its record.

    Arguments:
        command: what a reader types to make the record again.
        folder: where results of cells are kept (see `studies.cells`); without it nothing is kept.
        on_cell: called when a cell is done, for progress bars.
        executor: computes the cells, in parallel if it has several workers; without it they are computed here.

    Raises:
        BadInput: a result cannot be kept in the folder.
    """
    versions = installed_versions()
    kept = KeptCells(folder, study.name, parameters, versions)
    results: dict[str, Mapping[str, np.ndarray]] = {}
    seconds = 0.0
    for cell, result, took in _computed(study.plan(parameters), kept, executor):
        results[cell.name] = result
        seconds += took
        if on_cell is not None:
            on_cell(cell)
    outcome = study.conclude(parameters, results)
    return Record(
        study=study.name,
        question=study.question,
        parameters=dict(parameters),
        seeds=[parameters["seed"]],
        versions=versions,
        arrays=outcome.arrays,
        verdicts=list(outcome.verdicts),
        findings=list(outcome.findings),
        command=command,
        seconds=seconds,
    )


def forget_cells(study: Study, parameters: Parameters, folder: Path) -> None:
    """Delete the kept results of this study with these parameters, once its record is written."""
    KeptCells(folder, study.name, parameters, installed_versions()).forget()


def _computed(
    cells: Sequence[Cell], kept: KeptCells, executor: Executor | None
) -> Iterator[tuple[Cell, Mapping[str, np.ndarray], float]]:
    """Every cell with its result and the seconds it took, as they come."""
    left = []
    for cell in cells:
        found = kept.read(cell.name)
        if found is None:
            left.append(cell)
        else:
            yield cell, *found
    if executor is None:
        for cell in left:
            yield cell, *kept.keep(cell.name, *timed(cell.compute))
        return
    running = {executor.submit(timed, cell.compute): cell for cell in left}
    try:
        for done in as_completed(running):
            yield running[done], *kept.keep(running[done].name, *done.result())
    finally:
        for each in running:
            each.cancel()
