"""JAX made strict, for the tests only.

Float64, no silent broadcasting of ranks, no silent mixing of dtypes, every warning an error, and every array
annotation of the library checked at run time (jaxtyping with beartype).
"""

import os
from pathlib import Path

from softntk.numerics.compiling import compile_fast, use_one_thread

# Before JAX starts. Claims about rounding are also tested on code compiled as users run it: `make test` runs the tests
# marked `optimized` once more, without the first of these.
if "SOFTNTK_OPTIMIZED" not in os.environ:
    compile_fast()
if "PYTEST_XDIST_WORKER" in os.environ:
    use_one_thread()
os.environ.setdefault("MPLBACKEND", "agg")

import jax
import jaxtyping
import pytest

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_numpy_rank_promotion", "raise")
jax.config.update("jax_numpy_dtype_promotion", "strict")

jaxtyping.install_import_hook("softntk", "annotations.checked")


@pytest.fixture(autouse=True, scope="module")
def few_programs():
    """Forget compiled programs between files: each takes places in memory, of which Linux gives a process 65,530.

    A process that runs out of them is ended by the system.
    """
    yield
    places = Path("/proc/self/maps")
    if places.exists() and places.read_bytes().count(b"\n") > 40_000:
        jax.clear_caches()


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
