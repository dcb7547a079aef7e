"""`softntk predict`: use a trained model on new rows."""

import csv
import io
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from softntk.cli.options import Json, log_to_stderr, reads_data, writable

__all__ = ["command"]


@reads_data(kind=False, columns=False)
def command(
    model: Annotated[Path, typer.Argument(help="File that softntk train or softntk regress wrote.")],
    data: Annotated[
        Path, typer.Argument(help="New rows: csv, parquet, npz or npy, with the columns of the training data.")
    ],
    json_: Json = False,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Write a csv file instead of printing.")] = None,
    *,
    reading: dict[str, Any],
) -> None:
    """Print one prediction a row: the class, or the numbers in the units of the target."""
    from softntk.cli.processor import use_float64

    use_float64()
    log_to_stderr()
    output = writable(output, ".csv")
    import numpy as np

    from softntk.data import read_matching
    from softntk.estimators import KernelModel, Model, load_model
    from softntk.files import output_json, write

    loaded = load_model(model, Model, KernelModel)
    table = read_matching(data, loaded.preparation, targets=False, **reading)
    for note in table.notes[1:]:  # what was left out, and how the file was read
        print(f"softntk: {note}", file=sys.stderr)
    predicted = np.asarray(loaded.predict(table.inputs))
    rows = predicted.reshape(len(predicted), -1).tolist()
    names = list(loaded.preparation.target_names)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    writer.writerows(rows)
    if output is not None:
        write(output, text.getvalue())
    if json_:
        print(output_json({"columns": names, "predictions": rows} | ({"written": str(output)} if output else {})))
    else:
        print(f"written: {output}" if output else text.getvalue(), end="\n" if output else "")
