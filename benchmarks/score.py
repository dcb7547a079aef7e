"""What learned scores reach, over five draws fixed beforehand; everything chosen on held-out X_0, never on the truth.

    plane     mixture of three Gaussians, E|f - f*|^2 with times log-uniform on [0.02, 5], for n = 200, 1000, 4000: the
              limit kernel of softmax falls with n, and at the largest n it is below that of the neighbors; beside it
              the empirical score, which is near the least possible here, and the deep network
    network   n = 1000: the error of a softmax network and that of its kernel's flow
    shapes    n = 2000: boosted trees hardly tell samples from unseen data, accuracy at most 0.6
    digits    at most 5 % memorized; sliced Wasserstein distance to unseen digits below that of smoothed data whose
              samples are as near to the training digits; beside it other blurs and the best Gaussian

Type `python benchmarks/score.py plane`, say, for one part; `digits` takes ten minutes on two cores, all take hours.
"""

import sys

import jax
import numpy as np

from _timing import Claims
from softntk.diffusion.exact import EmpiricalDenoiser
from softntk.diffusion.grid import time_grid
from softntk.diffusion.kernel_flow import learn_kernel
from softntk.diffusion.learners import learn_blur
from softntk.diffusion.matching import TimeLaw
from softntk.diffusion.preconditioning import AffineDenoiser
from softntk.diffusion.process import Constant
from softntk.diffusion.sampler import sample
from softntk.diffusion.samples import clean_samples
from softntk.diffusion.task import make_task
from softntk.samples import memorized_share, nearness, sliced_wasserstein
from softntk.studies import run, study_named

DRAWS = 5
BLURS = np.arange(0.05, 1.0, 0.05)


def said(values) -> str:
    values = np.asarray(values, float)
    return f"{values.mean():.3g} ± {values.std(ddof=1) / len(values) ** 0.5:.1g}"


def plane(claims: Claims) -> None:
    study = study_named("score_error")
    chosen = {"draws": DRAWS, "kernels": ["softmax"], "scales": [11.0], "seconds": 300.0}
    error = run(study, study.parameters("full") | chosen, command="python benchmarks/score.py plane").arrays["error"]
    kernel = error.sel(learner="softmax")
    numbers = [said(kernel.sel(samples=n)) for n in kernel["samples"].values]
    falls = bool((np.diff(kernel.mean("draw").values) < 0).all())
    claims.line("the kernel's error falls with n = 200, 1000, 4000", ", ".join(numbers), falls)
    last = kernel.isel(samples=-1)
    least = error.sel(learner="maximum likelihood").isel(samples=-1)
    print(f"  about the least possible, by maximum likelihood of the true family: {said(least)}")
    for name in ("empirical", "smoothed", "deep network"):
        print(f"  beside it, no claim: {name} {said(error.sel(learner=name).isel(samples=-1))}")
    other = error.sel(learner="neighbors").isel(samples=-1)
    gap = other - last
    claims.line(
        "n = 4000: below neighbors",
        f"{said(last)} against {said(other)}",
        float(gap.mean()) > 2 * float(gap.std(ddof=1)) / DRAWS**0.5,
    )


def network(claims: Claims) -> None:
    study = study_named("score_network")
    chosen = {"draws": DRAWS, "widths": [2048], "legs": 4, "leg_steps": 100}
    record = run(study, study.parameters("full") | chosen, command="python benchmarks/score.py network")
    at = record.arrays.sel(features="softmax").isel(width=-1, leg=-1)
    network, flow, coupling = (at[name].values for name in ("network", "flow", "coupling"))
    claims.line(
        "n = 1000, m = 2048: mean square distance of the softmax network from its kernel at most 5 % of the error",
        f"{said(coupling)}; errors {said(network)} and {said(flow)}",
        bool((coupling <= 0.05 * flow).all()),
    )


def shapes(claims: Claims) -> None:
    study = study_named("score_samples")
    parameters = study.parameters("full")
    for name in ("rings", "moons", "spiral"):
        settings = parameters["data"][name] | {"draws": DRAWS, "views": 4, "landmarks": 1000, "steps": 100}
        record = run(study, parameters | {"data": {name: settings}}, command="python benchmarks/score.py shapes")
        at = record.arrays["measures"].sel(data=name, measure="accuracy")
        claims.line(
            f"{name}, n = 2000: accuracy of trees at most 0.6",
            f"{said(at.sel(set='learned'))} (training data in the place of samples {said(at.sel(set='training'))})",
            float(at.sel(set="learned").mean()) <= 0.6,
        )


def digits(claims: Claims) -> None:
    """Ours, the smoothed data at three blurs (as rarely memorized, as near to the data, as held-out X_0 choose), and
    the best Gaussian."""
    rows = []
    for draw in range(DRAWS):
        data_key, task_key, fit_key, sample_key, slices_key = jax.random.split(jax.random.key(draw), 5)
        samples = clean_samples("digits", data_key)
        process, law = Constant(), TimeLaw(start=0.01)
        task = make_task(task_key, samples.training, process, law, copies=6, validation_copies=4)
        fit = learn_kernel(fit_key, task, scales=(1.5, 2.5, 3.5), count=1500)
        times = time_grid(process, 100, start=law.start, end=law.end)

        def judged(denoiser, process=process, key=sample_key, slices=slices_key, times=times, samples=samples):
            drawn = sample(
                denoiser, process, key, count=len(samples.test), size=64, times=times, sampler="heun", denoised=True
            )
            drawn = np.asarray(drawn)
            return (
                memorized_share(drawn, samples.training).mean,
                nearness(drawn, samples.training, samples.test).mean,
                float(sliced_wasserstein(slices, drawn, samples.test)),
                float(drawn.std() / np.std(samples.test)),
            )

        ours = judged(fit.denoiser)
        blurred = [judged(EmpiricalDenoiser(process, samples.training, float(blur))) for blur in BLURS]
        shares, near, distances, _ = np.array(blurred).T
        at_share = int(np.argmax(shares <= ours[0]))
        fair = judged(learn_blur(task).denoiser)
        gauss = judged(AffineDenoiser(task.preconditioning(samples.training, 0.5)))
        rows.append(
            [*ours, fair[2], BLURS[at_share], distances[at_share], np.interp(ours[1], near, distances), gauss[2]]
        )
    copied, near, distance, spread, fair, blur, at_share, at_near, gauss = np.array(rows).T
    claims.line("digits: at most 5 % memorized", f"{100 * copied.mean():.2g} %", copied.mean() <= 0.05)
    claims.line(
        "digits: sliced Wasserstein below that of smoothed data as near to the training digits",
        f"{said(distance)} against {said(at_near)} (nearness {said(near)})",
        distance.mean() < at_near.mean(),
    )
    print(f"  standard deviation of the samples over that of unseen digits: {said(spread)}")
    print(f"  beside it, no claim: with the blur that held-out X_0 choose {said(fair)}")
    print(f"  with the smallest blur that memorizes no more often, {said(blur)}: {said(at_share)}")
    print(f"  with the best Gaussian: {said(gauss)}")


PARTS = {"plane": plane, "network": network, "shapes": shapes, "digits": digits}


def main() -> None:
    jax.config.update("jax_enable_x64", True)
    claims = Claims(f"Learned scores, JAX {jax.__version__}; mean and standard error of {DRAWS} draws")
    for name in sys.argv[1:] or PARTS:
        PARTS[name](claims)
    claims.leave()


if __name__ == "__main__":
    main()
