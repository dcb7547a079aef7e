"""How the study of the error against n is shown."""

import numpy as np
import xarray as xr

from softntk.records import Record
from softntk.report.figure import Axis
from softntk.report.section import Section, Table
from softntk.report.sections import names
from softntk.report.sections.curves import along, chart, seen
from softntk.report.style import OTHERS
from softntk.report.words import Measured, measured, pick, ranking, told, trend

__all__ = ["build"]

#: Needed at least, so that what is missing is called missing.
_ASKED = ("softmax", "relu", "affine", "deep network")


def build(record: Record) -> Section:
    """The section of `score_error`."""
    arrays, counts = record.arrays, record.arrays["samples"].values
    present = [str(name) for name in arrays["learner"].values]
    most = int(counts[-1])
    last = {_printed(name): _at(arrays, name, most) for name in (*present, *_ASKED)}
    draws = arrays.sizes["draw"]
    answer = (
        f"With n = {most:,} samples ({draws} draw{'' if draws == 1 else 's'}) the errors E|f − f*|² are "
        f"{ranking({_printed(name): last[_printed(name)] for name in present})}."
    )
    softmax = along(pick(arrays["error"], learner="softmax"), "samples")
    way = f"The limit of the softmax network errs by E|f − f*|² that {trend(counts, softmax, of='n')}."
    deep = last["deep network"]
    gap = (
        f"In the plane, n = {most:,}: "
        f"{told('the limit of the two-layer softmax network', last['kernel, softmax'], 'the deep network', deep)}"
        f"; {told('that of ReLU', last['kernel, ReLU'], 'the deep network', deep)}."
        if "deep network" in present
        else f"This record holds no deep network. With n = {most:,} the limit of the two-layer softmax network errs by "
        f"{last['kernel, softmax']}, that of ReLU by {last['kernel, ReLU']}. Two hidden layers of 256, trained by Adam "
        "on the "
        "same pairs, are in the full preset: softntk reproduce --preset full --only score_error --again."
    )
    curves = {
        _printed(name): along(pick(arrays["error"], learner=name), "samples") for name in present if name != "affine"
    }
    looks = dict(zip((name for name in curves if not name.startswith("kernel")), (*OTHERS, *OTHERS), strict=False))
    return Section(
        slug=record.study,
        title="Error of a learned score",
        answer=answer,
        findings=[
            way,
            gap,
            f"Against the best affine denoiser: {told('softmax', last['kernel, softmax'], 'affine', last['affine'])}.",
        ],
        paragraphs=[
            "A score is learned by regression: from a noisy view X_t of a sample X_0, guess X_0. The best guess is "
            "f*(t, x) = E[X_0 | X_t = x], and the score is (a f* − x)/v. Shown is the mean squared error of a guess "
            "over noisy views with times log-uniform on [0.02, 5], for a mixture of three Gaussians in the plane, "
            "whose f* is known. Scales, stopping times, neighbors, blur and steps are chosen on held-out X_0, never "
            "on the truth.",
            "“Empirical” is the average over the data themselves, “maximum likelihood” knows the family of the truth: "
            "what it leaves is about the least that n samples allow. Inputs are on the sphere, where the exponential "
            "network's limit is a multiple of the softmax network's: the curve of softmax is that of both.",
            "This is one mixture, in the plane. It says nothing about images.",
        ],
        figures=chart(
            {name.removeprefix("kernel, "): curve for name, curve in curves.items()},
            counts.astype(float),
            looks=looks,
            x=Axis("clean samples n", log=True),
            y=Axis("E|f − f*|²", log=True),
            caption=f"Error against the number of samples; mean and standard error of {draws} draws. Softmax, ReLU: "
            "limits "
            f"of wide networks. The affine denoiser is left out: it errs by {last['affine']}.",
            description=f"Error against n. {seen(curves, counts, of='n')}",
        ),
        tables=[
            Table(
                f"E|f − f*|², mean of {draws} draws of the samples, with standard errors.",
                ["estimator", *(f"n = {n:,}" for n in counts)],
                [[_printed(name), *(str(_at(arrays, name, n)) for n in counts)] for name in present],
            )
        ],
        questions={
            7: "The score at time t is (a f* − x)/v with f* = E[X_0 | X_t = x], and a conditional mean is what least "
            "squares "
            f"estimates: regress X_0 on (t, X_t). {way}",
            9: gap,
        },
    )


def _at(arrays: xr.Dataset, name: str, count: int | np.integer) -> Measured:
    return measured(pick(arrays["error"], learner=name, samples=count))


def _printed(name: str) -> str:
    return f"kernel, {names.network(name)}" if name in names.NETWORKS else name
