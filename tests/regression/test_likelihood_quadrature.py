"""Marginal likelihood and spectra at scale, against finite differences, scikit-learn and dense eigenvalues."""

import jax
import numpy as np
import pytest
import scipy.stats

from softntk.failures import BadInput
from softntk.kernels import LimitKernel
from softntk.networks import ReLU, Softmax
from softntk.regression import fit_by_likelihood, marginal_likelihood, quadrature


@pytest.mark.parametrize(("features", "trained"), [(Softmax(), "both"), (ReLU(), "output")])
def test_likelihood_and_its_gradient(features, trained, problem):
    def value(scale, ridge):
        return marginal_likelihood(LimitKernel(features, scale, trained), *problem, ridge=ridge)

    found = value(1.1, 0.05)
    matrix = np.asarray(LimitKernel(features, 1.1, trained)(problem[0])) + 0.05 * np.eye(150)
    truth = scipy.stats.multivariate_normal(np.zeros(150), matrix).logpdf(np.asarray(problem[1]).T).sum()
    assert found.value == pytest.approx(truth, rel=1e-9)
    step = 1e-5
    by_ridge = (value(1.1, 0.05 + step).value - value(1.1, 0.05 - step).value) / (2 * step)
    by_scale = (value(1.1 + step, 0.05).value - value(1.1 - step, 0.05).value) / (2 * step)
    assert found.ridge == pytest.approx(by_ridge, rel=1e-5)
    assert float(found.kernel.scale) == pytest.approx(by_scale, rel=1e-5)


def test_fitting_by_likelihood_finds_a_maximum(problem):
    start = LimitKernel(Softmax(), 0.7)
    fitted = fit_by_likelihood(start, *problem, ridge=0.3)
    assert fitted.value > marginal_likelihood(start, *problem, ridge=0.3).value
    there = marginal_likelihood(fitted.kernel, *problem, ridge=fitted.ridge)
    # The gradient in the logarithms is small next to the value.
    assert abs(there.ridge * fitted.ridge) < 1e-2 * abs(there.value)
    assert abs(float(there.kernel.scale) * float(fitted.kernel.scale)) < 1e-2 * abs(there.value)
    with pytest.raises(BadInput, match="positive"):
        fit_by_likelihood(start, *problem, ridge=0.0)


def test_spectrum_without_the_matrix(kernel, problem, matrix, key):
    values = np.linalg.eigvalsh(matrix)
    found = quadrature(kernel, problem[0], key=key, starts=10, steps=40)
    assert found.trace == pytest.approx(values.sum(), rel=1e-12)
    for measured, radius, truth in (
        (found.extremes.largest, found.extremes.largest_radius, values[-1]),
        (found.extremes.smallest, found.extremes.smallest_radius, values[0]),
    ):
        assert abs(float(measured) - truth) <= float(radius) + 1e-12 * values[-1]
    assert float(found.extremes.largest_radius) < 1e-8 * values[-1]
    for estimate, truth in (
        (found.log_determinant(0.1), np.log(values + 0.1).sum()),
        (found.effective_dimension(0.1), (values / (values + 0.1)).sum()),
        (found.integral(np.square), (values**2).sum()),
    ):
        assert abs(estimate.value - truth) <= 4 * estimate.standard_error
        assert estimate.standard_error < 0.2 * abs(truth)
    again = quadrature(kernel, problem[0], key=jax.random.split(key)[0], starts=10, steps=40)
    assert again.log_determinant(0.1).value != found.log_determinant(0.1).value
    with pytest.raises(BadInput, match="ridge"):
        found.log_determinant(0.0)
