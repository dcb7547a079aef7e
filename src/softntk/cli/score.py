"""`softntk score`: learn the score of a data set, and say where its error comes from."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from softntk.cli.options import Count, Json, Seed, log_to_stderr, reads_data, writable
from softntk.defaults import SCORE_COPIES, SCORE_END, SCORE_LANDMARKS, SCORE_LEARNER, SCORE_START, SCORE_WIDTH

if TYPE_CHECKING:
    from softntk.diffusion.diagnosis import Diagnosis

__all__ = ["command"]


@reads_data(kind=False)
def command(
    data: Annotated[
        str,
        typer.Argument(
            help="A mixture (three-gaussians, eight-gaussians, ...), a shape (rings, moons, spiral), digits, "
            "breast_cancer, wine, or a file."
        ),
    ],
    learner: Annotated[
        str,
        typer.Option(
            "--learner",
            "--kind",
            help="kernel (limit of the softmax network), softmax, exponential or relu (a network), neighbors, "
            "smoothed (the data, blurred) or mlp.",
        ),
    ] = SCORE_LEARNER,
    count: Count = None,
    copies: Annotated[
        int | None,
        typer.Option(
            "--copies", "--views", help=f"Noisy copies of each sample; by default about {SCORE_COPIES:,} in all."
        ),
    ] = None,
    width: Annotated[int, typer.Option(help="Hidden neurons of a network.")] = SCORE_WIDTH,
    landmarks: Annotated[int, typer.Option(help="Landmarks of the kernel.")] = SCORE_LANDMARKS,
    start: Annotated[float, typer.Option(help="Smallest time T0.")] = SCORE_START,
    end: Annotated[float, typer.Option(help="Largest time T.")] = SCORE_END,
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
    import jax

    from softntk.diffusion import clean_samples
    from softntk.estimators import ScoreModel
    from softntk.files import output_json

    data_key = jax.random.split(jax.random.key(seed), 4)[0]
    samples = clean_samples(data, data_key, count=count, target=target, **reading)
    model = ScoreModel(
        learner,
        copies=copies,
        width=width,
        landmarks=landmarks,
        start=start,
        end=end,
        units=samples.units_name,
        random_state=seed,
    )
    image = {"image": list(samples.image)}
    model.fit(samples.rows, columns=samples.columns, description={"data": data, "seed": seed} | image)
    found = {
        "data": data,
        "learner": learner,
        "n": len(samples.rows),
        "d": model.learned_.size,
        "noisy": model.task_.noisy_all.count,
        "start": start,
        "end": end,
        "seed": seed,
        "chosen": model.choice_,
        "notes": list(samples.notes),
    }
    diagnosis = model.diagnose(samples.mixture)
    if output is not None:
        found["written"] = str(model.save(output))
    print(output_json(found | _entries(diagnosis)) if json_ else _words(found, diagnosis))


def _entries(diagnosis: "Diagnosis") -> dict[str, Any]:
    """The diagnosis as JSON values; an estimate has its mean and its error."""

    def estimates(found: dict[str, Any]) -> dict[str, Any]:
        return {name: each._asdict() for name, each in found.items()}

    truth = diagnosis.truth
    entries = asdict(diagnosis) | ({} if truth is None else asdict(truth))
    del entries["truth"]
    if truth is not None:
        entries |= {"error": estimates(truth.error), "split": estimates(truth.split), "chain": estimates(truth.chain)}
    return {name: entry for name, entry in entries.items() if entry != {}}


def _words(found: dict[str, Any], diagnosis: "Diagnosis") -> str:
    """The report as lines of text."""
    lines = [
        f"{found['data']}: n = {found['n']:,}, d = {found['d']}, {found['noisy']:,} noisy samples, times "
        f"{found['start']:g} to {found['end']:g}",
        *(f"  {note}" for note in found["notes"]),
        f"{found['learner']}, chosen on held-out samples: {_numbers(found['chosen'], 4)}",
        f"held-out error: {_numbers(diagnosis.held_out_error, 4)}",
        f"noisy inputs outside of the ball: {diagnosis.truncated_mass:.2%}",
    ]
    if diagnosis.stopping:
        lines.append(f"stopping times: {_numbers(diagnosis.stopping, 3)}")
    truth = diagnosis.truth
    if truth is not None:
        lines.append(f"error E|f - f*|^2 (variance of the data {truth.variance:.3g}): {_means(truth.error)}")
        lines.append(f"Lipschitz constant of the truth: at least {truth.lipschitz_constant:.3g}")
        if truth.split:
            lines.append("  of which " + _means({name: truth.split[name] for name in ("noise", "bias", "cross")}))
        lines.append(f"bound on the law of the samples (KL): {_means(truth.chain)}")
    return "\n".join(lines + ([f"written: {found['written']}"] if "written" in found else []))


def _numbers(found: dict[str, float], digits: int) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {value:.{digits}g}" for name, value in found.items())


def _means(found: dict[str, Any]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {each.mean:.3g} ± {each.error:.1g}" for name, each in found.items())
