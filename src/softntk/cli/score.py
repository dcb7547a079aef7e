"""`softntk score`: learn the score of a data set, and say where its error comes from."""

from pathlib import Path
from typing import Annotated, Any

import typer

from softntk.cli.options import Count, Json, Seed, log_to_stderr, reads_data, writable
from softntk.failures import BadInput

__all__ = ["command"]

_KINDS = ("kernel", "softmax", "exponential", "relu", "neighbors", "smoothed", "mlp")


@reads_data(kind=False)
def command(
    data: Annotated[
        str,
        typer.Argument(
            help="A mixture (three-gaussians, eight-gaussians, ...), a shape (rings, moons, spiral), digits, "
            "breast_cancer, wine, or a file."
        ),
    ],
    kind: Annotated[
        str,
        typer.Option(
            help="kernel (limit of the softmax network), softmax, exponential or relu (a network), mlp, smoothed."
        ),
    ] = "kernel",
    count: Count = None,
    views: Annotated[
        int | None, typer.Option(help="Noisy views of each sample; by default about 8,000 in all.")
    ] = None,
    width: Annotated[int, typer.Option(help="Hidden neurons of a network.")] = 2048,
    landmarks: Annotated[int, typer.Option(help="Landmarks of the kernel.")] = 1000,
    start: Annotated[float, typer.Option(help="Smallest time T0.")] = 0.01,
    end: Annotated[float, typer.Option(help="Largest time T.")] = 5.0,
    target: Annotated[
        str | None, typer.Option(help="Column of a file that is not part of the samples. Default: all columns are.")
    ] = None,
    seed: Seed = 0,
    json_: Json = False,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Save the model (npz) to sample from.")] = None,
    *,
    reading: dict[str, Any],
) -> None:
    """Learn a denoiser, choosing everything on held-out samples; report its error, split where the truth is known."""
    from softntk.cli.processor import use_float64

    use_float64()
    log_to_stderr()
    output = writable(output, ".npz")
    if kind not in _KINDS or kind == "neighbors":
        raise BadInput(
            "kind",
            required="be kernel, softmax, exponential, relu, mlp or smoothed",
            got=repr(kind),
            advice="Type --kind kernel.",
        )
    import jax
    import numpy as np

    from softntk.cli.score_report import described, words
    from softntk.diffusion.learn import learn_blur, learn_kernel, learn_mlp, learn_network, make_task
    from softntk.diffusion.matching import TimeLaw
    from softntk.diffusion.model import ScoreModel
    from softntk.diffusion.process import Constant
    from softntk.diffusion.samples import clean_samples
    from softntk.files import output_json, save_model
    from softntk.networks.features import features_named

    data_key, task_key, fit_key, report_key = jax.random.split(jax.random.key(seed), 4)
    samples = clean_samples(data, data_key, count=count, target=target, **reading)
    rows, size = samples.training.shape
    process, law = Constant(horizon=end), TimeLaw(start=start, end=end)
    task = make_task(task_key, samples.training, process, law, views=views or max(8000 // rows, 1))
    fit: Any
    if kind == "kernel":
        scales = (4.0, 6.0, 8.0) if size <= 16 else (1.0, 2.0)
        fit = learn_kernel(fit_key, task, scales=scales, count=landmarks)
        chosen = fit.choice
    elif kind == "mlp":
        fit = learn_mlp(fit_key, task)
        chosen = fit.choice
    elif kind == "smoothed":
        fit = learn_blur(task)
        chosen = fit.choice
    else:
        fit = learn_network(fit_key, task, features=features_named(kind), width=width, scale=1.0)
        chosen = {"steps": fit.run.steps, "tau": fit.run.tau, "width": width}
    found = {
        "data": data,
        "kind": kind,
        "n": rows,
        "d": size,
        "views": task.every.count,
        "start": start,
        "end": end,
        "seed": seed,
        "chosen": chosen,
    } | described(report_key, task, fit, samples.mixture)
    if output is not None:
        settings = {key: found[key] for key in ("data", "kind", "n", "views", "seed", "chosen")}
        shape = [8, 8] if data == "digits" else []
        model = ScoreModel(
            fit.denoiser,
            process,
            start,
            end,
            np.asarray(samples.shift),
            np.asarray(samples.factor),
            settings | {"image": shape},
        )
        found["written"] = str(save_model(model, output))
    print(output_json(found) if json_ else words(found))
