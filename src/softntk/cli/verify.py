"""`softntk verify`: check a certificate again, independently of the program that made it."""

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
    from softntk.failures import BadInput
    from softntk.files import output_json, read_npz

    if not certificate.is_file():
        raise BadInput("certificate", required="be a file", got=str(certificate), advice="Check the name.")
    arrays = None if data is None else read_npz(data, ("inputs", "labels"), argument="data")
    try:
        found = verify(certificate, arrays)
    except BadInput as refused:
        # The file is there and is not what was written: that is a failed verification, not a mistyped command.
        print(output_json({"answer": "fails", "reason": str(refused)}) if json_ else f"fails: {refused}")
        raise typer.Exit(1) from None
    if json_:
        rows = [dict(zip(line._fields, line, strict=True)) for line in found.lines]
        print(output_json({"answer": found.verdict.answer.value, "reason": found.verdict.reason, "lines": rows}))
    else:
        for line in found.lines:
            print(line)
        print(found.verdict)
    if not found.verdict.established:
        raise typer.Exit(1)
