"""`softntk score`: learn, report, save, sample."""

import json

import numpy as np
import pytest

SMALL = "--count 40 --views 3 --landmarks 40"


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


def test_every_column_of_a_file_is_learned_but_the_target(softntk, tmp_path):
    rows = np.random.default_rng(0).normal(size=(60, 3)) + np.array([[0.0, 5.0, 100.0]])
    path = tmp_path / "rows.csv"
    np.savetxt(path, rows, delimiter=",", header="a,b,c", comments="")
    for options, size in (("", 3), ("--target c", 2)):
        found = softntk(f"score {path} {options} {SMALL} --json -o {tmp_path / 'm'}")
        assert found.code == 0, found.err
        assert softntk(f"sample {tmp_path / 'm.npz'} -n 200 --steps 20 -o {tmp_path / 's'}").code == 0
        with np.load(tmp_path / "s.npz") as file:
            samples = file["samples"]
        assert samples.shape == (200, size)
        np.testing.assert_allclose(samples.mean(axis=0), rows[:, :size].mean(axis=0), atol=0.5)


def test_what_cannot_be_learned_is_refused(softntk):
    assert softntk("score cube").code == 2
    assert softntk("score digits --kind magic").code == 2
