"""The checker verifies what was proved, and catches every change: of the file, the data, the weights, the claims."""

import ast
import base64
import copy
import hashlib
import json
import math
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from softntk.certificates import checker
from softntk.certificates.certificate import verify, write
from softntk.certificates.rigorous import prove
from softntk.failures import BadInput, Failure, TooLarge
from softntk.networks.features import FEATURES
from softntk.networks.initialization import antisymmetric
from softntk.verdicts import Answer

# Name of the feature, width, size of the labels: one case for each method of proof.
CASES = {
    "exact": ("softmax", 64, 0.5),
    "capped": ("softmax", 128, 4.0),
    "exponential": ("exponential", 16, 0.5),
    "double": ("relu", 64, 0.02),
    "small": ("relu", 256, 0.3),
}


def make(case):
    name, width, size = CASES[case]
    rng = np.random.default_rng(3)
    inputs = rng.standard_normal((3, 5))
    inputs = jnp.asarray(inputs / np.linalg.norm(inputs, axis=1, keepdims=True))
    labels = jnp.asarray(size * np.sign(rng.standard_normal((3, 1))))
    network = antisymmetric(jax.random.key(1), input_size=5, output_size=1, width=width, features=FEATURES[name])
    return network, inputs, labels


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A certificate of each kind."""
    folder = tmp_path_factory.mktemp("certificates")
    for case in CASES:
        arguments = make(case)
        write(folder / f"{case}.json", prove(*arguments), *arguments, notes={"data": "drawn"})
    return folder


def document(folder, case="capped"):
    return json.loads((folder / f"{case}.json").read_text())


def save(path, content, *, rehash=True):
    """Write a changed certificate; with a fresh content hash, as a forger would."""
    content = copy.deepcopy(content)
    if rehash:
        content.pop("hash", None)
        canonical = json.dumps(content, sort_keys=True, separators=(",", ":")).encode()
        content["hash"] = hashlib.sha256(canonical).hexdigest()
    path.write_text(json.dumps(content))
    return str(path)


def replaced(content, name, array):
    """Put other numbers into an array, with the hash that belongs to them."""
    raw = np.ascontiguousarray(array, dtype="<f8").tobytes()
    content["arrays"][name] |= {"sha256": hashlib.sha256(raw).hexdigest(), "data": base64.b64encode(raw).decode()}


def stored(content, name):
    entry = content["arrays"][name]
    return np.frombuffer(base64.b64decode(entry["data"]), dtype="<f8").reshape(entry["shape"]).copy()


def rejected_or_broken(path):
    """What the checker says against a file: the words of its refusal, or the inequalities that break."""
    try:
        lines = checker.check(path)
    except checker.Rejected as error:
        return str(error)
    return ", ".join(line.states for line in lines if not line.holds)


@pytest.mark.parametrize("case", CASES)
def test_what_was_proved_is_verified(folder, case):
    found = verify(folder / f"{case}.json")
    assert found.verdict.answer is Answer.CERTIFIED
    assert all(line.holds for line in found.lines)
    assert document(folder, case)["method"] == ("capped" if case == "exponential" else case)
    assert [line.states for line in found.lines] == [
        entry["states"] for entry in document(folder, case)["inequalities"]
    ]


def test_the_checker_stands_alone(folder):
    source = Path(checker.__file__)
    names = {
        (node.module if isinstance(node, ast.ImportFrom) else alias.name).split(".")[0]
        for node in ast.walk(ast.parse(source.read_text()))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    assert names <= set(sys.stdlib_module_names) | {"numpy", "flint"}
    run = subprocess.run([sys.executable, "-I", source, folder / "capped.json"], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert run.stdout.count("holds ") == len(document(folder)["inequalities"])
    assert "VERIFIED: gradient descent" in run.stdout


def test_main_answers_with_its_exit_code(folder, tmp_path, capsys):
    assert checker.main([str(folder / "exact.json")]) == 0
    content = document(folder, "exact")
    content["constants"]["s_end"] = (2 * float.fromhex(content["constants"]["s_end"])).hex()
    assert checker.main([save(tmp_path / "claim.json", content)]) == 1
    assert "BROKEN  s_end <= smallest singular value within p" in capsys.readouterr().out
    assert checker.main([str(tmp_path / "nothing.json")]) == 2
    assert checker.main([]) == 2


def every_leaf(content, path=()):
    if isinstance(content, dict):
        for key, value in content.items():
            yield from every_leaf(value, (*path, key))
    elif isinstance(content, list) and content:
        for index, value in enumerate(content):
            yield from every_leaf(value, (*path, index))
    else:
        yield path


def changed(value):
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if isinstance(value, str) and value.startswith(("0x", "-0x")):
        return (float.fromhex(value) * (1 + 1e-9) + 1e-300).hex()
    if isinstance(value, str):
        return ("B" if value[:1] != "B" else "C") + value[1:]
    return ["something"]


@pytest.mark.parametrize("case", ["capped", "small"])
def test_every_field_is_covered_by_the_hash(folder, tmp_path, case):
    content = document(folder, case)
    for path in every_leaf(content):
        tampered = copy.deepcopy(content)
        holder = tampered
        for key in path[:-1]:
            holder = holder[key]
        holder[path[-1]] = changed(holder[path[-1]])
        words = rejected_or_broken(save(tmp_path / "t.json", tampered, rehash=False))
        assert words, path


@pytest.mark.parametrize(
    ("name", "factor", "breaks"),
    [
        ("lambda_min", 1 + 1e-6, "lambda_min <= smallest eigenvalue of H"),
        ("lambda_max", 1 - 1e-6, "largest eigenvalue of H <= lambda_max"),
        ("residual", 1 - 1e-9, "|F - Y| <= r0"),
        ("s0", 1 + 1e-9, "s0 <= sqrt(m lambda_min)"),
        ("b0", 1 - 1e-9, "sqrt(m lambda_max) <= b0"),
        ("start", 1 + 1e-6, "s^2 <= smallest eigenvalue of the damped Gram"),
        ("cap", 1 - 1e-3, "damping nu <= tau"),
        ("path", 1 - 1e-6, "r0 < integral of psi to p"),
        ("path", 1e3, "p <= last radius"),
        ("decrease", 1 + 1e-9, "decrease <= psi(p)"),
        ("s_end", 1 + 1e-9, "s_end <= smallest singular value within p"),
        ("beta", 1 - 1e-9, "b0 + change(last radius) <= beta"),
        ("step_size", 1 + 1e-9, "eta <= c / beta^2"),
        ("step_size", -1.0, "0 < eta"),
        ("fraction", 64.0, "c <= 1"),
        ("contraction", 1 - 1e-9, "1 - eta s_end decrease <= contraction"),
        ("contraction", 1.1, "contraction < 1"),
    ],
)
def test_a_forged_constant_breaks_its_inequality(folder, tmp_path, name, factor, breaks):
    content = document(folder)
    content["constants"][name] = (float.fromhex(content["constants"][name]) * factor).hex()
    assert breaks in rejected_or_broken(save(tmp_path / "t.json", content))


@pytest.mark.parametrize("case", CASES)
def test_a_forged_bound_is_caught(folder, tmp_path, case):
    content = document(folder, case)
    bounds = [float.fromhex(bound) for bound in content["bounds"]]
    # ReLU's Jacobian does not change up to the first margin.
    positive = [index for index, bound in enumerate(bounds) if bound > 0]
    for index in (positive[0], positive[-1]):
        forged = copy.deepcopy(content)
        forged["bounds"][index] = (bounds[index] * (1 - 1e-4)).hex()
        assert "change of J within the radii <= bounds" in rejected_or_broken(save(tmp_path / "t.json", forged))


@pytest.mark.parametrize("sign", [-1.0, 0.0])
def test_negative_and_zero_claims_prove_nothing(folder, tmp_path, sign):
    """Each constant in turn is turned around: a chain that only bounds from one side must not be fooled."""
    for case in ("capped", "small"):
        for name, value in document(folder, case)["constants"].items():
            content = document(folder, case)
            content["constants"][name] = (sign * float.fromhex(value)).hex()
            assert rejected_or_broken(save(tmp_path / "t.json", content)), (case, name)


FORGERIES = {
    "inputs": lambda array: np.concatenate([array[1:2] * 0.999, array[1:]]),
    "labels": lambda array: array * 1.01,
    "hidden": lambda array: np.roll(array, 1, axis=0),
    "output": lambda array: array * 0.99,
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("name", FORGERIES)
def test_other_data_and_other_weights_are_caught(folder, tmp_path, case, name):
    content = document(folder, case)
    digest = content["arrays"][name]["sha256"]
    replaced(content, name, FORGERIES[name](stored(content, name)))
    words = rejected_or_broken(save(tmp_path / "t.json", content))
    assert any(part in words for part in ("eigenvalue", "|F - Y|", "change of J", "damping")), words
    content["arrays"][name]["sha256"] = digest
    assert f"{name}: the bytes have another SHA-256" in rejected_or_broken(save(tmp_path / "t.json", content))


def test_one_bit_of_one_weight_is_caught(folder, tmp_path):
    content = document(folder)
    raw = bytearray(base64.b64decode(content["arrays"]["hidden"]["data"]))
    raw[0] ^= 1
    content["arrays"]["hidden"]["data"] = base64.b64encode(bytes(raw)).decode()
    assert "content hash" in rejected_or_broken(save(tmp_path / "t.json", content, rehash=False))
    assert "hidden: the bytes have another SHA-256" in rejected_or_broken(save(tmp_path / "t.json", content))


def test_radii_beyond_the_path_cannot_help(folder, tmp_path):
    content = document(folder, "exact")
    content["radii"].append((10.0).hex())
    content["bounds"].append((1e6).hex())
    assert "does not need the last radius" in rejected_or_broken(save(tmp_path / "t.json", content))


def test_a_method_of_other_features_is_refused(folder, tmp_path):
    content = document(folder, "exact")
    for field, value in (("method", "double"), ("features", "relu"), ("features", "sigmoid"), ("method", ["exact"])):
        assert rejected_or_broken(save(tmp_path / "t.json", content | {field: value}))


def test_the_record_of_the_inequalities_must_be_true(folder, tmp_path):
    content = document(folder)
    for index, entry in enumerate(content["inequalities"]):
        for side, factor in (("left", 0.9), ("right", 1.1)):
            value = float.fromhex(entry[side])
            forged = copy.deepcopy(content)
            forged["inequalities"][index][side] = (value * factor).hex()
            if value:
                assert "recorded" in rejected_or_broken(save(tmp_path / "t.json", forged)), entry["states"]
    forged = copy.deepcopy(content)
    forged["inequalities"].pop()
    assert "recorded" in rejected_or_broken(save(tmp_path / "t.json", forged))
    forged = copy.deepcopy(content)
    forged["inequalities"][3]["strict"] = True
    assert "states something else" in rejected_or_broken(save(tmp_path / "t.json", forged))


def hostile(content):
    """Files that are no certificates, each with what the refusal says."""
    sizes = content["sizes"]
    yield "not UTF-8", b"\xff\xfe{", "malformed"
    yield "not JSON", b"{", "malformed"
    yield "a list", b"[]", "keys"
    yield "multipliers that are no list", content | {"multipliers": {}}, "not a list"
    yield "inequalities that are no list", content | {"inequalities": {}}, "not a list"
    yield "deep", b"[" * 100_000, "malformed"
    yield "NaN", json.dumps(content | {"notes": {"x": math.nan}}).encode(), "finite"
    yield "a key twice", b'{"hash": "", "hash": ""}', "twice"
    yield "no hash", json.dumps({k: v for k, v in content.items() if k != "hash"}).encode(), "keys"
    yield "an unknown key", content | {"more": 1}, "keys"
    yield "huge", content | {"sizes": sizes | {"m": 10**9}}, "more than"
    yield "huge number", content | {"sizes": sizes | {"m": 10**400}}, "more than"
    yield "no size", content | {"sizes": sizes | {"m": 0}}, "positive integer"
    yield "a size that is true", content | {"sizes": sizes | {"k": True}}, "positive integer"
    yield "another width", content | {"sizes": sizes | {"m": sizes["m"] * 2}}, "shape"
    yield "NaN constant", content | {"constants": content["constants"] | {"s0": "nan"}}, "finite"
    yield "infinite constant", content | {"constants": content["constants"] | {"beta": "inf"}}, "finite"
    yield "decimal constant", content | {"constants": content["constants"] | {"s0": "1.5"}}, "float.hex"
    yield "number", content | {"constants": content["constants"] | {"s0": 1.5}}, "malformed"
    yield "huge constant", content | {"constants": content["constants"] | {"s0": "0x1p99999"}}, "malformed"
    yield "no radii", content | {"radii": [], "bounds": []}, "radii"
    yield "radii not ascending", content | {"radii": content["radii"][::-1]}, "ascend"
    yield "too many radii", content | {"radii": content["radii"] * 99, "bounds": content["bounds"] * 99}, "too many"
    yield "another format", content | {"format": "softntk certificate 3"}, "format"
    yield "another claim", content | {"claim": "all networks learn all data"}, "claim"
    for name, data, words in (
        ("NaN weight", np.full((5, sizes["m"]), np.nan), "NaN"),
        ("infinite weight", np.full((5, sizes["m"]), np.inf), "NaN or infinite"),
        ("short", np.zeros((5, sizes["m"] - 1)), "malformed"),
    ):
        forged = copy.deepcopy(content)
        replaced(forged, "hidden", data)
        yield name, forged, words
    forged = copy.deepcopy(content)
    forged["arrays"]["hidden"]["data"] = "*" * 100
    yield "not base64", forged, "malformed"
    forged = copy.deepcopy(content)
    forged["arrays"]["hidden"]["data"] = None
    yield "missing", forged, "neither"
    forged = copy.deepcopy(content)
    replaced(forged, "damping", np.full(sizes["m"], 2.0))
    yield "damping above 1", forged, "damping"


def test_hostile_files_are_refused_in_words(folder, tmp_path):
    for what, content, words in hostile(document(folder)):
        path = tmp_path / "t.json"
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            save(path, content)
        with pytest.raises(checker.Rejected, match=words):
            checker.check(str(path))
        with pytest.raises(Failure) as caught:
            verify(path)
        words = "Allow more" if what in ("huge", "huge number") else "Make it again"
        assert words in caught.value.advice, what


def test_a_file_larger_than_any_certificate_is_not_read(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(checker, "MOST_BYTES", 1000)
    with pytest.raises(checker.Rejected, match="larger"):
        checker.check(str(folder / "exact.json"))


def test_a_valid_record_may_differ_by_as_much_as_rounding_does(tmp_path):
    """Two lower bounds of a damped eigenvalue of 1.5e-10 differ by 6 %: float64 cannot know it better than that."""
    near = Path(__file__).with_name("format_1_near_singular.json")
    assert verify(near).verdict.answer is Answer.CERTIFIED
    content = json.loads(near.read_text())
    for index, side, factor in ((0, "right", 1.03), (7, "right", 1.2), (7, "left", 0.98), (1, "left", 1 - 1e-9)):
        forged = copy.deepcopy(content)
        entry = forged["inequalities"][index]
        assert "eigenvalue" in entry["states"]
        entry[side] = (float.fromhex(entry[side]) * factor).hex()
        assert "recorded" in rejected_or_broken(save(tmp_path / "t.json", forged)), entry


def test_files_of_the_first_format_stay_valid(folder, tmp_path):
    for case in ("capped", "small"):
        content = document(folder, case)
        content |= {"format": "softntk certificate 1", "prices": content.pop("multipliers")}
        assert not rejected_or_broken(save(tmp_path / "t.json", content))


def test_cheap_lines_come_first_and_work_has_a_limit(folder, tmp_path):
    path = str(folder / "small.json")
    with pytest.raises(checker.TooMuchWork, match="operations"):
        checker.check(path, work=1e3)
    with pytest.raises(TooLarge, match="work"):
        verify(path, work=1e3)
    assert checker.main([path, "--work", "1e3"]) == 3
    assert checker.main([path, "--work", "1e9"]) == 0
    content = document(folder, "small")
    content["constants"]["contraction"] = (1.5).hex()
    broken = checker.check(save(tmp_path / "t.json", content), work=0)
    assert [line.states for line in broken if not line.holds] == ["contraction < 1"]
    # What neurons can turn is counted before it is paid for: weights of zero turn everything.
    with pytest.raises(checker.TooMuchWork):
        checker.relu_changes(
            checker.balls(np.zeros((50, 40))), checker.balls(np.eye(50)), checker.balls(np.ones(50)),
            checker.balls(np.ones(40)), [0.1] * 100, [1.0] * 100, 1e6,
        )  # fmt: skip


def test_damaged_archives_and_pipes_are_refused_with_code_2(folder, tmp_path):
    arguments = make("exact")
    path = write(tmp_path / "apart.json", prove(*arguments), *arguments, embed=False)
    beside = tmp_path / "apart.certificate.npz"
    whole = beside.read_bytes()
    rng = np.random.default_rng(0)
    for _ in range(60):
        damaged = bytearray(whole)
        for place in rng.integers(0, len(damaged), 3):
            damaged[place] ^= 1 << int(rng.integers(8))
        beside.write_bytes(bytes(damaged[: rng.integers(1, len(damaged) + 1)] if rng.random() < 0.3 else damaged))
        # Some bits are of no consequence, such as dates.
        assert checker.main([str(path), str(beside)]) in (0, 2)
    for header in ("{'descr': '<f8', 'fortran_order': False, 'shape': (3,", "{'descr': '<f8', 'shape': (True, True)}",
                   "{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000000000000000000000, 0), }",
                   "{'descr': '|O', 'fortran_order': False, 'shape': (1,), }"):  # fmt: skip
        with zipfile.ZipFile(beside, "w") as archive:
            text = header.ljust(117).encode() + b"\n"
            archive.writestr("hidden.npy", b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + bytes(8))
        assert checker.main([str(path), str(beside)]) == 2
    pipe = tmp_path / "pipe.json"
    os.mkfifo(pipe)
    assert checker.main([str(pipe)]) == 2
    assert checker.main([str(path), str(pipe)]) == 2


def test_arrays_can_stand_beside_the_file(tmp_path):
    arguments = make("exact")
    path = write(tmp_path / "apart.json", prove(*arguments), *arguments, embed=False)
    assert json.loads(path.read_text())["arrays"]["hidden"]["data"] is None
    assert verify(path).verdict.answer is Answer.CERTIFIED
    beside = tmp_path / "apart.certificate.npz"
    assert checker.main([str(path), str(beside)]) == 0
    assert checker.main([str(path)]) == 2
    arrays = dict(np.load(beside))
    arrays["hidden"] = arrays["hidden"] + 1e-15
    np.savez(beside, allow_pickle=False, **arrays)
    with pytest.raises(BadInput, match="hidden: the bytes have another SHA-256"):
        verify(path)
    beside.write_bytes(b"PK no archive")
    with pytest.raises(BadInput, match=r"apart\.certificate\.npz"):
        verify(path)


@pytest.mark.parametrize("embed", [True, False])
def test_a_file_of_the_user_beside_it_is_neither_written_to_nor_taken_for_its_own(tmp_path, embed):
    arguments, data = make("exact"), tmp_path / "mydata.npz"
    for content in (b"PK no archive", None):
        np.savez(data, inputs=np.ones((3, 2)), hidden=np.ones(3)) if content is None else data.write_bytes(content)
        before = data.read_bytes()
        path = write(tmp_path / "mydata", prove(*arguments), *arguments, embed=embed)
        assert (path.name, data.read_bytes()) == ("mydata.json", before)
        assert verify(path).verdict.answer is Answer.CERTIFIED
        assert verify(tmp_path / "mydata").verdict.answer is Answer.CERTIFIED
    with pytest.raises(BadInput, match=r"ends in \.json"):
        write(tmp_path / "mydata.npz", prove(*arguments), *arguments, embed=embed)
    if not embed:  # as earlier versions named it
        (tmp_path / "mydata.certificate.npz").replace(data)
        assert verify(path).verdict.answer is Answer.CERTIFIED


def test_data_given_must_be_the_data_of_the_certificate(folder):
    _, inputs, labels = make("exact")
    data = {"inputs": np.asarray(inputs), "labels": np.asarray(labels)}
    assert verify(folder / "exact.json", data).verdict.answer is Answer.CERTIFIED
    with pytest.raises(BadInput, match="labels: the bytes have another SHA-256"):
        verify(folder / "exact.json", data | {"labels": -data["labels"]})
    with pytest.raises(BadInput, match="inputs: shape"):
        verify(folder / "exact.json", data | {"inputs": data["inputs"].T})


def test_only_certified_proofs_are_written(tmp_path):
    network, inputs, labels = make("exact")
    with pytest.raises(BadInput, match="be certified"):
        write(tmp_path / "no.json", prove(network, inputs, 1e3 * labels), network, inputs, 1e3 * labels)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(BadInput, match="can be written"):
        write(tmp_path / "no" / "folder.json", prove(network, inputs, labels), network, inputs, labels)


def test_a_proof_with_other_arrays_is_not_verified(tmp_path):
    """Writing trusts its caller; the checker does not."""
    network, inputs, labels = make("exact")
    path = write(tmp_path / "other.json", prove(network, inputs, labels), network, inputs, 1.1 * labels)
    found = verify(path)
    assert found.verdict.answer is Answer.FAILS
    assert found.verdict.reason.startswith("|F - Y| <= r0 is not so")
