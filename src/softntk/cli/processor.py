"""How the command line computes: in float64, switched on before the first array, on several processes if asked.

Compiling is what takes most of the time of small experiments, and it uses one core: so work is spread over processes,
each with one thread.
"""

import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from importlib.metadata import version

import jax

__all__ = ["use_float64", "workers"]


def use_float64() -> None:
    """Switch float64 on for this process."""
    jax.config.update("jax_enable_x64", True)


def workers(count: int, *, short: bool = False) -> ProcessPoolExecutor:
    """`count` processes that compute in float64, one thread each; `short` work compiles fast and runs slower."""
    # Forking a process that runs JAX's threads can deadlock; spawned ones start clean.
    return ProcessPoolExecutor(count, multiprocessing.get_context("spawn"), partial(_set_up, short))


def _set_up(short: bool) -> None:
    # Read when JAX first computes, which is later than this.
    os.environ.setdefault("XLA_FLAGS", " ".join(_SINGLE_THREADED + (_fast_to_compile() if short else ())))
    use_float64()


_SINGLE_THREADED = ("--xla_cpu_multi_thread_eigen=false",)


def _fast_to_compile() -> tuple[str, ...]:
    # XLA ends the process at a flag that it does not know, so only versions that were tried get the second one.
    fusion = ("--xla_cpu_use_fusion_emitters=false",) if version("jaxlib").startswith("0.10.") else ()
    return ("--xla_backend_optimization_level=0", *fusion)
