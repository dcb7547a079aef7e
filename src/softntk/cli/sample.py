"""`softntk sample`: draw new samples from a learned score, or from the exact score of a mixture."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from softntk.cli.options import Json, Seed, log_to_stderr, writable

__all__ = ["command"]


def command(
    model: Annotated[
        str, typer.Argument(help="File that softntk score wrote, or the name of a mixture for its exact score.")
    ],
    number: Annotated[int, typer.Option("-n", "--count", help="Samples to draw.")] = 64,
    sampler: Annotated[
        str,
        typer.Option(
            help="ddpm, ddim, dpm-solver++, heun, euler-maruyama, exponential, predictor-corrector, or flow (adaptive)."
        ),
    ] = "ddpm",
    steps: Annotated[int, typer.Option(help="Steps of the sampler.")] = 200,
    grid: Annotated[str, typer.Option(help="Times: uniform, log-snr or rho.")] = "log-snr",
    noisy: Annotated[
        bool, typer.Option("--noisy", help="Keep the noise of the last time, which is removed by default.")
    ] = False,
    seed: Seed = 0,
    json_: Json = False,
    picture: Annotated[bool, typer.Option("--picture", help="Draw the samples beside the output (png).")] = False,
    output: Annotated[Path, typer.Option("-o", "--output", help="File for the samples (npz, array `samples`).")] = Path(
        "samples.npz"
    ),
) -> None:
    """Draw samples by running the forward process backward. Equal seeds give equal samples."""
    from softntk.cli.processor import use_float64

    use_float64()
    log_to_stderr()
    place = writable(output, ".npz") or output
    if picture:
        writable(place.with_suffix(".png"))
    from softntk.failures import BadInput

    if number < 1:
        raise BadInput("number", required="be at least 1", got=str(number), advice="Type -n 64.")
    import jax
    import jax.numpy as jnp
    import numpy as np

    from softntk.diffusion.grid import time_grid
    from softntk.diffusion.ode import flow_sample
    from softntk.diffusion.sampler import sample
    from softntk.files import output_json, write_npz

    loaded = _loaded(model)
    process, times = loaded.process, time_grid(loaded.process, steps, grid=grid, start=loaded.start, end=loaded.end)
    key = jax.random.key(seed)
    if sampler == "flow":
        noise = jax.random.normal(key, (number, loaded.size))
        points = flow_sample(loaded.denoiser, process, noise, start=loaded.start, end=loaded.end)
        points = points if noisy else loaded.denoiser(jnp.asarray(loaded.start), points)
    else:
        points = sample(
            loaded.denoiser,
            process,
            key,
            count=number,
            size=loaded.size,
            times=times,
            sampler=sampler,
            denoised=not noisy,
        )
    samples = loaded.in_units(points)
    lost = int((~np.isfinite(samples).all(axis=1)).sum())
    settings: dict[str, Any] = {
        "model": model,
        "sampler": sampler,
        "steps": None if sampler == "flow" else steps,
        "grid": grid,
        "from": loaded.end,
        "to": loaded.start,
        "noisy": noisy,
        "seed": seed,
    }
    written = write_npz(place, {"samples": samples, "description": json.dumps(settings)})
    found = settings | {"n": number, "d": loaded.size, "not_finite": lost, "written": str(written)}
    if picture:
        from softntk.cli.picture import draw_samples

        drawn = written.with_suffix(".png")
        found["picture_shows"] = draw_samples(samples, drawn, image=loaded.description.get("image", ()))
        found["picture"] = str(drawn)
    print(output_json(found) if json_ else _words(found))
    if lost:
        raise typer.Exit(1)


def _loaded(model: str):
    """A learned model, or the exact denoiser of a mixture."""
    import numpy as np

    from softntk.data.mixture import MIXTURES, mixture_named
    from softntk.diffusion.exact import MixtureDenoiser
    from softntk.diffusion.model import ScoreModel
    from softntk.diffusion.process import Constant
    from softntk.estimators import load_model

    if model not in MIXTURES:
        return load_model(model, ScoreModel)
    mixture, process = mixture_named(model), Constant()
    denoiser = MixtureDenoiser(process, mixture)
    return ScoreModel(denoiser, process, 1e-4, process.horizon, np.zeros(mixture.size), np.ones(mixture.size))


def _words(found: dict[str, Any]) -> str:
    how = found["sampler"] if found["steps"] is None else f"{found['sampler']}, {found['steps']} steps"
    lines = [
        f"{found['n']:,} samples in {found['d']} dimensions from {found['model']}: {how}, from time {found['from']:g} "
        f"to {found['to']:g}, {'its noise kept' if found['noisy'] else 'denoised'}"
    ]
    if found["not_finite"]:
        lines.append(f"{found['not_finite']} samples are not finite: take more steps, or sampler ddpm.")
    lines.append(f"written: {found['written']}")
    if "picture" in found:
        lines.append(f"picture: {found['picture']}, {found['picture_shows']}")
    return "\n".join(lines)
