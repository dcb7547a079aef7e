"""Files: what can be read is read as pandas and NumPy see it; what cannot is refused in words; nothing is executed."""

import io

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from softntk.data import ReadOptions, load, read_inputs, read_table
from softntk.failures import BadInput, TooLarge


@pytest.fixture
def frame():
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "length": rng.normal(size=12),
            "count": rng.integers(-5, 5, 12),
            "wet": rng.integers(0, 2, 12).astype(bool),
            "kind": np.array(["oak", "elm", "ash"] * 4),
            "height": rng.normal(size=12) * 100,
        }
    )


@pytest.mark.parametrize("ending", ["csv", "tsv", "semicolon.csv", "parquet", "npy"])
def test_tables_agree_with_pandas(tmp_path, frame, ending):
    path = tmp_path / f"trees.{ending}"
    if ending == "parquet":
        frame.set_index(frame.index + 7).to_parquet(path)
    elif ending == "npy":
        np.save(path, frame.astype({"kind": "U3"}).to_records(index=False, column_dtypes={"kind": "U3"}))
    else:
        frame.to_csv(path, index=False, sep={"csv": ",", "tsv": "\t"}.get(ending, ";"))
    table = read_table(path, "kind")
    assert table.input_names == ("length", "count", "wet", "height")
    np.testing.assert_allclose(table.inputs, frame.drop(columns="kind").to_numpy(float), rtol=1e-15)
    np.testing.assert_array_equal(table.targets, frame["kind"])


def test_a_target_can_be_numbers_truth_values_or_several_columns(tmp_path, frame):
    path = tmp_path / "trees.csv"
    frame.drop(columns="kind").to_csv(path, index=False)
    assert read_table(path, "wet").targets.dtype == bool
    np.testing.assert_allclose(read_table(path, "height").targets, frame["height"], rtol=1e-15)
    for names in (["height", "length"], "height, length"):
        table = read_table(path, names)
        assert table.target_names == ("height", "length")
        assert table.input_names == ("count", "wet")
        np.testing.assert_allclose(table.targets, frame[["height", "length"]], rtol=1e-15)


def test_bad_parquet_files_are_refused(write, tmp_path):
    with pytest.raises(BadInput, match="be a parquet file"):
        read_table(write(b"PAR1 nonsense PAR1", "bad.parquet"), "y")
    path = tmp_path / "nested.parquet"
    pq.write_table(pa.table({"a": [[1.0], [2.0, 3.0]], "y": [0, 1]}), path)
    with pytest.raises(BadInput, match=r'got list.* in column "a"'):
        read_table(path, "y")
    pq.write_table(pa.table({"a": [1.0, None], "y": [0, 1]}), path)
    with pytest.raises(BadInput, match=r'missing value in 1 of 2 rows, column "a" \(row 1\)'):
        read_table(path, "y")
    pq.write_table(pa.table([[1.0], [2.0], [3.0]], names=["a", "a", "y"]), path)
    with pytest.raises(BadInput, match='"a" more than once'):
        read_table(path, "y")
    words = pa.StringArray.from_buffers(2, pa.py_buffer(np.array([0, 1, 2], np.int32)), pa.py_buffer(b"u\xff"))
    pq.write_table(pa.table({"a": [1.0, 2.0], "y": words}), path)
    with pytest.raises(BadInput, match=r"be a parquet file; got .*UTF8"):
        read_table(path, "y")
    pq.write_table(pa.table({"a": np.arange(3.0), "y": [0, 1, 2]}), path)
    whole = path.read_bytes()
    with pytest.raises(BadInput, match="be a parquet file"):
        read_table(write(whole[: len(whole) // 2], "cut.parquet"), "y")


def test_parquet_categories_and_decimals_are_read(tmp_path):
    path = tmp_path / "data.parquet"
    kinds = pa.array(["b", "a", "b"]).dictionary_encode()
    prices = pa.array([1, 2, 3]).cast(pa.decimal128(21, 2))
    pq.write_table(pa.table({"price": prices, "kind": kinds}), path)
    table = read_table(path, "kind")
    np.testing.assert_array_equal(table.inputs[:, 0], [1, 2, 3])
    np.testing.assert_array_equal(table.targets, ["b", "a", "b"])


def test_the_index_of_pandas_is_no_column_of_parquet(tmp_path):
    path = tmp_path / "data.parquet"
    frame = pd.DataFrame({"id": [7, 3, 9], "a": [1.0, 5.0, 2.0], "y": ["u", "v", "u"]})
    for index in (["id"], ["id", "a"]):
        frame.assign(b=1.5).set_index(index).to_parquet(path)
        table = read_table(path, "y")
        assert set(table.input_names) == {"a", "b"} - set(index)
        left = [column.name for column in table.schema if column.role == "left out"]
        assert left == index
        assert any("the index that pandas stored" in note for note in table.notes)
    assert "id" in read_table(path, "y", options=ReadOptions(columns=["id", "b"])).input_names


def test_text_that_holds_numbers_is_numbers_in_every_file(tmp_path):
    """As in a text table; prices as text are not as many classes, wherever they stand."""
    digits, prices = ["3", "0", "7"] * 4, [f"{i},000" for i in range(12)]
    frame = pd.DataFrame({"a": [str(i / 4) for i in range(12)], "y": digits, "price": prices})
    path = tmp_path / "data.parquet"
    frame.to_parquet(path)
    table = read_table(path, "y", options=ReadOptions(drop="price"))
    np.testing.assert_array_equal(table.inputs[:, 0], np.arange(12) / 4)
    np.testing.assert_array_equal(table.targets, np.array(digits, float))
    with pytest.raises(BadInput, match=r'"0,000" .*--thousands ,'):
        read_table(path, "price", options=ReadOptions(drop="y"))
    np.savez(tmp_path / "data.npz", inputs=np.ones((12, 1)), labels=np.array(prices))
    with pytest.raises(BadInput, match=r'"0,000" .*--thousands ,'):
        read_table(tmp_path / "data.npz", None)
    thousands = ReadOptions(thousands=",")
    np.testing.assert_array_equal(
        read_table(tmp_path / "data.npz", None, options=thousands).targets, np.arange(12) * 1000
    )


def test_npz_files_are_read(tmp_path):
    path, inputs = tmp_path / "data.npz", np.arange(6.0).reshape(3, 2)
    for labels in (np.array([1.0, -1.0, 1.0]), np.array([[1], [-1], [1]]), np.array(["u", "v", "u"]), np.eye(3)):
        np.savez_compressed(path, inputs=inputs, labels=labels, other=np.zeros(9))
        table = read_table(path, None)
        np.testing.assert_array_equal(table.inputs, inputs)
        np.testing.assert_array_equal(table.targets, labels[:, 0] if labels.shape == (3, 1) else labels)
    np.savez(path, inputs=np.asfortranarray(inputs), y=np.arange(3))
    np.testing.assert_array_equal(read_table(path, ["y"]).targets, [0, 1, 2])
    np.testing.assert_array_equal(read_table(path, "y").targets, [0, 1, 2])
    np.testing.assert_array_equal(read_inputs(path).inputs, inputs)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"inputs": np.ones((3, 2))}, "hold the array 'labels'; got the arrays inputs"),
        ({"X": np.ones((3, 2)), "y": np.ones(3)}, "hold the array 'inputs'; got the arrays X, y"),
        ({"inputs": np.ones((3, 2)), "labels": np.ones(4)}, "as many labels as inputs"),
        ({"inputs": np.ones(3), "labels": np.ones(3)}, "rows and columns"),
        ({"inputs": np.ones((3, 2, 2)), "labels": np.ones(3)}, r"X.reshape\(len\(X\), -1\)"),
        ({"inputs": np.ones((0, 2)), "labels": np.ones(0)}, r"shape \(0, 2\)"),
        ({"inputs": np.ones((3, 2), complex), "labels": np.ones(3)}, "real numbers"),
        ({"inputs": np.full((3, 2), "a"), "labels": np.ones(3)}, "real numbers"),
        (
            {"inputs": np.array([[1.0, np.nan]]), "labels": np.ones(1)},
            r'missing value in 1 of 1 rows, column "1" \(row 0\)',
        ),
        ({"inputs": np.ones((2, 1)), "labels": np.array([0.0, np.inf])}, r'inf in column "labels" \(row 1\)'),
        ({"inputs": np.ones((2, 1)), "labels": np.array([[0.0, 1], [np.nan, 1]])}, r'column "labels\[0\]" \(row 1\)'),
    ],
)
def test_bad_npz_files_are_refused(tmp_path, arrays, message):
    path = tmp_path / "data.npz"
    np.savez(path, **arrays)
    with pytest.raises(BadInput, match=message):
        read_table(path, None)


def test_an_archive_that_unpacks_to_more_than_memory_is_refused(write, monkeypatch):
    monkeypatch.setattr("softntk.numerics.memory.free_bytes", lambda: 1_000_000)
    packed = io.BytesIO()
    np.savez_compressed(packed, inputs=np.zeros((100_000, 2)), labels=np.zeros(100_000))
    assert len(packed.getvalue()) < 10_000
    with pytest.raises(TooLarge, match=r"reading inputs needs 3\.2 MB"):
        read_table(write(packed.getvalue(), "bomb.npz"), None)
    table = io.BytesIO()
    pq.write_table(pa.table({"a": np.zeros(400_000), "y": np.zeros(400_000)}), table)
    with pytest.raises(TooLarge, match=r"reading bomb\.parquet needs 6\.4 MB"):
        read_table(write(table.getvalue(), "bomb.parquet"), "y")
    with pytest.raises(TooLarge, match=r"reading data.csv"):
        read_table(write("a,y\n" + "1,2\n" * 100_000), "y")


def test_a_matrix_has_columns_named_by_number(tmp_path):
    path = tmp_path / "matrix.npy"
    np.save(path, np.arange(12.0).reshape(4, 3))
    table = read_table(path, "1")
    assert table.input_names == ("0", "2")
    np.testing.assert_array_equal(table.inputs, [[0, 2], [3, 5], [6, 8], [9, 11]])
    np.testing.assert_array_equal(table.targets, [1, 4, 7, 10])
    for bad in (np.arange(3.0), np.ones((2, 2, 2)), np.ones((0, 3))):
        np.save(path, bad)
        with pytest.raises(BadInput, match="hold a matrix"):
            read_table(path, "0")


def test_what_is_not_a_file_is_refused(tmp_path):
    (tmp_path / "folder.csv").mkdir()
    for name, message in (("gone.csv", "No such file"), ("folder.csv", "not a regular file"), ("data.xlsx", "end in")):
        with pytest.raises(BadInput, match=message):
            read_table(tmp_path / name, "y")
    with pytest.raises(BadInput, match="Did you mean digits"):
        load("digit")
