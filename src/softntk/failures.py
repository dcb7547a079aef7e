"""Errors that say four things: which argument, what is required, what was got, what to type.

`BadInput` is also a `ValueError` and `TooLarge` also a `MemoryError`, so that callers who catch the
built-in classes keep working. The command line turns them into exit codes 2 and 3.
"""

__all__ = ["BadInput", "Failure", "TooLarge"]


class Failure(Exception):
    """An error with its four parts.

    Arguments:
        argument: name of the argument, as the caller typed it.
        required: what it has to be, as a clause that follows "must".
        got: what it was.
        advice: what to type instead.
    """

    exit_code = 2

    def __init__(self, argument: str, *, required: str, got: str, advice: str):
        self.argument, self.required, self.got, self.advice = argument, required, got, advice
        super().__init__(f"`{argument}` must {required}; got {got}. {advice}")

    def __reduce__(self):
        # Exceptions are rebuilt from `args` by default, which would lose the keyword parts.
        return (_rebuild, (type(self), self.argument, self.required, self.got, self.advice))


def _rebuild(kind: type[Failure], argument: str, required: str, got: str, advice: str) -> Failure:
    return kind(argument, required=required, got=got, advice=advice)


class BadInput(Failure, ValueError):
    """The input cannot be used as it is."""


class TooLarge(Failure, MemoryError):
    """The work needs more memory or time than there is."""

    exit_code = 3
