"""How the command line computes: in float64, switched on before the first array, on several processes if asked.

Compiling is what takes most of the time of small experiments, and it uses one core: so work is spread over processes,
each with one thread.
"""

import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor

import jax

__all__ = ["use_float64", "workers"]


def use_float64() -> None:
    """Switch float64 on for this process."""
    jax.config.update("jax_enable_x64", True)


def workers(count: int) -> ProcessPoolExecutor:
    """`count` processes that compute in float64, one thread each."""
    # Forking a process that runs JAX's threads can deadlock; spawned ones start clean.
    return ProcessPoolExecutor(count, multiprocessing.get_context("spawn"), _single_threaded)


def _single_threaded() -> None:
    # Read when JAX first computes, which is later than this.
    os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")
    use_float64()
