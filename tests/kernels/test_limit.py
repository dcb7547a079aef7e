"""The limits against quadrature, against wide networks, against 50-digit arithmetic where digits are easily lost."""

import math

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest

import oracles
from softntk.failures import BadInput, TooLarge
from softntk.kernels import LimitKernel, empirical_ntk
from softntk.networks import FEATURES, Exponential, ReLU, Softmax, antisymmetric, features_named, independent

LAYERS = ("hidden", "output", "both")
ROWS = jnp.array([[1.0, 0.0], [0.6, 0.8]])
# Of several lengths, with an obtuse angle among them.
MIXED = jnp.array([[1.0, 0.0, 0.2], [0.6, -0.8, 0.1], [-0.3, 0.2, -1.1], [0.0, 0.5, 0.0]])


@pytest.fixture(params=FEATURES)
def features(request):
    return features_named(request.param)


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("scale", [0.5, 1.0])
def test_equals_quadrature(features, layer, scale):
    kernel = LimitKernel(features, scale, layer)(MIXED[:3], MIXED)
    rows = np.asarray(MIXED)
    truth = [[oracles.infinite_kernel(features.name, x, y, scale=scale, trained=layer) for y in rows] for x in rows[:3]]
    # Quadrature of the ReLU's corners is the less exact side.
    np.testing.assert_allclose(kernel, truth, rtol=1e-8 if features.name == "relu" else 1e-11)


def test_check_values():
    cross = 0.6 * math.exp(0.6)
    assert LimitKernel(Softmax())(ROWS)[0, 1] == pytest.approx(1.093271, abs=5e-7)
    np.testing.assert_allclose(LimitKernel(Softmax())(ROWS), [[math.e, cross], [cross, math.e]], rtol=1e-14)


def test_softmax_is_the_exponential_kernel_without_its_norms():
    """On the unit sphere the two differ by the factor e^s; off the sphere by the norms of both inputs."""
    s = 0.7**2
    softmax, exponential = (LimitKernel(f, 0.7)(MIXED) for f in (Softmax(), Exponential()))
    half_squares = s * jnp.sum(MIXED**2, axis=1) / 2
    np.testing.assert_allclose(exponential, softmax * jnp.exp(half_squares[:, None] + half_squares[None]), rtol=1e-14)


def test_taylor_coefficients_of_softmax():
    g, s = 0.3, 4.0
    series = sum(s ** (q - 1) / math.factorial(q - 1) * g**q for q in range(1, 40))
    kernel = LimitKernel(Softmax(), 2.0)(jnp.array([[1.0]]), jnp.array([[g]]))
    np.testing.assert_allclose(kernel, [[series]], rtol=1e-14)


@pytest.mark.parametrize(
    ("name", "start"),
    [("softmax", independent), ("softmax", antisymmetric), ("exponential", antisymmetric), ("relu", independent)],
)
def test_wide_networks_tend_to_it(name, start):
    """The mean over 200 networks lies within 4 standard errors, far above the bias of softmax (order 1/m)."""
    draws, m, features = 200, 2000, features_named(name)

    def kernels(key):
        network = start(key, input_size=2, output_size=1, width=m, features=features, scale=0.7)
        return [empirical_ntk(network, ROWS, trained=layer)[:, 0, :, 0] for layer in ("hidden", "output")]

    hidden, output = jax.jit(jax.vmap(kernels))(jax.random.split(jax.random.key(5), draws))
    for layer, drawn in zip(LAYERS, (hidden, output, hidden + output), strict=True):
        mean, error = oracles.mean_and_error(np.asarray(drawn))
        limit = LimitKernel(features, 0.7, layer)(ROWS)
        assert np.all(np.abs(mean - limit) <= 4 * error + 1e-14)  # ReLU's diagonal can be without any spread
        assert error.max() < 0.01 * float(limit.max())


def test_outputs_do_not_mix_in_the_limit(key):
    """H tends to K (x) I: between two outputs the mean over networks is zero within its standard error."""

    def between(key):
        network = antisymmetric(key, input_size=2, output_size=2, width=500, features=Softmax(), scale=0.7)
        return empirical_ntk(network, ROWS)[:, 0, :, 1]

    kernels = jax.jit(jax.vmap(between))(jax.random.split(key, 200))
    mean, error = oracles.mean_and_error(np.asarray(kernels))
    assert np.all(np.abs(mean) <= 4 * error)
    assert error.max() < 0.02


def relu_truth(x, y, layer: str) -> float:
    """The ReLU limit in 50 digits, from the angle's tangent."""
    with mpmath.workdps(50):
        x, y = ([mpmath.mpf(float(entry)) for entry in side] for side in (x, y))
        product, area = x[0] * y[0] + x[1] * y[1], x[0] * y[1] - x[1] * y[0]
        angle = mpmath.atan2(abs(area), product)
        if layer == "hidden":
            return product * (mpmath.pi - angle) / (2 * mpmath.pi)
        norms = mpmath.sqrt((x[0] ** 2 + x[1] ** 2) * (y[0] ** 2 + y[1] ** 2))
        return norms * (mpmath.sin(angle) + (mpmath.pi - angle) * mpmath.cos(angle)) / (2 * mpmath.pi)


@pytest.mark.parametrize("turn", [1e-12, 1e-8, 1e-4, 1.0])
@pytest.mark.parametrize("side", [1.0, -1.0])
def test_relu_keeps_its_digits_between_nearly_parallel_inputs(turn, side):
    """Parallel, the angle matters by its first power; antipodal, the kernel is as small as what is left of pi."""
    x, y = jnp.array([[0.8, -0.6]]), side * jnp.array([[0.8 - 0.6 * turn, -0.6 - 0.8 * turn]])
    for layer in ("hidden", "output"):
        truth = relu_truth(x[0], y[0], layer)
        # What is computed has the size of |x| |y|, and the hidden kernel keeps even its own digits.
        error = abs(float(LimitKernel(ReLU(), trained=layer)(x, y)[0, 0]) - float(truth))
        assert error <= 2e-15
    # arccos of the inner product would be off by 1e-8 here.
    assert float(LimitKernel(ReLU())(x, x)[0, 0]) == pytest.approx(0.5, rel=2e-15)


def test_antipodal_relu_kernel_keeps_relative_digits():
    x, y = jnp.array([[1.0, 0.0]]), jnp.array([[-1.0, 1e-9]])
    truth = float(relu_truth(x[0], y[0], "hidden"))
    assert abs(truth) < 1e-9
    assert float(LimitKernel(ReLU())(x, y)[0, 0]) == pytest.approx(truth, rel=1e-6)


@pytest.mark.parametrize("layer", LAYERS)
def test_symmetric_and_positive_semi_definite(features, layer):
    rows = jnp.concatenate([MIXED, MIXED[:1], -MIXED[1:2], jnp.zeros((1, 3))])
    kernel = LimitKernel(features, trained=layer)(rows)
    np.testing.assert_array_equal(kernel, kernel.T)
    values = np.linalg.eigvalsh(kernel)
    assert values[0] >= -7 * np.finfo(float).eps * values[-1]


def test_strictly_positive_for_distinct_directions(features):
    assert np.linalg.eigvalsh(LimitKernel(features)(MIXED))[0] > 1e-4


def test_zero_rows(features):
    """<0, x> = 0; and phi(0) is 1 for the exponentials (up to their norms), 0 for ReLU."""
    zero = jnp.zeros((1, 3))
    np.testing.assert_array_equal(LimitKernel(features)(zero, MIXED), 0.0)
    output = LimitKernel(features, trained="output")(zero, MIXED)
    squares = jnp.sum(MIXED**2, axis=1)
    truth = {"softmax": jnp.ones(4), "exponential": jnp.exp(squares / 2), "relu": jnp.zeros(4)}[features.name]
    np.testing.assert_allclose(output[0], truth, rtol=1e-14)


def test_blocks_of_rows_give_the_same_kernel(features, monkeypatch):
    kernel = LimitKernel(features, trained="both")
    whole = kernel(MIXED)
    monkeypatch.setattr("softntk.kernels.limit._BLOCK_ROWS", 3)
    np.testing.assert_allclose(kernel(MIXED), whole, rtol=1e-13, atol=1e-15)


def test_diagonal_is_that_of_the_matrix(features):
    for layer in LAYERS:
        kernel = LimitKernel(features, 1.3, layer)
        np.testing.assert_allclose(kernel.diagonal(MIXED), jnp.diagonal(kernel(MIXED)), rtol=1e-13)


def test_scale_may_be_traced():
    value, slope = jax.value_and_grad(lambda scale: LimitKernel(Softmax(), scale)(ROWS)[0, 1])(jnp.array(1.0))
    assert float(value) == pytest.approx(0.6 * math.exp(0.6))
    assert float(slope) == pytest.approx(0.6 * math.exp(0.6) * 2 * 0.6)  # d/dscale of g exp(scale^2 g)


def test_precision_is_that_of_the_inputs():
    kernel = LimitKernel(Softmax())(ROWS.astype("float32"), ROWS)
    assert kernel.dtype == jnp.float32
    np.testing.assert_allclose(kernel, LimitKernel(Softmax())(ROWS), rtol=1e-6)


def test_overflow_is_refused():
    far = jnp.array([[30.0, 0.0]])
    for features in (Softmax(), Exponential()):
        with pytest.raises(BadInput, match="unit sphere"):
            LimitKernel(features)(far)
    assert float(LimitKernel(ReLU())(far)[0, 0]) == 450.0


class Sigmoid(Softmax):
    name = "sigmoid"


@pytest.mark.parametrize(
    ("build", "inputs", "argument"),
    [
        ((Sigmoid(),), (ROWS,), "features"),
        ((Softmax(), 1.0, "all"), (ROWS,), "trained"),
        ((Softmax(), -1.0), (ROWS,), "scale"),
        ((Softmax(), math.inf), (ROWS,), "scale"),
        ((Softmax(), math.nan), (ROWS,), "scale"),
        ((Softmax(),), (ROWS * np.nan,), "inputs"),
        ((Softmax(),), (ROWS[0],), "inputs"),
        ((Softmax(),), (ROWS, MIXED), "others"),
        ((Softmax(),), (ROWS, ROWS * np.inf), "others"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_bad_input_is_refused(unchecked, build, inputs, argument):
    with pytest.raises(BadInput) as failure:
        LimitKernel(*build)(*inputs)
    assert failure.value.argument == argument
    assert all((failure.value.required, failure.value.got, failure.value.advice))


def test_a_kernel_that_does_not_fit_is_refused(monkeypatch):
    monkeypatch.setattr("softntk.numerics.memory.free_bytes", lambda: 10)
    with pytest.raises(TooLarge, match="2 x 2 samples"):
        LimitKernel(Softmax())(ROWS)


def test_works_inside_compiled_code():
    kernel = LimitKernel(Exponential())
    np.testing.assert_allclose(jax.jit(lambda x: kernel(x))(ROWS), kernel(ROWS), rtol=1e-14)
    rows = jax.vmap(lambda x: kernel(x[None], MIXED)[0])(MIXED)
    np.testing.assert_allclose(rows, kernel(MIXED), rtol=1e-13, atol=1e-15)


# A unit vector; equal, parallel, antiparallel, zero and ordinary inputs beside it.
CORNERS = jnp.array([[0.6, 0.8, 0.0], [1.2, 1.6, 0.0], [-0.3, -0.4, 0.0], [0.0, 0.0, 0.0], [0.3, -0.2, 0.9]])


@pytest.mark.parametrize("layer", LAYERS)
def test_derivatives_are_central_differences_at_corners_too(features, layer):
    """With one input moved, and with all of them: reverse, forward, compiled, batched."""
    kernel, step = LimitKernel(features, 0.8, layer), 1e-7

    def row(x):
        return kernel(x[None], CORNERS)[0]

    @jax.jit
    def derivatives(x):
        sides = [jax.vmap(lambda e, t=t: row(x + t * e))(jnp.eye(3)) for t in (step, -step)]
        return jax.jacrev(row)(x), jax.jacfwd(row)(x), (sides[0] - sides[1]).T / (2 * step), jax.hessian(row)(x)

    reverse, forward, central, second = jax.vmap(derivatives)(CORNERS)
    size = jnp.abs(central).max()
    assert float(jnp.abs(reverse - central).max()) <= 1e-6 * size
    assert float(jnp.abs(reverse - forward).max()) <= 1e-14 * size
    assert bool(jnp.isfinite(second).all())
    # All inputs are moved at once: K(X, X) of the same X.
    direction = jnp.asarray(np.random.default_rng(0).normal(size=CORNERS.shape))
    _, moved = jax.jvp(kernel, (CORNERS,), (direction,))
    difference = (kernel(CORNERS + step * direction) - kernel(CORNERS - step * direction)) / (2 * step)
    np.testing.assert_allclose(moved, difference, rtol=0, atol=1e-6 * float(jnp.abs(difference).max()))


def test_parallel_inputs_count_as_parallel_though_their_directions_are_rounded(key):
    """x and 3.3 x have unit vectors that differ in the last digit: no side of the corner may be taken for it."""
    for size in (2, 30):
        points = jax.random.normal(jax.random.fold_in(key, size), (20, size))
        slope = jax.vmap(jax.grad(lambda x, y: LimitKernel(ReLU())(x[None], y[None])[0, 0]))(points, 3.3 * points)
        np.testing.assert_allclose(slope, 3.3 * points / 2, rtol=1e-13)


@pytest.mark.parametrize("turn", [1e-9, 1e-3])
def test_nearly_parallel_inputs_have_the_slope_of_their_side(turn):
    """K = (1/2 - theta / 2 pi) <x, x'>: next to the corner the angle's own slope counts, with its sign."""
    x, y = jnp.array([1.0, 0.0]), jnp.array([math.cos(turn), math.sin(turn)])
    slope = jax.grad(lambda x: LimitKernel(ReLU())(x[None], y[None])[0, 0])(x)
    truth = y * (math.pi - turn) / (2 * math.pi) + math.cos(turn) * jnp.array([0.0, 1.0]) / (2 * math.pi)
    np.testing.assert_allclose(slope, truth, rtol=0, atol=1e-15 / turn + 1e-15)
