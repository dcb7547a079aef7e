"""Certificates: proofs of convergence for one network and one data set."""

from softntk.certificates.certificate import Verification, verify, write
from softntk.certificates.convergence import certify
from softntk.certificates.during_training import TrainingCertificates, certify_during_training, margin
from softntk.certificates.promises import Certificate
from softntk.certificates.width import SmallestWidth, smallest_established_width, smallest_trained_width
from softntk.certificates.width_comparison import WidthComparison, compare_widths

__all__ = [
    "Certificate",
    "SmallestWidth",
    "TrainingCertificates",
    "Verification",
    "WidthComparison",
    "certify",
    "certify_during_training",
    "compare_widths",
    "margin",
    "smallest_established_width",
    "smallest_trained_width",
    "verify",
    "write",
]
