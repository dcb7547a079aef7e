"""Environment of processes that share a machine, or that compile much and run little.

Compiling is what takes most of the time of small experiments, and it uses one core: so work is spread over processes
with one thread each. Both functions must be called before JAX first computes, which is when the variables are read.
"""

import os
from importlib.metadata import version

__all__ = ["compile_fast", "use_one_thread"]


def use_one_thread() -> None:
    """Give this process one thread: those of several processes would only fight for the cores."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "PJRT_NPROC"):
        os.environ.setdefault(name, "1")
    _add("--xla_cpu_multi_thread_eigen=false")


def compile_fast() -> None:
    """Compile without optimization: about twice as fast, for programs that run for less time than they compile."""
    _add("--xla_backend_optimization_level=0")
    # XLA ends the process at a flag that it does not know, so only versions that were tried get this one.
    if version("jaxlib").startswith("0.10."):
        _add("--xla_cpu_use_fusion_emitters=false")


def _add(flag: str) -> None:
    given = os.environ.get("XLA_FLAGS", "")
    # What the user has set stands.
    if flag.partition("=")[0] not in given:
        os.environ["XLA_FLAGS"] = f"{given} {flag}".strip()
