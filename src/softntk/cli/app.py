"""The commands and what they exit with.

    0  done
    1  a claim is not established, a run diverged, or a verification failed
    2  bad input
    3  not enough memory or time

Importing this module loads neither JAX nor the commands' work: that is imported when a command runs, so that `--help`
answers at once. The command line computes in float64.
"""

import sys
from typing import NoReturn

import typer

from softntk.cli import certify, kernel, predict, regress, report, reproduce, sample, score, train, verify
from softntk.failures import Failure

__all__ = ["app", "main"]

app = typer.Typer(
    name="softntk",
    help="Two-layer softmax, exponential and ReLU networks: kernels, gradient descent, and what theory proves of them.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for module in (reproduce, kernel, train, regress, predict, certify, verify, score, sample, report):
    app.command(name=module.__name__.rpartition(".")[2])(module.command)


@app.callback()
def _softntk() -> None:
    """Two-layer softmax, exponential and ReLU networks: kernels, gradient descent, and what theory proves of them."""


def main() -> NoReturn:
    """Run the command line and exit with its code."""
    try:
        app()
    except Failure as failure:
        print(f"softntk: {failure}", file=sys.stderr)
        sys.exit(failure.exit_code)
    except MemoryError:
        print("softntk: out of memory. Use fewer samples (--count) or a smaller width (--width).", file=sys.stderr)
        sys.exit(3)
    except KeyboardInterrupt:
        print("softntk: interrupted. Nothing is written by halves.", file=sys.stderr)
        sys.exit(130)
    sys.exit(0)
