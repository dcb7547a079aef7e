"""Certificates: proofs of convergence for one network and one data set."""

from softntk.certificates.lipschitz import Smoothness, smoothness

__all__ = ["Smoothness", "smoothness"]
