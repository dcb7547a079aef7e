"""`softntk kernel`: the tangent kernels of a data set, and what follows from their eigenvalues."""

import json
from pathlib import Path
from typing import Annotated, Any, Literal

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
    output_path,
)

__all__ = ["command"]

Layer = Literal["hidden", "output", "both"]


def command(
    data: Data,
    features: FeaturesName = "softmax",
    width: Width = 4096,
    scale: Scale = 1.0,
    trained: Annotated[Layer, typer.Option(help="Layer that is trained.")] = "hidden",
    target: Target = None,
    count: Count = None,
    scaling: Scaling = "sphere",
    seed: Seed = 0,
    json_: Json = False,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Write the limit kernel and both spectra (npz).")
    ] = None,
) -> None:
    """Eigenvalues of the limit kernel and of one finite network, and the width and steps that theory asks for."""
    from softntk.cli.processor import use_float64

    use_float64()
    log_to_stderr()
    import jax
    import numpy as np

    from softntk.data import load
    from softntk.kernels import as_matrix, finite, infinite, spectrum
    from softntk.networks import features_named, paired
    from softntk.theorems import OPTIMISTIC, TABLE_ONE

    chosen = features_named(features)
    data_key, start_key = jax.random.split(jax.random.key(seed))
    training, preparation = load(data, target=target, count=count, key=data_key, scaling=scaling)
    limit = infinite(chosen, training.inputs, scale=scale, trained=trained)
    network = paired(
        start_key, input_size=training.input_size, output_size=1, width=width, features=chosen, scale=scale
    )
    spectra = {
        "limit": spectrum(limit),
        f"one network, m = {width:,}": spectrum(as_matrix(finite(network, training.inputs, trained=trained))),
    }
    obstacles = training.obstacles(parallel=features == "relu")
    found: dict[str, Any] = {
        "data": data, "features": features, "n": training.count, "d": training.input_size, "scale": scale,
        "trained": trained, "seed": seed, "width": width, "notes": list(preparation.notes), "obstacles": obstacles,
    }  # fmt: skip
    for name, each in zip(("limit", "network"), spectra.values(), strict=True):
        values = np.asarray(each.values)
        found[name] = {
            "lambda_min": float(values[0]), "lambda_max": float(values[-1]), "error": float(each.radius),
            "largest_stable_step": float(2 / (width * values[-1])) if values[-1] > 0 else None,
        }  # fmt: skip
    smallest, error = found["limit"]["lambda_min"], found["limit"]["error"]
    if smallest > error:
        asked = TABLE_ONE[features].evaluate(
            n=training.count, sigma=scale, lambda_min=smallest, epsilon=1e-3, constants=OPTIMISTIC
        )
        found["table_one"] = dict(asked.promised)
        found["verdict"] = str(asked.verdict())
    else:
        why = "; ".join(obstacles) or f"lambda = {smallest:.3g} is not above its numerical error {error:.1g}"
        found["verdict"] = f"Table 1: does not apply ({why})"
    if output is not None:
        path = output_path(output, ".npz")
        np.savez_compressed(
            path, kernel=np.asarray(limit), eigenvalues_limit=np.asarray(spectra["limit"].values),
            eigenvalues_network=np.asarray(list(spectra.values())[1].values), inputs=np.asarray(training.inputs),
        )  # fmt: skip
        found["written"] = str(path)
    print(json.dumps(found, indent=2) if json_ else _words(found))


def _words(found: dict[str, Any]) -> str:
    lines = [f"{found['data']}: n = {found['n']}, d = {found['d']}, {found['features']}, scale {found['scale']:g}"]
    lines += [f"  {note}" for note in found["notes"]]
    for name, label in (("limit", "limit kernel"), ("network", f"one network, m = {found['width']:,}, one output")):
        each = found[name]
        lines.append(
            f"{label}: lambda_min {each['lambda_min']:.4g}, lambda_max {each['lambda_max']:.4g}, each within "
            f"{each['error']:.1g}"
        )
    if found["network"]["largest_stable_step"]:
        lines.append(f"largest stable step at m = {found['width']:,}: {found['network']['largest_stable_step']:.4g}")
    lines += [f"obstacle: {each}" for each in found["obstacles"]]
    lines.append(found["verdict"])
    return "\n".join(lines + ([f"written: {found['written']}"] if "written" in found else []))
