"""The command line: reproduce, kernel, train, regress, predict, certify, verify, score, sample, report."""

from softntk.cli.app import main

__all__ = ["main"]
