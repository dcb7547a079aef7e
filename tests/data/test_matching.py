"""Files that meet a model: their columns are found by name, whatever their order, and what does not fit is refused."""

import json

import numpy as np
import pandas as pd
import pytest

from softntk.data import Preparation, ReadOptions, load, read_matching
from softntk.failures import BadInput


@pytest.fixture
def frame():
    rng = np.random.default_rng(3)
    return pd.DataFrame({"a": rng.normal(size=9), "b, c": rng.normal(size=9), "y": ["u", "v", "w"] * 3})


@pytest.fixture
def trained(tmp_path, frame):
    frame.to_csv(tmp_path / "train.csv")
    return load(tmp_path / "train.csv", target="y")


def test_columns_are_found_by_name(tmp_path, frame, trained):
    training, preparation = trained
    assert preparation.input_names == ("a", "b, c")
    for name, write in (
        ("same.csv", lambda path: frame.to_csv(path)),
        ("order.csv", lambda path: frame[["y", "b, c", "a"]].to_csv(path, index=False, sep=";", decimal=",")),
        ("more.csv", lambda path: frame.assign(note="text", z=1.0)[["z", "b, c", "note", "y", "a"]].to_csv(path)),
        ("other.parquet", lambda path: frame[["b, c", "a", "y"]].set_index("y").reset_index().to_parquet(path)),
    ):
        write(tmp_path / name)
        table = read_matching(tmp_path / name, preparation)
        again = preparation.set_of(table)
        np.testing.assert_array_equal(again.inputs, training.inputs)
        np.testing.assert_array_equal(again.labels, training.labels)
        left = [column.name for column in table.schema if column.role == "left out"]
        assert [each for each in left if each != "Unnamed: 0"] == (["z", "note"] if "more" in name else [])
        assert ("more" in name) == any('"note"' in note for note in table.notes)


def test_inputs_alone_need_no_target(tmp_path, frame, trained):
    frame.drop(columns="y").iloc[::-1, ::-1].to_csv(tmp_path / "new.csv", index=False)
    table = read_matching(tmp_path / "new.csv", trained[1], targets=False)
    np.testing.assert_array_equal(table.inputs, frame[["a", "b, c"]].to_numpy()[::-1])
    assert table.targets.shape == (9, 0)
    np.savez(tmp_path / "new.npz", inputs=frame[["a", "b, c"]].to_numpy())
    table = read_matching(tmp_path / "new.npz", trained[1], targets=False)
    np.testing.assert_array_equal(table.inputs, frame[["a", "b, c"]])
    assert any("order of training" in note for note in table.notes)


@pytest.mark.parametrize("kind", ["rename", "drop", "target", "class", "text", "missing", "narrow"])
def test_what_does_not_fit_is_refused(tmp_path, frame, trained, kind):
    changed, message = {
        "rename": (frame.rename(columns={"a": "A"}), r'have the column "a", as in training; got .* "A", "b, c", "y"'),
        "drop": (frame.drop(columns=["a", "b, c"]), 'have the columns "a", "b, c", as in training'),
        "target": (frame.drop(columns="y"), 'have the column "y", which was learned'),
        "class": (frame.assign(y=["u", "v", "new"] * 3), r'classes "u", "v", "w"; got "new" in lines 4, 7 and 10'),
        "text": (frame.assign(a="x"), r'"x" \(lines 2, .*--drop a'),
        "missing": (frame.assign(y=["u", "NA", "w"] * 3), r'3 of 9 rows, column "y" \(lines 3, 6 and 9\)'),
        "narrow": (frame[["a", "y"]], 'the column "b, c"'),
    }[kind]
    changed.to_csv(tmp_path / "test.csv", index=False)
    with pytest.raises(BadInput, match=message):
        trained[1].set_of(read_matching(tmp_path / "test.csv", trained[1]))


def test_classes_that_read_like_numbers_stay_text(tmp_path):
    """A test file may hold only those of the classes that are numbers."""
    (tmp_path / "a.csv").write_text("x,y\n1,1\n2,2\n5,A\n3,B\n2,A\n9,B\n")
    (tmp_path / "b.csv").write_text("x,y\n1,1\n2,2\n")
    training, preparation = load(tmp_path / "a.csv", target="y")
    again = preparation.set_of(read_matching(tmp_path / "b.csv", preparation))
    np.testing.assert_array_equal(again.labels, training.labels[:2])


@pytest.mark.parametrize("columns", [0, 1, 2])
def test_npz_labels_of_any_shape_meet_again(tmp_path, columns):
    rng = np.random.default_rng(0)
    labels = rng.normal(size=(8, columns) if columns else 8)
    np.savez(tmp_path / "a.npz", inputs=rng.normal(size=(8, 3)), labels=labels)
    training, preparation = load(tmp_path / "a.npz")
    again = preparation.set_of(read_matching(tmp_path / "a.npz", preparation))
    np.testing.assert_array_equal(again.labels, training.labels)
    np.savez(tmp_path / "b.npz", inputs=np.ones((2, 4)), labels=np.ones((2, max(columns, 1))))
    with pytest.raises(BadInput, match="have 3 input columns, as in training; got 4"):
        read_matching(tmp_path / "b.npz", preparation)


def test_new_rows_of_a_matrix_come_with_or_without_the_target(tmp_path):
    path = tmp_path / "matrix.npy"
    np.save(path, np.arange(12.0).reshape(4, 3) ** 2)
    training, preparation = load(path, target="1")
    np.testing.assert_array_equal(preparation.set_of(read_matching(path, preparation)).inputs, training.inputs)
    np.save(path, (np.arange(12.0).reshape(4, 3) ** 2)[:, [0, 2]])
    new = read_matching(path, preparation, targets=False)
    np.testing.assert_array_equal(preparation.inputs(new.inputs), training.inputs)


def test_a_file_is_read_as_the_training_set_was(tmp_path):
    """The options of the training set are kept with its preparation, through JSON too."""
    (tmp_path / "a.csv").write_text('x,y\n1,"1,000"\n2,"2,000"\n5,"9,500"\n')
    options = ReadOptions(thousands=",", missing=("?", "none"))
    training, preparation = load(tmp_path / "a.csv", target="y", options=options)
    preparation = Preparation.from_dict(json.loads(json.dumps(preparation.to_dict())))
    assert preparation.options == options
    assert preparation.places.several(range(3)) == "lines 2, 3 and 4"
    np.testing.assert_array_equal(
        preparation.set_of(read_matching(tmp_path / "a.csv", preparation)).labels, training.labels
    )
    with pytest.raises(BadInput, match='"1,000"'):
        read_matching(tmp_path / "a.csv", preparation, options=ReadOptions())
