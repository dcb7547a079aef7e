"""How samples are shown: points in the plane, and a sheet of digits with their nearest training digits."""

import numpy as np

from softntk.records import Record
from softntk.report.figure import Axis, Figure, plot
from softntk.report.planes import Dots, Sheet
from softntk.report.section import Section, Table
from softntk.report.sections import names
from softntk.report.sections.draws import written
from softntk.report.style import OTHERS

__all__ = ["build"]


def build(record: Record) -> Section:
    """The section of `score_samples`."""
    arrays = record.arrays
    measures = arrays["measures"]
    shapes = [str(name) for name in arrays["data"].values if name != "digits"]
    parts = [
        f"{name}: trees tell samples from unseen data with an accuracy of "
        f"{written(measures.sel(data=name, set='learned', measure='accuracy'))} (1/2 is perfect)"
        for name in shapes[:1]
    ]
    if "digits" in arrays["data"].values:
        at = measures.sel(data="digits", set="learned")
        parts.append(f"digits: {100 * float(at.sel(measure='memorized').mean()):.2g} % of the samples are memorized")
    return Section(
        slug=record.study,
        title="Samples of learned scores",
        answer="; ".join(parts) + ".",
        paragraphs=[
            "Samples of the softmax kernel's score by the reverse equation, beside those of the smoothed data and the "
            "training rows. A sample counts as memorized if its nearest training row is more than three times as near "
            "as the second nearest.",
            "The digits come from a kernel of two layers without convolutions, learned from pixels: they are not what "
            "deep networks draw.",
        ],
        figures=[*(_dots(record, name) for name in shapes), *_digits(record)],
        tables=[
            Table(
                "Compared with rows that were never seen, mean and standard error over draws.",
                ["data, samples", *(str(measure) for measure in arrays["measure"].values)],
                [
                    [
                        f"{names.data(str(data))}, {label}",
                        *(
                            written(measures.sel(data=data, set=label, measure=measure))
                            for measure in arrays["measure"].values
                        ),
                    ]
                    for data in arrays["data"].values
                    for label in arrays["set"].values
                ],
            )
        ],
    )


def _dots(record: Record, name: str) -> Figure:
    real, learned = (record.arrays[f"{name}_{kind}"].values for kind in ("real", "learned"))
    return plot(
        Dots("data", real[:, 0], real[:, 1], OTHERS[0]),
        Dots("samples", learned[:, 0], learned[:, 1], OTHERS[1]),
        x=Axis("x"),
        y=Axis("y"),
        caption=f"{names.data(name).capitalize()}: training data and samples of the learned score.",
        description="The samples lie on the same curves as the data.",
        height=3.6,
    )


def _digits(record: Record) -> list[Figure]:
    if "digits" not in record.arrays["data"].values:
        return []
    rows = {"real": "real", "learned": "generated", "nearest": "nearest", "smoothed": "smoothed"}
    images = np.stack([record.arrays[f"digits_{kind}"].values.reshape(-1, 8, 8) for kind in rows])
    return [
        plot(
            Sheet(images, rows=list(rows.values()), low=0.0, high=16.0),
            x=Axis(),
            y=Axis(),
            caption="Real digits; digits drawn by the learned score; the training digit nearest to each; digits drawn "
            "by the smoothed score of the data.",
            description="Four rows of images of digits. The generated ones look like digits, and differ from the "
            "training digits nearest to them.",
            height=2.4,
        )
    ]
