"""`softntk score`: learn, report, save, sample."""

import json

import numpy as np
import pytest

SMALL = "--count 40 --copies 3 --landmarks 40"


def test_a_mixture_is_learned_split_and_sampled(softntk, tmp_path):
    model = tmp_path / "model.npz"
    ran = softntk(f"score three-gaussians {SMALL} --json -o {model}")
    assert ran.code == 0, ran.err
    found = json.loads(ran.out)
    assert found["error"]["learned"]["mean"] < found["variance"]
    parts = found["split"]
    assert parts["total"]["mean"] == pytest.approx(sum(parts[k]["mean"] for k in ("noise", "bias", "cross")))
    drawn = softntk(f"sample {model} -n 5 --steps 10 --seed 3 -o {tmp_path / 'a.npz'}")
    assert drawn.code == 0, drawn.err
    with np.load(tmp_path / "a.npz") as file:
        assert file["samples"].shape == (5, 2)
        assert np.isfinite(file["samples"]).all()


def test_real_data_and_other_kinds(softntk, tmp_path):
    ran = softntk(f"score wine --kind smoothed {SMALL} -o {tmp_path / 'wine'}")
    assert ran.code == 0, ran.err
    assert "held-out error" in ran.out
    assert (tmp_path / "wine.npz").exists()


def test_every_column_of_a_file_is_learned_but_the_target_and_a_table_comes_out(softntk, tmp_path):
    """Also where squares of a column are no floating-point numbers; a column that does not vary stays as it is."""
    rows = np.random.default_rng(0).normal(size=(60, 4)) * [1, 1, 1e200, 0] + np.array([[0.0, 5.0, 3e200, 0.1]])
    path, model, table = tmp_path / "rows.csv", tmp_path / "model", tmp_path / "new.csv"
    np.savetxt(path, rows, delimiter=",", header="y,a,b,c", comments="")
    found = softntk(f"score {path} --target y --learner smoothed {SMALL} --json -o {model}")
    assert found.code == 0, found.err
    drawn = softntk(f"sample {model} -n 200 --steps 20 -o {table}")
    assert drawn.code == 0, drawn.err
    assert f"written: {table}" in drawn.out
    assert table.read_text().splitlines()[0] == "a,b,c"
    samples = np.loadtxt(table, delimiter=",", skiprows=1)
    assert samples.shape == (200, 3)
    ours, theirs = samples / [1, 1e200, 1], rows[:, 1:] / [1, 1e200, 1]
    gap = np.abs(ours.mean(axis=0) - theirs.mean(axis=0))
    np.testing.assert_array_less(gap, 0.5 * theirs.std(axis=0) + 1e-9)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("score cube", "`data` must be one of"),
        ("score digits --learner magic", "`learner` must be one of kernel, softmax"),
        ("score three-gaussians --count 0", "`count` must be a whole number of at least 3"),
        ("score three-gaussians --count 2", "`count` must be a whole number of at least 3"),
        ("score three-gaussians --count 40 --landmarks 0", "`landmarks` must be positive"),
        ("score {three}", "`data` must have at least 4 rows"),
        ("score {same}", "`clean` must hold at least 3 different samples"),
        ("score three-gaussians -o {folder}/model.csv", "`output` must be a name that ends in .npz"),
        ("sample three-gaussians -n 2 -o {folder}/new.txt", "`output` must be a name that ends in .npz or .csv"),
    ],
)
def test_what_cannot_be_learned_is_refused(softntk, tmp_path, line, message):
    three, same = tmp_path / "three.csv", tmp_path / "same.csv"
    three.write_text("a,b\n1,2\n3,4\n5,7\n")
    same.write_text("a,b\n" + "1,2\n" * 20)
    ran = softntk(line.format(three=three, same=same, folder=tmp_path))
    assert ran.code == 2
    assert message in ran.err


def test_four_rows_in_one_dimension_are_enough(softntk, tmp_path):
    path = tmp_path / "four.csv"
    path.write_text("a\n1\n2\n4\n8\n")
    for learner in ("kernel", "neighbors", "smoothed"):
        ran = softntk(f"score {path} --learner {learner} --copies 3 -o {tmp_path / 'm'}")
        assert ran.code == 0, ran.err
        drawn = softntk(f"sample {tmp_path / 'm'} -n 20 --steps 10 -o {tmp_path / 's.csv'}")
        assert drawn.code == 0, drawn.err
        assert np.isfinite(np.loadtxt(tmp_path / "s.csv", delimiter=",", skiprows=1)).all()
