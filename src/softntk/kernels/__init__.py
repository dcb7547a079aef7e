"""Tangent kernels: of finite networks, of any function, of infinitely wide networks; operators, features, spectra."""

from softntk.kernels.empirical import Trained, empirical_ntk, empirical_ntk_product
from softntk.kernels.expansion import Expansion, expand
from softntk.kernels.fluctuations import Fluctuation, fluctuation
from softntk.kernels.jacobian import jvp, vjp
from softntk.kernels.limit import Kernel, LimitKernel
from softntk.kernels.normalized import NormalizedKernel
from softntk.kernels.nystrom import NystromFeatures, nystrom_features
from softntk.kernels.operator import KernelOperator
from softntk.kernels.spectra import Spectrum, as_matrix, extremes, extremes_by_products, spectrum

__all__ = [
    "Expansion",
    "Fluctuation",
    "Kernel",
    "KernelOperator",
    "LimitKernel",
    "NormalizedKernel",
    "NystromFeatures",
    "Spectrum",
    "Trained",
    "as_matrix",
    "empirical_ntk",
    "empirical_ntk_product",
    "expand",
    "extremes",
    "extremes_by_products",
    "fluctuation",
    "jvp",
    "nystrom_features",
    "spectrum",
    "vjp",
]
