"""Labels are what the table in `encoding` says, keep |y_i| <= 1, and come back as what they were."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from softntk.data import Encoding, kind_of
from softntk.failures import BadInput


def test_two_classes_become_one_column():
    targets = np.array(["yes", "no", "yes"])
    encoding = Encoding.fit("classification", targets)
    np.testing.assert_array_equal(encoding.encode(targets), [[1], [-1], [1]])
    assert encoding.classes == ("no", "yes")
    assert "no is -1, yes is +1" in encoding.sentence()
    np.testing.assert_array_equal(encoding.decode(np.array([[0.2], [-0.7], [0.0]])), ["yes", "no", "no"])


def test_more_classes_become_one_column_each_of_norm_one():
    targets = np.array([3.0, 0.0, 7.0, 3.0])
    encoding = Encoding.fit("classification", targets)
    labels = encoding.encode(targets)
    np.testing.assert_allclose(labels * 3**0.5, [[-1, 1, -1], [1, -1, -1], [-1, -1, 1], [-1, 1, -1]], rtol=1e-15)
    np.testing.assert_allclose(np.linalg.norm(labels, axis=1), 1, rtol=1e-15)
    assert encoding.classes == (0, 3, 7)
    assert all(type(value) is int for value in encoding.classes)
    np.testing.assert_array_equal(encoding.decode(labels), targets)


def test_a_single_class_is_one_column():
    encoding = Encoding.fit("classification", np.array(["only"]))
    np.testing.assert_array_equal(encoding.encode(np.array(["only"])), [[1.0]])
    np.testing.assert_array_equal(encoding.decode(np.array([[-3.0]])), ["only"])


@given(
    arrays(
        np.float64,
        st.tuples(st.integers(1, 8), st.integers(1, 4)),
        elements=st.floats(-1e9, 1e9).map(lambda x: round(x, 2)),
    )
)
@settings(max_examples=50, deadline=None)
def test_regression_is_bounded_and_reversible(targets):
    encoding = Encoding.fit("regression", targets)
    labels = encoding.encode(targets)
    assert np.linalg.norm(labels, axis=1).max() <= 1 + 1e-12
    np.testing.assert_allclose(encoding.decode(labels), targets, atol=1e-9 * (1 + np.abs(targets).max()) * 1e-3)
    assert Encoding.from_dict(json.loads(json.dumps(encoding.to_dict()))) == encoding


def test_regression_centers_and_reaches_the_bound():
    encoding = Encoding.fit("regression", np.array([10.0, 20.0, 60.0]))
    np.testing.assert_allclose(encoding.encode(np.array([10.0, 20.0, 60.0])), [[-2 / 3], [-1 / 3], [1]], rtol=1e-15)
    np.testing.assert_array_equal(encoding.decode(encoding.encode(np.array([90.0]))), [[90.0]])


def test_equal_targets_are_not_centered_away():
    encoding = Encoding.fit("regression", np.array([-0.25]))
    np.testing.assert_array_equal(encoding.encode(np.array([-0.25])), [[-1.0]])
    np.testing.assert_array_equal(Encoding.fit("regression", np.zeros(3)).encode(np.zeros(3)), np.zeros((3, 1)))


def test_as_given_changes_nothing():
    targets = np.array([[3.0, -9.0], [0.5, 1.0]])
    encoding = Encoding.fit("as-given", targets)
    np.testing.assert_array_equal(encoding.encode(targets), targets)
    np.testing.assert_array_equal(encoding.decode(targets), targets)


@pytest.mark.parametrize(
    ("targets", "kind"),
    [
        (np.array(["a", "b", "c"]), "classification"),
        (np.array([True, False, True]), "classification"),
        (np.array([0.0, 1.0]), "classification"),
        (np.array([-1.0, 1.0, 1.0]), "classification"),
        (np.repeat(np.arange(10.0), 2), "classification"),
        (np.arange(10.0), "regression"),  # every value once: not classes
        (np.repeat(np.arange(21.0), 9), "regression"),  # too many values
        (np.array([0.5, 1.0, 0.5, 1.0, 0.5, 1.0]), "regression"),  # not whole
        (np.array([3.0]), "regression"),
        (np.array([[1.0, -1.0], [-1.0, 1.0]]), "regression"),  # several columns
    ],
)
def test_the_rule_between_classes_and_numbers(targets, kind):
    assert kind_of(targets)[0] == kind


def test_bad_targets_are_refused():
    with pytest.raises(BadInput, match="hold numbers to be used for"):
        Encoding.fit("regression", np.array(["a"]))
    with pytest.raises(BadInput, match="one column for classification"):
        Encoding.fit("classification", np.ones((3, 2)))
    with pytest.raises(BadInput, match="classification, regression, as-given"):
        Encoding.fit("ranking", np.ones(3))
    with pytest.raises(BadInput, match="floating-point range"):
        Encoding.fit("regression", np.array([1.7e308, 1.7e308, -1.7e308]))
    encoding = Encoding.fit("classification", np.array(["a", "b"]))
    with pytest.raises(BadInput, match='"c" in row 1'):
        encoding.encode(np.array(["a", "c"]))
    with pytest.raises(BadInput, match='hold the classes "a", "b"'):
        encoding.encode(np.array([1.0, 2.0]))
    with pytest.raises(BadInput, match="have 1 columns"):
        Encoding.fit("regression", np.arange(3.0)).encode(np.ones((3, 2)))


@pytest.mark.parametrize(
    "record",
    [
        {},
        {"kind": "classification", "classes": [], "center": [], "spread": []},
        {"kind": "classification", "classes": [None], "center": [], "spread": []},
        {"kind": "regression", "classes": [], "center": [0.0], "spread": []},
        {"kind": "regression", "classes": [], "center": [0.0], "spread": [0.0]},
        {"kind": "regression", "classes": [], "center": [], "spread": []},
        {"kind": "eval", "classes": [], "center": [], "spread": []},
    ],
)
def test_hostile_descriptions_are_refused(record):
    with pytest.raises(BadInput, match="as to_dict writes it"):
        Encoding.from_dict(record)
