"""Certificates: proofs of convergence for one network and one data set."""

from softntk.certificates.along import Along, certify_along, margin
from softntk.certificates.certificate import Verification, verify, write
from softntk.certificates.convergence import Certificate, certify
from softntk.certificates.deviation import Deviation, deviation
from softntk.certificates.lipschitz import Smoothness, smoothness
from softntk.certificates.region import Region, region
from softntk.certificates.tube import Tube, tube
from softntk.certificates.width import SmallestWidth, smallest_certified_width, smallest_trained_width

__all__ = [
    "Along",
    "Certificate",
    "Deviation",
    "Region",
    "SmallestWidth",
    "Smoothness",
    "Tube",
    "Verification",
    "certify",
    "certify_along",
    "deviation",
    "margin",
    "region",
    "smallest_certified_width",
    "smallest_trained_width",
    "smoothness",
    "tube",
    "verify",
    "write",
]
