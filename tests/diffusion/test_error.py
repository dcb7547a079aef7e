"""Errors of denoisers against denoisers that are off by a known amount."""

import jax.numpy as jnp
import pytest

from softntk.data import mixture_named
from softntk.diffusion import Constant, MixtureDenoiser, TimeLaw
from softntk.diffusion.error import error_by_time, excess_risk, integrated_error
from softntk.failures import BadInput

PROCESS, MIXTURE = Constant(horizon=5.0), mixture_named("three-gaussians")
TRUTH = MixtureDenoiser(PROCESS, MIXTURE)


def test_errors_are_those_of_a_denoiser_that_is_off_by_a_known_amount(key):
    def off(t, x):
        return TRUTH(t, x) + jnp.asarray([0.3, -0.4])[None]

    clean, law = MIXTURE.sample(key, 300), TimeLaw()
    times = [0.05, 0.5, 3.0]
    for found, t in zip(error_by_time(key, off, TRUTH, PROCESS, clean, times, weight="score"), times, strict=True):
        expected = 0.25 * float((PROCESS.alpha(t) / PROCESS.variance(t)) ** 2)
        assert found.mean == pytest.approx(expected, rel=1e-9)
    assert integrated_error(key, off, TRUTH, PROCESS, clean, law=law).mean == pytest.approx(0.25, rel=1e-9)
    risk = excess_risk(key, off, TRUTH, PROCESS, clean, law=law)
    assert abs(risk.mean - 0.25) < 4.5 * risk.error
    assert risk.error < 0.1
    with pytest.raises(BadInput, match="`weight` must be one of denoising"):
        excess_risk(key, off, TRUTH, PROCESS, clean, law=law, weight="snr")


def test_copies_of_one_sample_do_not_count_as_independent(key):
    clean = MIXTURE.sample(key, 100)
    early = TimeLaw(start=0.001, end=0.002)  # so that all copies of a sample look alike
    twice, often = (
        integrated_error(key, lambda t, x: 9 * x, TRUTH, PROCESS, clean, law=early, copies=copies).error
        for copies in (2, 32)
    )
    assert often > twice / 1.2  # independent copies would divide it by 4
