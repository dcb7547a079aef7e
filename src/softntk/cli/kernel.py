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
from softntk.defaults import FEATURES, SCALE, SCALING, TRAINED, WIDTH

__all__ = ["command"]

# Rows from which the kernel is not formed unless it is asked for.
_MANY = 8000


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
            f"{_MANY:,} rows, else 60."
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
    from softntk.kernels import LimitKernel, as_matrix, empirical_ntk, spectrum
    from softntk.networks import antisymmetric, features_named
    from softntk.regression import quadrature

    chosen = features_named(features)
    data_key, start_key = jax.random.split(jax.random.key(seed))
    training, preparation = load(data, target=target, count=count, key=data_key, scaling=scaling, **reading)
    found: dict[str, Any] = {
        "data": data,
        "features": features,
        "n": training.count,
        "d": training.input_size,
        "scale": scale,
        "trained": trained,
        "seed": seed,
        "width": width,
        "notes": list(preparation.notes),
        "obstacles": training.obstacles(parallel=features == "relu", places=preparation.places),
    }
    steps = (60 if training.count > _MANY else 0) if lanczos is None else lanczos
    if steps:
        if output is not None:
            raise BadInput(
                "output",
                required="be left out where the kernel is not formed",
                got=str(output),
                advice="Type --lanczos 0.",
            )
        ends = quadrature(LimitKernel(chosen, scale, trained), training.inputs, key=start_key, steps=steps).extremes
        found |= {"lanczos": steps, "limit": _numbers(ends.smallest, ends.largest, ends.smallest_radius, width)}
    else:
        limit = LimitKernel(chosen, scale, trained)(training.inputs)
        network = antisymmetric(
            start_key, input_size=training.input_size, output_size=1, width=width, features=chosen, scale=scale
        )
        kernels = {"limit": limit, "network": as_matrix(empirical_ntk(network, training.inputs, trained=trained))}
        spectra = {name: spectrum(kernel) for name, kernel in kernels.items()}
        for name, each in spectra.items():
            found[name] = _numbers(each.values[0], each.values[-1], each.radius, width)
        if output is not None:
            arrays = {f"eigenvalues_{name}": np.asarray(each.values) for name, each in spectra.items()}
            arrays |= {"kernel": np.asarray(limit), "inputs": np.asarray(training.inputs)}
            found["written"] = str(write_npz(output, arrays))
    _judge(found)
    print(output_json(found) if json_ else _words(found))


def _numbers(smallest, largest, error, width: int) -> dict[str, Any]:
    return {
        "lambda_min": float(smallest),
        "lambda_max": float(largest),
        "error": float(error),
        "largest_stable_step": float(2 / (width * largest)) if largest > 0 else None,
    }


def _judge(found: dict[str, Any]) -> None:
    """Add what Table 1 asks for, or why it does not apply.

    Lanczos bounds lambda from above only, so what Table 1 asks for is then at least that.
    """
    from softntk.theorems import OPTIMISTIC, TABLE_ONE

    smallest, error = found["limit"]["lambda_min"], found["limit"]["error"]
    # A kernel that was formed shows by its eigenvalues whether it is singular; Lanczos need not.
    if smallest <= error or ("lanczos" in found and found["obstacles"]):
        why = f"lambda = {smallest:.3g} is not above its numerical error {error:.1g}"
        found["verdict"] = f"Table 1: does not apply ({'; '.join(found['obstacles']) or why})"
        return
    asked = TABLE_ONE[found["features"]].evaluate(
        n=found["n"], sigma=found["scale"], lambda_min=smallest, epsilon=1e-3, constants=OPTIMISTIC
    )
    found["table_one"] = dict(asked.promised)
    least = "at least, since lambda is at most what Lanczos finds: " if "lanczos" in found else ""
    found["verdict"] = f"{least}{asked.verdict()}"


def _words(found: dict[str, Any]) -> str:
    lines = [f"{found['data']}: n = {found['n']}, d = {found['d']}, {found['features']}, scale {found['scale']:g}"]
    lines += [f"  {note}" for note in found["notes"]]
    for name, label in (("limit", "limit kernel"), ("network", f"one network, m = {found['width']:,}, one output")):
        if name in found:
            each, most = found[name], "at most " if "lanczos" in found else ""
            lines.append(
                f"{label}: lambda_min {most}{each['lambda_min']:.4g}, lambda_max {each['lambda_max']:.4g}, each within "
                f"{each['error']:.1g}" + (" of an eigenvalue" if most else "")
            )
    step = found.get("network", found["limit"])["largest_stable_step"]
    if step:
        lines.append(f"largest stable step at m = {found['width']:,}: {step:.4g}")
    lines += [f"obstacle: {each}" for each in found["obstacles"]]
    lines.append(found["verdict"])
    return "\n".join(lines + ([f"written: {found['written']}"] if "written" in found else []))
