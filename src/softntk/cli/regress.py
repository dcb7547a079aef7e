"""`softntk regress`: kernel regression at any size."""

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from softntk.cli.options import (
    Count,
    Data,
    FeaturesName,
    Json,
    Scalings,
    Seed,
    Target,
    log_to_stderr,
    reads_data,
    writable,
)
from softntk.failures import BadInput

__all__ = ["command"]

Layer = Literal["hidden", "output", "both"]


@reads_data()
def command(
    data: Data,
    features: FeaturesName = "softmax",
    scale: Annotated[
        str, typer.Option(help="Standard deviation of the hidden weights, or several to choose from.")
    ] = "0.5,1,2,4,6",
    trained: Annotated[Layer, typer.Option(help="Layer that is trained.")] = "both",
    ridge: Annotated[str, typer.Option(help='A number, or "auto": the least leave-one-out residual.')] = "auto",
    target: Target = None,
    test: Annotated[Path | None, typer.Option(help="File of held-out rows, in place of --held-out.")] = None,
    count: Count = None,
    held_out: Annotated[float, typer.Option(help="Share of the rows that is held out for testing; 0 for none.")] = 0.25,
    scaling: Scalings = "sphere,hemisphere",
    solver: Annotated[
        Literal["auto", "expanded", "dense", "conjugate-gradients", "nystrom"], typer.Option(help="How to solve.")
    ] = "auto",
    accuracy: Annotated[float, typer.Option(help="Of the true residual, relative to the labels.")] = 1e-6,
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
    """Kernel ridge regression with the limit kernel: plan, solve, true residual, held-out error. Exits with 1 if an "
    "exact solve did not reach the accuracy."""
    from softntk.cli.processor import use_float64

    use_float64()
    log_to_stderr()
    output, checkpoint = writable(output, ".npz"), writable(checkpoint, argument="checkpoint")
    import jax
    from rich.console import Console

    from softntk.cli.training_report import tested
    from softntk.data import load, load_split, read_matching
    from softntk.estimators import KernelModel, save_model
    from softntk.files import output_json
    from softntk.kernels import LimitKernel
    from softntk.networks import features_named
    from softntk.regression import choose, plan, solve, solver_named

    console = Console(stderr=True)
    data_key, choose_key, solve_key = jax.random.split(jax.random.key(seed), 3)

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

    kernels = [LimitKernel(features_named(features), each, trained) for each in _numbers("scale", scale)]
    given = None if ridge == "auto" else _numbers("ridge", ridge)[0]
    sets = [loaded(name) for name in scaling.split(",")]
    labels = sets[0][0].labels
    place, kernel, strength = choose(kernels, [each.inputs for each, _, _ in sets], labels, key=choose_key, ridge=given)
    training, rest, preparation = sets[place]
    inputs = training.inputs
    if given is None or len(kernels) * len(sets) > 1:
        words = f"by leave-one-out: {preparation.scaling.name}, scale {float(kernel.scale):g}, ridge {strength:.3g}"
        console.print(words)
    with _progress(console, accuracy) as on_step:
        asked: dict[str, Any] = {
            "ridge": strength,
            "accuracy": accuracy,
            "solver": solver_named(solver, rank=rank, checkpoint=checkpoint, on_step=on_step),
        }
        console.print(str(plan(kernel, inputs, outputs=labels.shape[1], **asked)), soft_wrap=True)
        solution = solve(kernel, inputs, labels, key=solve_key, held_out=0, **asked)
    found: dict[str, Any] = {
        "data": data,
        "n": training.count,
        "d": training.input_size,
        "k": training.output_size,
        "notes": list(preparation.notes),
        "features": features,
        "scaling": preparation.scaling.name,
        "scale": float(kernel.scale),
        "trained": trained,
        "ridge": strength,
        "seed": seed,
        "solver": solution.plan.solver.name,
        "residual": solution.residual,
        "residual_error": solution.residual_error,
        "accuracy": accuracy,
        "converged": solution.converged,
        "steps": solution.steps,
        "seconds": solution.seconds,
        "words": str(solution),
    }
    if rest is not None:
        found["test"] = tested(solution.predictor, rest, preparation) | {"notes": test_notes}
    if output is not None:
        names = ("data", "features", "scaling", "scale", "trained", "ridge", "seed", "solver", "residual", "accuracy")
        model = KernelModel(solution.predictor, preparation, {name: found[name] for name in names})
        found["written"] = str(save_model(model, output))
    print(output_json(found) if json_ else _words(found))
    if not solution.converged and not solution.plan.solver.approximate:
        raise typer.Exit(1)


def _numbers(name: str, text: str) -> list[float]:
    try:
        return [float(each) for each in text.split(",")]
    except ValueError:
        raise BadInput(name, required="be a number", got=repr(text), advice=f"Type --{name} 1.") from None


def _progress(console, accuracy: float):
    """A context that yields a function to call with the step and the residual; the bar fills on a log scale."""
    import math
    from contextlib import contextmanager

    from rich.progress import Progress

    @contextmanager
    def shown():
        with Progress(console=console, transient=True) as progress:
            task = progress.add_task("conjugate gradients", total=-math.log10(accuracy), visible=False)

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
