"""Certificates: proofs of convergence for one network and one data set."""

from softntk.certificates.convergence import Certificate, certify
from softntk.certificates.lipschitz import Smoothness, smoothness

__all__ = ["Certificate", "Smoothness", "certify", "smoothness"]
