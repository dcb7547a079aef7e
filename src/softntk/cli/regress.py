"""`softntk regress`: kernel regression at any size."""

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from softntk.cli.options import (
    Count,
    Data,
    FeaturesName,
    HeldOut,
    Json,
    Scalings,
    Seed,
    Target,
    Trained,
    log_to_stderr,
    reads_data,
    writable,
)
from softntk.defaults import ACCURACY, FEATURES, HELD_OUT, REGRESSION_TRAINED, RIDGE, SCALES, SCALINGS, SOLVER

__all__ = ["command"]

_SCALES, _SCALINGS = ",".join(f"{each:g}" for each in SCALES), ",".join(SCALINGS)


@reads_data()
def command(
    data: Data,
    features: FeaturesName = FEATURES,
    scale: Annotated[
        str, typer.Option(help="Standard deviation of the hidden weights, or several to choose from.")
    ] = _SCALES,
    trained: Trained = REGRESSION_TRAINED,
    ridge: Annotated[str, typer.Option(help='A number, or "auto": the least leave-one-out residual.')] = RIDGE,
    target: Target = None,
    test: Annotated[Path | None, typer.Option(help="File of held-out rows, in place of --held-out.")] = None,
    count: Count = None,
    held_out: HeldOut = HELD_OUT,
    scaling: Scalings = _SCALINGS,
    solver: Annotated[
        Literal["auto", "expanded", "dense", "conjugate-gradients", "nystrom"], typer.Option(help="How to solve.")
    ] = SOLVER,
    accuracy: Annotated[float, typer.Option(help="Of the true residual, relative to the labels.")] = ACCURACY,
    rank: Annotated[int | None, typer.Option(help="Features of the preconditioner, or landmarks.")] = None,
    checkpoint: Annotated[
        Path | None, typer.Option(help="File to save an iterative run in, and to go on from.")
    ] = None,
    seed: Seed = 0,
    json_: Json = False,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Save the model (npz).")] = None,
    *,
    reading: dict[str, Any],
) -> None:
    """Kernel ridge regression with the limit kernel: plan, solve, true residual, held-out error.

    Exits with 1 if an exact solve did not reach the accuracy.
    """
    from softntk.cli.processor import use_float64

    use_float64()
    log_to_stderr()
    output, checkpoint = writable(output, ".npz"), writable(checkpoint, argument="checkpoint")
    import jax
    from rich.console import Console

    from softntk.data import load, load_split, read_matching
    from softntk.estimators import KernelModel, fit_kernel, held_out_error, save_model
    from softntk.files import output_json

    console = Console(stderr=True)
    data_key, fit_key = jax.random.split(jax.random.key(seed))

    test_notes: list[str] = []

    def loaded(name: str):
        drawn = {"target": target, "count": count, "key": data_key, "scaling": name, **reading}
        if test is None and held_out:
            return load_split(data, held_out=held_out, **drawn)
        (training, preparation), rest = load(data, **drawn), None
        if test is not None:
            table = read_matching(test, preparation, options=reading["options"])
            test_notes[:] = table.notes
            rest = preparation.set_of(table)
        return training, rest, preparation

    def on_plan(name: str, scale: float, ridge: float, planned: Any) -> None:
        console.print(f"scaling {name}, scale {scale:g}, ridge {ridge:.3g}")
        console.print(str(planned), soft_wrap=True)

    sets = [loaded(name) for name in scaling.split(",")]
    with _progress(console, accuracy) as on_step:
        fit = fit_kernel(
            [(training, preparation) for training, _, preparation in sets],
            key=fit_key,
            features=features,
            scale=scale,
            trained=trained,
            ridge=ridge,
            solver=solver,
            accuracy=accuracy,
            rank=rank,
            checkpoint=checkpoint,
            on_plan=on_plan,
            on_step=on_step,
        )
    solution, preparation, rest = fit.solution, fit.preparation, sets[fit.place][1]
    found: dict[str, Any] = {
        "data": data,
        "n": fit.training.count,
        "d": fit.training.input_size,
        "k": fit.training.output_size,
        "notes": list(preparation.notes),
        "seed": seed,
        "accuracy": accuracy,
        **fit.to_dict(),
        "residual_error": solution.residual_error,
        "converged": solution.converged,
        "steps": solution.steps,
        "seconds": solution.seconds,
        "words": str(solution),
    }
    if rest is not None:
        found["test"] = held_out_error(solution.predictor, rest, preparation).to_dict() | {"notes": test_notes}
    if output is not None:
        names = ("data", "features", "scaling", "scale", "trained", "ridge", "seed", "solver", "residual", "accuracy")
        model = KernelModel(solution.predictor, preparation, {name: found[name] for name in names})
        found["written"] = str(save_model(model, output))
    print(output_json(found) if json_ else _words(found))
    if not solution.converged and not solution.plan.solver.approximate:
        raise typer.Exit(1)


def _progress(console, accuracy: float):
    """A context that yields a function to call with the step and the residual; the bar fills on a log scale."""
    import math
    from contextlib import contextmanager

    from rich.progress import Progress

    @contextmanager
    def shown():
        with Progress(console=console, transient=True) as progress:
            task = progress.add_task("conjugate gradients", total=-math.log10(max(accuracy, 1e-300)), visible=False)

            def update(step: int, residual: float) -> None:
                done = max(-math.log10(max(residual, 1e-300)), 0)
                words = f"step {step}, residual {residual:.1e}"
                progress.update(task, completed=done, description=words, visible=True)

            yield update

    return shown()


def _words(found: dict[str, Any]) -> str:
    lines = [f"{found['data']}: n = {found['n']}, d = {found['d']}, k = {found['k']}"]
    lines += [f"  {note}" for note in found["notes"]]
    lines.append(
        f"{found['features']}, {found['trained']} trained, {found['scaling']}, scale {found['scale']:g}, ridge "
        f"{found['ridge']:.4g}"
    )
    lines.append(found["words"])
    if "test" in found:
        lines += [f"  {note}" for note in found["test"]["notes"]]
        lines.append(found["test"]["words"])
    return "\n".join(lines + ([f"written: {found['written']}"] if "written" in found else []))
