"""Tangent kernels: by definition, of finite networks, of infinitely wide ones, and their spectra."""

from softntk.kernels.definition import by_definition
from softntk.kernels.expansion import Expansion, expand
from softntk.kernels.finite import Trained, finite, finite_product
from softntk.kernels.fluctuation import Fluctuation, fluctuation
from softntk.kernels.infinite import infinite
from softntk.kernels.jacobian import pull_back, push_forward
from softntk.kernels.limit import Kernel, Limit
from softntk.kernels.spectrum import Spectrum, as_matrix, extremes, extremes_by_products, spectrum

__all__ = [
    "Expansion",
    "Fluctuation",
    "Kernel",
    "Limit",
    "Spectrum",
    "Trained",
    "as_matrix",
    "by_definition",
    "expand",
    "extremes",
    "extremes_by_products",
    "finite",
    "finite_product",
    "fluctuation",
    "infinite",
    "pull_back",
    "push_forward",
    "spectrum",
]
