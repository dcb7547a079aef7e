"""`softntk kernel` against NumPy, and against the function."""

import json

import jax
import numpy as np

from softntk.data import load
from softntk.lemmas import kernel_at_start
from softntk.networks import Softmax


def test_eigenvalues_are_those_of_the_written_kernel(softntk, tmp_path):
    path = tmp_path / "k.npz"
    ran = softntk(f"kernel wine --count 30 --width 64 --json -o {path}")
    assert ran.code == 0, ran.err
    found = json.loads(ran.out)
    with np.load(path, allow_pickle=False) as file:
        inputs, kernel = file["inputs"], file["kernel"]
    gram = inputs @ inputs.T
    np.testing.assert_allclose(kernel, gram * np.exp(gram), rtol=1e-13)
    values = np.linalg.eigvalsh(kernel)
    assert abs(found["limit"]["lambda_min"] - values[0]) <= found["limit"]["error"]
    assert abs(found["limit"]["lambda_max"] - values[-1]) <= found["limit"]["error"]
    assert found["verdict"].startswith("Table 1")
    assert "order only" in found["verdict"]

    data_key, start_key = jax.random.split(jax.random.key(0))
    training, _ = load("wine", count=30, key=data_key)
    same = kernel_at_start(training.inputs, Softmax(), key=start_key, width=64).to_dict()
    assert {name: found[name] for name in same} == same
    assert found.keys() - same.keys() == {"data", "seed", "notes", "written"}


def test_lanczos_needs_no_kernel(softntk, tmp_path):
    """With as many steps as rows Lanczos is exact; with fewer, lambda is bounded from above."""
    dense = json.loads(softntk("kernel wine --count 30 --width 64 --json").out)["limit"]
    whole = json.loads(softntk("kernel wine --count 30 --width 64 --lanczos 30 --json").out)["limit"]
    few = json.loads(softntk("kernel wine --count 30 --width 64 --lanczos 5 --json").out)
    assert abs(whole["lambda_min"] - dense["lambda_min"]) < 1e-9 * dense["lambda_max"]
    assert abs(whole["lambda_max"] - dense["lambda_max"]) < 1e-9 * dense["lambda_max"]
    assert few["limit"]["lambda_min"] >= dense["lambda_min"] - dense["error"]
    assert few["verdict"].startswith("at least") == (few["limit"]["lambda_min"] > few["limit"]["error"])
    ran = softntk(f"kernel wine --count 30 --lanczos 5 -o {tmp_path / 'k.npz'}")
    assert ran.code == 2
    assert "--lanczos 0" in ran.err


def test_equal_rows_make_table_one_not_apply(softntk):
    ran = softntk("kernel iris --width 64")
    assert ran.code == 0
    assert "does not apply (rows 101 and 142 are equal)" in ran.out


def test_too_large_a_kernel_exits_with_3(softntk, monkeypatch):
    monkeypatch.setattr("softntk.numerics.memory.free_bytes", lambda: 1_000_000)
    ran = softntk("kernel digits --width 64")
    assert ran.code == 3
    assert "MB" in ran.err
