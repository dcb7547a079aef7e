"""`softntk verify`: check a certificate again, independently of the program that made it."""

import json
from pathlib import Path
from typing import Annotated

import typer

from softntk.cli.options import Json

__all__ = ["command"]


def command(
    certificate: Annotated[Path, typer.Argument(help="File that softntk certify --rigorous wrote.")],
    data: Annotated[
        Path | None, typer.Option(help="npz file with inputs and labels: they must be the ones that were certified.")
    ] = None,
    json_: Json = False,
) -> None:
    """Check every inequality in ball arithmetic, by other code than made it. Exits with 1 if the file does not hold."""
    from softntk.certificates.certificate import verify
    from softntk.data.numpy_files import read_members
    from softntk.failures import BadInput

    if not certificate.is_file():
        raise BadInput("certificate", required="be a file", got=str(certificate), advice="Check the name.")
    arrays = None if data is None else read_members(data, ("inputs", "labels"))
    try:
        found = verify(certificate, arrays)
    except BadInput as refused:
        # The file is there and is not what was written: that is a failed verification, not a mistyped command.
        print(json.dumps({"answer": "fails", "reason": str(refused)}) if json_ else f"fails: {refused}")
        raise typer.Exit(1) from None
    if json_:
        rows = [dict(zip(line._fields, line, strict=True)) for line in found.lines]
        print(
            json.dumps({"answer": found.verdict.answer.value, "reason": found.verdict.reason, "lines": rows}, indent=2)
        )
    else:
        for line in found.lines:
            print(line)
        print(found.verdict)
    if not found.verdict.established:
        raise typer.Exit(1)
