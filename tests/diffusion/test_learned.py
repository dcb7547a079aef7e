"""Learned denoisers: preconditioning, kernels, networks, references, stopping, the split, and the file."""

import dataclasses
import json
import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from softntk.data.mixture import mixture_named
from softntk.data.shapes import SHAPES, shape_named
from softntk.diffusion.blur import blurred
from softntk.diffusion.exact import EmpiricalDenoiser, MixtureDenoiser
from softntk.diffusion.kernel_flow import flow_of_pairs, learn_kernel
from softntk.diffusion.learners import learn_blur, learn_mlp, learn_neighbors
from softntk.diffusion.matching import TimeLaw, noisy_samples
from softntk.diffusion.model import LearnedScore, open_score
from softntk.diffusion.neighbors import NeighborDenoiser
from softntk.diffusion.network_flow import learn_network
from softntk.diffusion.preconditioning import PreconditionedDenoiser, preconditioned_pairs
from softntk.diffusion.process import Constant
from softntk.diffusion.split import chain_to_kl, error_split, lipschitz_constant, mean_square_error, truncation
from softntk.diffusion.stopping import noise_level, stop_by_cutoff, stopping_times
from softntk.diffusion.task import make_task
from softntk.failures import BadInput
from softntk.files import read_model, save_model
from softntk.kernels.limit import LimitKernel
from softntk.networks.features import ReLU, Softmax
from softntk.numerics.expectation import mean_and_error

PROCESS, LAW = Constant(horizon=5.0), TimeLaw()
MIXTURE, GAUSSIAN = mixture_named("three-gaussians"), mixture_named("gaussian")
CLEAN = MIXTURE.sample(jax.random.key(5), 60)
FRESH = noisy_samples(jax.random.key(6), MIXTURE.sample(jax.random.key(7), 400), PROCESS, law=LAW)
TRUTH = MixtureDenoiser(PROCESS, MIXTURE)


@pytest.fixture(scope="module")
def task():
    return make_task(jax.random.key(8), CLEAN, PROCESS, LAW, copies=4, validation_copies=4)


@pytest.fixture(scope="module")
def fit(task):
    return learn_kernel(jax.random.key(9), task, scales=(3.0,), count=80)


def test_the_baseline_is_the_exact_denoiser_of_gaussian_data(task):
    clean = GAUSSIAN.sample(jax.random.key(1), 4000)
    preconditioning = task.preconditioning(clean, 0.5)
    exact = MixtureDenoiser(PROCESS, GAUSSIAN)(FRESH.times, FRESH.points)
    # Mean and covariance of 4,000 samples have relative errors of about 1/60.
    assert float(((preconditioning.baseline(FRESH.times, FRESH.points) - exact) ** 2).sum(axis=1).mean()) < 2e-3


@pytest.mark.parametrize("name", ["residual", "plain"])
def test_a_preconditioning_gives_back_what_its_labels_say(name, task):
    other = dataclasses.replace(task, preconditioning_name=name)
    preconditioning, pairs = other.pairs(0.5)
    assert float(jnp.abs(pairs.labels).max()) == pytest.approx(1.0)
    assert float(jnp.linalg.norm(pairs.inputs, axis=1).max()) <= 1 + 1e-12
    back = preconditioning.denoised(task.noisy_training.times, task.noisy_training.points, pairs.labels)
    averaged = EmpiricalDenoiser(PROCESS, task.training)(task.noisy_training.times, task.noisy_training.points)
    np.testing.assert_allclose(back, averaged, atol=1e-10)


def test_averaged_labels_estimate_the_same_with_less_noise(task):
    preconditioning, drawn = preconditioned_pairs(task.preconditioning(CLEAN, 0.5), task.noisy_all)
    _, averaged = preconditioned_pairs(task.preconditioning(CLEAN, 0.5), task.noisy_all, averaged_over=CLEAN)
    clean = preconditioning.labels(
        task.noisy_all.times, task.noisy_all.points, TRUTH(task.noisy_all.times, task.noisy_all.points)
    )
    noise = [float(((each.labels - clean) ** 2).mean()) for each in (drawn, averaged)]
    assert noise[1] < 0.3 * noise[0]
    # In the mean over copies they agree: any function of the input has the same inner product with both.
    gap = ((drawn.labels - averaged.labels) * drawn.inputs[:, :1]).mean(axis=1)
    assert abs(float(gap.mean())) < 4 * float(gap.std()) / gap.size**0.5


def test_with_all_pairs_as_landmarks_it_is_the_flow_of_the_whole_kernel(task):
    """From the eigenvectors of the matrix: F(u) = K(u, U) V diag((1 - exp(-tau l))/l) V^T Y."""
    _, pairs = task.pairs()
    some = dataclasses.replace(pairs, inputs=pairs.inputs[:40], labels=pairs.labels[:40])
    kernel = LimitKernel(ReLU(), 1.0)
    path = flow_of_pairs(jax.random.key(0), kernel, some, count=100)
    assert path.lost < 1e-9
    K, new = np.asarray(kernel(some.inputs, None)), np.asarray(kernel(pairs.inputs[40:60], some.inputs))
    values, vectors = np.linalg.eigh(K)
    filters = -np.expm1(-30.0 / 40 * values) / values
    flow = new @ vectors @ (filters[:, None] * (vectors.T @ np.asarray(some.labels)))
    np.testing.assert_allclose(path.flow(30.0 / 40)(pairs.inputs[40:60]), flow, rtol=1e-6, atol=1e-9)


def test_the_kernel_beats_the_best_affine_denoiser(task, fit):
    t, x = FRESH.times, FRESH.points
    affine = task.preconditioning(CLEAN, 0.5).baseline(t, x)
    # Both at the same samples: it is the difference whose standard error counts.
    learned, other = (((each - TRUTH(t, x)) ** 2).sum(axis=1) for each in (fit.denoiser(t, x), affine))
    gain = mean_and_error(other - learned)
    assert gain.mean > 3 * gain.error
    assert fit.held_out_error == pytest.approx(fit.choice["held_out_error"])


def test_the_parts_of_the_error_add_up(task, fit):
    split = error_split(fit.path, fit.choice["tau"], fit.preconditioning, task.noisy_all, TRUTH, FRESH)
    assert split["total"].mean == pytest.approx(sum(split[k].mean for k in ("noise", "bias", "cross")))
    exact = TRUTH(FRESH.times, FRESH.points)
    assert split["total"].mean == pytest.approx(mean_square_error(fit.denoiser, exact, FRESH).mean, rel=1e-6)
    assert split["total"].mean == pytest.approx(split["kernel"].mean)
    longer = error_split(fit.path, 100 * fit.choice["tau"], fit.preconditioning, task.noisy_all, TRUTH, FRESH)
    assert longer["noise"].mean > split["noise"].mean


def test_a_wide_network_follows_its_flow(task):
    found = learn_network(
        jax.random.key(2), task, width=2048, scale=1.0, chunks=2, chunk_steps=20, dtype=jnp.float64, features=Softmax()
    )
    path = flow_of_pairs(jax.random.key(3), LimitKernel(Softmax(), 1.0), found.pairs, count=80)
    flow = path.flow(found.run.tau)(found.pairs.inputs)
    network = found.run.network(found.pairs.inputs)
    moved = float((network**2).mean())
    assert moved > 0
    # The step is half of the stable one and the kernel of a finite width: a few percent each.
    assert float(((network - flow) ** 2).mean()) < 0.1 * moved
    assert isinstance(found.denoiser, PreconditionedDenoiser)


def test_references_are_chosen_on_held_out_samples(task):
    exact = TRUTH(FRESH.times, FRESH.points)
    neighbors, smoothed = learn_neighbors(task), learn_blur(task)
    assert neighbors.held_out.size > 2
    assert neighbors.held_out_error == neighbors.held_out[neighbors.tried == neighbors.choice["neighbors"]][0]
    for chosen in (neighbors, smoothed):
        assert mean_square_error(chosen.denoiser, exact, FRESH).mean < 0.1
    rough = learn_mlp(jax.random.key(4), task, steps=500)
    assert mean_square_error(rough.denoiser, exact, FRESH).mean < 0.1


def test_neighbors_are_the_labels_of_the_nearest_pairs(task):
    preconditioning, pairs = task.pairs()
    inputs, labels = np.asarray(pairs.inputs), np.asarray(pairs.labels)
    own, every = (NeighborDenoiser.of_pairs(preconditioning, inputs, labels, k) for k in (1, len(inputs)))
    np.testing.assert_array_equal(own.outputs(pairs.inputs), labels)
    mean = jnp.broadcast_to(pairs.labels.mean(axis=0)[None], (3, 2))
    np.testing.assert_allclose(every.outputs(pairs.inputs[:3]), mean, rtol=1e-9, atol=1e-12)
    two = NeighborDenoiser.of_pairs(preconditioning, inputs, labels, 2)
    nearest = np.argsort(np.linalg.norm(inputs - inputs[:1], axis=1))[:2]
    np.testing.assert_allclose(two.outputs(pairs.inputs[:1])[0], labels[nearest].mean(axis=0), rtol=1e-12)


def test_a_blur_is_a_later_time(task):
    data = EmpiricalDenoiser(PROCESS, task.training)
    direct = EmpiricalDenoiser(PROCESS, task.training, 0.3)(FRESH.times, FRESH.points)
    np.testing.assert_allclose(blurred(data, 0.3, FRESH), direct, rtol=1e-9, atol=1e-11)


def test_the_rules_stop_in_order_of_the_noise(fit):
    times = stopping_times(fit.path, fit.choice["tau"])
    assert all(time > 0 for time in times.values())
    omega = noise_level(fit.path, fit.choice["tau"])
    later = [stop_by_cutoff(fit.path, noise=factor * omega) for factor in (0.1, 1.0)]
    assert later[0] >= later[1]
    # The noise of labels that are pure noise is their size.
    labels = jax.random.normal(jax.random.key(1), fit.pairs.labels.shape)
    noisy = fit.path.relabeled(labels)
    assert noise_level(noisy, 1.0 / float(noisy.eigenvalues[-1])) == pytest.approx(1.0, abs=4 / labels.size**0.5 + 0.02)


def test_truncation_counts_what_lies_outside(task):
    preconditioning = task.preconditioning(CLEAN, 0.5)
    small = dataclasses.replace(preconditioning, ball=dataclasses.replace(preconditioning.ball, radius=1.0))
    cut, most = truncation(small, TRUTH, FRESH), truncation(preconditioning, TRUTH, FRESH)
    z = np.linalg.norm(small.ball.standardized(FRESH.times, FRESH.points), axis=1)
    assert cut["mass"].mean == pytest.approx((z > 1).mean())
    assert most["mass"].mean < cut["mass"].mean
    assert most["error"].mean <= cut["error"].mean


def test_the_lipschitz_constant_of_gaussian_data():
    """f* is affine there: its slope at t is the largest a e/(a^2 e + v)."""
    truth = MixtureDenoiser(PROCESS, GAUSSIAN)
    alpha, noise = PROCESS.alpha(FRESH.times), PROCESS.variance(FRESH.times)
    slope = alpha * GAUSSIAN.eigenvalues.max() / (alpha**2 * GAUSSIAN.eigenvalues.max() + noise)
    assert lipschitz_constant(truth, FRESH) == pytest.approx(float(slope.max()), rel=1e-9)


def test_the_chain_of_the_exact_score_has_no_learning_error():
    grids = [np.geomspace(5.0, 0.02, count + 1) for count in (25, 100)]
    coarse, fine = (chain_to_kl(jax.random.key(0), PROCESS, MIXTURE, TRUTH, grid, count=2000) for grid in grids)
    assert coarse["learning"].mean == pytest.approx(0, abs=1e-12)
    assert fine["discretization"].mean < 0.5 * coarse["discretization"].mean
    # KL of two Gaussians is known.
    found = chain_to_kl(
        jax.random.key(0),
        PROCESS,
        GAUSSIAN,
        MixtureDenoiser(PROCESS, GAUSSIAN),
        np.geomspace(1.0, 0.02, 11),
        count=20_000,
    )
    end = GAUSSIAN.noisy(PROCESS.alpha(1.0), PROCESS.variance(1.0))
    C, mu = np.asarray(end.covariance()), np.asarray(end.mean())
    kl = 0.5 * (np.trace(C) + mu @ mu - 2 - np.log(np.linalg.det(C)))
    assert abs(found["prior"].mean - kl) < 4 * found["prior"].error


@pytest.mark.parametrize("kind", ["kernel", "network", "mlp", "empirical"])
def test_a_model_comes_back_from_its_file(kind, task, fit, tmp_path):
    denoisers = {
        "kernel": lambda: fit.denoiser,
        "network": lambda: learn_network(jax.random.key(2), task, width=16, chunks=1, chunk_steps=1).denoiser,
        "mlp": lambda: learn_mlp(jax.random.key(4), task, steps=250).denoiser,
        "empirical": lambda: EmpiricalDenoiser(PROCESS, CLEAN, 0.1),
    }
    denoiser = denoisers[kind]()
    model = LearnedScore(denoiser, PROCESS, 0.02, 5.0, np.array([1.0, 2.0]), np.array([3.0, 4.0]), (), {"data": "x"})
    back = LearnedScore.from_file(read_model(save_model(model, tmp_path / "model.npz")))
    np.testing.assert_array_equal(back.denoiser(FRESH.times, FRESH.points), denoiser(FRESH.times, FRESH.points))
    np.testing.assert_array_equal(back.in_units(jnp.ones((1, 2))), [[4.0, 6.0]])
    assert (back.start, back.end, back.description["data"]) == (0.02, 5.0, "x")


def test_a_file_of_the_first_format_is_read(fit, tmp_path):
    """There the kernel had features at its landmarks, and the preconditioning another name."""
    arrays, details = fit.denoiser.parts()
    details["frame"] = details.pop("preconditioning")
    description = {
        "format": "softntk-score/1",
        "kind": "kernel",
        "details": details,
        "process": {"name": "constant", "rate": 1.0, "horizon": 5.0},
        "start": 0.02,
        "end": 5.0,
        "training": {},
    }
    np.savez(
        tmp_path / "old.npz",
        centers=arrays["points"],
        whitening=np.eye(len(arrays["points"])),
        weights=arrays["coefficients"],
        shift=np.zeros(2),
        factor=np.ones(2),
        description=np.array(json.dumps(description)),
    )
    found = open_score(tmp_path / "old")
    np.testing.assert_array_equal(found.denoiser(FRESH.times, FRESH.points), fit.denoiser(FRESH.times, FRESH.points))


@pytest.mark.parametrize("name", SHAPES)
def test_shapes_have_about_unit_size(name, key):
    points = np.asarray(shape_named(name, key, 4000))
    assert np.abs(points.mean(axis=0)).max() < 0.1
    assert 0.6 < points.std(axis=0).mean() < 1.4
    with pytest.raises(BadInput):
        shape_named("cube", key, 3)


def test_bad_tasks_are_refused():
    with pytest.raises(BadInput):
        make_task(jax.random.key(0), CLEAN, PROCESS, LAW, labels="guessed")
    with pytest.raises(BadInput):
        make_task(jax.random.key(0), CLEAN, PROCESS, LAW, preconditioning="round").pairs(0.5)
    assert math.isfinite(make_task(jax.random.key(0), CLEAN, PROCESS, LAW).error(TRUTH))
