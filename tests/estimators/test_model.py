"""Models on disk: exact round trip, and no way to make the reader run or believe something."""

import json

import jax
import numpy as np
import pytest

from softntk.data import load
from softntk.estimators import Model, load_model, save_model
from softntk.failures import BadInput
from softntk.networks import ReLU, antisymmetric


@pytest.fixture
def model(key):
    training, preparation = load("wine", count=20, key=key)
    network = antisymmetric(key, input_size=training.input_size, output_size=3, width=8, features=ReLU())
    moved = network.moved_to(network.hidden + 0.1 * jax.random.normal(key, network.hidden.shape))
    return Model(moved, preparation, {"steps": 3})


def test_what_is_written_is_read(model, tmp_path):
    path = save_model(model, tmp_path / "m.npz")
    again = load_model(path)
    np.testing.assert_array_equal(again.network.hidden, model.network.hidden)
    np.testing.assert_array_equal(again.network.output, model.network.output)
    assert again.network.features.name == "relu"
    assert again.training == {"steps": 3}
    raw = np.random.default_rng(0).normal(size=(5, 13))
    np.testing.assert_array_equal(again.outputs(raw), model.outputs(raw))
    np.testing.assert_array_equal(again.predict(raw), model.predict(raw))
    assert [each.name for each in tmp_path.iterdir()] == ["m.npz"]


def _changed(path, **changes):
    with np.load(path) as file:
        arrays = dict(file)
    arrays.update(changes)
    np.savez(path, **{name: value for name, value in arrays.items() if value is not None})


@pytest.mark.parametrize(
    "changes",
    [
        {"hidden": None},
        {"description": np.array("{")},
        {"description": np.array("[" * 100_000)},
        {"description": np.array(json.dumps({"format": "softntk-model/3"}))},
        {"description": np.array(json.dumps({"format": "softntk-model/2", "kind": "network"}))},
        {"hidden": np.full((14, 8), np.nan)},
        {"hidden": np.zeros((14, 9))},
        {"hidden": np.zeros(14)},
        {"output": np.array([[1, 2]])},
        {"output": np.array([{"a": 1}], dtype=object)},
    ],
)
def test_a_file_that_was_changed_is_refused(model, tmp_path, changes):
    path = save_model(model, tmp_path / "m.npz")
    _changed(path, **changes)
    with pytest.raises(BadInput):
        load_model(path)


def test_a_folder_that_is_not_there_is_refused(model, tmp_path):
    with pytest.raises(BadInput, match="written"):
        save_model(model, tmp_path / "nowhere" / "m.npz")
