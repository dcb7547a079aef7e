"""The probability flow solved to a tolerance: densities and samples against what is known exactly."""

import jax.numpy as jnp
import numpy as np
import pytest

from softntk.data import mixture_named
from softntk.diffusion import Constant, Cosine, MixtureDenoiser, flow_log_density, flow_sample
from softntk.failures import BadInput, TooLarge

PROCESS = Constant(horizon=5.0)


@pytest.mark.parametrize("name", ["three-gaussians", "ten-dimensions"])
def test_the_density_of_the_flow_is_that_of_the_mixture(name, key):
    mixture, start = mixture_named(name), 0.01
    truth = mixture.noisy(PROCESS.alpha(start), PROCESS.variance(start))
    last = mixture.noisy(PROCESS.alpha(5.0), PROCESS.variance(5.0))
    points = truth.sample(key, 40)
    denoiser = MixtureDenoiser(PROCESS, mixture)
    found = flow_log_density(
        denoiser, PROCESS, points, start=start, end=5.0, tolerance=1e-8, log_density_at_end=last.log_density
    )
    np.testing.assert_allclose(found, truth.log_density(points), atol=1e-5)
    # Ending in N(0, I) in place of the law at the horizon changes little, but it does change.
    model = flow_log_density(denoiser, PROCESS, points, start=start, end=5.0, tolerance=1e-8)
    assert 1e-4 < float(jnp.abs(model - found).max()) < 0.3


def test_the_flow_carries_one_gaussian_to_the_other():
    process, mixture = Cosine(), mixture_named("gaussian")
    denoiser = MixtureDenoiser(process, mixture)
    x = jnp.asarray([[0.5, 0.5], [-1.0, 2.0]])
    found = flow_sample(denoiser, process, x, start=0.01, end=0.9, tolerance=1e-9)
    # Along the flow the standardized coordinates in the eigenvectors of S are constant.
    first, last = (mixture.noisy(process.alpha(t), process.variance(t)) for t in (0.9, 0.01))
    fixed = [law.rotated(p)[:, 0] / jnp.sqrt(law.eigenvalues) for law, p in ((first, x), (last, found))]
    np.testing.assert_allclose(fixed[0], fixed[1], rtol=1e-6)


def test_bad_calls_are_refused():
    denoiser = MixtureDenoiser(PROCESS, mixture_named("gaussian"))
    with pytest.raises(BadInput, match="`start` must be positive and below end, at most 5"):
        flow_sample(denoiser, PROCESS, jnp.zeros((1, 2)), start=0.0, end=5.0)
    with pytest.raises(TooLarge, match="`points` must have at most 64 columns"):
        flow_log_density(denoiser, PROCESS, jnp.zeros((1, 65)), start=0.1, end=5.0)
