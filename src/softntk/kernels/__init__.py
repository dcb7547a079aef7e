"""Tangent kernels: by definition, of finite networks, of infinitely wide ones, and their spectra."""

from softntk.kernels.definition import by_definition
from softntk.kernels.finite import Trained, finite, finite_product
from softntk.kernels.fluctuation import Fluctuation, fluctuation
from softntk.kernels.infinite import infinite
from softntk.kernels.jacobian import pull_back, push_forward
from softntk.kernels.spectrum import Spectrum, as_matrix, extremes, extremes_by_products, spectrum

__all__ = [
    "Fluctuation",
    "Spectrum",
    "Trained",
    "as_matrix",
    "by_definition",
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
