"""`softntk report`: the page of records that are there already."""

from pathlib import Path
from typing import Annotated

import typer

from softntk.failures import BadInput

__all__ = ["command"]


def command(
    folder: Annotated[Path, typer.Argument(help="Folder of records, as softntk reproduce writes it.")] = Path(
        "results"
    ),
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="The page. Default: index.html in the folder.")
    ] = None,
    json_: Annotated[bool, typer.Option("--json", help="Print all verdicts as JSON instead.")] = False,
) -> None:
    """Write the page again from the records of a folder. Exits with 1 if a claim fails."""
    from softntk.files import output_json
    from softntk.records import read_all
    from softntk.report.page import write_page

    if not folder.is_dir():
        got = f"{folder}, which is {'a file' if folder.exists() else 'not there'}"
        raise BadInput("folder", required="be a folder of records", got=got, advice="Make one: softntk reproduce.")
    found = list(read_all(folder))
    verdicts = [(record.study, verdict) for record in found for verdict in record.verdicts]
    if json_:
        rows = [
            {"study": study, "claim": v.claim, "answer": v.answer.value, "reason": v.reason} for study, v in verdicts
        ]
        print(output_json(rows))
    else:
        print(f"The page is {write_page(found, output or folder / 'index.html').resolve()}")
    if any(verdict.answer == "fails" for _, verdict in verdicts):
        raise typer.Exit(1)
