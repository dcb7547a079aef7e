"""Options that several commands share, declared once."""

from pathlib import Path
from typing import Annotated

import typer

__all__ = [
    "Count",
    "Data",
    "FeaturesName",
    "Json",
    "Scale",
    "Scaling",
    "Seed",
    "Target",
    "Width",
    "log_to_stderr",
    "writable",
]

Data = Annotated[
    str,
    typer.Argument(
        help="digits, breast_cancer, wine, iris, diabetes, sphere, separated, teacher, or a csv, parquet, npz or npy "
        "file."
    ),
]
Target = Annotated[str | None, typer.Option(help="Column to learn, for a file.")]
FeaturesName = Annotated[str, typer.Option("--features", help="softmax, exponential or relu.")]
Width = Annotated[int, typer.Option(help="Hidden neurons, an even number.")]
Scale = Annotated[float, typer.Option("--scale", help="Standard deviation of the hidden weights at the start.")]
Count = Annotated[int | None, typer.Option(help="Rows to draw, without replacement. Default: all.")]
_SCALINGS = "sphere, hemisphere, largest-norm, standardize, unit or none."
Scaling = Annotated[str, typer.Option(help=f"Of the inputs: {_SCALINGS}")]
Scalings = Annotated[str, typer.Option("--scaling", help=f"Of the inputs, or several to choose from: {_SCALINGS}")]
Seed = Annotated[int, typer.Option(min=0, max=2**63 - 1, help="Seed of everything that is drawn.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object, for machines.")]


def log_to_stderr() -> None:
    """Show warnings of the library as plain lines."""
    import logging

    logging.basicConfig(format="softntk: %(message)s", level=logging.WARNING)


def writable(output: Path | None, *endings: str, argument: str = "output") -> Path | None:
    """The path with one of the endings, refused now and not after the work if it cannot be written to."""
    from softntk.files import output_path, require_writable

    if output is None:
        return None
    output = output_path(output, *endings, argument=argument) if endings else output
    require_writable(output, argument)
    return output
