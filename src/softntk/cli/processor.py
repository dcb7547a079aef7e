"""How the command line computes: in float64, switched on before the first array, on several processes if asked.

Compiling is what takes most of the time of small experiments, and it uses one core: so work is spread over processes.
"""

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from functools import partial

import jax

from softntk.numerics.compiling import compile_fast, use_one_thread

__all__ = ["use_float64", "workers"]


def use_float64() -> None:
    """Switch float64 on for this process."""
    jax.config.update("jax_enable_x64", True)


def workers(count: int, *, short: bool = False) -> ProcessPoolExecutor:
    """`count` processes that compute in float64, one thread each; `short` work compiles fast and runs slower."""
    # Forking a process that runs JAX's threads can deadlock; spawned ones start clean.
    return ProcessPoolExecutor(count, multiprocessing.get_context("spawn"), partial(_set_up, short))


def _set_up(short: bool) -> None:
    use_one_thread()
    if short:
        compile_fast()
    use_float64()
