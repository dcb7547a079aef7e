"""The command line: `softntk reproduce | kernel | train | predict | certify | verify | score | sample | report`."""

from softntk.cli.app import main

__all__ = ["main"]
