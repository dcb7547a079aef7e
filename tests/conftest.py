"""JAX made strict, for the tests only.

Float64, no silent broadcasting of ranks, no silent mixing of dtypes, every warning an error, and every array
annotation of the library checked at run time (jaxtyping with beartype).
"""

import os

# One worker is one core: XLA and BLAS threads of two workers would only fight. Must be set before JAX starts.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")
os.environ.setdefault("MPLBACKEND", "agg")

import jax
import jaxtyping
import pytest

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_numpy_rank_promotion", "raise")
jax.config.update("jax_numpy_dtype_promotion", "strict")

jaxtyping.install_import_hook("softntk", "annotations.checked")


@pytest.fixture
def key() -> jax.Array:
    """A fixed random key; split it to draw more than once."""
    return jax.random.key(20240506)


@pytest.fixture
def unchecked():
    """Annotations are not checked, as for a user: for tests of what the library itself says about bad input."""
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)
