"""`softntk train`: gradient descent on a data set, held against its theory."""

from pathlib import Path
from typing import Annotated, Any

import typer

from softntk.cli.options import (
    Count,
    Data,
    FeaturesName,
    HeldOut,
    Json,
    Scale,
    Scaling,
    Seed,
    Target,
    Width,
    log_to_stderr,
    reads_data,
    writable,
)
from softntk.defaults import FEATURES, HELD_OUT, SCALE, SCALING, STEP_SIZE, STEPS, WIDTH

__all__ = ["command"]


@reads_data()
def command(
    data: Data,
    features: FeaturesName = FEATURES,
    width: Width = WIDTH,
    scale: Scale = SCALE,
    steps: Annotated[int, typer.Option(help="Steps of gradient descent.")] = STEPS,
    step_size: Annotated[str, typer.Option(help='"stable", "theorem", or a number.')] = STEP_SIZE,
    target: Target = None,
    count: Count = None,
    held_out: HeldOut = HELD_OUT,
    scaling: Scaling = SCALING,
    certify: Annotated[
        bool, typer.Option("--certify", help="Report the first step from which the rest of training is proved.")
    ] = False,
    stop: Annotated[bool, typer.Option("--stop", help="With --certify: stop there.")] = False,
    seed: Seed = 0,
    json_: Json = False,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Save the trained model (npz).")] = None,
    *,
    reading: dict[str, Any],
) -> None:
    """Train a network from the antisymmetric start by gradient descent and compare the run with its theory."""
    from softntk.cli.processor import use_float64

    use_float64()
    log_to_stderr()
    output = writable(output, ".npz")
    import jax

    from softntk.data import load, load_split
    from softntk.estimators import Model, claims_on_run, fit_network, held_out_error, save_model
    from softntk.files import output_json

    data_key, start_key = jax.random.split(jax.random.key(seed))
    drawn = {"target": target, "count": count, "key": data_key, "scaling": scaling, **reading}
    if held_out:
        training, test, preparation = load_split(data, held_out=held_out, **drawn)
    else:
        (training, preparation), test = load(data, **drawn), None
    with _progress(steps) as on_progress:
        fit = fit_network(
            training,
            key=start_key,
            features=features,
            width=width,
            scale=scale,
            steps=steps,
            step_size=_number_or_name(step_size),
            certify=certify,
            stop=stop,
            on_progress=on_progress,
        )
    claims = claims_on_run(fit, training, scale=scale)
    trace = fit.trace
    found = {
        "data": data,
        "n": training.count,
        "d": training.input_size,
        "k": training.output_size,
        "notes": list(preparation.notes),
        "features": features,
        "width": width,
        "scale": scale,
        "seed": seed,
        **trace.to_dict(),
        "obstacles": training.obstacles(parallel=features == "relu", places=preparation.places),
        "verdicts": [each.to_dict() for each in claims.verdicts],
        "not_computed": claims.not_computed,
    }
    if test is not None:
        found["test"] = held_out_error(fit.network, test, preparation).to_dict()
    if certify:
        found["first_certified_step"] = fit.first_certified_step
    if output is not None and trace.diverged:
        found["notes"].append(f"{output} is not written, since the run diverged")
    elif output is not None:
        settings = {key: found[key] for key in ("data", "features", "width", "scale", "seed", "steps", "step_size")}
        found["written"] = str(save_model(Model(fit.network, preparation, settings), output))
    print(output_json(found) if json_ else _words(found))
    if trace.diverged:
        raise typer.Exit(1)


def _number_or_name(step_size: str) -> float | str:
    try:
        return float(step_size)
    except ValueError:
        return step_size


def _progress(steps: int):
    """A context that yields a function to call with the number of the step."""
    from contextlib import contextmanager

    from rich.console import Console
    from rich.progress import Progress

    @contextmanager
    def shown():
        with Progress(console=Console(stderr=True), transient=True) as progress:
            task = progress.add_task("gradient descent", total=steps)
            yield lambda step: progress.update(task, completed=int(step))

    return shown()


def _proved(first: int | None) -> str:
    if first is None:
        return "certified at no recorded step: more steps or more neurons would help"
    return f"from step {first} on the theorem covers the rest, checked in float64: the loss falls to zero linearly"


def _words(found: dict[str, Any]) -> str:
    lines = [f"{found['data']}: n = {found['n']}, d = {found['d']}, k = {found['k']}"]
    lines += [f"  {note}" for note in found["notes"]]
    lines.append(
        f"{found['features']}, m = {found['width']:,}, {found['steps']} steps of size {found['step_size']:.4g}: "
        f"loss {found['loss'][0]:.4g} -> {found['loss'][-1]:.4g}"
    )
    lines.append(f"moved {found['distance']:.4g} in all, {found['neuron_distance']:.4g} for the farthest neuron")
    if "test" in found:
        lines.append(found["test"]["words"])
    lines += [f"obstacle: {each}" for each in found["obstacles"]]
    if "first_certified_step" in found:
        lines.append(_proved(found["first_certified_step"]))
    lines += [each["words"] for each in found["verdicts"]]
    lines += [words for words in (found["not_computed"], found["ended"]) if words]
    return "\n".join(lines + ([f"written: {found['written']}"] if "written" in found else []))
