"""How the command line computes: in float64, switched on before the first array."""

import jax

__all__ = ["use_float64"]


def use_float64() -> None:
    """Switch float64 on for this process."""
    jax.config.update("jax_enable_x64", True)
