"""The table of denoisers that a file can hold: each says its arrays, its name and what it supports.

    kind         f(t, x)                                                  has derivatives
    mixture      exact, for a mixture of Gaussians                        yes
    empirical    exact, for the data themselves, with a blur              yes
    affine       the best one for Gaussian data                           yes
    kernel       flow of a limit kernel on the pairs                      yes
    network      a two-layer network                                      yes
    mlp          a small deep network                                     yes
    neighbors    mean label of the nearest pairs                          no

A new member is a class with the parts of `score.SavedDenoiser` in a file of its own, and a row here.
"""

from softntk.diffusion.deep import DeepDenoiser
from softntk.diffusion.exact import EmpiricalDenoiser, MixtureDenoiser
from softntk.diffusion.kernel_flow import KernelDenoiser
from softntk.diffusion.neighbors import NeighborDenoiser
from softntk.diffusion.network_flow import NetworkDenoiser
from softntk.diffusion.preconditioning import AffineDenoiser
from softntk.diffusion.score import SavedDenoiser

__all__ = ["DENOISERS"]

_MEMBERS: tuple[type[SavedDenoiser], ...] = (
    MixtureDenoiser,
    EmpiricalDenoiser,
    AffineDenoiser,
    KernelDenoiser,
    NetworkDenoiser,
    DeepDenoiser,
    NeighborDenoiser,
)

#: Classes of denoisers by their names in files.
DENOISERS: dict[str, type[SavedDenoiser]] = {member.kind: member for member in _MEMBERS}
