"""Certificate files: a proof with all that is needed to check it again, as one file of strict JSON.

    format, claim, features, method, sizes   what is claimed, in words and in n, d, m, k
    constants, radii, bounds, multipliers         the numbers of `proof.Proof`, as float.hex() writes them: exact
    inequalities                             the chain: what each states, and its two sides
    notes                                    free words (where the data came from); hashed, not checked
    arrays                                   inputs, labels, hidden, output (and the damping): shape, SHA-256 of the
                                             little-endian float64 bytes by rows, and these bytes in base64, or null
                                             where they stand in a file next to it (NAME.certificate.npz)
    hash                                     SHA-256 of all else, as JSON with sorted keys and without spaces

Weights are stored and not drawn again from a seed: what a seed gives depends on a program, these bytes do not.
`checker` reads such files; it is the definition of what a valid one is.
"""

import base64
import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Array, Float

from softntk import files
from softntk.certificates import checker
from softntk.certificates.proof import Proof
from softntk.failures import BadInput, TooLarge
from softntk.networks.two_layer import TwoLayer
from softntk.verdicts import Answer, Verdict

__all__ = ["Verification", "verify", "write"]

# Arrays with more bytes than this in all stand in a file of their own.
_MOST_EMBEDDED = 2**25


@dataclass(frozen=True)
class Verification:
    """What the checker found: the verdict, and every inequality with both sides."""

    verdict: Verdict
    lines: tuple[checker.Line, ...]

    def __str__(self) -> str:
        return "\n".join([*map(str, self.lines), str(self.verdict)])

    def to_dict(self) -> dict[str, Any]:
        """The answer and every inequality as JSON values."""
        lines = [line._asdict() for line in self.lines]
        return {"answer": self.verdict.answer.value, "reason": self.verdict.reason, "lines": lines}


def write(
    path: str | os.PathLike[str],
    proof: Proof,
    network: TwoLayer,
    inputs: Float[Array, "n d"],
    labels: Float[Array, "n k"],
    *,
    embed: bool | None = None,
    notes: Mapping[str, str] | None = None,
) -> Path:
    """Write a certificate, atomically: a reader finds the old file or the new one, never a part.

    Arguments:
        proof: what `rigorous.prove` returned for this network and these data.
        path: a name that ends in .json, or has no ending.
        embed: whether the arrays stand in the file; otherwise those of mine.json go to mine.certificate.npz beside it.
            None: they are embedded up to 32 MB.
        notes: words to keep with it, such as where the data came from.

    Raises:
        BadInput: the proof is not a certified one, or the file cannot be written.
    """
    if not proof.certified:
        raise BadInput(
            "proof",
            required="be certified",
            got=proof.verdict.answer.value,
            advice=f"There is nothing to certify: {proof.verdict.reason}.",
        )
    path = files.output_path(path, ".json", argument="path")
    given = {"inputs": inputs, "labels": labels, "hidden": network.hidden, "output": network.output}
    given |= {"damping": proof.damping} if proof.method == "capped" else {}
    arrays = {name: np.ascontiguousarray(array, dtype="<f8") for name, array in given.items()}
    if embed is None:
        embed = sum(array.nbytes for array in arrays.values()) <= _MOST_EMBEDDED
    document = _document(proof, network, arrays, embed, dict(notes or {}))
    document["hash"] = hashlib.sha256(_canonical(document)).hexdigest()
    if not embed:
        files.write_npz(_companion(path), arrays, argument="path", compressed=False)
    return files.write(path, json.dumps(document, indent=1), argument="path")


def verify(
    path: str | os.PathLike[str],
    data: Mapping[str, Float[np.ndarray, "..."]] | None = None,
    *,
    work: float = checker.MOST_WORK,
) -> Verification:
    """Check a certificate by the independent path of `checker`.

    Arguments:
        data: arrays by their names. Those that the certificate leaves out are needed, unless they stand in the file
            `mine.certificate.npz` next to `mine.json`; those that it holds must be the same, to the last bit.
        work: ball operations that the check may take, each about 50 nanoseconds.

    Raises:
        BadInput: the file is not a certificate, was changed, or does not belong to the data.
        TooLarge: the check takes more than `work`.
    """
    path, data = files.input_path(path, ".json"), dict(data or {})
    try:
        data = _beside(path, data) | data
        lines = tuple(checker.check(str(path), data, work=work))
    except OSError as error:
        raise _refused(path, f"be a file that can be read ({error.strerror})") from None
    except checker.TooMuchWork as error:
        advice = "Allow more: softntk verify FILE --work 1e11."
        raise TooLarge(
            str(path), required="be checked within the work allowed", got=str(error), advice=advice
        ) from None
    except checker.Rejected as error:
        raise _refused(path, "be a certificate as it was written, with its own data", str(error)) from None
    broken = [line for line in lines if not line.holds]
    if broken:
        reason = f"{broken[0].states} is not so: {broken[0].left:.9g} against {broken[0].right:.9g}"
        verdict = Verdict(checker.CLAIM, Answer.FAILS, reason, broken[0].left, broken[0].right)
    else:
        verdict = Verdict(checker.CLAIM, Answer.CERTIFIED, f"all {len(lines)} inequalities were proved again")
    return Verification(verdict, lines)


def _companion(path: Path) -> Path:
    """Where the arrays of a certificate stand that does not hold them: a name that no other file would have."""
    return path.with_name(f"{path.stem}.certificate.npz")


def _beside(path: Path, given: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """The arrays that the certificate leaves out and that are not given, from the file next to it."""
    try:
        stored = checker.read(str(path))["arrays"]
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        return {}  # the check itself says what is wrong
    absent = [name for name in stored if stored[name]["data"] is None and name not in given]
    # The second is what earlier versions called it; any other file of that name has other bytes, which is checked.
    place = next((each for each in (_companion(path), path.with_suffix(".npz")) if each.is_file()), None)
    return files.read_npz(place, absent, argument=str(place)) if absent and place is not None else {}


def _document(
    proof: Proof, network: TwoLayer, arrays: dict[str, np.ndarray], embed: bool, notes: dict[str, str]
) -> dict[str, Any]:
    names = (*checker.CONSTANTS, "cap", "start") if proof.method == "capped" else checker.CONSTANTS
    return {
        "format": checker.FORMAT,
        "claim": proof.verdict.claim,
        "features": network.features.name,
        "method": proof.method,
        "sizes": {"n": len(arrays["inputs"]), "d": network.input_size, "m": network.width, "k": network.output_size},
        "constants": {name: getattr(proof, name).hex() for name in names},
        "radii": [radius.hex() for radius in proof.radii],
        "bounds": [bound.hex() for bound in proof.bounds],
        "multipliers": [each.hex() for each in proof.multipliers],
        "inequalities": [
            {"states": each.states, "left": each.left.hex(), "right": each.right.hex(), "strict": each.strict}
            for each in proof.inequalities
        ],
        "notes": notes,
        "arrays": {
            name: {
                "shape": list(array.shape),
                "sha256": hashlib.sha256(array.tobytes()).hexdigest(),
                "data": base64.b64encode(array.tobytes()).decode() if embed else None,
            }
            for name, array in arrays.items()
        },
    }


def _canonical(document: dict[str, Any]) -> bytes:
    return json.dumps(document, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def _refused(path: Path, required: str, got: str = "something else") -> BadInput:
    return BadInput(
        str(path), required=required, got=got, advice="Make it again: softntk certify DATA --rigorous -o cert.json."
    )
