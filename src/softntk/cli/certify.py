"""`softntk certify`: prove that this network learns these data."""

from pathlib import Path
from typing import Annotated, Any

import typer

from softntk.cli.options import (
    Count,
    Data,
    FeaturesName,
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
from softntk.defaults import FEATURES, SCALE, SCALING, WIDTH

__all__ = ["command"]


@reads_data()
def command(
    data: Data,
    features: FeaturesName = FEATURES,
    width: Width = WIDTH,
    scale: Scale = SCALE,
    model: Annotated[
        Path | None, typer.Option(help="Certify this trained model instead of a fresh start, on its own training rows.")
    ] = None,
    rigorous: Annotated[bool, typer.Option("--rigorous", help="Prove every number in ball arithmetic.")] = False,
    smallest: Annotated[
        bool, typer.Option("--smallest", help="Search the smallest certified width and the smallest that trains.")
    ] = False,
    largest: Annotated[int, typer.Option(help="Largest width of that search.")] = 16384,
    halfway: Annotated[bool, typer.Option("--halfway", help="In that search, try powers of sqrt 2 too.")] = False,
    target: Target = None,
    count: Count = None,
    scaling: Scaling = SCALING,
    seed: Seed = 0,
    json_: Json = False,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Write the proof (json); needs --rigorous.")
    ] = None,
    *,
    reading: dict[str, Any],
) -> None:
    """Certify that gradient descent drives the loss of this network on these data to zero. Exits with 1 if not."""
    from softntk.failures import BadInput

    if output is not None and not rigorous:
        raise BadInput("output", required="go with --rigorous", got=str(output), advice="Add --rigorous.")
    from softntk.cli.processor import use_float64

    use_float64()
    log_to_stderr()
    output = writable(output, ".json")
    import jax

    from softntk.certificates import certify, compare_widths, write
    from softntk.data import load
    from softntk.estimators import Model, load_model
    from softntk.files import output_json
    from softntk.networks import antisymmetric, features_named

    data_key, start_key = jax.random.split(jax.random.key(seed))
    if model is not None:
        loaded = load_model(model, Model)
        network, preparation = loaded.network, loaded.preparation
        training = loaded.training_set(data, options=reading["options"])
    else:
        training, preparation = load(data, target=target, count=count, key=data_key, scaling=scaling, **reading)
        network = antisymmetric(
            start_key,
            input_size=training.input_size,
            output_size=training.output_size,
            width=width,
            features=features_named(features),
            scale=scale,
        )
    inputs, labels = training.inputs, training.labels
    found: dict[str, Any] = {"data": data, "n": training.count, "d": training.input_size, "k": training.output_size}
    found["notes"] = list(preparation.notes)
    if smallest:
        widths = compare_widths(
            inputs, labels, features_named(features), key=start_key, largest=largest, scale=scale, halfway=halfway
        )
        found |= widths.to_dict()
        established = widths.established.width is not None
    else:
        certificate = certify(network, inputs, labels, rigorous=rigorous)
        found |= certificate.to_dict() | {"seed": seed, "scale": scale}
        established = certificate.established
        if output is not None and established and certificate.proof is not None:
            notes = {"data": data, "made by": f"softntk certify, seed {seed}"}
            path = write(output, certificate.proof, network, inputs, labels, notes=notes)
            found["written"] = str(path)
    print(output_json(found) if json_ else "\n".join(_words(found)))
    if not established:
        raise typer.Exit(1)


def _words(found: dict[str, Any]) -> list[str]:
    lines = [f"{found['data']}: n = {found['n']}, d = {found['d']}, k = {found['k']}"]
    lines += [f"  {note}" for note in found["notes"]]
    lines += found["words"]
    if "written" in found:
        lines.append(f"written: {found['written']}; check it: softntk verify {found['written']}")
    return lines
