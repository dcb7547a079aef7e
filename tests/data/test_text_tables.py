"""Text tables as pandas, R, spreadsheets and UCI write them: read as pandas reads them, or refused in words."""

import csv
import pickle

import numpy as np
import pandas as pd
import pytest

from softntk.data import MISSING, ReadOptions, load, read_inputs, read_table
from softntk.failures import BadInput


@pytest.fixture
def trees():
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "length": rng.normal(size=40) * 10,
            "girth, cm": rng.integers(-5, 5, 40),
            "wet": rng.integers(0, 2, 40).astype(bool),
            "kind": np.array(["oak", "elm; red", "ash", "fir"] * 10),
        }
    )


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"sep": "\t"},
        {"sep": ";"},
        {"sep": ";", "decimal": ","},
        {"sep": "|"},
        {"decimal": ","},
        {"quoting": csv.QUOTE_ALL},
        {"quoting": csv.QUOTE_NONNUMERIC, "lineterminator": "\r\n"},
        {"encoding": "utf-8-sig", "lineterminator": "\r"},
    ],
)
@pytest.mark.parametrize("index", [False, True])
def test_what_pandas_writes_is_read_without_the_index(tmp_path, trees, options, index):
    path = tmp_path / "trees.csv"
    trees.to_csv(path, index=index, **options)
    table = read_table(path, "kind")
    assert table.input_names == ("length", "girth, cm", "wet")
    np.testing.assert_array_equal(table.inputs, trees.drop(columns="kind").to_numpy(float))
    np.testing.assert_array_equal(table.targets, trees["kind"])
    assert ["names or counts the rows" in note for note in table.notes].count(True) == index
    assert [(column.name, column.role) for column in table.schema if column.role == "left out"] == (
        [("Unnamed: 0", "left out")] if index else []
    )
    assert table.places.several(range(2)) == "lines 2 and 3"


def test_what_r_writes_is_read_without_the_names_of_the_rows(write):
    cars = '"","mpg","gear"\n"Mazda RX4",21,4\n"Datsun 710",22.8,4\n"Valiant",18.1,3\n'
    iris = '"","Sepal.Length","Species"\n"1",5.1,"setosa"\n"2",4.9,"virginica"\n'
    assert read_table(write(cars), "gear").input_names == ("mpg",)
    table = read_table(write(iris), "Species")
    np.testing.assert_array_equal(table.inputs, [[5.1], [4.9]])
    assert read_inputs(write(cars)).input_names == ("mpg", "gear")
    # A first column without a name that holds fractions is data, and so is an index that is asked for.
    assert read_table(write(",y\n0.5,1\n1.5,2\n2.25,0\n"), "y").input_names == ("Unnamed: 0",)
    asked = read_table(write(iris), "Species", options=ReadOptions(columns=("Unnamed: 0", "Sepal.Length")))
    np.testing.assert_array_equal(asked.inputs, [[1, 5.1], [2, 4.9]])


@pytest.mark.parametrize(
    ("content", "names", "rows", "said"),
    [
        ("5.1,3.5,setosa\n4.9,3,setosa\n6,2,other\n", ("0", "1", "2"), 3, "no header line"),  # as UCI writes
        ("1,2\n3,4\n", ("0", "1"), 2, "no header line"),
        ("?,1\n3,4\n5,6\n", ("0", "1"), 3, "no header line"),
        ("1,2\n", ("0", "1"), 1, "no header line"),
        ("0,1,2\n.5,2,3\n2,3,4\n", ("0", "1", "2"), 2, "counts its columns"),  # pandas, of a matrix
        (",0,1\n0,.5,2\n1,2,3\n", ("Unnamed: 0", "0", "1"), 2, "counts its columns"),
        ('"2001","2002"\n1,2\n3,4\n', ("2001", "2002"), 2, "alone is quoted"),
        ("a,2001\n1,2\n3,4\n", ("a", "2001"), 2, ""),
        ("a,y\nu,v\n", ("a", "y"), 1, ""),
        ("'a b','y'\n'1','2'\n", ("a b", "y"), 1, ""),
        ("\na,y\n\n1, 2\n3 ,4", ("a", "y"), 2, ""),
        ("a,b,\n1,2,\n3,4,\n", ("a", "b", "Unnamed: 2"), 2, ""),
    ],
)
def test_the_header_is_found_and_said(write, content, names, rows, said):
    from softntk.data.files import read_columns

    columns = read_columns(write(content), (), ReadOptions())
    assert (columns.names, columns.count) == (names, rows)
    assert said in " ".join(columns.notes)
    assert bool(said) == bool(columns.notes)
    other = read_columns(write(content), (), ReadOptions(header=columns.numbered))
    assert other.count == rows + (-1 if columns.numbered else 1)


def test_a_word_for_missing_entries_is_no_name(write):
    path = write("unknown,2.5\n1,3\n2,4.5\n")
    assert read_inputs(path).input_names == ("unknown", "2.5")
    with pytest.raises(BadInput, match=r'column "0" \(line 1\)'):
        read_inputs(path, options=ReadOptions(missing="unknown"))


def test_a_comma_in_a_name_does_not_separate_columns(write):
    for content in (
        "weight, kg;price\n1;2\n3;4\n",
        "weight, kg;price\n1,5;2,5\n3;4,25\n",
        '"weight, kg"\tprice\n1\t2\n',
        '"weight, kg",price\n1,2\n',
        "a|b;c\n1|2\n",
    ):
        assert len(read_inputs(write(content)).input_names) == 2
    table = read_table(write("weight, kg;price\n1,5;2,5\n3;4,25\n"), "price")
    np.testing.assert_array_equal(table.inputs[:, 0], [1.5, 3])
    np.testing.assert_array_equal(table.targets, [2.5, 4.25])
    assert {"columns are separated by semicolons"} < set(table.notes)
    assert "decimal commas" in table.notes[2]


def test_marks_within_numbers(write):
    def targets(content, **options):
        return read_table(write(content), "y", options=ReadOptions(**options)).targets.tolist()

    prices = 'x,y\n5,"100,000"\n3,"90,500"\n'
    assert targets(prices, thousands=",") == [100_000, 90_500]
    assert targets(prices, decimal=",") == [100, 90.5]
    assert targets('x,y\n5,"1,234.5"\n3,"90,500"\n') == [1234.5, 90_500]  # the first cannot be meant otherwise
    assert targets("x;y\n5;1.234,5\n3;90.500\n") == [1234.5, 90_500]
    assert targets("x;y\n5;1.234\n3;90.500\n") == [1.234, 90.5]
    assert targets("x;y\n5;1'234\n3;90\n", thousands="'") == [1234, 90]
    assert targets("x,y\n5,+1e3\n3,.5\n7,-2.\n") == [1000, 0.5, -2]
    with pytest.raises(BadInput, match="`target`"):  # 1,5 is no number with a mark between thousands
        targets('x,y\n5,"1,5"\n3,2.5\n', thousands=",")


def test_one_rule_for_missing_entries(tmp_path):
    """In inputs and in targets, among text and among numbers, in text tables, parquet and NumPy files."""
    words = [*MISSING, " NA ", "?"]
    texts, numbers = ["u", *words, "v"], ["0.5", *words, "7"]
    table = pd.DataFrame({"one": 1.0, "text": texts, "number": numbers})
    table.to_csv(tmp_path / "data.csv", index=False)
    table.to_parquet(tmp_path / "data.parquet")
    np.savez(tmp_path / "data.npz", inputs=np.ones((len(texts), 1)), labels=np.array(texts))
    for name, target, drop, found in (
        ("data.csv", "text", "number", "lines 3, 4, 5, 6, 7 and 16 more"),
        ("data.csv", "number", "text", "lines 3, 4, 5, 6, 7 and 16 more"),
        ("data.csv", "one", "text", "lines 3, 4, 5, 6, 7 and 16 more"),
        ("data.parquet", "text", "number", "rows 1, 2, 3, 4, 5 and 16 more"),
        ("data.parquet", "one", "text", "rows 1, 2, 3, 4, 5 and 16 more"),
        ("data.npz", None, (), "rows 1, 2, 3, 4, 5 and 16 more"),
    ):
        with pytest.raises(BadInput, match=rf"a missing value in 21 of 23 rows, column .* \({found}\)"):
            read_table(tmp_path / name, target, options=ReadOptions(missing="?", drop=drop))


def test_numbers_can_stand_for_missing_entries(write):
    path = write("a,y\n1,-999\n-999.0,2\n3,3\n")
    with pytest.raises(BadInput, match=r'2 of 3 rows, columns "a" \(line 3\) and "y" \(line 2\)'):
        read_table(path, "y", options=ReadOptions(missing="-999"))
    assert read_table(path, "y").targets[0] == -999


def test_spaces_around_classes_are_no_part_of_them(write):
    content = "x,y\n1,a\n2, a\n4,b \n0,b\n"
    assert read_table(write(content), "y").targets.tolist() == ["a", "a", "b", "b"]
    assert load(write(content), target="y")[1].encoding.classes == ("a", "b")


NAMES = "x,y\n" + "".join(f"{i / 2},name {i}\n" for i in range(30))
PRICES = "x,y\n" + "".join(f'{i / 2},"{100 + i},000"\n' for i in range(60))
UNKNOWN = "x,y\n" + "".join(f"{i / 2},{'?' if i in (3, 50) else i * 1.5}\n" for i in range(68))


@pytest.mark.parametrize(
    ("content", "target", "options", "message"),
    [
        (b"", "y", {}, "is empty"),
        ("\n\n", "y", {}, "lines with content"),
        ("a,y\n", "y", {}, "no rows"),
        ("a,y\n1,2\n\n3\n", "y", {}, "got 1 field in line 4, and 2 in the first"),
        ("a,y\n1,2\n3,4,5\n", "y", {}, "got 3 fields in line 3, and 2 in the first"),
        ('a, b,"c,d"\n1,2,3\n', None, {}, 'the columns are "a", "b", "c,d". Type target="c,d"'),
        ("a,y\n1,2\n", "z", {}, 'be one of "a", "y"; got "z"'),
        ("1,2\n3,4\n", "y", {}, 'one of "0", "1".*first line holds the names, .*--header'),
        ("a,y\n1,2\n", ["y", "y"], {}, "different columns"),
        ("y\n2\n", "y", {}, "at least one input column"),
        ("a;b;c\n1;2;3\n", "a;b;c", {"delimiter": ","}, 'the columns "a;b;c" in .*--delimiter ";"'),
        ("a,b,y\n1,2,0\nred,4,1\n", "y", {}, r'"red" \(line 3\) in column "a".*--missing red.*--drop a\)'),
        ("s,p,y\nm,S,1\nf,C,0\n", "y", {}, r'"m" \(line 2\).* in column "s" and "S" .*--drop s --drop p\)'),
        ("a,b,y\n1,2,0\n3,,1\n", "y", {}, r'1 of 2 rows, column "b" \(line 3\).*--drop b\)'),
        ("a,b,y\n1,2,0\n3,NaN,\n", "y", {}, r'1 of 2 rows, columns "b" \(line 3\) and "y" \(line 3\)'),
        ("a,b,y\n1,2,0\n3,1e999,1\n", "y", {}, r'inf in column "b" \(line 3\)'),
        ("a,b,y\n1,2,-inf\n3,5,1\n", "y", {}, r'-inf in column "y" \(line 2\)'),
        ("a,b,y\n1,2020-01-01,0\n", "y", {}, r'"2020-01-01" \(line 2\) in column "b"'),
        ("a,a,y\n1,2,0\n", "y", {}, '"a" more than once'),
        ("a,y\n1,2\n".encode("utf-16"), "y", {}, "byte 0xff in line 1 .*--encoding utf-16"),
        (b"a,y\n" + b"1,2\n" * 70_000 + b"1,M\xfcller\n", "y", {}, "byte 0xfc in line 70002 .*--encoding cp1252"),
        (b"\x00\x01\x02\x03", "y", {}, "zero byte in line 1"),
        (b'a,y\n"1,2\n', "y", {}, "got 1 field in line 2"),
        (pickle.dumps({"a": 1}), "y", {}, "got "),
        (PRICES, "y", {}, r'"100,000" \(line 2\).* 57 more.*--thousands ,\) if 100,000 means 100000.*--decimal ,'),
        (UNKNOWN, "y", {}, r'66 numbers and "\?" \(lines 5 and 52\).*--missing "\?"\).*--kind classification'),
        (UNKNOWN, "y", {"missing": "?"}, r'missing value in 2 of 68 rows, column "y" \(lines 5 and 52\)'),
        (NAMES, "y", {}, r"30 different texts in 30 rows: .name 0., .*--kind classification"),
        ("a,y\n1,$5.00\n2,$6.00\n", "y", {}, "plain numbers, without units"),
        ("a,y\n1,1 234\n2,1 000\n", "y", {}, '--thousands " "'),
        ("a,y\n1,x\n2,3.5\n", ["a", "y"], {}, "at least one input"),
        ("a,b,y\n1,2,x\n2,3.5,z\n", ["b", "y"], {}, r'`target` must hold numbers.*"x" \(line 2\)'),
        ("a,y\n1,2\n", "y", {"drop": "b"}, '`drop` must be one of "a", "y"; got "b"'),
        ("a,b,y\n1,2,3\n", "y", {"drop": "a, b"}, "Leave fewer columns out"),
    ],
)
def test_bad_text_tables_are_refused(write, content, target, options, message):
    with pytest.raises(BadInput, match=message) as caught:
        read_table(write(content), target, options=ReadOptions(**options))
    assert "row" not in caught.value.got or "rows" in caught.value.got  # a text table has lines
    assert len(str(caught.value)) < 900


def test_what_was_refused_is_read_once_the_caller_says_what_it_is(write):
    assert read_table(write(NAMES), "y", kind="classification").targets[3] == "name 3"
    assert read_table(write(UNKNOWN), "y", kind="classification").targets[3] == "?"
    latin = write("a,y\n1,Müller\n2,b\n".encode("cp1252"))
    assert read_table(latin, "y", options=ReadOptions(encoding="cp1252")).targets[0] == "Müller"
    wide = write("a,y\n1,2\n".encode("utf-16"))
    assert read_table(wide, "y", options=ReadOptions(encoding="utf-16")).targets[0] == 2
    assert read_table(write("id,a,y\n7,2,3\n5,1,0\n"), "y", options=ReadOptions(drop="id")).input_names == ("a",)
    assert read_inputs(write("id,a,y\n7,2,3\n5,1,0\n"), options=ReadOptions(columns="y, a")).input_names == ("y", "a")


@pytest.mark.parametrize(
    "options",
    [
        {"decimal": ";"},
        {"thousands": ";"},
        {"decimal": ",", "thousands": ","},
        {"delimiter": ";;"},
        {"delimiter": ",", "decimal": ","},
        {"quote": "\n"},
        {"encoding": "latin-99"},
    ],
)
def test_options_that_cannot_be_are_refused(options):
    with pytest.raises(BadInput, match="on the command line: --"):
        ReadOptions(**options)


def test_what_a_column_holds_does_not_depend_on_the_order_of_its_rows(write):
    lines = [*(f"{i},{i / 7!r},{i % 3}" for i in range(40_000)), "1,2.5,x"]
    targets = []
    for order in (lines, lines[::-1]):
        table = read_table(write("\n".join(["a,b,y", *order])), "y", kind="classification")
        np.testing.assert_array_equal(np.sort(table.inputs[:, 1]), np.sort([*(np.arange(40_000) / 7), 2.5]))
        targets.append(sorted(set(table.targets)))
    assert targets == [["0", "1", "2", "x"]] * 2


def test_lines_are_those_of_an_editor(write):
    """Also where lines are empty and where a field runs over several of them."""
    path = write('\na,y\n1,"u\nu"\n\n2,v\n')
    table = read_table(path, "y")
    assert table.places.several(range(2)) == "lines 3 and 6"
    with pytest.raises(BadInput, match=r"\(line 6\)"):
        read_table(path, "y", options=ReadOptions(missing="v"))


def test_an_input_that_counts_the_rows_is_said(write):
    assert any('"id" counts the rows' in n for n in read_table(write("id,a,y\n1,5,0\n2,7,3\n3,6,9\n"), "y").notes)
