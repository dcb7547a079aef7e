"""Train, save, predict: the way of a practitioner, with real data and real files."""

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_breast_cancer

from softntk.estimators import NetworkClassifier

SMALL = "--width 64 --steps 30 --count 40"


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """Breast cancer as a csv file with a text target."""
    bunch = load_breast_cancer()
    frame = pd.DataFrame(bunch.data, columns=bunch.feature_names)
    path = tmp_path_factory.mktemp("data") / "tumors.csv"
    frame.assign(y=np.where(bunch.target, "benign", "malignant")).to_csv(path, index=False)
    return path


def test_a_file_is_learned_saved_and_used(softntk, table, tmp_path):
    model = tmp_path / "model.npz"
    trained = softntk(f"train {table} --target y {SMALL} --steps 200 -o {model} --json")
    assert trained.code == 0, trained.err
    found = json.loads(trained.out)
    assert found["loss"][-1] < 0.2 * found["loss"][0]
    assert found["test"]["error_rate"] < 0.15
    assert any("text" in note for note in found["notes"])

    rows = pd.read_csv(table)
    rows.drop(columns="y").iloc[::-1, ::-1].to_csv(tmp_path / "new.csv", index=False)  # columns are found by name
    used = softntk(f"predict {model} {tmp_path / 'new.csv'}")
    assert used.code == 0, used.err
    header, *classes = used.out.split()
    assert header == "y"
    assert np.mean(np.array(classes) == rows["y"].to_numpy()[::-1]) > 0.85


def test_the_file_of_a_model_holds_no_pickle_and_the_weights_of_the_estimator(softntk, table, tmp_path):
    sizes = "--width 16 --steps 5 --held-out 0 --seed 3"
    assert softntk(f"train {table} --target y {sizes} -o {tmp_path / 'model'}").code == 0
    with np.load(tmp_path / "model.npz", allow_pickle=False) as file:
        assert sorted(file) == ["description", "hidden", "output"]
        description = json.loads(str(file["description"]))
        weights = file["hidden"]
    rows = pd.read_csv(table)
    same = NetworkClassifier(width=16, steps=5, random_state=3).fit(rows.drop(columns="y").to_numpy(), rows["y"])
    np.testing.assert_array_equal(weights, same.model_.network.hidden)
    assert description["features"] == "softmax"
    assert description["preparation"]["scaling"]["name"] == "sphere"


def test_the_same_seed_gives_the_same_run(softntk):
    first, second, other = (
        json.loads(softntk(f"train wine {SMALL} --json --seed {seed}").out)["loss"] for seed in (3, 3, 4)
    )
    assert first == second
    assert first != other


@pytest.mark.parametrize("features", ["softmax", "exponential", "relu"])
def test_every_network_trains(softntk, features):
    found = json.loads(softntk(f"train wine --features {features} {SMALL} --json").out)
    assert found["loss"][-1] < 0.5 * found["loss"][0]


@pytest.mark.parametrize(
    "line", [f"train wine {SMALL} --step-size 1", "train iris --count 20 --width 16 --steps 5 --step-size 1e300"]
)
def test_divergence_is_said_with_the_largest_stable_step_and_exits_with_1(softntk, line):
    """Also where the outputs are bounded: 1e300 takes weights infinitely far and the loss from 10 to 7357 only."""
    ran = softntk(line)
    assert ran.code == 1
    assert "diverged at step" in ran.out
    assert "2 / (m lambda_max) =" in ran.out


def test_equal_rows_run_and_are_named(softntk):
    ran = softntk("train iris --width 64 --steps 5 --held-out 0 --json")  # iris ships one pair of equal rows
    assert ran.code == 0
    found = json.loads(ran.out)
    assert found["obstacles"] == ["rows 101 and 142 are equal"]
    assert {each["answer"] for each in found["verdicts"]} <= {"does not apply", "undecided"}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("train nosuch", "source"),
        ("train wine --width 63", "width"),
        ("train wine --features tanh", "features"),
        ("train wine --step-size fast", "step_size"),
        ("train wine --step-size -1", "step_size"),
        ("train wine --count 100000", "count"),
        ("train {table}", "target"),
        ("train {table} --target nosuch", "target"),
        ("predict nosuch.npz {table}", "nosuch.npz"),
        ("predict {table} {table}", "NumPy"),
    ],
)
def test_bad_input_is_refused_in_four_parts_and_nothing_is_written(softntk, table, tmp_path, monkeypatch, line, said):
    monkeypatch.chdir(tmp_path)
    output = " -o out" if line.startswith("train") else ""
    ran = softntk(line.format(table=table) + output)
    assert ran.code == 2
    assert ran.out == ""
    assert said in ran.err
    assert " must " in ran.err
    assert "; got " in ran.err
    assert "Traceback" not in ran.err
    assert list(tmp_path.iterdir()) == []


def test_columns_that_are_missing_are_named(softntk, table, tmp_path):
    model = tmp_path / "model.npz"
    assert softntk(f"train {table} --target y {SMALL} -o {model}").code == 0
    pd.read_csv(table).drop(columns="mean radius").to_csv(tmp_path / "short.csv", index=False)
    ran = softntk(f"predict {model} {tmp_path / 'short.csv'}")
    assert ran.code == 2
    assert "mean radius" in ran.err
