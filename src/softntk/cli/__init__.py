"""The command line: `softntk reproduce | kernel | train | regress | predict | certify | verify | report`."""

from softntk.cli.app import main

__all__ = ["main"]
