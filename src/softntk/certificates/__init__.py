"""Certificates: proofs of convergence for one network and one data set."""

from softntk.certificates.certificate import Verification, verify, write
from softntk.certificates.convergence import Certificate, certify
from softntk.certificates.during_training import TrainingCertificates, certify_during_training, margin
from softntk.certificates.width import SmallestWidth, smallest_established_width, smallest_trained_width

__all__ = [
    "Certificate",
    "SmallestWidth",
    "TrainingCertificates",
    "Verification",
    "certify",
    "certify_during_training",
    "margin",
    "smallest_established_width",
    "smallest_trained_width",
    "verify",
    "write",
]
