"""How the study of the error against n is shown."""

from softntk.records import Record
from softntk.report.figure import Axis, Figure, plot
from softntk.report.marks import Line, Mark, Points
from softntk.report.numbers import number
from softntk.report.section import Section, Table
from softntk.report.sections import names
from softntk.report.sections.draws import center, spread, written
from softntk.report.style import OTHERS

__all__ = ["build"]

_KERNELS = ("softmax", "exponential", "relu")


def build(record: Record) -> Section:
    """The section of `score_error`."""
    arrays = record.arrays
    most = int(arrays["samples"].values[-1])
    first = int(arrays["samples"].values[0])
    error = arrays["error"]
    last = error.sel(samples=most)
    at = {str(name): written(last.sel(learner=name)) for name in arrays["learner"].values}
    kernel = error.sel(learner="softmax")
    answer = (
        f"The limit of the softmax network errs by {written(kernel.sel(samples=first))} with n = {first:,} samples and "
        f"by {at['softmax']} with {most:,}; the affine denoiser errs by {at.get('affine', '–')}."
    )
    fair = [name for name in at if name != "maximum likelihood"]
    best = min(fair, key=lambda name: float(center(last.sel(learner=name))))
    deep = (
        f" The deep network errs by {at['deep network']} on the same pairs."
        if "deep network" in at
        else " The deep network is trained in the full preset."
    )
    return Section(
        slug=record.study,
        title="Error of a learned score",
        answer=answer,
        paragraphs=[
            "A score is learned by regression: from a noisy view X_t of a sample X_0, guess X_0. The best guess is "
            "f*(t, x) = E[X_0 | X_t = x], and the score is (a f* − x)/v. Shown is the mean squared error of a guess, "
            "E|f − f*|², over noisy views with times log-uniform on [0.02, 5], for a mixture of three Gaussians in the "
            "plane, whose f* is known. Scales, stopping times, neighbors, blur and steps are chosen on held-out X_0, "
            "never on the truth.",
            f"At n = {most:,} the smallest error is that of {best}, {at[best]}.{_floor(at)} In the plane, and "
            "with noise of "
            "least a tenth of the spread in every view, the average over the data themselves (empirical) is close to "
            "what any estimator can reach; its weakness is elsewhere: it can only return the data, and it fails in "
            "more dimensions.",
            "Inputs are on the sphere, where the exponential network's limit is a multiple of the softmax "
            "network's: the "
            "curve of softmax is that of both.",
            "This is one mixture, in the plane. It says nothing about images.",
        ],
        figures=[_against_n(record)],
        tables=[
            Table(
                f"E|f − f*|², mean of {arrays.sizes['draw']} draws of the samples, with standard errors.",
                ["estimator", *(f"n = {n:,}" for n in arrays["samples"].values)],
                [
                    [_printed(name), *(written(error.sel(learner=name, samples=n)) for n in arrays["samples"].values)]
                    for name in arrays["learner"].values
                ],
            )
        ],
        questions={
            7: "The score at time t is (a f* − x)/v with f* = E[X_0 | X_t = x], and a conditional mean is what least "
            f"squares estimates: regress X_0 on (t, X_t). With {most:,} samples that gives an error of "
            f"{at['softmax']}.",
            9: f"On the plane: the limit of the two-layer softmax network errs by {at['softmax']} with n = "
            f"{most:,}.{deep}",
        },
    )


def _floor(at: dict[str, str]) -> str:
    """What knowing the family would give, if it was measured."""
    if "maximum likelihood" not in at:
        return ""
    return f" A fit that knows the family of the truth errs by {at['maximum likelihood']}: about the least possible."


def _printed(name: str) -> str:
    name = str(name)
    return f"kernel, {names.network(name)}" if name in _KERNELS else name


def _against_n(record: Record) -> Figure:
    arrays = record.arrays
    counts = arrays["samples"].values.astype(float)
    others = iter(OTHERS)
    curves: list[Mark] = []
    for name in arrays["learner"].values:
        values = arrays["error"].sel(learner=name)
        if name == "affine":
            continue
        if name == "maximum likelihood":
            curves.append(Line("best possible", counts, center(values)))
            continue
        look = None if name in _KERNELS else next(others, OTHERS[-1])
        curves.append(Points(names.network(name), counts, center(values), spread(values), look=look))
    return plot(
        *curves,
        x=Axis("clean samples n", log=True),
        y=Axis("E|f − f*|²", log=True),
        caption="Error against the number of samples; mean and standard error of "
        f"{arrays.sizes['draw']} draws. Softmax, ReLU: limits of wide networks. The affine denoiser errs "
        f"by {number(float(center(arrays['error'].sel(learner='affine')).isel(samples=-1)), 2)}, off the top."
        if "affine" in arrays["learner"].values
        else "Error against the number of samples.",
        description="All curves fall. The empirical and the smoothed empirical denoiser lie lowest, the kernels above "
        "them, and neighbors between or above.",
    )
