"""`softntk reproduce`: run every study, write the records and the page."""

from pathlib import Path
from typing import Annotated

import typer

from softntk.cli.options import log_to_stderr

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

    from softntk.cli.processor import use_float64
    from softntk.files import require_writable
    from softntk.report.page import write_page
    from softntk.studies import STUDIES, run_studies, study_named

    use_float64()
    log_to_stderr()
    console = Console(stderr=True)
    studies = [study_named(name) for name in only] if only else list(STUDIES.values())
    seconds = {study.name: study.estimate(study.parameters(preset, seed)) for study in studies}
    require_writable(output / "index.html", make_folders=True)
    console.print(
        f"{len(studies)} studies, preset {preset}: about {_minutes(sum(seconds.values()))} on two cores, results in "
        f"{output}/"
    )
    words = TextColumn("{task.description}")
    columns = (words, BarColumn(), TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn())
    with Progress(*columns, console=console) as progress:
        total = progress.add_task("all studies", total=sum(seconds.values()))
        tasks = {name: progress.add_task(f"  {name}", total=seconds[name], visible=False) for name in seconds}

        def on_progress(name: str, share: float, said: str) -> None:
            progress.update(tasks[name], advance=share, description=f"  {name}: {said}", visible=True)
            progress.advance(total, share)

        options = {"preset": preset, "seed": seed, "again": again, "processes": processes}
        done = run_studies(studies, output, **options, on_progress=on_progress)
    page = write_page(done, output / "index.html")
    failed = [verdict for record in done for verdict in record.verdicts if verdict.answer == "fails"]
    for verdict in failed:
        console.print(f"[bold red]fails[/]: {verdict.claim} ({verdict.reason})")
    print(f"The page is {page.resolve()}")
    if failed:
        raise typer.Exit(1)


def _minutes(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} seconds"
    return f"{seconds / 60:.0f} minutes" if seconds < 5400 else f"{seconds / 3600:.1f} hours"
