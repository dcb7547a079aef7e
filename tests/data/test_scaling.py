"""Scalings against scikit-learn, their inverses, and the eigenvalue that depends on them."""

import json

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.preprocessing import StandardScaler, normalize

from softntk.data import SCALINGS, Scaling, load
from softntk.failures import BadInput

NUMBERS = st.floats(-1e6, 1e6, allow_subnormal=False).map(lambda x: round(x, 3))
MATRICES = st.tuples(st.integers(1, 6), st.integers(1, 5)).flatmap(
    lambda shape: arrays(np.float64, shape, elements=NUMBERS)
)


@given(MATRICES)
@settings(max_examples=50, deadline=None)
def test_every_scaling_but_unit_can_be_undone_and_recorded(inputs):
    for name in SCALINGS:
        scaling = Scaling.fit(name, inputs)
        scaled = scaling.apply(inputs)
        again = Scaling.from_dict(json.loads(json.dumps(scaling.to_dict())))
        assert again == scaling
        np.testing.assert_array_equal(again.apply(inputs), scaled)
        if name == "unit":
            with pytest.raises(BadInput, match="scaling='sphere'"):
                scaling.invert(scaled)
        else:
            np.testing.assert_allclose(scaling.invert(scaled), inputs, atol=1e-12 * (1 + np.abs(inputs).max()))


@pytest.fixture
def inputs():
    raw = np.random.default_rng(3).normal(size=(30, 4)) * np.array([[1.0, 50.0, 0.0, 1e-4]]) + np.array(
        [[0, 9, 0.1, 2]]
    )
    raw[:, 2] = 0.1  # constant, and its mean is not exactly 0.1
    return raw


def test_sphere_is_standardize_append_normalize(inputs):
    expected = normalize(np.hstack([StandardScaler().fit_transform(inputs), np.ones((30, 1))]))
    scaled = Scaling.fit("sphere", inputs).apply(inputs)
    np.testing.assert_allclose(scaled, expected, atol=1e-11)
    np.testing.assert_allclose(np.linalg.norm(scaled, axis=1), 1, rtol=1e-15)


def test_hemisphere_is_standardize_divide_complete(inputs):
    flat = StandardScaler().fit_transform(inputs)
    reach = np.linalg.norm(flat, axis=1).max()
    scaling = Scaling.fit("hemisphere", inputs)
    scaled = scaling.apply(inputs)
    np.testing.assert_allclose(scaled[:, :-1], flat / reach, atol=1e-11)
    np.testing.assert_allclose(np.linalg.norm(scaled, axis=1), 1, rtol=1e-15)
    assert (scaled[:, -1] >= 0).all()
    # A new row beyond the largest norm goes to the edge, on its own ray.
    center = inputs.mean(axis=0)
    beyond = scaling.apply(center + 100 * (inputs[:1] - center))[0]
    assert beyond[-1] == 0
    np.testing.assert_allclose(beyond[:-1], flat[0] / np.linalg.norm(flat[0]), atol=1e-9)


def test_constant_columns_become_zero(inputs):
    scaled = Scaling.fit("standardize", inputs).apply(inputs)
    assert (scaled[:, 2] == 0).all()
    np.testing.assert_allclose(scaled[:, [0, 1, 3]].std(axis=0), 1, rtol=1e-10)
    assert (Scaling.fit("sphere", np.full((5, 2), 0.1)).apply(np.full((5, 2), 0.1)) == [[0, 0, 1]]).all()


def test_other_scalings_are_what_their_names_say(inputs):
    norms = np.linalg.norm(inputs, axis=1)
    np.testing.assert_allclose(Scaling.fit("largest-norm", inputs).apply(inputs), inputs / norms.max(), rtol=1e-15)
    np.testing.assert_allclose(Scaling.fit("unit", inputs).apply(inputs), inputs / norms[:, None], rtol=1e-15)
    np.testing.assert_array_equal(Scaling.fit("none", inputs).apply(inputs), inputs)


def test_zero_rows_stay_zero_or_become_the_pole():
    rows = np.array([[0.0, 0.0], [3.0, 4.0], [-3.0, -4.0]])
    np.testing.assert_array_equal(Scaling.fit("unit", rows).apply(rows)[0], [0, 0])
    np.testing.assert_array_equal(Scaling.fit("sphere", rows).apply(rows)[0], [0, 0, 1])
    np.testing.assert_array_equal(Scaling.fit("largest-norm", rows[:1]).apply(rows[:1]), [[0, 0]])


def test_new_inputs_use_the_parameters_of_the_fit(inputs):
    for name in SCALINGS:
        scaling = Scaling.fit(name, inputs)
        np.testing.assert_array_equal(scaling.apply(inputs[4:5]), scaling.apply(inputs)[4:5])
    with pytest.raises(BadInput, match="have 4 columns"):
        scaling.apply(inputs[:, :3])


def test_bad_names_and_values_out_of_range_are_refused():
    with pytest.raises(BadInput, match="sphere, hemisphere, standardize, unit, largest-norm, none"):
        Scaling.fit("spherical", np.ones((2, 2)))
    with pytest.raises(BadInput, match="floating-point range"):
        Scaling.fit("sphere", np.array([[1.7e308], [1.7e308], [-1.7e308]]))
    far = np.array([[1e200, 1.0], [3e200, 2.0], [2e200, 1.5]])
    assert np.isfinite(Scaling.fit("sphere", far).apply(far)).all()


@pytest.mark.parametrize(
    "change",
    [
        {"steps": [{"step": "pickle"}]},
        {"steps": [{"step": "lift", "power": 2.0}]},
        {"steps": [{"step": "standardize", "center": [0.0], "spread": [1.0]}]},
        {"steps": [{"step": "standardize", "center": [0.0, 0.0], "spread": [1.0, 0.0]}]},
        {"steps": [{"step": "largest-norm", "norm": float("nan")}]},
        {"steps": [{"step": "largest-norm", "norm": "__import__"}]},
        {"steps": "lift"},
        {"columns": "two"},
    ],
)
def test_hostile_descriptions_are_refused(change):
    good = Scaling.fit("sphere", np.random.default_rng(0).normal(size=(5, 2))).to_dict()
    with pytest.raises(BadInput, match="as to_dict writes it"):
        Scaling.from_dict({**good, **change})
    with pytest.raises(BadInput):
        Scaling.from_dict({})


def _smallest(inputs):
    products = inputs @ inputs.T
    return np.linalg.eigvalsh(products * np.exp(products))[0]


def test_the_smallest_eigenvalue_depends_on_the_scaling():
    """Breast cancer, 200 rows, softmax limit kernel: about 2e-16 scaled by the largest norm, 1.5e-2 on the sphere."""
    by_norm, on_sphere = [], []
    for seed in range(8):
        key = jax.random.key(seed)
        by_norm.append(_smallest(load("breast_cancer", count=200, key=key, scaling="largest-norm")[0].inputs))
        on_sphere.append(_smallest(load("breast-cancer", count=200, key=key)[0].inputs))
    # The first is at the rounding of a float64 eigenvalue (200 eps times the largest, about 500), whatever the draw.
    assert np.abs(by_norm).max() < 1e-14
    assert np.exp(np.log(on_sphere).mean()) == pytest.approx(1.2e-2, rel=0.2)
    assert min(on_sphere) > 0.7e-2
    assert max(on_sphere) < 2.5e-2
    assert on_sphere[1] == pytest.approx(1.45e-2, rel=0.01)
