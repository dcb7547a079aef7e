"""Options of how files are read: on every command that reads one, and the same file means the same everywhere."""

import json

import numpy as np
import pandas as pd
import pytest

OPTIONS = ("missing", "decimal", "thousands", "delimiter", "quote", "header", "encoding")
FAST = "--scale 1 --scaling sphere --ridge 0.1"


@pytest.fixture
def prices(tmp_path):
    """Prices with commas, an index, and a column of text, as pandas writes them."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"size": rng.normal(size=24), "age": rng.normal(size=24), "town": ["u", "v"] * 12})
    frame["price"] = [f"{200_000 + 10_000 * size:,.0f}" for size in frame["size"]]
    frame.to_csv(tmp_path / "prices.csv")
    return frame, tmp_path / "prices.csv"


@pytest.mark.parametrize("command", ["regress", "train", "kernel", "certify", "score", "predict"])
def test_every_command_that_reads_data_has_them(command):
    from typer.main import get_command

    from softntk.cli.app import app

    found = {option for each in get_command(app).commands[command].params for option in each.opts}
    wanted = [*OPTIONS, *(("columns", "drop") if command != "predict" else ())]
    assert {f"--{name}" for name in wanted} < found
    assert ("--kind" in found) == (command != "predict")


def test_prices_are_numbers_once_their_marks_are_known(softntk, prices, tmp_path):
    frame, path = prices
    asked = f"regress {path} --target price --drop town {FAST} --json"
    refused = softntk(asked)
    assert (refused.code, refused.out) == (2, "")
    assert "--thousands ," in refused.err
    assert "classes" in refused.err
    ran = softntk(f"{asked} --thousands , --held-out 0 -o {tmp_path / 'm.npz'}")
    assert ran.code == 0, ran.err
    found = json.loads(ran.out)
    assert (found["d"], found["k"]) == (3, 1)
    assert any("left out" in note and "Unnamed: 0" in note for note in found["notes"])
    # The test file stands otherwise: columns in another order, one more, another separator, numbers without marks.
    plain = frame.assign(price=frame["price"].str.replace(",", ""), more=1.0)
    plain[["price", "more", "age", "size"]].to_csv(tmp_path / "test.csv", sep=";", index=False)
    again = softntk(f"{asked} --thousands , --held-out 0 --test {tmp_path / 'test.csv'}")
    assert again.code == 0, again.err
    tested = json.loads(again.out)["test"]
    assert tested["rows"] == 24
    assert any('"more"' in note for note in tested["notes"])
    predicted = softntk(f"predict {tmp_path / 'm.npz'} {tmp_path / 'test.csv'} --json")
    assert '"more" (no column of the training set)' in predicted.err
    values = np.array(json.loads(predicted.out)["predictions"])[:, 0]
    assert np.sqrt(np.mean((values - plain["price"].astype(float)) ** 2)) == pytest.approx(tested["rmse"], rel=1e-9)


def test_npz_is_tested_on_npz(softntk, tmp_path):
    rng = np.random.default_rng(0)
    for name, shape in (("a", (20, 1)), ("b", (6,))):
        np.savez(tmp_path / f"{name}.npz", inputs=rng.normal(size=(shape[0], 2)), labels=rng.normal(size=shape))
    ran = softntk(f"regress {tmp_path / 'a.npz'} --test {tmp_path / 'b.npz'} {FAST} --json")
    assert ran.code == 0, ran.err
    assert json.loads(ran.out)["test"]["rows"] == 6


def test_equal_rows_are_lines_of_the_file_and_few(softntk, tmp_path):
    rows = np.tile(np.random.default_rng(0).normal(size=(5, 2)), (8, 1))
    np.savetxt(tmp_path / "rows.csv", np.c_[rows, rows[:, 0]], delimiter=",", header="a,b,y", comments="")
    ran = softntk(f"kernel {tmp_path / 'rows.csv'} --target y --width 16 --json")
    found = json.loads(ran.out)["obstacles"]
    assert found[0] == "lines 2 and 7 are equal"
    assert len(found) == 4
    assert found[3] == "and 32 more rows equal to an earlier one"


def test_the_kind_of_a_target_is_said_and_can_be_chosen(softntk, tmp_path):
    path = tmp_path / "stars.csv"
    pd.DataFrame({"a": np.arange(24) / 7 % 1, "stars": np.arange(24) % 5}).to_csv(path, index=False)
    classes = json.loads(softntk(f"regress {path} --target stars {FAST} --json").out)
    assert any("5 different whole numbers (type kind='regression'" in note for note in classes["notes"])
    assert "error_rate" in classes["test"]
    numbers = json.loads(softntk(f"regress {path} --target stars --kind regression {FAST} --json").out)
    assert "rmse" in numbers["test"]


def test_a_score_is_not_learned_of_an_index(softntk, tmp_path):
    path = tmp_path / "rows.csv"
    pd.DataFrame(np.random.default_rng(0).normal(size=(40, 2)), columns=["a", "b"]).to_csv(path)
    found = json.loads(softntk(f"score {path} --learner smoothed --copies 2 --json").out)
    assert found["d"] == 2
    assert any("Unnamed: 0" in note for note in found["notes"])
