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
    work: Annotated[float, typer.Option(help="Ball operations that the check may take, 50 nanoseconds each.")] = 2**34,
    json_: Json = False,
) -> None:
    """Check every inequality in ball arithmetic, by other code than made it.

    Exit code 1: an inequality is broken; 2: the file cannot be read or was changed; 3: the check takes too much work.
    """
    from softntk.certificates.certificate import verify
    from softntk.failures import BadInput, Failure
    from softntk.files import input_path, output_json, read_npz

    if not input_path(certificate, ".json").is_file():
        raise BadInput("certificate", required="be a file", got=str(certificate), advice="Check the name.")
    arrays = None if data is None else read_npz(data, ("inputs", "labels"), argument="data")
    try:
        found = verify(certificate, arrays, work=work)
    except Failure as refused:
        # Nothing is said of an inequality: 2 as for every file that cannot be used, 3 for too much work.
        print(output_json({"answer": "not verified", "reason": str(refused)}) if json_ else f"not verified: {refused}")
        raise typer.Exit(refused.exit_code) from None
    print(output_json(found.to_dict()) if json_ else found)
    if not found.verdict.established:
        raise typer.Exit(1)
