"""`softntk reproduce`: run every study, write the records and the page."""

import os
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from queue import Queue
from typing import TYPE_CHECKING, Annotated

import typer

from softntk.cli.options import log_to_stderr

if TYPE_CHECKING:
    from softntk.records import Record
    from softntk.studies import Cell, Study

__all__ = ["command"]


def command(
    preset: Annotated[str, typer.Option(help="quick (minutes) or full (hours).")] = "quick",
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder for records and page.")] = Path("results"),
    only: Annotated[list[str] | None, typer.Option(help="Run only this study; may be repeated.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of every study. Default: that of the preset.")] = None,
    processes: Annotated[
        int | None, typer.Option(help="Processes to compute on. Default: one a core, at most 4.")
    ] = None,
    again: Annotated[bool, typer.Option("--again", help="Run studies again whose records are there.")] = False,
) -> None:
    """Run the experiments and write one page that shows what theory asks for, promises, and what happened.

    An interrupted run goes on where it stopped: type the same command again.
    """
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    from softntk import records
    from softntk.cli.processor import use_float64, workers
    from softntk.failures import BadInput
    from softntk.files import require_writable
    from softntk.report.page import write_page
    from softntk.studies import STUDIES, forget_cells, run, study_named

    use_float64()
    log_to_stderr()
    console = Console(stderr=True)
    studies = [study_named(name) for name in only] if only else list(STUDIES.values())
    parameters = {study.name: study.parameters(preset, seed) for study in studies}
    require_writable(output / "index.html", make_folders=True)
    for study in studies:
        records.require_place(output, study.name)
    seconds = {study.name: study.estimate(parameters[study.name]) for study in studies}
    console.print(
        f"{len(studies)} studies, preset {preset}: about {_minutes(sum(seconds.values()))} on two cores, results in "
        f"{output}/"
    )
    count = processes or min(os.cpu_count() or 1, 4)
    words = TextColumn("{task.description}")
    columns = (words, BarColumn(), TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn())
    # A study stays in one process where it can: its cells then share what is compiled. The longest ones go first.
    sharing = min(count, len(studies))
    with ExitStack() as stack, Progress(*columns, console=console) as progress, ThreadPoolExecutor(sharing) as threads:
        idle: Queue[Executor] = Queue()
        for _ in range(sharing):
            idle.put(stack.enter_context(workers(count // sharing, short=preset == "quick")))
        total = progress.add_task("all studies", total=sum(seconds.values()))

        def record_of(study: "Study") -> "Record":
            task = progress.add_task(f"  {study.name}", total=seconds[study.name])
            try:
                known = records.read(output, study.name) if records.exists(output, study.name) and not again else None
            except BadInput as unreadable:
                console.print(f"{study.name} is made again, since its record cannot be read: {unreadable.got}")
                known = None
            if known is not None and known.parameters == parameters[study.name] and _same_software(known):
                progress.update(task, completed=seconds[study.name], description=f"  {study.name} (there already)")
                progress.advance(total, seconds[study.name])
                return known

            def advance(cell: "Cell") -> None:
                share = cell.weight * study.weight
                progress.update(task, advance=share, description=f"  {study.name}: {cell.name}")
                progress.advance(total, share)

            again_by = _command(study.name, preset, seed)
            executor = idle.get()
            try:
                record = run(
                    study, parameters[study.name], command=again_by, folder=output, on_cell=advance, executor=executor
                )
            finally:
                idle.put(executor)
            records.write(record, output, replace=True)
            forget_cells(study, parameters[study.name], output)
            progress.update(task, completed=seconds[study.name], description=f"  {study.name}")
            return record

        longest_first = sorted(studies, key=lambda study: -seconds[study.name])
        started = {study.name: threads.submit(record_of, study) for study in longest_first}
        try:
            done = [started[study.name].result() for study in studies]
        except BaseException:
            threads.shutdown(wait=False, cancel_futures=True)
            raise
    page = write_page(done, output / "index.html")
    failed = [verdict for record in done for verdict in record.verdicts if verdict.answer == "fails"]
    for verdict in failed:
        console.print(f"[bold red]fails[/]: {verdict.claim} ({verdict.reason})")
    print(f"The page is {page.resolve()}")
    if failed:
        raise typer.Exit(1)


def _command(study: str, preset: str, seed: int | None) -> str:
    chosen = "" if seed is None else f" --seed {seed}"
    return f"softntk reproduce --preset {preset} --only {study} --again{chosen}"


def _same_software(record) -> bool:
    from softntk.records import installed_versions

    return record.versions == installed_versions()


def _minutes(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} seconds"
    return f"{seconds / 60:.0f} minutes" if seconds < 5400 else f"{seconds / 3600:.1f} hours"
