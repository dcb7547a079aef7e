"""`softntk kernel`: the tangent kernels of a data set, and what follows from their eigenvalues."""

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
    Trained,
    Width,
    log_to_stderr,
    reads_data,
    writable,
)
from softntk.defaults import FEATURES, KERNEL_ROWS, LANCZOS_STEPS, SCALE, SCALING, TRAINED, WIDTH

__all__ = ["command"]


@reads_data()
def command(
    data: Data,
    features: FeaturesName = FEATURES,
    width: Width = WIDTH,
    scale: Scale = SCALE,
    trained: Trained = TRAINED,
    target: Target = None,
    count: Count = None,
    scaling: Scaling = SCALING,
    lanczos: Annotated[
        int | None,
        typer.Option(
            help=f"Steps of Lanczos on the limit kernel, which is not formed; 0 forms it. Default: 0 up to "
            f"{KERNEL_ROWS:,} rows, else {LANCZOS_STEPS}."
        ),
    ] = None,
    seed: Seed = 0,
    json_: Json = False,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Write the limit kernel and both spectra (npz).")
    ] = None,
    *,
    reading: dict[str, Any],
) -> None:
    """Eigenvalues of the limit kernel and of one finite network, and the width and steps that theory asks for."""
    from softntk.cli.processor import use_float64

    use_float64()
    log_to_stderr()
    output = writable(output, ".npz")
    import jax
    import numpy as np

    from softntk.data import load
    from softntk.failures import BadInput
    from softntk.files import output_json, write_npz
    from softntk.lemmas import kernel_at_start, lanczos_steps
    from softntk.networks import features_named

    data_key, start_key = jax.random.split(jax.random.key(seed))
    training, preparation = load(data, target=target, count=count, key=data_key, scaling=scaling, **reading)
    steps = lanczos_steps(training.count, lanczos)
    if steps and output is not None:
        raise BadInput(
            "output", required="be left out where the kernel is not formed", got=str(output), advice="Type --lanczos 0."
        )
    kernel = kernel_at_start(
        training.inputs,
        features_named(features),
        key=start_key,
        scale=scale,
        trained=trained,
        width=width,
        lanczos=steps,
        obstacles=training.obstacles(parallel=features == "relu", places=preparation.places),
    )
    written = None
    if output is not None:
        written = str(write_npz(output, kernel.arrays() | {"inputs": np.asarray(training.inputs)}))
    if json_:
        found = {"data": data, "seed": seed, "notes": list(preparation.notes)} | kernel.to_dict()
        print(output_json(found | ({"written": written} if written else {})))
        return
    print(f"{data}: n = {kernel.samples}, d = {kernel.input_size}, {features}, scale {scale:g}")
    for note in preparation.notes:
        print(f"  {note}")
    print(kernel)
    if written:
        print(f"written: {written}")
