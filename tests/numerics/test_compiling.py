"""The flags are understood, take effect, and leave the user's own alone."""

import os
import subprocess
import sys

import pytest

PROGRAM = """
from softntk.numerics.compiling import compile_fast, use_one_thread
use_one_thread(); compile_fast()
import os, jax.numpy as jnp
jnp.ones(2).sum().block_until_ready()
print(os.environ["XLA_FLAGS"])
"""


@pytest.mark.parametrize("given", ["", "--xla_backend_optimization_level=1"])
def test_flags_are_known_to_xla_and_the_users_stand(given):
    environment = os.environ | {"XLA_FLAGS": given}
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    flags = done.stdout.split()
    assert len(flags) == 3
    assert (given or "--xla_backend_optimization_level=0") in flags
