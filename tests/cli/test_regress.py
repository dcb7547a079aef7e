"""`softntk regress`, and `softntk predict` with what it saved."""

import json

import numpy as np
import pytest


@pytest.fixture
def files(tmp_path):
    rng = np.random.default_rng(0)
    for name, count in (("train", 120), ("test", 30)):
        x = rng.normal(size=(count, 3))
        y = 5 + np.sin(2 * x[:, 0]) + 0.05 * rng.normal(size=count)
        rows = "\n".join(",".join(f"{value:.6f}" for value in (*a, b)) for a, b in zip(x, y, strict=True))
        (tmp_path / f"{name}.csv").write_text(f"a,b,c,y\n{rows}\n")
    return tmp_path


def test_regress_and_predict(softntk, files):
    model, held_out = files / "m.npz", files / "test.csv"
    done = softntk(f"regress {files}/train.csv --target y --test {held_out} --scale 1,2 --json -o {model}")
    assert done.code == 0, done.err
    found = json.loads(done.out)
    assert (found["n"], found["d"], found["k"]) == (120, 4, 1)
    assert found["converged"]
    assert found["residual"] < 1e-6
    assert found["test"]["rows"] == 30
    assert found["test"]["rmse"] < 0.4  # the spread of y is 0.7
    predicted = softntk(f"predict {model} {held_out} --json")
    truth = np.loadtxt(held_out, delimiter=",", skiprows=1)[:, 3]
    rows = np.array(json.loads(predicted.out)["predictions"])[:, 0]
    assert np.sqrt(np.mean((rows - truth) ** 2)) == pytest.approx(found["test"]["rmse"], rel=1e-6)


def test_words(softntk, files):
    done = softntk(f"regress {files}/train.csv --target y --ridge 0.1 --solver conjugate-gradients")
    assert done.code == 0, done.err
    assert "true relative residual" in done.out
    assert "held-out rows: 30, root mean squared error" in done.out
    assert "instead of" in done.err  # the plan


def test_scale_and_scaling_are_chosen_for_a_given_ridge(softntk, files):
    """The choice is that of the least leave-one-out residual among single runs."""
    common = f"regress {files}/train.csv --target y --ridge 0.01 --json"
    found = json.loads(softntk(f"{common} --scale 0.1,2 --scaling unit,sphere").out)
    assert (found["scale"], found["scaling"], found["ridge"]) == (2.0, "sphere", 0.01)
    alone = json.loads(softntk(f"{common} --scale 2 --scaling sphere").out)
    assert found["test"]["rmse"] == pytest.approx(alone["test"]["rmse"], rel=1e-12)
    worse = json.loads(softntk(f"{common} --scale 0.1 --scaling unit").out)
    assert alone["test"]["rmse"] < worse["test"]["rmse"]


@pytest.mark.parametrize(
    "options", ["--ridge much", "--accuracy 0", "--scaling unit,globe", "--solver nystrom --rank 0"]
)
def test_refusals(softntk, files, options):
    done = softntk(f"regress {files}/train.csv --target y {options}")
    assert done.code == 2
    assert "must" in done.err
