"""softntk: two-layer softmax, exponential and ReLU networks, their tangent kernels, and what theory proves of them.

Reference: Gu, Li, Liang, Shi, Song, "Exploring the Frontiers of Softmax: Provable Optimization, Applications in
Diffusion Model, and Beyond", arXiv 2405.03251, version 1 (version 2: Cao, Liang, Shi, Song).

Importing the package loads nothing heavy and changes no setting: names are loaded when they are first used.
"""

from importlib import import_module, metadata
from typing import Any

#: Public name -> module that defines it.
_HOMES = {
    "Exponential": "networks",
    "ReLU": "networks",
    "Softmax": "networks",
    "TwoLayer": "networks",
    "independent": "networks",
    "antisymmetric": "networks",
    "empirical_ntk": "kernels",
    "gradient_descent": "dynamics",
    "ensemble": "dynamics",
    "linearize": "dynamics",
    "certify": "certificates",
    "tube": "linearization",
    "load": "data",
    "LimitKernel": "kernels",
    "spectral_fit": "regression",
    "solve": "regression",
}

__all__ = sorted(_HOMES)  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"softntk.{_HOMES[name]}"), name)
    if name == "__version__":
        return metadata.version("softntk")
    raise AttributeError(f"module 'softntk' has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
