"""The command line: `softntk reproduce | kernel | train | predict | report`."""

from softntk.cli.app import main

__all__ = ["main"]
