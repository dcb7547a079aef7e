"""Run studies side by side and keep their records: what `softntk reproduce` does.

A study stays in one process where it can, since its cells then share what is compiled; with more processes than
studies, the cells of a study are spread. The longest studies go first. A record that is there already, made with the
same parameters and the same software, is not made again, and an interrupted study goes on from its kept cells.
"""

import logging
import multiprocessing
import os
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from queue import Queue

import jax

from softntk import records
from softntk.failures import BadInput
from softntk.numerics.compiling import compile_fast, use_one_thread
from softntk.records import Record, installed_versions
from softntk.studies.study import Cell, Study, forget_cells, run

__all__ = ["OnProgress", "default_processes", "run_studies", "workers"]

log = logging.getLogger("softntk")

#: Called with the name of a study, the seconds' worth of it that are newly done, and what was done.
OnProgress = Callable[[str, float, str], None]


def default_processes() -> int:
    """One a core, at most 4: compiling takes much memory."""
    return min(os.cpu_count() or 1, 4)


def run_studies(
    studies: Sequence[Study],
    folder: Path,
    *,
    preset: str = "quick",
    seed: int | None = None,
    again: bool = False,
    processes: int | None = None,
    on_progress: OnProgress | None = None,
) -> list[Record]:
    """Run studies, write their records into a folder, and return them in the order of the studies.

    Arguments:
        preset: quick or full.
        seed: of every study; by default that of the preset.
        again: run studies again whose records are there.
        processes: to compute on.

    Raises:
        BadInput: there is no such preset, or the folder cannot be written to.
    """
    parameters = {study.name: study.parameters(preset, seed) for study in studies}
    seconds = {study.name: study.estimate(parameters[study.name]) for study in studies}
    for study in studies:
        records.require_place(folder, study.name)
    count = processes or default_processes()
    sharing = max(min(count, len(studies)), 1)
    tell = on_progress or _say_nothing
    with ExitStack() as stack, ThreadPoolExecutor(sharing) as threads:
        idle: Queue[Executor] = Queue()
        for _ in range(sharing):
            idle.put(stack.enter_context(workers(count // sharing, short=preset == "quick")))

        def record_of(study: Study) -> Record:
            chosen, left = parameters[study.name], seconds[study.name]
            known = None if again else _known(study.name, folder)
            if known is not None and known.parameters == chosen and known.versions == installed_versions():
                tell(study.name, left, "there already")
                return known

            def on_cell(cell: Cell) -> None:
                tell(study.name, cell.weight * study.weight, cell.name)

            typed = f"softntk reproduce --preset {preset} --only {study.name} --again"
            command = typed if seed is None else f"{typed} --seed {seed}"
            executor = idle.get()
            try:
                record = run(study, chosen, command=command, folder=folder, on_cell=on_cell, executor=executor)
            finally:
                idle.put(executor)
            records.write(record, folder, replace=True)
            forget_cells(study, chosen, folder)
            return record

        longest_first = sorted(studies, key=lambda study: -seconds[study.name])
        started = {study.name: threads.submit(record_of, study) for study in longest_first}
        try:
            done = [started[study.name].result() for study in studies]
        except BaseException:
            threads.shutdown(wait=False, cancel_futures=True)
            raise
    return done


def _known(name: str, folder: Path) -> Record | None:
    if not records.exists(folder, name):
        return None
    try:
        return records.read(folder, name)
    except BadInput as unreadable:
        log.warning("%s is made again, since its record cannot be read: %s", name, unreadable.got)
        return None


def _say_nothing(_name: str, _share: float, _words: str) -> None:
    pass


def workers(count: int, *, short: bool = False) -> ProcessPoolExecutor:
    """`count` processes that compute in float64, one thread each; `short` work compiles fast and runs slower."""
    # Forking a process that runs JAX's threads can deadlock; spawned ones start clean.
    return ProcessPoolExecutor(count, multiprocessing.get_context("spawn"), partial(_set_up, short))


def _set_up(short: bool) -> None:
    use_one_thread()
    if short:
        compile_fast()
    jax.config.update("jax_enable_x64", True)
