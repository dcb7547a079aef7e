"""Every door through which a file comes in, with random damage: a value, or a refusal in four parts, and soon."""

import time
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import xarray as xr

from softntk.data import load, read_table
from softntk.diffusion import Constant, EmpiricalDenoiser
from softntk.diffusion.model import LearnedScore
from softntk.estimators import KernelModel, Model, load_model, save_model
from softntk.failures import BadInput, TooLarge
from softntk.files import write_npz
from softntk.kernels import LimitKernel
from softntk.networks import ReLU, Softmax, antisymmetric
from softntk.records import Record, read, write
from softntk.regression.checkpoint import read_state, write_state
from softntk.regression.predictor import Predictor, Sections
from softntk.studies.cells import KeptCells

SECONDS = 60.0  # for all damage to one door, on a busy machine; a reader that hangs takes longer


@dataclass
class State:
    """What a checkpoint holds."""

    residual: np.ndarray


@pytest.fixture(scope="module")
def prepared():
    return load("wine", count=6, key=jax.random.key(0))


def table_npz(path, _):
    write_npz(path, {"inputs": np.arange(6.0).reshape(3, 2), "labels": np.array(["a", "b", "a"])})
    return path, lambda: read_table(path, None)


def table_npy(path, _):
    path = path.with_suffix(".npy")
    np.save(path, np.array([(1.0, "a"), (2.0, "b")], [("x", "<f8"), ("y", "<U1")]))
    return path, lambda: read_table(path, "y")


def network(path, prepared):
    training, preparation = prepared
    sizes = {"input_size": training.input_size, "output_size": 3, "width": 4}
    save_model(Model(antisymmetric(jax.random.key(1), features=ReLU(), **sizes), preparation), path)

    def use():
        model = load_model(path, Model)
        return model.predict(np.ones((1, len(model.preparation.input_names))))

    return path, use


def kernel(path, prepared):
    training, preparation = prepared
    predictor = Predictor(Sections(LimitKernel(Softmax(), 1.1), training.inputs), jnp.ones((6, 3)))
    save_model(KernelModel(predictor, preparation), path)
    return path, lambda: load_model(path, KernelModel)


def score(path, _):
    process = Constant(horizon=5.0)
    denoiser = EmpiricalDenoiser(process, jnp.ones((4, 2)), 0.1)
    save_model(LearnedScore(denoiser, process, 0.01, 5.0, np.zeros(2), np.ones(2)), path)
    return path, lambda: load_model(path, LearnedScore)


def record_of(part):
    def door(path, _):
        arrays = xr.Dataset({"a": ("n", np.arange(5.0), {"long_name": "a"})})
        made = Record("it", "What?", {}, [0], {}, arrays, [], [], "x", 1.0)
        folder = write(made, path.parent)
        return folder / part, lambda: read(path.parent, "it")

    return door


def cell(path, _):
    cells = KeptCells(path.parent, "it", {}, {})
    cells.keep("one", {"a": np.arange(5.0)}, 1.0)
    (kept,) = (path.parent / ".cells").rglob("*.npz")
    return kept, lambda: cells.read("one")


def checkpoint(path, _):
    write_state(path, "mine", State(np.arange(5.0)))
    return path, lambda: read_state(path, "mine", State)


DOORS = {
    "table, npz": table_npz,
    "table, npy": table_npy,
    "network": network,
    "kernel": kernel,
    "score": score,
    "record, arrays": record_of("arrays.nc"),
    "record, description": record_of("record.json"),
    "cell": cell,
    "checkpoint": checkpoint,
}


def damaged(content: bytes, rng: np.random.Generator) -> bytes:
    changed = bytearray(content)
    kind = rng.integers(0, 4)
    if kind == 0:  # cut
        return bytes(changed[: rng.integers(0, len(changed))])
    for at in rng.integers(0, len(changed), 1 if kind == 1 else 6):
        changed[at] = rng.integers(0, 256)
    if kind == 3:  # a piece twice
        start, end = sorted(rng.integers(0, len(changed), 2).tolist())
        changed[start:start] = changed[start:end]
    return bytes(changed)


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize("name", DOORS)
def test_random_damage_is_refused_or_read_and_soon(tmp_path, prepared, name):
    rng = np.random.default_rng(0)
    path, use = DOORS[name](tmp_path / "file.npz", prepared)
    use()
    original, refused, started = path.read_bytes(), 0, time.perf_counter()
    for _ in range(60):
        path.write_bytes(damaged(original, rng))
        try:
            refused += use() is None
        except (BadInput, TooLarge):
            refused += 1
    assert refused > 30
    assert time.perf_counter() - started < SECONDS


MUTATIONS = {
    "network": [
        ("hidden", np.ones((3, 4))),
        ("output", np.ones((3, 5))),
        ("output", np.ones((2, 4))),
        ("output", np.zeros((3, 0))),
        ("hidden", np.full((14, 4), np.inf)),
        ("description", np.array('{"format": "softntk-model/2", "kind": []}')),
        ("description", np.array('{"format": [], "kind": "network"}')),
        ("description", np.array("3")),
        ("description", np.array(["{}", "{}"])),
    ],
    "kernel": [
        ("coefficients", np.ones((6, 2))),
        ("coefficients", np.ones((5, 3))),
        ("coefficients", np.ones((6, 3), np.float32)),
        ("points", np.ones((6, 3))),
        ("points", np.ones(6)),
    ],
    "score": [
        ("points", np.ones((4, 3))),
        ("points", np.ones(4)),
        ("shift", np.zeros(3)),
        ("factor", -np.ones(2)),
        ("factor", np.ones((2, 1))),
    ],
}


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize("kind", MUTATIONS)
def test_models_whose_parts_do_not_fit_are_refused_when_they_are_loaded(tmp_path, prepared, kind):
    path, use = DOORS[kind](tmp_path / "file.npz", prepared)
    use()
    with np.load(path) as file:
        arrays = dict(file)
    for name, value in MUTATIONS[kind]:
        np.savez(path, **arrays | {name: value})
        with pytest.raises(BadInput) as failure:
            load_model(path)
        assert "model.npz" in failure.value.advice, name
    other = {"network": LearnedScore, "kernel": Model, "score": Model}[kind]
    np.savez(path, **arrays)
    with pytest.raises(BadInput, match=f"a {kind}. Use it with softntk"):
        load_model(path.with_suffix(""), other)


def test_a_model_that_could_not_be_read_again_is_not_written(tmp_path):
    process = Constant(horizon=5.0)
    denoiser = EmpiricalDenoiser(process, jnp.ones((4, 2)), 0.1)
    with pytest.raises(BadInput, match="others in factor"):
        save_model(LearnedScore(denoiser, process, 0.01, 5.0, np.zeros(2), np.array([1.0, np.inf])), tmp_path / "m")
    assert list(tmp_path.iterdir()) == []
