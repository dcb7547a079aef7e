"""`softntk sample`: draw new samples from a learned score, or from the exact score of a mixture."""

from pathlib import Path
from typing import Annotated, Any

import typer

from softntk.cli.options import Json, Seed, log_to_stderr, writable
from softntk.defaults import SAMPLER, SAMPLER_GRID, SAMPLER_STEPS, SAMPLES_DRAWN
from softntk.failures import BadInput

__all__ = ["command"]


def command(
    model: Annotated[
        str, typer.Argument(help="File that softntk score wrote, or the name of a mixture for its exact score.")
    ],
    number: Annotated[int, typer.Option("-n", "--count", help="Samples to draw.")] = SAMPLES_DRAWN,
    sampler: Annotated[
        str,
        typer.Option(
            help="ddpm, ddim, dpm-solver++, heun, euler-maruyama, exponential, predictor-corrector, or flow (adaptive)."
        ),
    ] = SAMPLER,
    steps: Annotated[int, typer.Option(help="Steps of the sampler.")] = SAMPLER_STEPS,
    grid: Annotated[str, typer.Option(help="Times: uniform, log-snr or rho.")] = SAMPLER_GRID,
    noisy: Annotated[
        bool, typer.Option("--noisy", help="Keep the noise of the last time, which is removed by default.")
    ] = False,
    seed: Seed = 0,
    json_: Json = False,
    picture: Annotated[bool, typer.Option("--picture", help="Draw the samples beside the output (png).")] = False,
    output: Annotated[
        Path, typer.Option("-o", "--output", help="File for the samples: npz (array `samples`), or csv for a table.")
    ] = Path("samples.npz"),
) -> None:
    """Draw samples by running the forward process backward. Equal seeds give equal samples."""
    from softntk.cli.processor import use_float64

    use_float64()
    log_to_stderr()
    import jax
    import numpy as np

    from softntk.diffusion import open_score, save_samples
    from softntk.diffusion.drawn import SAMPLE_ENDINGS
    from softntk.files import output_json

    if number < 1:
        raise BadInput("count", required="be at least 1", got=str(number), advice="Type -n 64.")
    place = writable(output, *SAMPLE_ENDINGS) or output
    if picture:
        writable(place.with_suffix(".png"))
    learned = open_score(model)
    samples = learned.draw(jax.random.key(seed), number, sampler=sampler, steps=steps, grid=grid, denoised=not noisy)
    lost = int((~np.isfinite(samples).all(axis=1)).sum())
    settings: dict[str, Any] = {
        "model": model,
        "sampler": sampler,
        "steps": None if sampler == "flow" else steps,
        "grid": grid,
        "from": learned.end,
        "to": learned.start,
        "noisy": noisy,
        "seed": seed,
    }
    written = save_samples(samples, place, columns=learned.columns, description=settings)
    found = settings | {"n": number, "d": learned.size, "not_finite": lost, "written": str(written)}
    if picture:
        from softntk.cli.picture import draw_samples

        drawn = written.with_suffix(".png")
        found["picture_shows"] = draw_samples(samples, drawn, image=learned.description.get("image", ()))
        found["picture"] = str(drawn)
    print(output_json(found) if json_ else _words(found))
    if lost:
        raise typer.Exit(1)


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
