"""`softntk sample`: equal seeds give equal samples, also in another process; pictures; refusals."""

import json
import subprocess
import sys

import jax
import numpy as np
import pytest
from matplotlib.image import imread

from softntk.data import mixture_named
from softntk.diffusion import Constant, EmpiricalDenoiser
from softntk.diffusion.model import LearnedScore
from softntk.files import save_model


def model(path, size=2, **description):
    """A model file that holds points of its own, blurred: what it draws is known."""
    points = jax.random.normal(jax.random.key(3), (20, size))
    process = Constant(horizon=5.0)
    denoiser = EmpiricalDenoiser(process, points, 0.05)
    saved = LearnedScore(denoiser, process, 0.01, 5.0, np.full(size, 10.0), np.full(size, 2.0), (), description)
    return save_model(saved, path), 10 + 2 * np.asarray(points)


def drawn(path) -> np.ndarray:
    with np.load(path, allow_pickle=False) as file:
        return file["samples"]


def test_samples_come_in_the_units_of_the_data_and_are_those_of_the_model(softntk, tmp_path):
    path, points = model(tmp_path / "model.npz")
    ran = softntk(f"sample {path} -n 50 --steps 60 --seed 1 -o {tmp_path / 'a.npz'} --picture --json")
    assert ran.code == 0, ran.err
    found = json.loads(ran.out)
    assert (found["n"], found["d"], found["not_finite"]) == (50, 2, 0)
    samples = drawn(found["written"])
    nearest = np.linalg.norm(samples[:, None] - points[None], axis=2).min(axis=1)
    assert nearest.max() < 0.7  # within a few blurs (0.1 in these units) of a point
    assert len(np.unique(samples, axis=0)) == 50
    assert imread(found["picture"]).shape == (600, 600, 4)
    with np.load(found["written"], allow_pickle=False) as file:
        assert json.loads(str(file["description"]))["sampler"] == "ddpm"


def test_equal_seeds_give_equal_samples_also_in_another_process(softntk, tmp_path):
    path, _ = model(tmp_path / "model.npz")
    line = f"sample {path} -n 5 --steps 10 --seed 4 -o"
    assert softntk(f"{line} {tmp_path / 'a.npz'}").code == 0
    subprocess.run([sys.executable, "-m", "softntk", *line.split(), str(tmp_path / "b.npz")], check=True)
    np.testing.assert_array_equal(drawn(tmp_path / "a.npz"), drawn(tmp_path / "b.npz"))
    assert softntk(f"sample {path} -n 5 --steps 10 --seed 5 -o {tmp_path / 'c.npz'}").code == 0
    assert not np.allclose(drawn(tmp_path / "a.npz"), drawn(tmp_path / "c.npz"))


@pytest.mark.parametrize("sampler", ["dpm-solver++", "flow"])
def test_a_mixture_is_sampled_by_its_exact_score(softntk, tmp_path, sampler):
    ran = softntk(f"sample three-gaussians -n 400 --steps 60 --sampler {sampler} --noisy -o {tmp_path / 'x'}")
    assert ran.code == 0, ran.err
    assert "400 samples in 2 dimensions from three-gaussians" in ran.out
    samples, mixture = drawn(tmp_path / "x.npz"), mixture_named("three-gaussians")
    spread = np.sqrt(np.diag(np.asarray(mixture.covariance())) / 400)
    assert (np.abs(samples.mean(axis=0) - np.asarray(mixture.mean())) < 4.5 * spread).all()


def test_images_are_drawn_as_a_sheet_and_many_dimensions_by_components(softntk, tmp_path):
    for image, words in (([4, 3], "images of 4 x 3"), ([], "principal components")):
        path, _ = model(tmp_path / "model.npz", size=12, image=image)
        ran = softntk(f"sample {path} -n 23 --steps 10 -o {tmp_path / 'a.npz'} --picture")
        assert ran.code == 0, ran.err
        assert words in ran.out
        assert imread(tmp_path / "a.png").std() > 0.01


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("sample nowhere.npz", "`model`|nowhere.npz"),
        ("sample three-gaussians -n 0", "`count` must be at least 1"),
        ("sample three-gaussians --sampler rk4", "`sampler` must be one of"),
        ("sample three-gaussians --steps 0", "`steps` must be a positive integer"),
        ("sample three-gaussians --grid even", "`grid` must be one of"),
        ("sample three-gaussians -n 2 --steps 10 -o /nowhere/x.npz", "`output` must be a file that can be written"),
    ],
)
def test_bad_lines_are_refused(softntk, line, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ran = softntk(line)
    assert ran.code == 2
    assert any(part in ran.err for part in message.split("|")), ran.err
