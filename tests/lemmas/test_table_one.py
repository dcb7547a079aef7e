"""Kernels at the start against NumPy, Jacobians and Table 1 by hand."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from softntk.failures import BadInput
from softntk.lemmas import kernel_at_start, lanczos_steps
from softntk.networks import ReLU, Softmax, antisymmetric

KEY = jax.random.key(3)
COUNT, SIZE, WIDTH = 7, 4, 32


@pytest.fixture(scope="module")
def inputs():
    drawn = np.random.default_rng(1).normal(size=(COUNT, SIZE))
    return jnp.asarray(drawn / np.linalg.norm(drawn, axis=1, keepdims=True))


@pytest.mark.parametrize(("features", "logarithms"), [(Softmax(), 2), (ReLU(), 1)])
def test_spectra_step_and_table_are_those_of_the_definitions(inputs, features, logarithms):
    found = kernel_at_start(inputs, features, key=KEY, width=WIDTH)
    gram = np.asarray(inputs) @ np.asarray(inputs).T
    angle = np.arccos(np.clip(gram, -1, 1))
    limit = gram * (np.exp(gram) if logarithms == 2 else (np.pi - angle) / (2 * np.pi))
    values = np.linalg.eigvalsh(limit)
    # arccos loses half the digits next to 1, on the diagonal.
    np.testing.assert_allclose(
        found.arrays()["eigenvalues_limit"], values, atol=1e-7 if logarithms == 1 else found.limit.error
    )

    start = antisymmetric(KEY, input_size=SIZE, output_size=1, width=WIDTH, features=features)
    jacobian = jax.jacobian(lambda hidden: dataclasses.replace(start, hidden=hidden)(inputs))(start.hidden)
    rows = np.asarray(jacobian).reshape(COUNT, -1)
    hessian = np.linalg.eigvalsh(rows @ rows.T)
    assert found.largest_stable_step == pytest.approx(2 / hessian[-1], rel=1e-10)
    assert found.network is not None
    assert abs(WIDTH * found.network.smallest - hessian[0]) <= WIDTH * found.network.error

    by_hand = np.log10(COUNT**2 * np.log(COUNT) ** logarithms / found.limit.smallest**2)
    assert found.to_dict()["table_one"]["log10_width"] == pytest.approx(by_hand)
    assert "order only" in str(found)


def test_what_table_one_does_not_speak_of(inputs):
    """Other layers, inputs outside the unit ball, obstacles that Lanczos need not see, a kernel that is singular."""
    arguments = {"key": KEY, "width": WIDTH}
    other = kernel_at_start(inputs, Softmax(), trained="both", **arguments)
    large = kernel_at_start(2 * inputs, Softmax(), **arguments)
    named = kernel_at_start(inputs, Softmax(), lanczos=COUNT, obstacles=["row 3 is zero"], **arguments)
    equal = kernel_at_start(inputs.at[1].set(inputs[0]), Softmax(), **arguments)
    for found, why in (
        (other, "hidden layer only"),
        (large, "unit ball"),
        (named, "row 3"),
        (equal, "numerical error"),
    ):
        assert found.verdict.answer == "does not apply"
        assert why in found.verdict.reason
    assert (named.network, named.kernel, named.arrays()) == (None, None, {})


def test_steps_of_lanczos():
    assert [lanczos_steps(8000), lanczos_steps(8001), lanczos_steps(9000, 0), lanczos_steps(5, 4)] == [0, 60, 0, 4]
    for asked in (1, -3):
        with pytest.raises(BadInput, match="lanczos"):
            lanczos_steps(5, asked)
