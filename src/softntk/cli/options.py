"""Options that several commands share, declared once."""

import functools
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

__all__ = [
    "Count",
    "Data",
    "FeaturesName",
    "HeldOut",
    "Json",
    "Scale",
    "Scaling",
    "Seed",
    "Target",
    "Trained",
    "Width",
    "log_to_stderr",
    "reads_data",
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
Count = Annotated[int | None, typer.Option("-n", "--count", help="Rows to draw, without replacement. Default: all.")]
HeldOut = Annotated[float, typer.Option(help="Share of the rows, or their number, held out for testing; 0 for none.")]
Layer = Literal["hidden", "output", "both"]
Trained = Annotated[Layer, typer.Option(help="Layer that is trained.")]
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


def _reading(text: str, *names: str) -> Any:
    return typer.Option(*names, help=text, rich_help_panel="How a file is read")


_Kind = Annotated[
    Literal["classification", "regression", "as-given"] | None,
    _reading("What the target is. Default: texts and few whole numbers are classes; said in the output."),
]

#: How files are read: each field of `softntk.data.ReadOptions` with its default.
_READ_OPTIONS: dict[str, tuple[Any, Any]] = {
    "missing": (
        Annotated[
            list[str] | None,
            _reading(
                "Text or number that stands for a missing entry, beside NA, NaN, null, None, N/A and nothing; repeat."
            ),
        ],
        None,
    ),
    "decimal": (Annotated[str | None, _reading("Decimal mark, . or , (default: found in the file).")], None),
    "thousands": (
        Annotated[str | None, _reading("Mark between thousands, such as , (default: found, or none).")],
        None,
    ),
    "delimiter": (
        Annotated[str | None, _reading("Between columns: , ; tab | ... (default: found in the file).")],
        None,
    ),
    "quote": (Annotated[str | None, _reading("Around text (default: found in the file).")], None),
    "header": (
        Annotated[
            bool | None,
            _reading("Whether the first line holds the names (default: found in the file).", "--header/--no-header"),
        ],
        None,
    ),
    "encoding": (Annotated[str, _reading("Of a text file: utf-8, cp1252, ...")], "utf-8"),
    "columns": (
        Annotated[list[str] | None, _reading("Columns that are inputs, and no others; a,b,c or repeat.")],
        None,
    ),
    "drop": (Annotated[list[str] | None, _reading("Columns that are no inputs; a,b,c or repeat.")], None),
}


def reads_data(*, kind: bool = True, columns: bool = True) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command the options of how data are read.

    They reach it as one argument `reading`, keywords of `softntk.data.load`: `options` (None if nothing is said) and,
    with `kind`, `kind`. Without `columns`, which columns are used is not asked.
    """
    asked = {name: each for name, each in _READ_OPTIONS.items() if columns or name not in ("columns", "drop")}

    def with_options(command: Callable[..., None]) -> Callable[..., None]:
        signature = inspect.signature(command)
        own = [parameter for name, parameter in signature.parameters.items() if name != "reading"]
        more = {"kind": (_Kind, None), **asked} if kind else asked
        keyword = inspect.Parameter.KEYWORD_ONLY
        added = [inspect.Parameter(n, keyword, default=each[1], annotation=each[0]) for n, each in more.items()]

        @functools.wraps(command)
        def run(*arguments: Any, **values: Any) -> None:
            from softntk.data.options import ReadOptions

            given = {name: values.pop(name) for name in asked}
            said = {name: value for name, value in given.items() if value != asked[name][1] and value != []}
            reading: dict[str, Any] = {"options": ReadOptions(**said) if said else None}
            if kind:
                reading["kind"] = values.pop("kind")
            command(*arguments, **values, reading=reading)

        run.__signature__ = signature.replace(parameters=[*own, *added])  # type: ignore[attr-defined]
        return run

    return with_options
