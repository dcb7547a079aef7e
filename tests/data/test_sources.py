"""The one door: draws, splits, what is recorded, and what cannot be used."""

import json
import subprocess
import sys

import jax
import numpy as np
import pytest

from softntk.data import BUILTIN, SYNTHETIC, Preparation, draw_rows, load, load_split, read_builtin, split
from softntk.failures import BadInput

SIZES = {"digits": (1797, 64, 10), "breast_cancer": (569, 30, 1), "wine": (178, 13, 3), "iris": (150, 4, 3)}


@pytest.mark.parametrize("name", BUILTIN)
def test_built_in_sets_load_as_the_theorems_want_them(name):
    data, preparation = load(name)
    rows, columns, outputs = SIZES.get(name, (442, 10, 1))
    assert data.inputs.shape == (rows, columns + 1)
    assert data.labels.shape == (rows, outputs)
    np.testing.assert_allclose(data.norms(), 1, rtol=1e-14)
    assert data.label_norm() <= 1 + 1e-15
    table = read_builtin(name)
    np.testing.assert_allclose(preparation.scaling.invert(np.asarray(data.inputs)), table.inputs, rtol=1e-9, atol=1e-9)
    decoded = preparation.decode(np.asarray(data.labels)).reshape(rows)
    if table.targets.dtype.kind == "U":
        np.testing.assert_array_equal(decoded, table.targets)
    else:
        np.testing.assert_allclose(decoded, table.targets, rtol=1e-12)


def test_draws_are_without_replacement_and_follow_the_key(key):
    rows = draw_rows(key, 100, 40)
    assert len(set(rows.tolist())) == 40
    assert (np.diff(rows) > 0).all()
    np.testing.assert_array_equal(rows, draw_rows(key, 100, 40))
    assert set(rows.tolist()) != set(draw_rows(jax.random.key(1), 100, 40).tolist())
    np.testing.assert_array_equal(draw_rows(key, 7, 7), np.arange(7))
    # Every row is equally likely: 120 draws of 5 in 20 give each row 30 times, within 4.5 standard deviations.
    hits = np.bincount(np.concatenate([draw_rows(jax.random.key(i), 20, 5) for i in range(120)]), minlength=20)
    assert np.abs(hits - 30).max() < 4.5 * np.sqrt(120 * 0.25 * 0.75)


def test_draws_do_not_depend_on_the_precision_of_jax(key):
    code = (
        "import jax; from softntk.data import draw_rows; "
        "print(jax.config.jax_enable_x64, *draw_rows(jax.random.key(20240506), 1797, 10))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", *(str(row) for row in draw_rows(key, 1797, 10))]


def test_drawn_rows_keep_their_place_in_the_table(key):
    data, preparation = load("iris", count=20, key=key, scaling="none")
    np.testing.assert_array_equal(data.inputs, read_builtin("iris").inputs[list(preparation.rows)])
    assert data.output_size == 3
    few, _ = load("digits", count=3, key=key)
    assert few.output_size == 10  # however few of the classes were drawn


def test_held_out_rows_are_disjoint_and_do_not_depend_on_the_training_size(key):
    table = read_builtin("wine")
    seen = []
    for count in (20, 100, None):
        training, held_out, preparation = load_split("wine", key=key, held_out=50, count=count)
        assert training.count == (count or 128)
        raw = preparation.scaling.invert(np.asarray(held_out.inputs))
        trained = preparation.scaling.invert(np.asarray(training.inputs))
        np.testing.assert_allclose(trained, table.inputs[list(preparation.rows)], rtol=1e-9)
        assert not {tuple(row) for row in raw.round(6)} & {tuple(row) for row in trained.round(6)}
        seen.append(raw)
    np.testing.assert_allclose(seen[0], seen[1], rtol=1e-9)
    np.testing.assert_allclose(seen[0], seen[2], rtol=1e-9)


def test_parameters_come_from_the_training_rows_alone(key):
    training, held_out, preparation = load_split("diabetes", key=key, held_out=0.5, scaling="standardize")
    np.testing.assert_allclose(np.asarray(training.inputs).mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(np.asarray(training.inputs).std(axis=0), 1, rtol=1e-12)
    assert np.abs(np.asarray(held_out.inputs).mean(axis=0)).max() > 1e-3
    np.testing.assert_allclose(np.asarray(training.labels).mean(), 0, atol=1e-12)
    table = read_builtin("diabetes")
    assert preparation.encoding.center[0] == pytest.approx(table.targets[list(preparation.rows)].mean(), rel=1e-14)


def test_a_prepared_set_is_split_the_same_way(key):
    data, _ = load("iris")
    training, held_out = split(data, key, held_out=0.2, count=60)
    again, same = split(data, key, held_out=30)
    assert (training.count, held_out.count, again.count) == (60, 30, 120)
    np.testing.assert_array_equal(held_out.inputs, same.inputs)


def test_a_preparation_survives_json_and_repeats_itself(key):
    data, preparation = load("breast_cancer", count=60, key=key)
    again = Preparation.from_dict(json.loads(json.dumps(preparation.to_dict())))
    assert again == preparation
    earlier = {key: value for key, value in preparation.to_dict().items() if key not in ("lines", "schema", "options")}
    assert Preparation.from_dict(earlier).scaling == preparation.scaling
    table = read_builtin("breast_cancer").rows(np.asarray(preparation.rows))
    np.testing.assert_array_equal(again.set_of(table).inputs, data.inputs)
    np.testing.assert_array_equal(again.inputs(table.inputs), data.inputs)
    np.testing.assert_array_equal(again.decode(np.asarray(data.labels)), table.targets)
    for broken in ({}, {**preparation.to_dict(), "input_names": ["a"]}, {**preparation.to_dict(), "rows": 3}):
        with pytest.raises(BadInput):
            Preparation.from_dict(broken)


def test_the_notes_say_what_was_done(tmp_path, key):
    (tmp_path / "trees.csv").write_text("a,b,y\n1,2,oak\n2,5,elm\n4,4,oak\n0,1,ash\n")
    _, preparation = load(tmp_path / "trees.csv", target="y", count=3, key=key)
    words = "\n".join(preparation.notes)
    for part in (
        'trees.csv: 4 rows, 2 input columns ("a", "b"), target "y" (text)',
        "3 of 4 rows",
        "the target is text",
        "3 classes (ash, elm, oak)",
    ):
        assert part in words
    assert "standard deviation" in words
    assert "constant coordinate 1" in words
    overruled = load("diabetes", kind="as-given", scaling="none")[1].notes
    assert overruled[-2:] == (
        "kind as-given, as asked for: labels are used as they are",
        "scaling none: inputs are used as they are",
    )


def test_one_row_and_zero_rows_are_correct_files(tmp_path):
    path = tmp_path / "data.csv"
    path.write_text("a,b,y\n1,2,0.5\n")
    data, preparation = load(path, target="y")
    np.testing.assert_array_equal(data.inputs, [[0, 0, 1]])
    np.testing.assert_array_equal(data.labels, [[1]])
    np.testing.assert_array_equal(preparation.decode(np.asarray(data.labels)), [[0.5]])
    path.write_text("a,b,y\n0,0,0.5\n1,2,0.25\n0,0,1.5\n")
    data, _ = load(path, target="y", scaling="unit")
    assert data.zero_rows() == [0, 2]
    assert data.conflicts() == [(0, 2)]


@pytest.mark.parametrize("name", SYNTHETIC)
def test_synthetic_sets_load_as_drawn(key, name):
    data, preparation = load(name, count=12, key=key, size=6)
    assert data.inputs.shape == (12, 6)
    np.testing.assert_allclose(data.norms(), 1, rtol=1e-14)
    assert data.label_norm() <= 1
    assert preparation.scaling.name == "none"
    training, held_out, _ = load_split(name, key=key, count=12, held_out=8, size=6)
    assert (training.count, held_out.count) == (12, 8)
    lifted, _ = load(name, count=12, key=key, size=6, scaling="standardize")
    np.testing.assert_allclose(np.asarray(lifted.inputs).std(axis=0), 1, rtol=1e-12)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda key: load("iris", count=10), "be given to draw rows"),
        (lambda key: load("sphere"), "be given to draw the synthetic set 'sphere'"),
        (lambda key: load("iris", count=151, key=key), "from 1 to 150"),
        (lambda key: load("iris", count=0, key=key), "from 1 to 150"),
        (lambda key: load("iris", target="petals"), "be left out, or species"),
        (lambda key: load("iris", scaling="sphericle"), "`scaling` must be one of sphere"),
        (lambda key: load("iris", kind="clusters"), "`kind` must be one of"),
        (lambda key: load("iris", kind="regression"), "hold numbers to be used for regression"),
        (lambda key: load("sphere", key=key, size=0), "`size` must be a positive integer"),
        (lambda key: load("sphere", key=key, count=0), "`count` must be a positive integer"),
        (lambda key: load_split("iris", key=key, held_out=150), "`held_out`"),
        (lambda key: load_split("iris", key=key, held_out=0), "`held_out`"),
        (lambda key: load_split("iris", key=key, held_out=float("nan")), "`held_out`"),
        (lambda key: load_split("iris", key=key, held_out=100, count=51), "from 1 to 50"),
        (lambda key: load_split("teacher", key=key, held_out=-3), "`held_out`"),
        (lambda key: read_builtin("mnist"), "be one of digits"),
    ],
)
def test_bad_requests_are_refused(key, call, message):
    with pytest.raises(BadInput, match=message):
        call(key)
