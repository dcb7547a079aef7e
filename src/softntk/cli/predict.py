"""`softntk predict`: use a trained model on new rows."""

import csv
import io
import json
from pathlib import Path
from typing import Annotated

import typer

from softntk.cli.options import Json, log_to_stderr

__all__ = ["command"]


def command(
    model: Annotated[Path, typer.Argument(help="File that softntk train or softntk regress wrote.")],
    data: Annotated[
        Path, typer.Argument(help="New rows: csv, parquet, npz or npy, with the columns of the training data.")
    ],
    json_: Json = False,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Write a csv file instead of printing.")] = None,
) -> None:
    """Print one prediction a row: the class, or the numbers in the units of the target."""
    from softntk.cli.processor import use_float64

    use_float64()
    log_to_stderr()
    import numpy as np

    from softntk.data import read_matching
    from softntk.estimators import load_predictor

    loaded = load_predictor(model)
    table = read_matching(data, loaded.preparation, targets=False)
    predicted = np.asarray(loaded.predict(table.inputs))
    rows = predicted.reshape(len(predicted), -1).tolist()
    names = list(loaded.preparation.target_names)
    if json_:
        print(json.dumps({"columns": names, "predictions": rows}))
        return
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    writer.writerows(rows)
    if output is None:
        print(text.getvalue(), end="")
        return
    draft = output.with_name(f".{output.name}.draft")
    draft.write_text(text.getvalue(), encoding="utf-8")
    draft.replace(output)
    print(f"written: {output}")
