"""The commands and what they exit with.

    0  done
    1  a claim is not established, a run diverged, or a verification failed
    2  bad input
    3  not enough memory or time
  130  interrupted

A reader that closes the pipe early (`| head -1`) has what it wants: that is 0, and quiet.

Importing this module loads neither JAX nor the commands' work: that is imported when a command runs, so that `--help`
answers at once. The command line computes in float64.
"""

import os
import sys
from importlib.metadata import version
from typing import Annotated, NoReturn

import typer

from softntk.cli import certify, kernel, predict, regress, report, reproduce, sample, score, train, verify
from softntk.cli.interruption import INTERRUPTED, WORDS, interruptible
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


def _show_version(wanted: bool) -> bool:
    if wanted:
        print(f"softntk {version('softntk')}")
        raise typer.Exit
    return wanted


@app.callback()
def _softntk(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    """Two-layer softmax, exponential and ReLU networks: kernels, gradient descent, and what theory proves of them."""


def main() -> NoReturn:
    """Run the command line and exit with its code."""
    with interruptible():
        code = _code()
        try:
            sys.stdout.flush()
        except BrokenPipeError:
            # Python would complain once more when it flushes at the end.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(code)


def _code() -> int:
    try:
        app()
    except Failure as failure:
        print(f"softntk: {failure}", file=sys.stderr)
        return failure.exit_code
    except MemoryError:
        print("softntk: out of memory. Use fewer samples (--count) or a smaller width (--width).", file=sys.stderr)
        return 3
    except SystemExit as left:
        if isinstance(left.__context__, BrokenPipeError):
            return 0
        if left.code == INTERRUPTED:
            print(WORDS, file=sys.stderr)
        return left.code if isinstance(left.code, int) else 0
    return 0
