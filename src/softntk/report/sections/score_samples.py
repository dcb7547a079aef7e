"""How samples are shown: points in the plane, and a sheet of digits with their nearest training digits."""

import numpy as np
import xarray as xr

from softntk.records import Record
from softntk.report.figure import Axis, Figure, plot
from softntk.report.planes import Dots, Sheet
from softntk.report.section import Section, Table
from softntk.report.sections import names
from softntk.report.style import OTHERS
from softntk.report.words import Measured, choose, compare, draws, exact, measured, pick, ranking, told

__all__ = ["build"]

_IMAGES = "digits"
_MEASURES = {"accuracy": "accuracy of trees", "sliced": "sliced Wasserstein", "memorized": "memorized, %"}


def build(record: Record) -> Section:
    """The section of `score_samples`."""
    arrays = record.arrays
    data = [str(name) for name in arrays["data"].values]
    answer = "; ".join(_verdict(arrays, name) for name in data) + "."
    answer = answer[0].upper() + answer[1:]
    return Section(
        slug=record.study,
        title="Samples of learned scores",
        answer=answer,
        findings=[_distances(arrays, name) for name in data],
        paragraphs=[
            "Samples of the softmax kernel's score by the reverse equation, beside those of the smoothed data and the "
            "training rows, all compared with rows that were never seen. Trees that cannot tell samples from unseen "
            "rows have an accuracy of 1/2. A sample counts as memorized if its nearest training row is more than "
            "three times as near as the second nearest.",
            "The digits come from a kernel of two layers without convolutions, learned from pixels: they are not what "
            "deep networks draw.",
        ],
        figures=[figure for name in data for figure in (_digits(arrays) if name == _IMAGES else _dots(arrays, name))],
        tables=[
            Table(
                "Compared with rows that were never seen, mean and standard error over draws.",
                ["data, samples", *_MEASURES.values()],
                [
                    [f"{names.data(name)}, {label}", *(str(_at(arrays, name, str(label), each)) for each in _MEASURES)]
                    for name in data
                    for label in arrays["set"].values
                ],
            )
        ],
    )


def _at(arrays: xr.Dataset, name: str, label: str, measure: str) -> Measured:
    found = measured(pick(arrays["measures"], data=name, set=label, measure=measure))
    return 100 * found if measure == "memorized" else found


def _verdict(arrays: xr.Dataset, name: str) -> str:
    """Both sides of every data set: are samples like the data, and are they new."""
    accuracy, share = (_at(arrays, name, "learned", each) for each in ("accuracy", "memorized"))
    alike = choose(
        compare(accuracy, exact(0.5)),
        smaller="below chance",
        larger="told apart almost perfectly" if accuracy.value > 0.95 else "told apart better than by chance",
        alike="not told apart",
        unknown="not compared",
    )
    return (
        f"{names.data(name)}: trees tell samples from unseen data with an accuracy of {accuracy} (1/2 is perfect: "
        f"{alike}), and {share} % of the samples are memorized"
    )


def _distances(arrays: xr.Dataset, name: str) -> str:
    found = {str(label): _at(arrays, name, str(label), "sliced") for label in arrays["set"].values}
    learned, training = (found.get(label, Measured(np.nan)) for label in ("learned", "training"))
    count = int(pick(arrays["measures"], data=name, set="learned", measure="sliced").notnull().sum())
    return (
        f"{names.data(name)}, {draws(count)}, sliced Wasserstein distance to unseen rows: {ranking(found)}; "
        f"{told('learned', learned, 'the floor set by the training rows', training)}."
    )


def _dots(arrays: xr.Dataset, name: str) -> list[Figure]:
    real, learned = (arrays[f"{name}_{kind}"].values for kind in ("real", "learned"))
    if not np.isfinite(real).any() or not np.isfinite(learned).any():
        return []
    # How far samples lie from the data, beside how far the data lie from one another.
    near = np.sqrt(((learned[:, None] - real[None]) ** 2).sum(axis=2)).min(axis=1)
    among = np.sqrt(((real[:, None] - real[None]) ** 2).sum(axis=2))
    np.fill_diagonal(among, np.inf)
    beside = exact(np.median(near)), exact(np.median(among.min(axis=1)))
    return [
        plot(
            Dots("data", real[:, 0], real[:, 1], OTHERS[0]),
            Dots("samples", learned[:, 0], learned[:, 1], OTHERS[1]),
            x=Axis("x"),
            y=Axis("y"),
            caption=f"{names.data(name).capitalize()}: {len(real):,} training points and {len(learned):,} samples of "
            "the learned "
            "score, one draw.",
            description=f"Half of the samples lie within {beside[0]} of a training point shown; half of the training "
            "points lie "
            f"within {beside[1]} of another.",
            height=3.6,
        )
    ]


def _digits(arrays: xr.Dataset) -> list[Figure]:
    rows = {"real": "real", "learned": "generated", "nearest": "nearest", "smoothed": "smoothed"}
    images = np.stack([arrays[f"{_IMAGES}_{kind}"].values.reshape(-1, 8, 8) for kind in rows])
    if not np.isfinite(images).any():
        return []
    differ = exact(np.sqrt(((images[1] - images[2]) ** 2).mean()))
    apart = exact(np.sqrt(((images[0][:, None] - images[0][None]) ** 2).mean()))
    return [
        plot(
            Sheet(images, rows=list(rows.values()), low=0.0, high=16.0),
            x=Axis(),
            y=Axis(),
            caption="Real digits; digits drawn by the learned score; the training digit nearest to each; digits drawn "
            "by the "
            "smoothed score of the data. One draw.",
            description=f"Four rows of {images.shape[1]} images. {_verdict(arrays, _IMAGES)[0].upper()}"
            f"{_verdict(arrays, _IMAGES)[1:]}. The generated images differ from the training digits nearest to them by "
            f"{differ} "
            f"gray levels of 16 (root mean square), real digits from one another by {apart}.",
            height=2.4,
        )
    ]
